"""``aep-export serve``: how to connect, what is refused, and a clean end."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import httpx
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from pytest_aep_export.cli import main
from pytest_aep_export.cli.emulating import told_to_stop
from pytest_aep_export.cli.serve import connection_schema
from pytest_aep_export.client import AepClient
from pytest_aep_export.emulator import Behaviour, Emulator, Fault
from pytest_aep_export.emulator.fault_files import write_faults
from pytest_aep_export.emulator.faults import Answer
from pytest_aep_export.exporter.plan import ExportPlan
from pytest_aep_export.exporter.reference import rows
from pytest_aep_export.model import Credentials
from pytest_aep_export.profiles import ProfileData, generate, write_parquet

COMMAND = [sys.executable, "-c", "from pytest_aep_export.cli import main; main()", "serve"]


@contextmanager
def serving(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """The command in a process of its own, which is gone afterwards."""
    process = subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def first_line(process: subprocess.Popen[str]) -> str:
    """What the process says first."""
    assert process.stdout is not None
    return process.stdout.readline()


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_one_line_says_how_to_connect(ending: signal.Signals, tmp_path: Path):
    """With --json one line holds all that a client needs; the server works with it and ends cleanly when told to."""
    options = ["--json", "--sandbox", "dev", "--sandbox", "prod", "--profiles", "0", "--state", str(tmp_path)]
    with serving(*options) as process:
        connection = json.loads(first_line(process))
        Draft202012Validator(connection_schema()).validate(connection)
        assert connection["sandboxes"] == ["dev", "prod"]
        assert connection["pid"] == process.pid
        form = {"grant_type": "client_credentials", "scope": "openid"}
        form |= {name: connection[name] for name in ("client_id", "client_secret")}
        answer = httpx.post(f"{connection['url']}/ims/token/v3", data=form, trust_env=False)
        assert answer.json()["token_type"] == "bearer"
        process.send_signal(ending)
        rest, errors = process.communicate(timeout=20)
    assert (process.returncode, rest, errors) == (0, "", "")


def test_text_says_how_to_connect():
    """Without --json a person reads where the server is, and what to export so that others find it."""
    with serving("--profiles", "0") as process:
        said = first_line(process)
        process.send_signal(signal.SIGTERM)
        assert process.stdout is not None
        rest = process.stdout.read()
    assert said.startswith("The emulator listens on http://127.0.0.1:")
    exported = [line.split()[1].partition("=")[0] for line in rest.splitlines() if line.strip().startswith("export")]
    assert exported == [
        "AEP_TARGET",
        "AEP_BASE_URL",
        "AEP_IMS_URL",
        "AEP_CLIENT_ID",
        "AEP_CLIENT_SECRET",
        "AEP_ORG_ID",
        "AEP_SANDBOX_NAME",
        "AEP_SCOPES",
    ]


@pytest.mark.parametrize("name", ["a folder", "people.jsonl", "people.json", "people.parquet"])
def test_what_is_loaded_is_exported(name: str, tmp_path: Path):
    """With --load every sandbox has the data of a folder that was generated, or of a file of one's own."""
    data = generate(20, seed=5, events_per_profile=1)
    path = tmp_path / name
    _store(data, path)
    load = ("--load", str(path))
    with serving("--json", "--sandbox", "dev", "--sandbox", "prod", "--progression", "immediate", *load) as process:
        connection = json.loads(first_line(process))
        who = Credentials(connection["client_id"], connection["client_secret"], connection["org_id"], "prod")
        with AepClient(who, base_url=connection["url"], ims_url=f"{connection['url']}/ims/token/v3") as client:
            job = client.create_export_job(client.create_dataset("people").id, fields=["personID"])
            found = client.read_table(client.wait_for_export_job(job)).to_pylist()

    assert found == rows(ExportPlan(("personID",)), data)


def _store(data: ProfileData, path: Path) -> None:
    records = [_plain(row) for row in data.fragments.to_pylist()]
    if not path.suffix:
        write_parquet(path, 20, seed=5, events_per_profile=1)
    elif path.suffix == ".parquet":
        pq.write_table(data.fragments, path)
    elif path.suffix == ".json":
        path.write_text(json.dumps(records, default=str))
    else:
        path.write_text("".join(f"{json.dumps(record, default=str)}\n" for record in records))


