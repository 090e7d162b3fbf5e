"""What is wrong with cassettes on a disk is told with file and place."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator

from pytest_aep_export.cassettes import Interaction, Metadata, Recording, find, library, path_of, read, save
from pytest_aep_export.cassettes.lint import Problem, Rules, inspect, orphans
from pytest_aep_export.cassettes.usage import named_in
from pytest_aep_export.cli import lint as command
from pytest_aep_export.cli.commands import main
from pytest_aep_export.contract import load
from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.exchange import Headers, Request, Response
from pytest_aep_export.suite.registry import load as load_registry

NAME = "area/one"
TODAY = dt.date(2026, 11, 24)
RULES = Rules(load(), {"EXP-LIST-001"}, TODAY)
METADATA = Metadata(
    "emulator", "2026-11-14", "pytest-aep-export 1.0", "1.0.0", "canonical", requirements=("EXP-LIST-001",)
)
GATEWAY = "https://platform.adobe.io"
JOBS = f"{GATEWAY}/data/core/ups/export/jobs"
JSON = Headers({"content-type": "application/json"})


@pytest.fixture
def put(tmp_path: Path) -> Callable[..., Path]:
    """Writes a cassette of one interaction."""

    def write(*interactions: Interaction, metadata: Metadata = METADATA, name: str = NAME) -> Path:
        path = path_of(name, tmp_path)
        save(Recording(name, metadata, interactions), path)
        return path

    return write


def _found(path: Path, rules: Rules = RULES, name: str = NAME) -> list[Problem]:
    return list(inspect(name, path, rules).problems)


def _shipped(name: str = "export/succeeded") -> Recording:
    return read(name, find(name))


def test_a_good_cassette_has_no_problem(put):
    """An export that succeeded, with its files."""
    recording = _shipped()
    path = put(*recording.interactions, metadata=replace(recording.metadata, requirements=("EXP-LIST-001",)))
    assert _found(path) == []


@pytest.mark.parametrize("path", sorted(library().rglob("*.yaml")), ids=lambda path: path.stem)
def test_what_ships_keeps_the_contract_and_holds_no_secret(path):
    """Every cassette of the library is as `aep-export lint` wants it, and evidence for what there is."""
    rules = replace(RULES, known=load_registry().requirements.keys())
    assert _found(path, rules, name=path.relative_to(library()).with_suffix("").as_posix()) == []


def test_an_answer_against_the_contract_is_named(put):
    """The interaction, the pointer, and what should be there."""
    created = _shipped().interactions[2]
    document = created.response.json()
    document["status"] = "DONE"
    answer = replace(created.response, body=json.dumps(document).encode())
    path = put(_shipped().interactions[1], Interaction(created.request, answer))
    (problem,) = _found(path)
    assert (problem.kind, problem.place) == ("contract", "response of interaction 2 /status")
    assert "expected " in problem.message
    assert str(problem).startswith(f"{path}: response of interaction 2 /status: expected ")


@pytest.mark.parametrize(
    "metadata",
    [replace(METADATA, persona="some-persona"), replace(METADATA, faults=("200",))],
    ids=["persona", "fault"],
)
def test_deviations_that_are_meant_are_none(put, metadata):
    """A persona's answers deviate, and so do those of a status that only faults gave."""
    created = _shipped().interactions[2]
    wrong = Interaction(created.request, replace(created.response, body=b"{}"))
    assert _found(put(wrong))
    assert _found(put(wrong, metadata=metadata)) == []


def test_a_request_against_the_contract_is_named_unless_it_was_refused(put):
    """An unknown operation, and a body that is none; who was refused for it had it coming."""
    unknown = Interaction(Request("GET", f"{GATEWAY}/data/core/ups/nothing"), Response(200, JSON, b"{}"))
    wrong = Interaction(Request("POST", JOBS, body=b"{}"), _shipped().interactions[2].response)
    found = _found(put(unknown, wrong))
    assert [problem.place.partition(" /")[0] for problem in found[:2]] == [
        "request of interaction 1",
        "request of interaction 2",
    ]
    assert "an operation of the contract" in found[0].message
    refusal = Response(404, JSON, b'{"error_code":"404003","message":"no"}')
    assert _found(put(replace(unknown, response=refusal))) == []


def test_the_dialect_that_was_spoken_is_the_measure(put):
    """What one documented variant says is a deviation from another."""
    recording = _shipped("export/succeeded-profile-guide")
    own = replace(METADATA, dialect="profile-guide")
    assert _found(put(*recording.interactions, metadata=own)) == []
    assert _found(put(*recording.interactions, metadata=replace(own, dialect="segmentation-guide")))
    assert _found(put(*recording.interactions, metadata=replace(own, source="live", dialect=""))) == []


