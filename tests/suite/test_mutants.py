"""The suite tried on mutants: what is killed, what survives, which requirement is idle, and what is kept of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner, Result

from pytest_aep_export.cli import main
from pytest_aep_export.emulator.personas import PERSONAS, Persona
from pytest_aep_export.suite import kills, mutants
from pytest_aep_export.suite.kills import by_requirement, keep_kills, kept_kills, killed_by
from pytest_aep_export.suite.matrix import Matrix, matrix_schema
from pytest_aep_export.suite.mutants import Trial, attempt, try_mutants
from pytest_aep_export.suite.registry import Level, load

NOTHING = Persona(
    "DATASET", "nothing-is-wrong", "wrong", "Nothing is wrong.", answer=lambda exchange, _: exchange.response
)
ONE, OTHER = "dataset-created-with-200", "unknown-dataset-is-nothing"


def command(*words: str) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(main, ["mutants", "--processes", "1", *words])


def trials(**killers: Sequence[str]) -> list[Trial]:
    """A sound emulator, and each persona killed by one requirement of its area unless it is said by which."""
    said = {name.replace("_", "-"): tuple(found) for name, found in killers.items()}
    every = [Trial(each.id, said.get(each.id, (f"EXP-{each.area}-001",)), (), 0.5) for each in PERSONAS.values()]
    return [Trial("", (), (), 1.0), *every]


def matrix(found: Sequence[Trial]) -> Matrix:
    """The matrix of some trials."""
    return Matrix.of(load(), found, 2.0)


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder in place of the suite's, in which what is kept can be changed."""
    monkeypatch.setattr(kills, "conformance_path", lambda: tmp_path)
    kept_kills.cache_clear()
    yield tmp_path
    kept_kills.cache_clear()


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> list[Trial]:
    """What trying mutants is to find, instead of trying any."""
    said: list[Trial] = []
    monkeypatch.setattr(mutants, "try_mutants", lambda *_: iter(said))
    return said


# -- Trying mutants -------------------------------------------------------------------------------------------------


def test_a_small_matrix():
    """Two mutants of one area are killed by what speaks of them, and the emulator itself by nothing."""
    done = command("-k", ONE, "-k", OTHER, "--json")
    document = json.loads(done.stdout)
    jsonschema.validate(document, matrix_schema())
    killers = {mutant["id"]: mutant["killers"] for mutant in document["mutants"]}
    assert killers == {ONE: ["EXP-DATASET-006"], OTHER: ["EXP-DATASET-010"]}
    assert (done.exit_code, document["survivors"], document["unsound"], document["whole"]) == (0, [], [], False)


def test_a_survivor(monkeypatch: pytest.MonkeyPatch):
    """A mutant that no requirement notices survives: it is named, and the command ends with 1."""
    monkeypatch.setitem(PERSONAS, NOTHING.id, NOTHING)
    done = command("-k", NOTHING.id)
    assert done.exit_code == 1
    assert "nothing-is-wrong survives" in done.stdout
    assert "no requirement kills: nothing-is-wrong" in done.stdout
    assert "0 of 1 mutants killed" in done.stdout


def test_processes_of_their_own():
    """Several processes find what one finds; whoever stops listening need not wait for what has not begun."""
    every = try_mutants([PERSONAS[ONE], PERSONAS[OTHER]], 2)
    assert {trial.mutant: trial.killers for trial in (next(every), next(every))}.items() <= {
        "": (), ONE: ("EXP-DATASET-006",), OTHER: ("EXP-DATASET-010",)
    }.items()  # fmt: skip
    every.close()


def test_what_cannot_be_judged_kills_nothing():
    """A mutant that blocks the tests is killed only by those that it does not block."""
    trial = attempt("refuses-events-only", ("CREATE",))
    assert trial.killers == ("EXP-CREATE-003",)
    assert "EXP-CREATE-014" in trial.unjudged


def test_a_crash_is_no_mutant(monkeypatch: pytest.MonkeyPatch):
    """A persona that lets the emulator crash is a defect of this package: it is told, and the command ends with 1."""

    async def crash(*_: Any) -> Any:
        raise ZeroDivisionError

    crashing = Persona("DATASET", "crashes", "wrong", "The emulator crashes.", around=crash)
    monkeypatch.setitem(PERSONAS, "crashes", crashing)
    done = command("-k", "crashes")
    assert done.exit_code == 1
    assert "went wrong by itself: crashes: POST /data/foundation/catalog/dataSets crashed" in done.stdout


def test_no_mutant_of_that_name():
    """A word that names no mutant is a mistake of the caller's."""
    done = command("-k", "no-such-mutant")
    assert done.exit_code == 2
    assert "-k no-such-mutant names no mutant" in done.output


