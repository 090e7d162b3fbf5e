"""Variations as data: drawn, written, read, refused, and the same wherever they are drawn."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from pytest_aep_export.contract import DIALECTS
from pytest_aep_export.emulator import Behaviour, Emulator, Variation
from pytest_aep_export.emulator.choices import choices, every_choice
from pytest_aep_export.emulator.smallest import smallest
from pytest_aep_export.emulator.variation import chosen, draw, plan_from, plan_schema, plan_text
from pytest_aep_export.errors import ConfigurationError

ONE = Variation("getExportJob /requestId", "absent")
TWO = Variation("dialect cancel", "message")


def test_a_plan_is_json_and_back(tmp_path: Path):
    """What is written fits the published schema and reads as the same plan, from a text and from a file."""
    text = plan_text([ONE, TWO])
    jsonschema.validate(json.loads(text), plan_schema())
    (tmp_path / "plan.json").write_text(text)
    assert plan_from(text) == plan_from(tmp_path / "plan.json") == plan_from(str(tmp_path / "plan.json")) == (ONE, TWO)
    assert plan_from([ONE, ("dialect cancel", "message")]) == (ONE, TWO)
    assert "\n" not in text


def test_a_seed_gives_the_same_plan_everywhere():
    """Another process with another hash seed draws the same, and another seed draws another."""
    source = "from pytest_aep_export.emulator.variation import *; print(*(plan_text(draw(n)) for n in range(20)))"
    found = subprocess.run(
        [sys.executable, "-c", source], env=os.environ | {"PYTHONHASHSEED": "7", "PYTHONUTF8": "1"},
        capture_output=True, encoding="utf-8", check=True, timeout=60,
    )  # fmt: skip
    assert found.stdout.strip() == " ".join(plan_text(draw(n)) for n in range(20))
    assert len({draw(n) for n in range(20)}) == 20
    assert plan_from("7") == plan_from(7) == plan_from("documented:7") == draw(7)
    assert plan_from("damage:7") == plan_from(7, "damage") == draw(7, "damage")


def test_two_hundred_plans_try_every_choice():
    """Nothing that is documented is left to luck where as many plans are tried as by default."""
    tried = {(each.place, each.choice) for number in range(200) for each in draw(f"0/{number}")}
    assert tried == choices("documented").keys()


def test_damage_is_never_drawn_unasked():
    """Plans hold only what is documented, or a single damage where that is asked for."""
    assert all(each.level == "documented" for number in range(50) for each in chosen(draw(number)))
    damaged = [chosen(draw(number, "damage")) for number in range(50)]
    assert [[each.level for each in plan] for plan in damaged] == [["damage"]] * 50
    assert len({plan[0].place.split()[0] for plan in damaged}) > 5


def test_dialects_and_switches_are_all_there():
    """Whatever the dialects or the behaviour leave open can be chosen, without being named a second time."""
    offered = {key for key in choices("documented") if key[0].split()[0] in {"dialect", "behaviour"}}
    for each in DIALECTS.values():
        assert ("dialect cancel", each.cancel) in offered or each.cancel == "empty"
        assert ("dialect batch_id", each.batch_id) in offered or each.batch_id == "ulid"
    assert {("behaviour files", "directory"), ("behaviour page_limit", "2"), ("dialect echo", "false")} <= offered
    assert not [key for key in offered if "sandbox_type" in key[0] or key[0] == "dialect name"]


def test_every_choice_says_where_it_comes_from():
    """A finding can name its source."""
    assert [key for key, each in every_choice().items() if not each.source] == []


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        (True, "True is no plan: expected a seed, or a list of variations"),
        ({"place": "x"}, "is no plan"),
        ([ONE, ONE], "'getExportJob /requestId' is varied twice: choose one"),
        ([("getExportJob /requestid", "absent")], "nothing varies at 'getExportJob /requestid': did you mean 'get"),
        ([("zzz", "absent")], "nothing varies at 'zzz': docs/fuzz-your-client.md lists them"),
        ([("dialect cancel", "null")], "'dialect cancel' has no choice 'null': use 'message'"),
        ([7], "7 is no variation: expected a place and a choice"),
        ("[", "'the text' holds no plan: it is not JSON"),
        ('[{"place": "x"}]', "'the text' holds no plan: 0: "),
        ("no/such/file", "'no/such/file' cannot be read (No such file or directory): give a seed, a plan"),
    ],
)
def test_what_is_no_plan_is_refused(given: Any, complaint: str):
    """One sentence says what is wrong."""
    with pytest.raises(ConfigurationError) as caught:
        plan_from(given)
    assert complaint in str(caught.value)


def test_an_unknown_level_is_refused():
    """There are two."""
    with pytest.raises(ConfigurationError, match="the level 'odd' is unknown: use documented or damage"):
        plan_from(1, "odd")  # type: ignore[arg-type]


def test_what_a_tenant_has_chosen_stays():
    """A plan switches what is as usual, and gives it back when it is taken away."""
    plan = [TWO, ("behaviour page_limit", "2"), ("behaviour files", "directory")]
    with Emulator() as emulator:
        mine = emulator.create_tenant(behaviour=Behaviour(page_limit=5))
        assert mine.vary(plan) == plan_from(plan)
        found = mine.behaviour
        assert (found.page_limit, found.files, found.dialect.cancel) == (5, "directory", "message")
        mine.behaviour = Behaviour(dialect=DIALECTS["profile-guide"])
        assert (mine.behaviour.dialect, mine.behaviour.page_limit) == (DIALECTS["profile-guide"], 2)
        assert mine.vary(()) == ()
        assert mine.behaviour.page_limit == 100


def test_an_emulator_varies_for_those_who_come():
    """Tenants that are made from now on get varied answers, and those from before do not."""
    with Emulator() as emulator:
        before = emulator.create_tenant()
        emulator.vary([TWO])
        after = emulator.create_tenant()
        emulator.vary(())
        last = emulator.create_tenant()
    assert [each.behaviour.dialect.cancel for each in (before, after, last)] == ["empty", "message", "empty"]


@pytest.mark.parametrize("wanted", [{3}, {0, 39}, {5, 6, 31}, set(range(40)), {17, 18}])
def test_nothing_can_be_left_out_of_what_is_smallest(wanted: set[int]):
    """Whatever it takes together is found, and in the order in which it stood."""
    tried: list[tuple[int, ...]] = []

    def breaks(some: tuple[int, ...]) -> bool:
        tried.append(some)
        return wanted <= set(some)

    assert smallest(range(40), breaks) == tuple(sorted(wanted))
    assert len(wanted) > 3 or len(tried) < 70
