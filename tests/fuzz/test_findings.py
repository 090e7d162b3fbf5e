"""Findings as files: small, with a published schema, without secrets; and what was found in the emulator itself."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from pytest_aep_export.contract import load
from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.fuzz.cases import Case, Edit, Mistake, Owed, Step
from pytest_aep_export.fuzz.findings import Finding, findings_schema, read_finding, write_finding
from pytest_aep_export.fuzz.stream import stream
from tests.fuzz.grounds import Field, by_name, fuzzed

FINDING = Finding(
    check="owed",
    operation="createExportJob",
    level="SHOULD",
    source="EXP-ERROR-002",
    cause="owed createExportJob /destination is missing",
    required="a status of 400 to 499",
    found="status 200",
    case=Case("a job", (Step("createExportJob", body={"schema": {"name": "x"}}),)),
    seed=4,
    number=17,
)


def test_a_finding_is_read_as_it_was_written(tmp_path: Path):
    """The file of a finding is called like it, and holds all of it."""
    path = write_finding(FINDING, tmp_path / "new")
    assert path.name == f"{FINDING.id}.json"
    assert read_finding(path) == FINDING


def test_its_file_has_the_published_form():
    """Whatever a case may hold, the schema knows it, and it is a schema."""
    schema = findings_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for case in islice(stream(load(), 9), 150):
        document = FINDING.to_json() | {"case": case.to_json()}
        assert [error.message for error in validator.iter_errors(document)] == []


def test_no_secret_is_in_it():
    """The commands that repeat a case do not tell the token, the key or the secret."""
    field = Field("accepts-wrong-secret")
    known = field.parties().credentials["own"]
    found = fuzzed([by_name()["requestToken: a wrong secret"]], "accepts-wrong-secret").findings
    assert found
    for finding in found:
        text = json.dumps(finding.to_json())
        assert finding.curl
        assert "eyJ" not in text
        assert known.client_secret not in text
        assert known.client_id not in text


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "it is not JSON"),
        ("[]", "the document"),
        ('{"check": "owed"}', "the document"),
        (json.dumps(FINDING.to_json() | {"case": {"name": "x", "steps": []}}), "case/steps"),
        (json.dumps(FINDING.to_json() | {"level": "PERHAPS"}), "level"),
    ],
    ids=["cut", "a list", "too little", "no steps", "another level"],
)
def test_what_is_no_finding_is_said_to_be_none(tmp_path: Path, text: str, problem: str):
    """One sentence names the file and the place."""
    path = tmp_path / "bad.json"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=rf"bad\.json holds no finding: .*{problem}"):
        read_finding(path)


def test_a_file_that_is_not_there(tmp_path: Path):
    """A file that cannot be read, or not be written, is named."""
    with pytest.raises(ConfigurationError, match=r"none\.json cannot be read \(No such file or directory\)"):
        read_finding(tmp_path / "none.json")
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match="cannot be written"):
        write_finding(FINDING, tmp_path / "file")


def test_an_oddity_survives_its_file(tmp_path: Path):
    """Bytes that are no UTF-8 and halves of characters are read as they were written."""
    edits = (Edit("/raw", '{"name":"\udcff\ud800"}'), Edit("/header/accept"), Edit("/query/limit", ["1", "2"]))
    mistake = Mistake("odd", edits, Owed((400, 499), "EXP-ERROR-001", "SHOULD", ("403010",)))
    odd = Case("odd", (Step("listExportJobs", mistakes=(mistake,), until=("NEW",), optional=True, target="/x"),))
    path = write_finding(Finding(**{**_members(FINDING), "case": odd}), tmp_path)
    assert read_finding(path).case.to_json() == odd.to_json()


def _members(finding: Finding) -> dict[str, Any]:
    names = ("check", "operation", "level", "source", "cause", "required", "found")
    return {name: getattr(finding, name) for name in names}


@pytest.mark.parametrize(
    ("persona", "name"),
    [
        ("accepts-wrong-secret", "createDataset: a body that is not UTF-8"),
        ("accepts-segment-without-id", "createExportJob: /filter/segments/0 is 1"),
    ],
)
def test_a_persona_bears_what_a_server_has_to(persona: str, name: str):
    """What made a persona crash in the emulator once: whatever is wrong with it, it answers."""
    assert [str(f) for f in fuzzed([by_name()[name]], persona).findings if f.check == "answered"] == []
