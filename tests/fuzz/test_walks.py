"""Lifecycle walks: all of them agree with the pure state machine, and one that does not is told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from pytest_aep_export import Behaviour, Emulator, Request, Response, Tenant
from pytest_aep_export.cli import main
from pytest_aep_export.errors import AepError
from pytest_aep_export.fuzz.fuzzing import Bounds, fuzz
from pytest_aep_export.fuzz.parties import Parties
from pytest_aep_export.fuzz.sending import in_process
from pytest_aep_export.fuzz.walking import Journey, walk_all
from pytest_aep_export.fuzz.walks import (
    EDGES,
    PROGRESSIONS,
    REQUESTS,
    Action,
    Walk,
    cases_within,
    example,
    number_of_walks,
    sampled_cases,
    walks,
)
from pytest_aep_export.lifecycle import TRANSITIONS
from pytest_aep_export.model import JobStatus

PAGE = Path(__file__).parents[2] / "docs" / "lifecycle.md"


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    """An emulator whose exports are as small as they get."""
    with Emulator(profiles=1) as one:
        yield one


def go(emulator: Emulator, tenant: Tenant, *chosen: Walk) -> Journey:
    """Go walks."""
    return walk_all(tenant, in_process(emulator.app), chosen or None)


def walk(text: str) -> Walk:
    """A walk as it is told."""
    progression, _, actions = text.partition(": ")
    return Walk(progression, tuple(map(Action, actions.split(", "))))


def test_every_walk_agrees_with_the_state_machine_and_takes_every_edge(emulator: Emulator):
    """After each action of each walk the emulator shows what the pure machine computes, and no edge is left out."""
    journey = go(emulator, emulator.create_tenant())
    assert [str(each) for each in journey.disagreements] == []
    assert journey.walks == number_of_walks() == 1_250
    assert journey.edges == EDGES
    assert emulator.defects == ()


def test_walks_agree_where_a_cancel_after_the_end_is_refused(emulator: Emulator):
    """A server may refuse to cancel what has ended, and then each such cancel has to be refused."""
    tenant = emulator.create_tenant(behaviour=Behaviour(cancel_finished="refuse"))
    chosen = walks(2, (Action.LOOK, Action.CANCEL), ("immediate", "per-poll"))
    assert go(emulator, tenant, *chosen).disagreements == []
    assert tenant.behaviour.cancel_finished == "refuse"
    statuses = [exchange.response.status for exchange in tenant.journal.of("cancelExportJob")]
    assert {204, 400} == set(statuses)


def test_a_walk_outlives_the_token(emulator: Emulator):
    """Waiting makes tokens old; walks that take days ask for others."""
    tenant = emulator.create_tenant()
    start = tenant.clock.now()
    journey = go(emulator, tenant, *[Walk("elapsed", (Action.WAIT,) * 10)] * 50)
    assert journey.disagreements == []
    assert tenant.clock.now() - start > 24 * 3600 * 1000


@pytest.mark.parametrize(
    ("persona", "told"),
    [
        ("ignores-cancel", "per-poll: cancel, look"),
        ("refuses-to-cancel", "per-poll: cancel"),
        ("success-turns-to-processing", "immediate: look, look"),
        ("status-goes-back", "manual: look"),
        ("never-updated", "per-poll: look"),
        ("cancel-undoes-success", "immediate: look, cancel, look"),
        ("cancelled-jobs-not-listed", "manual: cancel, list"),
        ("cancelled-jobs-are-gone", "manual: cancel, look"),
        ("success-without-duration", "immediate: look"),
    ],
)
def test_a_server_that_lives_otherwise_is_found_out(emulator: Emulator, persona: str, told: str):
    """Where the emulator is wrong on purpose, a walk shows it, with what was exchanged."""
    tenant = emulator.create_tenant(behaviour=Behaviour(persona=persona))
    (found,) = go(emulator, tenant, walk(told)).disagreements
    assert found.exchanges[0].operation == "createExportJob"
    assert str(found).startswith(f"{told}: after ")
    assert found.expected != found.found


def test_no_walk_begins_where_nothing_can_be_made(emulator: Emulator):
    """A server that lets nobody in is one sentence, not a disagreement."""

    async def refuse(_: Request) -> Response:
        return Response(503)

    with pytest.raises(AepError, match="no walk can begin: no token and dataset was given, but status 503"):
        walk_all(emulator.create_tenant(), refuse)


@pytest.mark.parametrize(
    ("status", "body", "why"),
    [(400, b"{}", "a job was refused with status 400"), (200, b"[]", "a request for a job is answered with is none")],
)
def test_no_walk_begins_without_a_job(emulator: Emulator, status: int, body: bytes, why: str):
    """A job that is not made cannot be walked with."""
    send = in_process(emulator.app)

    async def without_jobs(request: Request) -> Response:
        return Response(status, body=body) if request.url.endswith("/jobs") else await send(request)

    with pytest.raises(AepError, match=why):
        walk_all(emulator.create_tenant(), without_jobs)


def test_there_are_as_many_walks_as_it_says():
    """The walks of a depth are all different, and are all of that depth."""
    for depth in (1, 2):
        every = list(walks(depth))
        assert len(every) == len(set(every)) == number_of_walks(depth)
        assert {len(each.actions) for each in every} == {depth}
    assert {each.progression for each in walks(1)} == set(PROGRESSIONS)


@pytest.mark.parametrize("edge", sorted(EDGES), ids="-".join)
def test_an_edge_has_an_example(emulator: Emulator, edge: tuple[JobStatus, JobStatus]):
    """The walk that is shown for an edge takes it in the emulator, too."""
    journey = go(emulator, emulator.create_tenant(), example(edge))
    assert edge in journey.edges
    assert not journey.disagreements


@pytest.mark.parametrize(("requests", "few"), [(0, 0), (4, 0), (5, 1), (50, 10), (1_000, 27)])
def test_a_sample_fits_into_its_budget(requests: int, few: int):
    """The cases of a sample send no more requests than they may, and begin with the first of all walks."""
    cases = sampled_cases(requests)
    assert len(cases) == len({case.name for case in cases}) == few
    assert sum(len(case.steps) for case in cases) <= requests
    assert all(case.steps[-1].operation == "cancelExportJob" for case in cases)
    assert [case.name for case in cases[:1]] == ["a walk: look, look, look"][:few]


def test_a_sample_is_spread_over_all_walks():
    """Even a few walks begin with every action."""
    assert {case.name.split()[2].rstrip(",") for case in sampled_cases(15)} == set(REQUESTS)


def test_a_sample_finds_nothing_in_the_emulator_and_leaves_no_job_running(emulator: Emulator):
    """Walks by requests alone are cases like any other: judged, and cleaned up."""
    tenant = emulator.create_tenant()
    parties = Parties({"own": tenant.credentials})
    cases = sampled_cases(1_000)
    tally = fuzz(in_process(emulator.app), lambda: parties, cases=cases, bounds=Bounds(cases=len(cases)))
    assert tally.findings == []
    assert tally.cases == 27
    assert tally.requests >= 27 * 5


def test_the_page_is_of_today():
    """docs/lifecycle.md is what the command writes: whoever changes the state machine writes it anew."""
    done = CliRunner().invoke(main, ["lifecycle", "--markdown"])
    assert done.stdout == PAGE.read_text("utf-8")


def test_the_diagram_has_every_edge_and_no_other():
    """What the page draws is what the state machine knows."""
    lines = PAGE.read_text("utf-8").partition("```mermaid\n")[2].partition("```")[0].splitlines()[1:]
    arrows = {tuple(line.strip().split(" --> ")) for line in lines}
    ends = {(status, "[*]") for status, targets in TRANSITIONS.items() if not targets}
    assert arrows == EDGES | ends | {("[*]", "NEW")}


def test_the_edges_are_listed():
    """Without a page, the command lists what takes each edge."""
    done = CliRunner().invoke(main, ["lifecycle"], env={"COLUMNS": "100"})
    rows = [tuple(cell.strip() for cell in line.split("│")[1:3]) for line in done.stdout.splitlines() if "│" in line]
    assert set(rows) == EDGES


def test_a_sample_that_begins_before_it_knows_its_budget():
    """What is left is asked for once the first walk was tried; the others fit into it, and are those of one sample."""
    asked: list[None] = []

    def left() -> int:
        asked.append(None)
        return 49

    cases = cases_within(left, most=27)
    first = next(cases)
    assert not asked
    assert (first, *cases) == sampled_cases(50)
    assert len(asked) == 1
    assert len(list(cases_within(lambda: 1_000, most=4))) == 4
    assert len(list(cases_within(lambda: 0, most=27))) == 1