def _plain(value: Any) -> Any:
    """A row as JSON has it: maps are objects, and nothing is null."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items() if item is not None}
    if isinstance(value, list) and value and isinstance(value[0], tuple):
        return {key: _plain(item) for key, item in value}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, (date, datetime)) else value


def test_exports_run_on_the_executor_of_an_address(monkeypatch: pytest.MonkeyPatch):
    """With --executor the emulator computes exports there, and lets go of it at the end."""
    events: list[Any] = []

    @contextmanager
    def connect(address: str) -> Iterator[Executor]:
        with ThreadPoolExecutor(1) as pool:
            events.append((address, pool))
            yield pool
        events.append("closed")

    monkeypatch.setattr("pytest_aep_export.exporter.executors.connect", connect)
    monkeypatch.setattr("pytest_aep_export.cli.serve._serve", lambda made, *_: events.append(made.emulator.state))
    done = CliRunner().invoke(main, ["serve", "--executor", "dask://10.0.0.1:8786"])
    (address, pool), state, closed = events

    assert (done.exit_code, address, closed) == (0, "dask://10.0.0.1:8786", "closed")
    assert state.executor is pool


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_before_the_wait_ends_it_too(number: signal.Signals):
    """Whoever is told to stop before beginning to wait does not wait at all, nor the next time told."""
    with told_to_stop() as wait:
        signal.raise_signal(number)
        signal.raise_signal(number)
        assert [wait(), wait()] == [number, number]


def test_switches_choose_where_the_sources_leave_a_choice(monkeypatch: pytest.MonkeyPatch):
    """With --switch the emulator does what its behaviour is told, word or number."""
    chosen: list[Behaviour] = []
    monkeypatch.setattr("pytest_aep_export.cli.serve._serve", lambda made, *_: chosen.append(made.emulator.behaviour))
    done = CliRunner().invoke(main, ["serve", "--switch", "row_order=shuffled", "--switch", "page_limit=7"])

    assert (done.exit_code, chosen) == (0, [Behaviour(row_order="shuffled", page_limit=7)])


def test_what_is_loaded_may_have_fields_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """With --union rows have the tenant's own fields, which a sandbox then knows."""
    (tmp_path / "union.yaml").write_text("profile: {_acme: {tier: string}}")
    person = {"identityMap": {"Email": [{"id": "jane@example.com"}]}, "_acme": {"tier": "gold"}}
    (tmp_path / "people.json").write_text(json.dumps([person]))
    loaded: list[Any] = []
    monkeypatch.setattr("pytest_aep_export.cli.serve._serve", lambda made, *_: loaded.append(_fragments(made.emulator)))
    load = ["--load", str(tmp_path / "people.json"), "--union", str(tmp_path / "union.yaml")]
    done = CliRunner().invoke(main, ["serve", *load])

    assert (done.exit_code, done.output) == (0, "")
    assert loaded == [[{"tier": "gold"}]]


def _fragments(emulator: Emulator) -> list[Any]:
    (organisation,) = emulator.state.tenants._by_org.values()
    return organisation.sandboxes["prod"].data.fragments["_acme"].to_pylist()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("profile: [", "cannot be read as YAML"),
        ("person: {}", "adds no fields: expected a mapping with 'profile', 'event' or both"),
        ("profile: {identityMap: string}", "profile.identityMap cannot be extended"),
    ],
)
def test_what_adds_no_fields_ends_with_2(text: str, said: str, tmp_path: Path):
    """A file of --union that cannot be used is named, with what it should be."""
    (tmp_path / "union.yaml").write_text(text)
    (tmp_path / "people.json").write_text("[]")
    load = ["--load", str(tmp_path / "people.json"), "--union", str(tmp_path / "union.yaml")]
    done = CliRunner().invoke(main, ["serve", *load])
    assert done.exit_code == 2
    assert said in done.output


