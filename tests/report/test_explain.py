"""``aep-export explain``: every requirement explains itself, from the registry and the suite's source code."""

from __future__ import annotations

import inspect
import json
import re
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator

from pytest_aep_export.cli import main
from pytest_aep_export.contract import Dialect
from pytest_aep_export.report.explanation import DECIDED, explain, explanation_schema
from pytest_aep_export.report.judging import tests_of as judging
from pytest_aep_export.suite.capabilities import load_capabilities
from pytest_aep_export.suite.registry import conformance_path, load
from tests.report.samples import REGISTRY

ROOT = Path(__file__).parents[2]


def called(*arguments: str) -> Result:
    """The command, called."""
    return CliRunner().invoke(main, ["explain", *arguments])


def test_every_requirement_explains_itself():
    """Each has a statement, sources in words, tests that are there, and a way to be judged; the JSON is valid."""
    validator = Draft202012Validator(explanation_schema())
    for requirement in load().requirements.values():
        found = explain(requirement.id, load(), load_capabilities(), conformance_path())
        validator.validate(json.loads(json.dumps(found.to_json())))
        assert bool(found.tests) == (requirement.applies_to == "server")
        for test in found.tests:
            line = (ROOT / test.path).read_text("utf-8").splitlines()[test.line - 1]
            assert line.startswith(f"def {test.name.partition('::')[2]}(")
            assert test.about.endswith(".")


def test_no_test_is_overlooked():
    """Read from the source code, each marked test judges exactly the requirement of its mark."""
    folder = conformance_path() / "server"
    marks = Counter(
        name
        for path in folder.glob("test_*.py")
        for name in re.findall(r'^@requirement\("([^"]+)"\)', path.read_text("utf-8"), re.MULTILINE)
    )
    assert marks == {r.id: len([*judging(r.id, conformance_path())]) for r in load().of("server")}


def test_the_text():
    """On the terminal an explanation is a line for each thing that is known."""
    done = called("exp-auth-004")
    assert done.exit_code == 0
    lines = done.output.splitlines()
    assert lines[0] == "EXP-AUTH-004 MUST: A call without a token is refused with 401 or 403"
    assert "  level: MUST: whoever breaks it contradicts every documented variant" in lines
    assert "  area: AUTH: Tokens, headers and the gateway" in lines
    assert "  judge it alone: aep-export run -k EXP-AUTH-004" in lines
    assert any(line.startswith("  source: Experience Platform troubleshooting guide") for line in lines)
    assert any(line.startswith("  divergence 16: missing_token_status: canonical 403, ") for line in lines)
    assert any(
        re.fullmatch(r"  test: conformance/server/test_auth\.py:\d+ test_auth::test_\w+: .+\.", line) for line in lines
    )
    assert any(line.startswith("  mutants that it kills: accepts-missing-token, ") for line in lines)
    assert any(line.startswith("  profiles: ") and "full" in line for line in lines)


def test_a_capability():
    """A requirement that not every target can be judged by says what it needs, and how one gets it."""
    found = explain("EXP-JOB-001", REGISTRY, load_capabilities(), conformance_path())
    told = dict(found.lines())
    assert told["needs"].startswith("second-sandbox: The credentials may work in another sandbox")
    assert "AEP_OTHER_SANDBOX_NAME" in told["needs"]


def test_a_yes_or_no():
    """What a dialect does or does not is told in words."""
    name = next(r.id for r in load().requirements.values() if any(s.divergence == 26 for s in r.sources))
    told = dict(explain(name, load(), load_capabilities(), conformance_path()).lines())
    assert told["divergence 26"] == "echo: canonical yes, profile-guide no, segmentation-guide yes, openapi yes"


def test_a_requirement_of_clients():
    """What is asked of clients is judged from what they sent."""
    done = called("EXP-CLI-001")
    assert "judge it alone: aep-export judge -k EXP-CLI-001 -- ./your-client" in done.output
    assert "  profiles: none" in done.output


def test_json():
    """With --json the same is a document, whose schema --schema prints."""
    document = json.loads(called("EXP-JOB-001", "--json").output)
    Draft202012Validator(json.loads(called("--schema").output)).validate(document)
    assert (document["id"], document["applies_to"]) == ("EXP-JOB-001", "server")
    assert document["tests"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("EXP-JBO-001", "did you mean EXP-JOB-001"),
        ("exp-auth-4", "did you mean EXP-AUTH-004"),
        ("zzz", "ids look like EXP-JOB-001"),
    ],
)
def test_an_unknown_id(name: str, said: str):
    """An id that is not there ends with 2 and those that look alike."""
    done = called(name)
    assert done.exit_code == 2
    assert f"there is no requirement {name}: {said}" in done.output


def test_what_the_dialects_decide():
    """Each member of a dialect is listed under the divergence that its description names."""
    described = re.findall(r"^ *(\w+): [^\n]*\(D-(\d+)\)\.$", inspect.getdoc(Dialect) or "", re.MULTILINE)
    members = {name: int(number) for name, number in described}
    listed = {name: number for number, names in DECIDED.items() for name in names}
    assert members == {name: number for name, number in listed.items() if name != "dataset_key_in_list"}  # "the same"
    assert {*listed} == {name for name in Dialect.__dataclass_fields__ if name != "name"}