def test_a_leak_is_named_even_in_a_file_that_cannot_be_read(put):
    """An edit by hand, by which a token came in: the digest does not fit, and the token is found."""
    path = put(*_shipped().interactions)
    path.write_text(path.read_text().replace('"Profile Data Export"', '"jane@corp.org"'))
    unreadable, leak = _found(path)
    assert unreadable.kind == "unreadable"
    assert "edited by hand" in unreadable.message
    assert (leak.kind, leak.place.partition(", ")[2]) == ("leak", "request of interaction 2 /name")
    assert "jane" not in str(leak)


def test_many_leaks_are_told_in_few_lines(put):
    """Five by their places, and how many more there are."""
    many = json.dumps([f"jane{number}@corp.org" for number in range(9)]).encode()
    found = _found(
        put(Interaction(Request("GET", JOBS), Response(500, JSON, many)), metadata=replace(METADATA, persona="p"))
    )
    assert [problem.message.partition(";")[0] for problem in found] == ["holds an e-mail address"] * 5 + [
        "holds 4 more of the kind"
    ]


def test_files_beside_are_looked_into_and_have_to_belong(put):
    """A file with an address in it, and one that no interaction names."""
    path = put(*_shipped().interactions)
    stray = path.with_suffix("") / f"{'0' * 32}.bin"
    stray.write_bytes(b"\xff jane@corp.org")
    orphan, leak = _found(path)
    assert (orphan.path, orphan.kind) == (str(stray), "orphan")
    assert (leak.path, leak.kind) == (str(stray), "leak")


@pytest.mark.parametrize("text", ["", "- request: x", "version: 2\ndigest: sha256:00\n"])
def test_what_is_no_cassette_is_named(tmp_path, text):
    """Whatever else lies there as a cassette."""
    path = path_of(NAME, tmp_path)
    path.parent.mkdir(parents=True)
    path.write_text(text)
    (problem,) = _found(path)
    assert (problem.kind, problem.path) == ("unreadable", str(path))
    (missing,) = _found(path.with_name("none.yaml"))
    assert "does not exist" in missing.message


def test_a_name_that_nobody_can_ask_for_is_named(put):
    """Names are of lower case; a file of another name is never found."""
    path = put(*_shipped().interactions)
    assert [problem.kind for problem in _found(path, name="area/One")] == ["unreadable"]


def test_age_and_evidence_are_checked(put):
    """Older than allowed, recorded on no day, and evidence for what nobody requires."""
    path = put(*_shipped().interactions)
    assert _found(path, replace(RULES, max_age=10)) == []
    (old,) = _found(path, replace(RULES, max_age=9))
    assert (old.kind, old.message) == ("age", "is 10 days old, and 9 are allowed; record it again")
    odd = replace(METADATA, date="someday", requirements=("EXP-NONE-001",))
    found = _found(put(*_shipped().interactions, metadata=odd))
    assert {problem.kind for problem in found} == {"age", "requirement"}


TESTS = """
import pytest
from pytest_aep_export.cassettes import replay

NAME = "by/constant"
TYPED: str = "by/typed"
pytestmark = pytest.mark.aep_cassette("by/module")

@pytest.mark.aep_cassette("by/mark", allow_unplayed=True)
def test_one(): ...

@pytest.mark.parametrize("x", [pytest.param(1, marks=pytest.mark.aep_cassette(NAME))])
def test_two(x):
    with replay(TYPED): ...
    aep_cassette(3); aep_cassette(unknown); aep_cassette(); print("no/use")
"""


