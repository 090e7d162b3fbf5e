"""Capabilities: what a description has, and how they are held against the requirements."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.suite import capabilities
from pytest_aep_export.suite.capabilities import (
    Capability,
    load_capabilities,
    parse_capabilities,
    unknown_capabilities,
    unused_capabilities,
)
from pytest_aep_export.suite.registry import parse
from pytest_aep_export.suite.runner import run_suite
from pytest_aep_export.suite.verdicts import Result

SOUND = '[[capability]]\nname = "faults"\nmeaning = "It can be made to fail."\nfound = "Declared."\n'


def test_a_sound_description_is_read():
    """A capability has a name, a meaning, and how it is found."""
    assert parse_capabilities(SOUND) == {"faults": Capability("faults", "It can be made to fail.", "Declared.")}
    assert parse_capabilities("") == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[", "not valid TOML"),
        (SOUND + SOUND, "the capability faults is defined twice"),
        (SOUND.replace('found = "Declared."', ""), "has the texts found, meaning, name and nothing else"),
        (SOUND + 'more = "x"', "has the texts found, meaning, name and nothing else"),
        (SOUND.replace('"Declared."', '""'), "has the texts found, meaning, name and nothing else"),
        (SOUND.replace('"Declared."', "7"), "has the texts found, meaning, name and nothing else"),
    ],
)
def test_what_is_no_description_is_refused(text: str, said: str):
    """A file that describes no capabilities is one sentence."""
    with pytest.raises(ConfigurationError, match=said):
        parse_capabilities(text)


def test_a_missing_file_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Capabilities that cannot be read say where they were looked for and what to do."""
    monkeypatch.setattr(capabilities, "conformance_path", lambda: tmp_path)
    with pytest.raises(ConfigurationError, match=r"cannot be read from .*capabilities.toml: .*reinstall"):
        load_capabilities.__wrapped__()


def test_requirements_and_capabilities_fit(registry_text: Callable[..., bytes]):
    """A capability that nobody describes is named with its requirement, and one that nobody needs by itself."""
    registry = parse(registry_text({"id": "EXP-LIST-001", "more": 'capability = "faults"'}, {"id": "EXP-LIST-002"}))
    known = parse_capabilities(SOUND)
    assert list(unknown_capabilities(registry, known)) == list(unused_capabilities(registry, known)) == []
    assert list(unknown_capabilities(registry, {})) == [
        "EXP-LIST-001 needs the capability faults, which capabilities.toml does not list"
    ]
    other = {"clock": Capability("clock", "It can be moved.", "Declared.")}
    assert list(unused_capabilities(registry, known | other)) == [
        "no requirement needs the capability clock: take it out"
    ]


def test_what_a_target_lacks_is_not_applicable(served: Callable[..., Any], watcher: Any):
    """A requirement whose capability the target lacks is not applicable to it, which says what it would take."""
    with served() as target:
        run = run_suite(target, watcher, select="EXP-ISO-001 or EXP-ISO-009 or EXP-ISO-010")
    found = {name: {(o.result, o.found) for o in outcomes} for name, outcomes in run.outcomes.items()}
    meaning = load_capabilities()["second-sandbox"].meaning
    lacks = f"the target lacks the capability second-sandbox: {meaning}"
    assert found["EXP-ISO-001"] == {(Result.NOT_APPLICABLE, lacks)}
    assert {result for result, _ in found["EXP-ISO-010"]} == {Result.NOT_APPLICABLE}
    assert {result for result, _ in found["EXP-ISO-009"]} == {Result.MET}
