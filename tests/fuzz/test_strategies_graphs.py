"""Strategies for profile graphs: what is right loads and exports, a near miss is refused for what it is."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from pytest_aep_export.contract.union import load_union
from pytest_aep_export.errors import InvalidRowsError
from pytest_aep_export.exporter.plan import EventPlan, ExportPlan
from pytest_aep_export.exporter.reference import rows
from pytest_aep_export.fuzz.strategies import NearMiss, ProfileGraph, mistakes_of, profile_graphs
from pytest_aep_export.fuzz.strategies.rows import IDENTITY_CROWD
from tests.fuzz.simplest import first, simplest

STITCHED = ExportPlan(graph="pdg", events=EventPlan())
ADA = {"identityMap": {"Email": [{"id": "ada@example.com"}]}}


@given(profile_graphs())
@settings(max_examples=15)
def test_a_graph_loads_and_exports(graph: ProfileGraph):
    """Every record becomes a row, and of the rows come profiles: one for each group that shares no identity."""
    data = graph.data
    assert (data.fragments.num_rows, data.events.num_rows) == (len(graph.profiles), len(graph.events))
    exported = rows(STITCHED, data)
    assert 1 <= len(exported) <= len(graph.profiles)


@given(profile_graphs(profiles=2, events=1, hostile=True))
@settings(max_examples=30)
def test_a_hostile_graph_is_legal_in_the_tables(graph: ProfileGraph):
    """Rows that nobody writes are in the tables as they are, and an export of them ends."""
    data = graph.data
    assert data.fragments.num_rows == len(graph.profiles) <= 2
    assert data.events.num_rows == len(graph.events) <= 1
    rows(STITCHED, data)


@given(profile_graphs(mistakes="*"))
@settings(max_examples=40)
def test_a_near_miss_is_refused_for_its_mistake(miss: NearMiss[ProfileGraph]):
    """One record has one mistake, and the loader says where."""
    with pytest.raises(InvalidRowsError) as refused:
        _ = miss.value.data
    (error,) = refused.value.errors
    source, number, *inner = miss.place.split("/")[1:]
    assert error.place == {"profiles": "rows", "events": "events"}[source] + f"[{number}]"
    if miss.mistake.name == "two-primary-identities" or not inner:
        assert error.pointer == "/identityMap"
    else:
        assert error.pointer == f"/{'/'.join(inner)}"


@pytest.mark.parametrize("name", mistakes_of(profile_graphs))
def test_a_mistake_is_drawn_by_its_name(name: str):
    """Whoever names a mistake gets it, in a graph of one profile and one event."""
    miss = first(profile_graphs(mistakes=name))
    assert miss.mistake.name == name
    assert (len(miss.value.profiles), len(miss.value.events)) == (1, 1)


def test_graphs_shrink_to_one_identity():
    """The simplest graph is one person's only record; two persons that are one share an identity."""
    assert simplest(profile_graphs()).profiles == (ADA,)
    joined = simplest(profile_graphs(), lambda graph: len(graph.profiles) == 2 and len(rows(STITCHED, graph.data)) == 1)
    assert joined.profiles == (ADA, ADA)
    assert joined.events == ()


def test_hostile_graphs_reach_the_limit_of_identities():
    """Some profile has more identities than an export takes."""

    def is_crowded(graph: ProfileGraph) -> bool:
        return any(sum(len(items or ()) for _, items in row.get("identityMap") or ()) >= 50 for row in graph.profiles)

    crowded = simplest(profile_graphs(hostile=True), is_crowded)
    assert len(crowded.profiles) == 1
    assert max(IDENTITY_CROWD) == 50


def test_graphs_have_the_fields_of_ones_own_union():
    """Fields that a tenant added are drawn, and load."""
    union = load_union().extended(
        profile={"_acme": {"tiers": [{"*": "integer"}]}}, event={"_acme": {"seen": "boolean"}}
    )
    for strategy in (profile_graphs(union=union, profiles=1, events=1), profile_graphs(union=union, hostile=True)):
        graph = simplest(strategy, lambda found: any("_acme" in record for record in (*found.profiles, *found.events)))
        assert "_acme" in graph.data.fragments.column_names
        assert "_acme" in graph.data.events.column_names
