"""What fuzzing blames a server by: every requirement that is named is one, and weighs what the registry says."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

import pytest_aep_export.fuzz
from pytest_aep_export.contract import load as load_contract
from pytest_aep_export.fuzz.cases import Owed
from pytest_aep_export.fuzz.sequences import exports, sequences
from pytest_aep_export.fuzz.stage import STAGE
from pytest_aep_export.fuzz.stream import stream
from pytest_aep_export.fuzz.walks import sampled_cases
from pytest_aep_export.suite.registry import load

FOLDER = Path(pytest_aep_export.fuzz.__file__).parent
MODULES = sorted(path for path in FOLDER.rglob("*.py") if "strategies" not in path.parts)
LEVELS = {"MUST", "SHOULD", "MAY"}
WEIGHED = {"Owed": 2, "Breach": 4}
"""Where in a call of these the level stands, which is MUST unless it is there."""


def named(tree: ast.Module) -> Iterator[tuple[int, str, str]]:
    """Each requirement that stands in a module, with its line and its level; empty where no level is next to it."""
    for node in ast.walk(tree):
        values = node.elts if isinstance(node, ast.Tuple) else node.args if isinstance(node, ast.Call) else []
        for place, value in enumerate(values):
            for name in _texts(value):
                if name.startswith("EXP-"):
                    yield value.lineno, name, _level(node, values, place)


def _texts(value: ast.expr) -> list[str]:
    """The text that a value is, or the two that it may be."""
    if isinstance(value, ast.IfExp):
        return [*_texts(value.body), *_texts(value.orelse)]
    return [value.value] if isinstance(value, ast.Constant) and isinstance(value.value, str) else []


def _level(node: ast.AST, values: list[ast.expr], place: int) -> str:
    following = [text for value in values[place + 1 : place + 2] for text in _texts(value)]
    if following and following[0] in LEVELS:
        return following[0]
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id not in WEIGHED:
        return ""
    told = [text for word in node.keywords if word.arg == "level" for text in _texts(word.value)]
    given = len(values) > WEIGHED[node.func.id] or any(word.arg == "level" for word in node.keywords)
    return told[0] if told else "" if given else "MUST"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(FOLDER)))
def test_a_requirement_is_one_and_weighs_what_it_says(path: Path):
    """Whatever a module names by an id is in the registry, with the level that stands next to it."""
    known = {requirement.id: requirement.level for requirement in load().requirements.values()}
    wrong = [
        f"line {line}: {name} is {known.get(name, 'unknown')}, not {level or 'known'}"
        for line, name, level in named(ast.parse(path.read_text("utf-8")))
        if name not in known or (level and level != known[name])
    ]
    assert wrong == []


def owed() -> Iterator[tuple[str, Owed]]:
    """What the answers of all cases owe, by the names of the cases."""
    contract = load_contract()
    cases = [*islice(stream(contract, 1), 3_000), *sequences(contract), *exports(), *STAGE]
    for case in [*cases, *sampled_cases(1_000)]:
        for step in case.steps:
            for each in (step.owed, *(mistake.owed for mistake in step.mistakes)):
                if each is not None:
                    yield case.name, each


def test_what_is_owed_has_a_source_and_its_weight():
    """Of the cases as they are tried: a requirement weighs what it says, all else names a source that is known."""
    known = {requirement.id: requirement.level for requirement in load().requirements.values()}
    wrong = set()
    for name, each in owed():
        if each.source in known and each.level != known[each.source]:
            wrong.add(f"{name}: {each.source} is {known[each.source]}, not {each.level}")
        elif each.source not in known and not each.source.startswith(("the contract", "facts, ", "D-")):
            wrong.add(f"{name}: nobody knows {each.source}")
    assert sorted(wrong) == []