def test_a_port_in_use_ends_with_3():
    """A port that is taken is one sentence that says what to do."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = CliRunner().invoke(main, ["serve", "--port", str(taken.getsockname()[1])])
    assert done.exit_code == 3
    assert "choose another port, or 0" in done.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--host", "0.0.0.0"], "0.0.0.0 is not a loopback address: add --allow-remote"),
        (["--host", "example.org"], "example.org is not a loopback address"),
        (["--port", "70000"], "70000 is not in the range"),
        (["--profiles", "-1"], "-1 is not in the range"),
        (["--profiles", "5", "--load", "."], "--profiles makes fake profiles and --load takes other ones"),
        (["--union", "README.md"], "--union says which fields the data of --load has"),
        (["--switch", "colour=red"], "'colour=red' is no switch: write name=value, where the name is page_limit"),
        (["--switch", "page_limit=many"], "page_limit 'many' cannot be used: expected a whole number from 1 to"),
        (["--switch", "part_rows=2147483648"], "part_rows 2147483648 cannot be used: expected a whole number from 1"),
        (["--switch", "files=none"], "files 'none' is unknown: use single or directory"),
        (["--executor", "10.0.0.1:8786"], "'10.0.0.1:8786' is no executor: use dask://HOST:PORT"),
        (["--sandbox", "Not A Name"], "is not a sandbox's name"),
        (["--progression", "sideways"], "'sideways' is not one of"),
    ],
)
def test_wrong_use_ends_with_2(arguments: list[str], said: str):
    """A wrong option ends with 2 and one sentence."""
    done = CliRunner().invoke(main, ["serve", *arguments])
    assert done.exit_code == 2
    assert said in done.output


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("missing", None, "does not exist"),
        ("people.xml", "<people/>", "people.xml"),
        ("people.parquet", "PAR1", "people.parquet"),
        ("people.jsonl", '{"person": {"hobby": "tennis"}}', "people.jsonl:1"),
        ("people.json", "{", "people.json"),
        ("people.json", b'[{"_id": "\xff"}]', "people.json cannot be read: 'utf-8' codec can't decode byte 0xff"),
        ("people.jsonl", b'{"_id": "\xff"}', "people.jsonl:1"),
    ],
)
def test_what_cannot_be_loaded_ends_with_2(name: str, content: str | bytes | None, said: str, tmp_path: Path):
    """A file that is not there, that cannot be read, or that holds other rows than the union schema allows is named."""
    if content is not None:
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    done = CliRunner().invoke(main, ["serve", "--load", str(tmp_path / name)])
    assert done.exit_code == 2
    assert said in done.output


def test_a_folder_without_data_ends_with_2(tmp_path: Path):
    """A folder that holds no generated data is refused, and one whose data is incomplete too."""
    done = CliRunner().invoke(main, ["serve", "--load", str(tmp_path)])
    assert done.exit_code == 2
    assert "holds no profile data" in done.output
    write_parquet(tmp_path, 5)
    (tmp_path / "events-00000.parquet").unlink()
    done = CliRunner().invoke(main, ["serve", "--load", str(tmp_path)])
    assert done.exit_code == 2
    assert "holds 0 of 1 partitions" in done.output


def test_a_persona(tmp_path: Path):
    """With --persona the server is wrong in one thing; one that is not there ends with 2 and what is called alike."""
    with serving("--json", "--profiles", "0", "--persona", "token-of-another-type") as process:
        connection = json.loads(first_line(process))
        form = {"grant_type": "client_credentials", "scope": "openid"}
        form |= {name: connection[name] for name in ("client_id", "client_secret")}
        assert httpx.post(f"{connection['url']}/ims/token/v3", data=form).json()["token_type"] == "mac"
    done = CliRunner().invoke(main, ["serve", "--persona", "drop-next-page", "--state", str(tmp_path)])
    assert done.exit_code == 2
    assert "did you mean drops-next-page" in done.output


def test_faults_of_a_file(tmp_path: Path):
    """With --faults what the file says goes wrong with the tenant's requests; what is no file of faults ends with 2."""
    path = tmp_path / "faults.json"
    path.write_text(write_faults([Fault("requestToken", Answer(503), skip=1)]))
    with serving("--json", "--profiles", "0", "--faults", str(path)) as process:
        connection = json.loads(first_line(process))
        form = {"grant_type": "client_credentials", "scope": "openid"}
        form |= {name: connection[name] for name in ("client_id", "client_secret")}
        answers = [httpx.post(f"{connection['url']}/ims/token/v3", data=form, trust_env=False) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 503, 200]
    path.write_text('[{"on": "getFile"}]')
    done = CliRunner().invoke(main, ["serve", "--faults", str(path)])
    assert done.exit_code == 2
    assert f'{path} holds no faults: 0: "effect" is a required property' in done.output


def test_answers_vary():
    """What is served varies by the plan that is given; one that is none is refused, of ``judge`` as well."""
    plan = '[{"place": "requestToken /token_type", "choice": "Bearer"}]'
    with serving("--json", "--profiles", "0", "--vary", plan) as process:
        connection = json.loads(first_line(process))
        form = {"grant_type": "client_credentials", "scope": "openid"}
        form |= {name: connection[name] for name in ("client_id", "client_secret")}
        answer = httpx.post(f"{connection['url']}/ims/token/v3", data=form, trust_env=False)
    assert answer.json()["token_type"] == "Bearer"
    for command in (["serve", "--vary", "["], ["judge", "--vary", "[", "--", "true"]):
        done = CliRunner().invoke(main, command)
        assert done.exit_code == 2
        assert "'the text' holds no plan: it is not JSON" in done.output


def test_a_state_folder_that_is_a_file(tmp_path: Path):
    """A state folder that cannot be one is refused."""
    (tmp_path / "file").write_text("")
    done = CliRunner().invoke(main, ["serve", "--state", str(tmp_path / "file")])
    assert done.exit_code == 2
    assert "is a file" in done.output


def test_the_schema_is_published():
    """--schema prints the JSON Schema of the line, which is one."""
    printed = json.loads(CliRunner().invoke(main, ["serve", "--schema"]).output)
    assert printed == connection_schema()
    Draft202012Validator.check_schema(printed)
    assert not Draft202012Validator(printed).is_valid({"url": "http://127.0.0.1", "pid": os.getpid()})
