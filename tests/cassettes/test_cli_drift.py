"""``aep-export drift``: what it prints, and how it ends."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator

from pytest_aep_export.cassettes import Interaction, Metadata, Recording, path_of
from pytest_aep_export.cassettes.storage import save
from pytest_aep_export.cli import main
from pytest_aep_export.emulator import EmulatorServer
from pytest_aep_export.exchange import Headers, Request, Response
from pytest_aep_export.model import Credentials
from pytest_aep_export.report.drift import drift_schema
from pytest_aep_export.suite.sending import Target

PAGE: dict[str, Any] = {
    "records": [],
    "page": {"sortField": "createdTime", "sort": "desc", "pageOffset": "", "pageSize": "0"},
    "link": {"next": ""},
    "trace": "x",
}


def _called(*arguments: object, **environ: str) -> Result:
    return CliRunner().invoke(main, ["drift", *map(str, arguments)], env=environ)


def _save(name: str, page: dict[str, Any], folder: Path) -> None:
    """A cassette with one page of jobs."""
    request = Request("GET", "https://platform.adobe.io/data/core/ups/export/jobs")
    answer = Response(200, Headers({"content-type": "application/json"}), json.dumps(page).encode())
    metadata = Metadata("live", "2026-10-03", "tool 1", "1.0.0")
    save(Recording(name, metadata, (Interaction(request, answer),)), path_of(name, folder))


@pytest.fixture
def drifted(tmp_path):
    """A folder with one cassette, which shows a new member and a changed type."""
    _save("area/one", PAGE, tmp_path)
    return tmp_path


def test_drift_in_words(drifted):
    """What has drifted comes one by one, with its first date; the rest by operation, and a summary at the end."""
    done = _called(drifted, "--target", "none")
    assert done.exit_code == 1
    lines = done.output.splitlines()
    seen = "cassettes have string in area/one, first seen 2026-10-03"
    assert lines[:2] == [
        f"undocumented: listExportJobs 200 /trace: the contract has nothing; {seen}",
        f"changed type: listExportJobs 200 /page/pageSize: the contract has integer; {seen}",
    ]
    assert "never seen: requestToken" in lines
    assert lines[-1].startswith("drift between the contract, 1 cassette: 1 undocumented, 1 changed type, ")


def test_drift_as_json(drifted):
    """It follows the schema that --schema prints, and has every name."""
    done = _called(drifted, "--target", "none", "--json")
    document = json.loads(done.output)
    schema = json.loads(_called("--schema").output)
    assert schema == drift_schema()
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(document)
    assert document["drifted"] is True
    assert document["counts"]["undocumented"] == 1
    assert document["findings"][0] == {
        "kind": "undocumented",
        "operation": "listExportJobs",
        "status": 200,
        "pointer": "/trace",
        "documented": [],
        "cassettes": {"types": ["string"], "names": ["area/one"], "first_seen": "2026-10-03"},
        "target": None,
    }


def test_drift_as_markdown(drifted, tmp_path):
    """Drift is open, the rest is folded up; it can be written to a file."""
    done = _called(drifted, "--target", "none", "--markdown", "-o", tmp_path / "drift.md")
    assert (done.exit_code, done.output) == (1, "")
    text = (tmp_path / "drift.md").read_text()
    assert text.startswith("## API drift: drift between the contract, 1 cassette: ")
    assert "**Undocumented**\n\n- `listExportJobs 200 /trace`: the contract has nothing; cassettes have string" in text
    assert "<details><summary>never seen</summary>\n\n- `requestToken`\n" in text


def test_drift_on_a_terminal(drifted, monkeypatch):
    """There it is a table."""
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("COLUMNS", "150")
    done = _called(drifted, "--target", "none")
    assert done.exit_code == 1
    head, *rows = [line for line in done.output.splitlines() if line[:1] in {"┃", "│"}]
    assert "contract" in head
    assert ["/trace" in rows[0], "/page/pageSize" in rows[1]] == [True, True]
    assert "undocumented: listExportJobs" not in done.output


def test_nothing_that_drifts(tmp_path, monkeypatch):
    """Then there is no table on a terminal, and nothing open in Markdown."""
    page = {"records": [], "page": {"sortField": "createdTime", "sort": "desc", "pageOffset": "", "pageSize": 0}}
    _save("area/one", page, tmp_path)
    text = _called(tmp_path, "--target", "none", "--markdown").output
    assert "**" not in text
    assert "<details><summary>never seen</summary>" in text
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    done = _called(tmp_path, "--target", "none")
    assert done.exit_code == 0
    assert "┃" not in done.output
    assert "no drift between the contract, 1 cassette: 0 undocumented, 0 changed type, " in done.output


def test_many_cassettes_are_counted(tmp_path):
    """Three are named, the others are counted; JSON names them all."""
    names = [f"area/{letter}" for letter in "abcde"]
    for name in names:
        _save(name, PAGE, tmp_path)
    assert "string in area/a, area/b, area/c and 2 more, first seen" in _called(tmp_path, "--target", "none").output
    document = json.loads(_called(tmp_path, "--target", "none", "--json").output)
    assert document["findings"][0]["cassettes"]["names"] == names


def test_nothing_is_written_to_a_production_sandbox(monkeypatch):
    """Adobe's service is asked what sort of sandbox it is before anything is created; reading is allowed anywhere."""
    asked: list[tuple[str, str]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append((request.method, request.url.path))
        policy = {"id": "x", "sandbox": {"sandboxName": "prod", "type": "production"}}
        token = {"access_token": "x", "token_type": "bearer", "expires_in": 9}
        return httpx.Response(200, json=token if "/ims/" in request.url.path else {"children": [policy]})

    @contextmanager
    def live(*_arguments: Any, **_settings: Any) -> Iterator[Target]:
        who = Credentials("key", "secret", f"{'0' * 24}@AdobeOrg")
        yield Target("https://t.invalid", who, kind="live", transport=httpx.MockTransport(answer))

    monkeypatch.setattr("pytest_aep_export.cli.drift.resolve", live)
    refused = _called("export/succeeded", "--target", "https://t.invalid", "--live", "--write")
    assert (refused.exit_code, "production" in refused.output) == (2, True)
    assert {method for method, path in asked if "/ims/" not in path} == {"GET"}
    assert _called("export/succeeded", "--target", "https://t.invalid", "--live").exit_code == 1
    assert {method for method, path in asked if "/ims/" not in path} == {"GET"}


def test_the_shipped_cassettes_and_the_emulator_agree_with_the_contract(tmp_path, monkeypatch):
    """Nothing that is shipped is undocumented: what runs in every build."""
    monkeypatch.chdir(tmp_path)
    done = _called("--json")
    document = json.loads(done.output)
    Draft202012Validator(drift_schema()).validate(document)
    assert [f for f in document["findings"] if f["kind"] in {"undocumented", "changed"}] == []
    assert (done.exit_code, document["target"]) == (0, 4)
    assert any(f["kind"] == "only-cassettes" for f in document["findings"])


def test_a_url_is_only_read(aep_server: EmulatorServer, tmp_path, monkeypatch):
    """At a server nothing is created, unless that is allowed."""
    monkeypatch.chdir(tmp_path)
    tenant = aep_server.emulator.create_tenant()
    who = tenant.credentials
    environ = {"AEP_CLIENT_ID": who.client_id, "AEP_CLIENT_SECRET": who.client_secret, "AEP_ORG_ID": who.org_id}
    arguments = ("export/succeeded", "--target", aep_server.url, "--json")
    counts = []
    for more in ([], ["--write"]):
        done = _called(*arguments, *more, **environ)
        assert done.exit_code == 0, done.output
        seen = {f["operation"] for f in json.loads(done.output)["findings"] if f["kind"] == "only-target"}
        assert "listDatasets" in seen
        counts.append(sum(one.request.method not in {"GET", "HEAD"} for one in tenant.journal))
    assert counts[0] == 1  # the token
    assert counts[1] > counts[0] + 1
    tenant.delete()


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["area/none"], 2, "'area/none' is no cassette"),
        (["export/succeeded", "--json", "--markdown"], 2, "exclude each other"),
        (["export/succeeded", "--target", "nowhere"], 2, "'nowhere' is no URL"),
        (["export/succeeded", "--target", "https://platform.adobe.io"], 2, "add --live if you mean it"),
        (["export/succeeded", "-o", "missing/x.json"], 2, "cannot be written"),
        (["broken.yaml"], 3, "broken/broken cannot be used"),
    ],
)
def test_what_cannot_be(tmp_path, monkeypatch, arguments, code, sentence):
    """Used wrongly is 2, and 3 where a cassette or a target keeps it from comparing anything."""
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / "broken.yaml").write_text("version: 2\n")
    monkeypatch.chdir(folder)
    done = _called(*arguments)
    assert done.exit_code == code
    assert sentence in done.output


def test_a_target_that_is_not_there():
    """Nothing could be compared."""
    environ = {"AEP_CLIENT_ID": "x" * 9, "AEP_CLIENT_SECRET": "y" * 9, "AEP_ORG_ID": f"{'0' * 24}@AdobeOrg"}
    done = _called("export/succeeded", "--target", "http://127.0.0.1:9", **environ)
    assert done.exit_code == 3
    assert "got no answer" in done.output
