"""``aep-export fuzz``: what it finds, writes down and tries again, what it refuses, and how it ends."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
import yaml
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator

from pytest_aep_export import Behaviour, Emulator, EmulatorServer
from pytest_aep_export.cli import main
from pytest_aep_export.contract import document
from pytest_aep_export.credentials import environment_for
from pytest_aep_export.emulator import Tenant
from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.fuzz.findings import findings_schema
from pytest_aep_export.report.html import html
from pytest_aep_export.report.reading import read
from pytest_aep_export.suite.verdicts import Verdict

MISTAKEN = "accepts-missing-token"
"""A persona with one defect that every seed meets soon."""
FEW = ("--operation", "listExportJobs", "--cases", "15")


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch):
    """Nothing in the environment decides."""
    for name in [name for name in os.environ if name.startswith("AEP_")] + ["COLUMNS"]:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def server() -> Iterator[EmulatorServer]:
    """An emulator at a URL."""
    with Emulator(profiles=2) as emulator, EmulatorServer(emulator) as one:
        yield one


def variables(tenant: Tenant, url: str) -> dict[str, str]:
    """The environment in which a tenant's credentials are found, without a target."""
    return {name: text for name, text in environment_for(tenant.credentials, url).items() if name != "AEP_TARGET"}


@pytest.fixture
def mistaken(server: EmulatorServer) -> dict[str, str]:
    """The environment of a tenant at whose gateway a token is not needed."""
    return variables(server.emulator.create_tenant(behaviour=Behaviour(persona=MISTAKEN)), server.url)


def called(*arguments: str, **environment: str) -> Result:
    """The command, called."""
    return CliRunner().invoke(main, ["fuzz", *arguments], env=environment)


def said(done: Result) -> str:
    """The one sentence that is left of what standard error holds."""
    return done.stderr.strip().splitlines()[-1]


def test_a_server_without_a_mistake(tmp_path: Path):
    """Nothing is found at the emulator: lines of progress, one sentence, 0, and a record that can be believed."""
    record = tmp_path / "fuzz.ndjson"
    done = called("--cases", "60", "--seed", "7", "--record", str(record))
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    assert lines[0] == "tried: 6 of 60 cases"
    assert lines[-1].startswith("the embedded emulator, dialect canonical: nothing found in 60 cases of seed 7 (")
    run = read(str(record))
    assert (run.header.profile, run.header.seed, run.exit_code) == ("fuzz", 7, 0)
    assert run.header.again == "aep-export fuzz --target emulator --seed 7 --cases 60"
    selected = [verdict for verdict in run.verdicts if verdict.selected]
    assert len(selected) > 10
    assert {verdict.verdict for verdict in selected} == {Verdict.PASS}


def test_what_is_found_is_told_kept_and_tried_again(server: EmulatorServer, mistaken, tmp_path: Path):
    """A paragraph with commands, a file that replays it as long as it is there, a record and a page that show it."""
    folder, record = tmp_path / "found", tmp_path / "fuzz.ndjson"
    where = ("--target", server.url)
    done = called(*where, *FEW, "--findings", str(folder), "--record", str(record), **mistaken)
    assert done.exit_code == 1, done.output
    files = sorted(folder.glob("*.json"))
    assert files
    name = files[0].stem
    paragraph = done.output[done.output.index(f"MUST {name}") :].split("\n\n")[0].splitlines()
    operation = json.loads(files[0].read_text("utf-8"))["operation"]
    assert paragraph[1].startswith(f"  {operation}: expected ")
    assert any(re.match(r'  curl -i -X [A-Z]+ "\$AEP_TARGET/data/', line) for line in paragraph)
    assert paragraph[-1] == f"  again: aep-export fuzz --replay {files[0]}"
    for path in files:
        Draft202012Validator(findings_schema()).validate(json.loads(path.read_text("utf-8")))
        assert mistaken["AEP_CLIENT_SECRET"] not in path.read_text("utf-8")
    again = called(*where, "--replay", str(folder), **mistaken)
    assert again.exit_code == 1
    assert f"{len(files)} of {len(files)} findings are still to be seen" in again.output
    gone = called("--replay", str(files[0]))
    assert gone.exit_code == 0
    assert f"{files[0]}: not to be seen any more\n0 of 1 findings are still to be seen" in gone.output
    run = read(str(record))
    failed = [verdict.requirement.id for verdict in run.verdicts if verdict.verdict is Verdict.FAIL]
    assert failed
    assert run.exit_code == 1
    assert name in html(run)
    assert "aep-export fuzz --target" in html(run)


