"""Personas: each shows itself, none is a defect of the emulator, and whoever asks for an unknown one is told so."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import get_args

import pytest

from benchmarks.measure import run_python
from pytest_aep_export.contract.dialects import DIALECTS
from pytest_aep_export.emulator import Behaviour
from pytest_aep_export.emulator.personas import PERSONAS, Kind, Persona, persona
from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.suite.registry import load
from tests.emulator.journeys import JOBS, JOURNEYS, play, shows_itself, sound


@pytest.mark.parametrize("area", sorted(JOURNEYS))
def test_a_journey_can_be_repeated(area: str):
    """Without a persona the same requests get the same answers: so whatever differs is a persona's doing."""
    assert play(None, area)[0] == sound(area)


@pytest.mark.parametrize("name", PERSONAS)
def test_every_persona_shows_itself(name: str):
    """On the journey of its area a persona answers something otherwise."""
    assert shows_itself(name, PERSONAS[name].area)


def test_what_shows_nothing_is_no_persona():
    """What answers everything as ever is found out."""
    nothing = Persona("FILES", "nothing", "wrong", "Nothing is wrong.", answer=lambda exchange, _: exchange.response)
    assert persona(nothing) is nothing
    assert not shows_itself(nothing, "FILES")


@pytest.mark.parametrize("spoken", DIALECTS)
@pytest.mark.parametrize("name", list(PERSONAS)[::20])
def test_personas_speak_every_dialect(name: str, spoken: str):
    """A persona does its work in every dialect, and breaks nothing of the emulator's."""
    assert play(name, PERSONAS[name].area, spoken)[1] == ()


def test_there_are_many():
    """Every area of the registry has its personas, of every kind there are some, and together they are many."""
    areas = {requirement.area for requirement in load().of("server")}
    counts = Counter(each.area for each in PERSONAS.values())
    assert counts.keys() == areas
    assert min(counts.values()) >= 10
    assert counts.total() >= 120
    assert {each.kind for each in PERSONAS.values()} == set(get_args(Kind))


@pytest.mark.parametrize("name", PERSONAS)
def test_every_persona_is_described(name: str):
    """A persona has a name of words joined by dashes, a sentence, areas that there are, and something that it does."""
    each = PERSONAS[name]
    assert re.fullmatch("[a-z0-9]+(-[a-z0-9]+)+", name)
    assert name == each.id
    assert re.fullmatch(r"[A-Z][^.\n]{10,120}\.", each.about)
    assert set(each.areas) <= set(JOURNEYS)
    assert any((each.hear, each.around, each.answer, each.plan, each.read, each.write))


def test_no_two_say_the_same():
    """Each persona is wrong in something else."""
    assert not [about for about, count in Counter(each.about for each in PERSONAS.values()).items() if count > 1]


def test_a_persona_by_its_name_or_itself():
    """A behaviour takes either, and one of your own as well."""
    mine = replace(PERSONAS["drops-next-page"], id="mine")
    assert Behaviour(persona="drops-next-page").acting is PERSONAS["drops-next-page"]
    assert Behaviour(persona=mine).acting is mine
    assert Behaviour().acting is None


@pytest.mark.parametrize(
    ("name", "hint"),
    [("drop-next-page", "did you mean drops-next-page"), ("4711", "docs/personas.md lists them")],
    ids=["a slip", "anything"],
)
def test_an_unknown_persona(name: str, hint: str):
    """A persona that is not there is refused, with those that are called alike."""
    with pytest.raises(ConfigurationError, match=f"persona '{name}' is unknown: {hint}"):
        Behaviour(persona=name)


def test_the_journal_holds_what_was_sent(make_api):
    """What a persona answers is what was exchanged."""
    api = make_api(persona="list-is-empty")
    api.create()
    answer = api.send("GET", JOBS).response
    assert answer.json()["records"] == []
    assert api.tenant.journal.of("listExportJobs")[-1].response.body == answer.body


def test_the_truth_stays_the_truth(make_api):
    """What an export must contain is not a persona's to say."""
    api, wrong = make_api(), make_api(persona="drops-emails")
    assert wrong.tenant.expected(wrong.payload()) == api.tenant.expected(api.payload())


def test_personas_are_for_one_tenant(make_api):
    """Another tenant of the same emulator does not notice."""
    right, wrong = make_api(), make_api(persona="statuses-in-small-letters")
    assert (wrong.create()["status"], right.create()["status"]) == ("new", "NEW")


def test_a_persona_is_put_on_and_off(make_api):
    """A behaviour with a persona is replaced like any other, at any time."""
    api = make_api(persona="statuses-in-small-letters")
    job = api.create()["id"]
    assert api.look(job)["status"] == "processing"
    api.tenant.behaviour = Behaviour()
    assert api.look(job)["status"] == "SUCCEEDED"


def test_nobody_else_pays_for_personas():
    """The emulator loads them only when it is asked for one."""
    said = run_python(
        "import sys\nfrom pytest_aep_export.emulator import Behaviour, Emulator\n"
        "with Emulator() as emulator:\n    emulator.create_tenant(behaviour=Behaviour())\n"
        "print([name for name in sys.modules if 'personas' in name])"
    )
    assert said.strip() == "[]"
