"""The stream of cases: the same for a seed wherever it is drawn, and made of what the contract says."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections import Counter
from functools import cache
from itertools import islice
from pathlib import Path

import hypothesis
import pytest
from hypothesis import strategies as st

from pytest_aep_export.contract import Contract, load
from pytest_aep_export.fuzz.cases import Case
from pytest_aep_export.fuzz.composing import Anything, Composer
from pytest_aep_export.fuzz.dice import Dice
from pytest_aep_export.fuzz.drafts import draft
from pytest_aep_export.fuzz.mistakes import mistakes_of
from pytest_aep_export.fuzz.stream import stream

DIGEST = """
import sys
sys.path.insert(0, sys.argv[1])
from tests.fuzz.test_stream import digest
print(digest(int(sys.argv[2])))
"""
FIRST = 150


class Themselves(Anything):
    """Names that stand for themselves, so that no two are the same."""

    def __missing__(self, name: str) -> str:
        return name


@cache
def digest(seed: int) -> str:
    """What the first cases of a seed come to, down to the bytes that are sent."""
    found, composer = hashlib.sha256(), Composer(load())
    for case in islice(stream(load(), seed), FIRST):
        found.update(json.dumps(case.to_json(), ensure_ascii=True).encode())
        for step in case.steps:
            request = composer.compose(step, Anything())
            found.update(repr((request.method, request.url, request.headers.raw, request.body)).encode())
    return found.hexdigest()


def test_a_seed_gives_the_same_cases_everywhere():
    """Another process, in which sets and dictionaries of texts hash otherwise, draws the same and sends the same."""
    command = [sys.executable, "-c", DIGEST, str(Path.cwd()), "12"]
    environment = {**os.environ, "PYTHONHASHSEED": "4711"}
    output = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
    assert output.strip() == digest(12)


def test_another_seed_gives_other_cases():
    """What is drawn follows from the seed, and from nothing else."""
    assert digest(1) == digest.__wrapped__(1) != digest(2)


@hypothesis.given(st.integers(0, 2**64), st.integers(1, 40))
@hypothesis.settings(max_examples=50, deadline=None, derandomize=True, database=None)
def test_dice_lose_nothing(seed: int, count: int):
    """An order that is drawn has every item once, and what is drawn from some is one of them."""
    dice, items = Dice(seed), range(count)
    assert sorted(dice.shuffled(items)) == list(items)
    assert dice.one(items) in items
    assert 0 <= dice.below(count) < count


@hypothesis.given(st.integers(0, 10_000))
@hypothesis.settings(max_examples=10, deadline=None, derandomize=True, database=None)
def test_a_case_is_data(seed: int):
    """A case that was written as JSON and read again is the same case."""
    for case in islice(stream(load(), seed), 60):
        again = Case.from_json(json.loads(json.dumps(case.to_json())))
        assert again.to_json() == case.to_json()
        assert [step.due for step in again.steps] == [step.due for step in case.steps]


def test_a_round_tries_every_mistake_that_is_owed_something():
    """Within 2,000 cases there is no mistake with a requirement behind it that was not made."""
    contract = load()
    owed = {(o, m.name) for o in contract.operations for m in mistakes_of(contract, o) if m.owed}
    made = {
        (step.operation, mistake.name)
        for case in islice(stream(contract, 3), 2_000)
        for step in case.steps
        for mistake in step.mistakes
    }
    assert not owed - made


def test_only_what_was_asked_for():
    """Where operations are named, each case has to do with one of them."""
    cases = list(islice(stream(load(), 3, {"getFile", "headFile"}), 100))
    assert all({"getFile", "headFile"} & {step.operation for step in case.steps} for case in cases)


@pytest.mark.parametrize("operation", sorted(load().operations))
def test_a_draft_is_right(operation: str):
    """A request without a mistake is one that the contract allows, whatever the operation."""
    contract = load()
    request = Composer(contract).compose(draft(contract, contract.operations[operation]), Anything())
    assert contract.validate_request(request) == []


def test_mistakes_have_names_of_their_own():
    """No two mistakes of an operation are called the same, and each can be sent."""
    contract = load()
    composer = Composer(contract)
    for operation in contract.operations.values():
        mistakes = mistakes_of(contract, operation.id)
        assert max(Counter(mistake.name for mistake in mistakes).values()) == 1
        right = draft(contract, operation)
        for mistake in mistakes:
            step = Case.from_json({"name": "", "steps": [right.to_json() | {"mistakes": [mistake.to_json()]}]}).steps[0]
            assert composer.compose(step, Themselves()) != composer.compose(right, Themselves()), mistake.name


def test_a_missing_member_is_refused_by_the_contract():
    """A mistake that is owed a refusal for its body is one that the contract does not allow either."""
    contract: Contract = load()
    composer = Composer(contract)
    right = draft(contract, contract.operations["createExportJob"])
    for mistake in mistakes_of(contract, "createExportJob"):
        if mistake.owed and mistake.name.endswith("is missing"):
            step = Case.from_json({"name": "", "steps": [right.to_json() | {"mistakes": [mistake.to_json()]}]}).steps[0]
            assert contract.validate_request(composer.compose(step, Anything())), mistake.name