def test_a_command_shows_it_again(server: EmulatorServer, mistaken, tmp_path: Path):
    """A header that is missing in a case is missing in its command, and the others are the caller's own."""
    done = called("--target", server.url, *FEW, "--findings", str(tmp_path), **mistaken)
    line = next(line for line in done.output.splitlines() if line.startswith("  curl") and "AEP_TOKEN" not in line)
    assert "authorization" not in line
    assert '"x-api-key: $AEP_CLIENT_ID"' in line


def test_what_breaks_a_should_fails_only_a_strict_run(server: EmulatorServer):
    """A deviation from the canonical dialect is told, and ends with 0 unless --strict is given."""
    tenant = server.emulator.create_tenant(behaviour=Behaviour(persona="token-lifetime-in-milliseconds"))
    arguments = ("--target", server.url, "--operation", "requestToken", "--cases", "3")
    for strict, code in (((), 0), (("--strict",), 1)):
        done = called(*arguments, *strict, **variables(tenant, server.url))
        assert "SHOULD " in done.output
        assert done.exit_code == code


def test_json(server: EmulatorServer, mistaken, tmp_path: Path):
    """Standard output holds one document of the published schema, all else goes to standard error."""
    done = called("--target", server.url, *FEW, "--json", "--findings", str(tmp_path), **mistaken)
    document = json.loads(done.stdout)
    Draft202012Validator(json.loads(called("--schema").output)).validate(document)
    assert done.exit_code == 1
    assert document["cases"] == 15
    assert {finding["check"] for finding in document["findings"]} >= {"owed"}
    again = called("--target", server.url, "--json", "--replay", str(tmp_path), **mistaken)
    assert len(json.loads(again.stdout)["findings"]) == len(document["findings"])


def test_a_seed_gives_the_same_findings(server: EmulatorServer, mistaken):
    """Twice the same command, twice the same findings, case for case."""
    both = [json.loads(called("--target", server.url, *FEW, "--json", **mistaken).stdout)["findings"] for _ in range(2)]
    first, again = ([(each["cause"], each["number"], each["case"]) for each in found] for found in both)
    assert first == again


@pytest.mark.parametrize(("generator", "cases"), [("breadth", 9), ("both", 9)])
def test_the_other_generators(generator: str, cases: int):
    """Schemathesis behind the same command, alone or after the stream, with the same number of cases in all."""
    done = called("--generator", generator, "--cases", str(cases), "--operation", "getExportJob", "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["cases"] == cases


@pytest.mark.parametrize(("cases", "tried"), [(4, 4), (2_000, 27)])
def test_walks(cases: int, tried: int):
    """Every walk of requests through a job's states, or so many of them, and nothing is found at the emulator."""
    done = called("--generator", "walks", "--cases", str(cases), "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["cases"] == tried
    assert f" of {tried} cases\n" in done.stderr


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch):
    """The stream needs no extra; breadth says which one in a sentence."""
    monkeypatch.setitem(sys.modules, "schemathesis", None)
    assert called("--cases", "2").exit_code == 0
    done = called("--generator", "breadth")
    assert (done.exit_code, said(done)) == (
        2,
        "Error: fuzzing in breadth needs schemathesis: install it with pip install 'pytest-aep-export[fuzz]'",
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--seconds", "nan"], "Invalid value for '--seconds': nan is no number of seconds."),
        (["--operation", "deleteEverything"], "the contract has no operation 'deleteEverything': choose among request"),
        (["--generator", "walks", "--operation", "getFile"], "--operation chooses among what others try: each walk"),
        (["--cases", "0"], "Invalid value for '--cases': 0 is not in the range x>=1."),
        (["--seconds", "0"], "Invalid value for '--seconds': 0.0 is not in the range x>0."),
        (["--max-calls", "0"], "Invalid value for '--max-calls': 0 is not in the range x>=1."),
        (["--target", "cassette"], "a recording answers only what was asked before: fuzz the emulator or a URL"),
        (["--target", "nowhere"], "'nowhere' is no URL: use 'emulator', or one like http://127.0.0.1:8080"),
        (["--target", "http://127.0.0.1:9", "--dialect", "openapi"], "--dialect is for the emulator only: what else"),
        (["--live"], "--live is for a URL: nobody else works at the embedded emulator"),
        (["--target", "http://127.0.0.1:9", "--live"], "with --live the run needs a budget: add --max-calls, --sec"),
        (["--json", "--record", "-"], "--json and --record - both write to standard output: name a file for one"),
        (["--record", "no/such/folder/file"], "no/such/folder/file cannot be written: name a file in a folder"),
        (["--replay", "no-such-file"], "no-such-file cannot be read (No such file or directory): name the file of a"),
        (["--target", "https://platform.adobe.io"], "https://platform.adobe.io is Adobe's live service, where exports"),
    ],
)
def test_what_cannot_be_meant(arguments: list[str], sentence: str):
    """Code 2, and one sentence that says what to do."""
    done = called(*arguments)
    assert (done.exit_code, said(done)[: len(sentence) + 7]) == (2, f"Error: {sentence}")