# -- The matrix -----------------------------------------------------------------------------------------------------


def test_idle_requirements():
    """Where all mutants were tried, a MUST or SHOULD that kills none is idle; a MAY need not kill any."""
    idle = {each.id for each in matrix(trials()).idle}
    assert idle == {r.id for r in load().of("server") if r.level is not Level.MAY and not r.id.endswith("-001")}
    assert matrix(trials()).exit_code == 1
    assert matrix(trials()[:9]).idle == ()


def test_the_kills_of_a_requirement():
    """The matrix is read either way: by mutant, and by requirement."""
    several = trials(**{ONE.replace("-", "_"): ["EXP-DATASET-006", "EXP-DATASET-007"]})
    assert matrix(several).kills["EXP-DATASET-006"] == (ONE,)
    assert by_requirement({"a": ["X", "Y"], "b": ["Y"]}) == {"X": ("a",), "Y": ("a", "b")}


@pytest.mark.parametrize(
    "sound", [Trial("", ("EXP-JOB-001",), (), 1.0), Trial("", (), ("EXP-JOB-001",), 1.0)], ids=["broken", "unjudged"]
)
def test_an_unsound_emulator(found: list[Trial], sound: Trial):
    """What the emulator itself does not pass proves nothing of its mutants."""
    found += [sound, Trial(ONE, ("EXP-JOB-001",), (), 1.0)]
    done = command("-k", ONE)
    assert done.exit_code == 1
    assert "the emulator itself breaks, or cannot be judged by: EXP-JOB-001" in done.stdout


def test_an_idle_requirement_is_told(found: list[Trial], kept: Path):
    """A requirement that kills no mutant is named with its title."""
    found += trials()
    keep_kills({trial.mutant: trial.killers for trial in found[1:]})
    done = command()
    assert done.exit_code == 1
    assert f"kills no mutant: EXP-JOB-002 MUST: {load()['EXP-JOB-002'].title}" in done.stdout
    assert "says something else" not in done.stdout
    assert kept.exists()


def test_an_interruption(monkeypatch: pytest.MonkeyPatch):
    """Who interrupts the command sees what was found so far, and it ends with 130."""

    def interrupted(*_: Any) -> Iterator[Trial]:
        yield Trial(ONE, ("EXP-DATASET-006",), (), 1.0)
        raise KeyboardInterrupt

    monkeypatch.setattr(mutants, "try_mutants", interrupted)
    done = command()
    assert done.exit_code == 130
    assert "1 of 1 mutants killed" in done.stdout
    assert "interrupted" in done.stdout


def test_the_schema_is_published():
    """The schema of the JSON is printed by the command, and is a schema."""
    done = command("--schema")
    assert json.loads(done.stdout) == matrix_schema()
    jsonschema.Draft202012Validator.check_schema(matrix_schema())


# -- What is kept ---------------------------------------------------------------------------------------------------


def test_the_kept_kills_are_of_today():
    """What is kept speaks of every mutant that there is, of no requirement that there is not, and of no idle one."""
    assert list(kept_kills()) == list(PERSONAS)
    every = {requirement.id for requirement in load().of("server")}
    killing = {name for killers in kept_kills().values() for name in killers}
    assert all(kept_kills().values())
    assert killing <= every
    assert {r.id for r in load().of("server") if r.level is not Level.MAY} <= killing


def test_the_mutants_of_a_requirement():
    """Whoever explains a requirement can tell which mutants it kills, without trying any."""
    assert ONE in killed_by("EXP-DATASET-006")
    assert killed_by("EXP-CLI-001") == ()


def test_what_was_found_is_kept(found: list[Trial], kept: Path):
    """A whole run is kept on demand; another one that finds something else is told that it is outdated."""
    found += trials()
    assert "says something else" in command().stdout
    command("--update")
    assert (kept / "kills.json").read_text().startswith('{\n  "token-without-lifetime": ["EXP-AUTH-001"],\n')
    assert not matrix(trials()).outdated
    assert matrix(trials(**{ONE.replace("-", "_"): ["EXP-DATASET-002"]})).outdated


def test_part_of_a_run_is_not_kept(found: list[Trial], kept: Path):
    """What was not found by a whole run is not kept."""
    found.append(Trial(ONE, ("EXP-DATASET-006",), (), 1.0))
    done = command("-k", ONE, "--update")
    assert done.exit_code == 2
    assert "leave -k out" in done.output
    assert not list(kept.iterdir())


def test_what_cannot_be_written(found: list[Trial], kept: Path):
    """Where the suite cannot be written to, that is said."""
    (kept / "kills.json").mkdir()
    found += trials()
    done = command("--update")
    assert done.exit_code == 3
    assert "kills.json cannot be written" in done.output