def test_names_are_read_from_the_source(tmp_path):
    """Of markers and of `replay`, as texts and as constants, in folders and in files."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "test_x.py").write_text(TESTS)
    used = {"by/constant", "by/typed", "by/module", "by/mark"}
    assert named_in([tmp_path]) == named_in([tmp_path / "sub" / "test_x.py"]) == used
    found = list(orphans([("by/mark", Path("a")), ("area/lone", Path("b"))], used))
    assert [str(problem) for problem in found] == ["b: no test uses the cassette area/lone; remove it, or use it"]


def test_tests_that_cannot_be_read_are_named(tmp_path):
    """A path that is not there, and a file that is no Python."""
    (tmp_path / "bad.py").write_text("def")
    for path, reason in ((tmp_path / "none", "there is no"), (tmp_path, "bad.py is no Python")):
        with pytest.raises(ConfigurationError, match=reason):
            named_in([path])


# -- The command --------------------------------------------------------------------------------------------------


def _lint(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["lint", *map(str, arguments)])


def test_the_command_tells_what_is_wrong(put, tmp_path):
    """A sentence for each problem and the exit code 1; a cassette without one ends with 0."""
    path = put(*_shipped().interactions)
    good = _lint(tmp_path)
    assert good.exit_code == 0, good.output
    assert f", 1 cassettes with {len(_shipped().interactions)} interactions: all is well" in good.output
    assert re.match(r"evidence for 1 of \d+ requirements of servers\n", good.output)
    strict = _lint(tmp_path, "--strict")
    assert strict.exit_code == 1
    assert " requirements of servers (--json names them)" in strict.output
    assert re.search(r"^no cassette can cover EXP-.*: no recording has .* known-data$", strict.output, re.MULTILINE)
    (tmp_path / "test_it.py").write_text("pass")
    bad = _lint(tmp_path, "--tests", tmp_path, "--max-age", 0)
    assert bad.exit_code == 1
    lines = bad.output.splitlines()
    assert any(line.startswith(f"{path}: metadata: is ") for line in lines)
    assert f"{path}: no test uses the cassette area/one; remove it, or use it" in lines


def test_the_command_speaks_json(put, tmp_path, monkeypatch: pytest.MonkeyPatch):
    """What it writes is of its schema, with the problems, and with the requirements that no cassette covers."""
    schema = json.loads(_lint("--schema").output)
    put(*_shipped().interactions)
    monkeypatch.setattr(command, "_problems", lambda *_: ["EXP-LIST-001 is odd"])
    done = _lint(tmp_path, "--json", "--max-age", 0)
    document = json.loads(done.output)
    Draft202012Validator(schema).validate(document)
    assert (done.exit_code, document["well"], document["cassettes"]) == (1, False, 1)
    assert [problem["kind"] for problem in document["problems"]] == ["registry", "age"]
    assert "EXP-LIST-001" not in document["uncovered"]
    assert document["uncovered"]
    assert "EXP-MERGE-009" in document["uncoverable"]
    assert not {*document["uncovered"]} & {*document["uncoverable"]}


def test_nothing_is_said_of_requirements_that_somebodys_cassette_does_not_speak_of(put, tmp_path):
    """Whoever lints one of their own hears nothing of what the conformance suite requires of servers."""
    put(*_shipped().interactions, metadata=replace(METADATA, requirements=()))
    done = _lint(tmp_path)
    assert done.exit_code == 0
    assert "requirements of servers" not in done.output


def test_by_default_the_projects_own_and_those_that_ship_are_checked(tmp_path, monkeypatch: pytest.MonkeyPatch):
    """Those that ship need no test of the project's; an empty folder is none of its own."""
    shelf, recording = tmp_path / "shipped", _shipped("auth/token")
    save(Recording(NAME, METADATA, recording.interactions), path_of(NAME, shelf))
    monkeypatch.setattr(command, "library", lambda: shelf)
    project = tmp_path / "project"
    (project / "cassettes").mkdir(parents=True)
    monkeypatch.chdir(project)
    assert json.loads(_lint("--json").output)["cassettes"] == 1
    save(Recording(NAME, METADATA, recording.interactions), path_of(NAME, project / "cassettes"))
    document = json.loads(_lint("--json", "--tests", project).output)
    assert document["cassettes"] == 2
    assert [problem["path"] for problem in document["problems"]] == [str(Path("cassettes", f"{NAME}.yaml"))]


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("pytest.ini", "[pytest]\naep_cassettes = tapes\nrequired_plugins = pytest-none\naddopts = --no-such-option\n"),
        ("pyproject.toml", '[tool.pytest.ini_options]\naep_cassettes = "tapes"\n'),
    ],
)
@pytest.mark.parametrize(
    "arguments", [("lint", NAME), ("drift", NAME, "--target", "none"), ("cassette", "export", NAME)]
)
def test_commands_look_where_the_projects_ini_file_says(tmp_path, monkeypatch, file, text, arguments):
    """It is found from a folder below, too; no conftest and no plugin of the project's has to work for that."""
    (tmp_path / file).write_text(text)
    (tmp_path / "conftest.py").write_text("raise RuntimeError")
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    monkeypatch.setenv("PYTEST_PLUGINS", "no.such.plugin")
    save(Recording(NAME, METADATA, _shipped("auth/token").interactions), path_of(NAME, tmp_path / "tapes"))
    done = CliRunner().invoke(main, list(arguments))
    assert done.exit_code == 0, done.output


def test_an_ini_file_that_cannot_be_read_is_named(tmp_path, monkeypatch):
    """As pytest would, but in one sentence."""
    (tmp_path / "pytest.ini").write_text("aep_cassettes")
    monkeypatch.chdir(tmp_path)
    done = _lint()
    assert done.exit_code == 2
    assert "pytest cannot read the ini file of this project" in done.output