def test_a_folder_without_findings(tmp_path: Path):
    """A folder that holds none is no success."""
    done = called("--replay", str(tmp_path))
    assert (done.exit_code, said(done)) == (
        2,
        f"Error: {tmp_path} holds no finding: name a folder that --findings has written",
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "holds no finding: it is not JSON"),
        ("{}", "holds no finding: the document: "),
        (None, "cannot be read"),
    ],
)
def test_a_file_that_holds_no_finding(tmp_path: Path, text: str | None, reason: str):
    """It is named, with what is wrong with it."""
    path = tmp_path / "finding.json"
    if text is not None:
        path.write_text(text)
    done = called("--replay", str(path))
    assert done.exit_code == 2
    assert said(done).startswith(f"Error: {path} {reason}")


def test_a_target_that_is_down(server: EmulatorServer):
    """Code 3, and a sentence with the reason."""
    done = called("--target", "http://127.0.0.1:9", **variables(server.emulator.create_tenant(), "http://127.0.0.1:9"))
    assert done.exit_code == 3
    assert said(done).endswith("is the server up, and is --target right?")


def test_a_target_that_dies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Code 3 and a sentence, and the record tells of what was tried until then."""
    monkeypatch.setattr("pytest_aep_export.fuzz.pacing._PAUSES", (0.0,))
    record = tmp_path / "fuzz.ndjson"
    with Emulator(profiles=1) as emulator, EmulatorServer(emulator) as server:
        tenant = emulator.create_tenant()
        heard = 0

        def last(*_: Any) -> None:
            nonlocal heard
            heard += 1
            if heard == 30:
                server.stop()

        monkeypatch.setattr("pytest_aep_export.cli.fuzzed.Progress.tried", _after(last))
        done = called(
            "--target", server.url, "--cases", "500", "--record", str(record), **variables(tenant, server.url)
        )
    assert done.exit_code == 3, done.output
    assert said(done).startswith(f"Error: {server.url} does not answer any more, since ")
    run = read(str(record))
    assert run.exit_code in {1, 3}
    assert run.stopped.startswith(f"{server.url} does not answer any more")


def _after(call: Any) -> Any:
    from pytest_aep_export.cli.fuzzed import Progress  # noqa: PLC0415 - before it is replaced

    tried = Progress.tried

    def then(self: Progress, *arguments: Any) -> None:
        tried(self, *arguments)
        call()

    return then


def test_a_contract_that_does_not_load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """One sentence says where it is and what to do."""
    (tmp_path / "openapi.yaml").write_text("paths: [")
    monkeypatch.setattr(document, "files", lambda _: tmp_path)
    with pytest.raises(ConfigurationError, match=r"the contract cannot be read from .*openapi.yaml \(.*\): reinstall"):
        document.read()
    (tmp_path / "openapi.yaml").unlink()
    with pytest.raises(ConfigurationError, match="No such file"):
        document.read()
    assert yaml.YAMLError


# Where others work


@pytest.fixture(scope="module")
def services() -> Iterator[dict[str, tuple[EmulatorServer, Tenant]]]:
    """One emulator whose sandboxes are for production, and one whose sandboxes are for development."""

    def make(kind: Literal["production", "development"]) -> tuple[EmulatorServer, Tenant]:
        emulator = Emulator(profiles=1, behaviour=Behaviour(sandbox_type=kind))
        return EmulatorServer(emulator), emulator.create_tenant(("shared",))

    found = {"production": make("production"), "development": make("development")}
    for one, _ in found.values():
        one.__enter__()
    yield found
    for one, _ in found.values():
        one.__exit__(None, None, None)
        one.emulator.close()


LIVE = ("--live", "--max-calls", "120", "--rate", "100000")


def test_production_is_refused_before_anything_is_sent(services):
    """A sandbox that says that it is for production is not fuzzed, and nothing is created there."""
    server, tenant = services["production"]
    done = called("--target", server.url, *LIVE, **variables(tenant, server.url))
    assert done.exit_code == 2
    assert said(done).startswith("Error: the sandbox 'shared' is for production, where nothing is ever fuzzed")
    assert {exchange.operation for exchange in tenant.journal if exchange.request.method != "GET"} <= {"requestToken"}


def test_a_sandbox_has_to_be_named(services):
    """Whoever names none has not thought of one."""
    server, tenant = services["development"]
    environment = variables(tenant, server.url)
    del environment["AEP_SANDBOX_NAME"]
    done = called("--target", server.url, *LIVE, **environment)
    assert done.exit_code in {2, 3}
    assert "sandbox" in said(done)


def test_a_budget_is_kept_to_and_all_is_cleaned_up(services, tmp_path: Path):
    """No call more than allowed, names with the prefix, no job of others touched, and a list of what is left."""
    server, tenant = services["development"]
    record, before = tmp_path / "live.ndjson", len(tenant.journal)
    done = called(
        "--target", server.url, *LIVE, "--max-jobs", "4", "--prefix", "team a", "--record", str(record),
        **variables(tenant, server.url),
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "the run has used up its 120 calls: allow more with --max-calls" in done.output
    run = read(str(record))
    jobs = {each.id: each.state for each in run.created if each.kind == "job"}
    assert 0 < len(jobs) <= 4
    assert set(jobs.values()) <= {"ended", "cancelled"}
    sent = list(tenant.journal)[before:]
    cancelled = {each.request.path.rpartition("/")[2] for each in sent if each.request.method == "DELETE"}
    assert cancelled <= set(jobs)
    names = [each.request.json()["name"] for each in sent if each.operation == "createDataset" and _named(each.request)]
    assert names
    assert all(name.startswith("team a ") for name in names)
    assert {each.request.method for each in sent} <= {"GET", "HEAD", "POST", "DELETE"}


@pytest.mark.parametrize(
    ("limits", "walks"),
    [
        (("--max-calls", "60"), range(5, 11)),
        (("--max-calls", "200", "--max-jobs", "4"), range(3, 4)),
        (("--max-calls", "1000"), range(27, 28)),
    ],
    ids=["calls", "jobs", "plenty"],
)
def test_walks_fit_into_a_budget(services, limits: tuple[str, ...], walks: range):
    """As many walks are begun as can be gone to their end, and what they have created is cancelled by themselves."""
    server, tenant = services["development"]
    before = len(tenant.journal)
    done = called(
        "--target", server.url, "--live", *limits, "--rate", "100000", "--generator", "walks", "--json",
        **variables(tenant, server.url),
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    assert document["cases"] in walks
    assert document["ended"] == "all cases were tried"
    sent = [exchange.operation for exchange in list(tenant.journal)[before:]]
    assert sent.count("createExportJob") == document["cases"] + 1
    assert sent.count("cancelExportJob") >= document["cases"]


def _named(request: Any) -> bool:
    try:
        body = request.json()
    except (ValueError, RecursionError):
        return False
    return isinstance(body, dict) and isinstance(body.get("name"), str) and bool(body["name"])


def test_it_is_interrupted(tmp_path: Path):
    """Ctrl-C ends it with 130, and what was found until then is told and written."""
    record = tmp_path / "fuzz.ndjson"
    command = [sys.executable, "-m", "pytest_aep_export", "fuzz", "--cases", "1000", "--record", str(record)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout
    assert process.stdout.readline() == "tried: 100 of 1,000 cases\n"
    process.send_signal(signal.SIGINT)
    rest, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (130, "")
    assert rest.splitlines()[-1].endswith("; interrupted")
    assert read(str(record)).stopped == "interrupted"
