"""Hypothesis strategies for small exports: the package's profile graphs, and plans that meet them.

A bound of a plan lies exactly at a time of the data, a path leads to what is there, and an order of datasets may leave
some out. Every pool begins with its plainest value, which failures shrink to, and names often what is to meet often.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from hypothesis import strategies as st

from pytest_aep_export.contract.union import Field, load_union
from pytest_aep_export.exporter.plan import EventPlan, ExportPlan, Segment
from pytest_aep_export.fuzz.strategies import profile_graphs
from pytest_aep_export.fuzz.strategies.pools import HOSTILE, YEAR_1, YEAR_9999
from pytest_aep_export.fuzz.strategies.rows import memberships, mostly, seldom
from tests.exporter.agreement import Case

Values = st.SearchStrategy[Any]

STARTS, ENDS = (1_000, 2_000, 0, YEAR_1), (3_000, 2_000, 2_001, YEAR_9999)
"""The bounds of a plan, each at a time of the data."""


def paths(tree: Field, prefix: str = "") -> Iterator[str]:
    """Every path into a tree, with keys of the pools and one that no map has."""
    if tree.kind == "array" and tree.item is not None:
        yield from paths(tree.item, prefix)
    below = dict.fromkeys(_keys(tree), tree.item) if tree.kind == "map" else tree.members
    for name, field in below.items():
        yield f"{prefix}{name}"
        if field is not None:
            yield from paths(field, f"{prefix}{name}.")


def _keys(tree: Field) -> tuple[str, ...]:
    if tree.item is not None and tree.item.kind == "array":
        return ("Email", "ECID", "none")
    return ("ups", "aam", "none") if tree.item is not None and tree.item.kind == "map" else ("s", "t")


def projections(tree: Field) -> Values:
    """The fields of a plan; half of the paths lead into maps, where projecting is hardest."""
    every = list(paths(tree))
    hard = [path for path in every if path.startswith(("identityMap", "identities", "segmentMembership"))]
    return st.lists(st.sampled_from(every) | st.sampled_from(hard), max_size=4, unique=True).map(tuple)


@st.composite
def plans(draw: st.DrawFn) -> ExportPlan:
    """Plans of every option; an order of datasets may leave some out and name one that has no data."""
    filters = draw(st.sampled_from(("", "", "", "segments", "window", "segments and window")))
    return ExportPlan(
        fields=draw(PROFILE_PATHS),
        graph=draw(st.sampled_from(("none", "pdg"))),
        order=draw(st.none() | ORDERS),
        events=draw(mostly(EVENT_PLANS)),
        segments=draw(SELECTIONS) if "segments" in filters else (),
        qualified_from=draw(mostly(st.sampled_from(STARTS))) if "window" in filters else None,
        qualified_until=draw(mostly(st.sampled_from(ENDS))) if "window" in filters else None,
        updated_after=draw(seldom(st.sampled_from(STARTS))),
        empty_profiles=draw(st.booleans()),
        unselected=draw(seldom(st.just("null"), "drop")),
        shuffled=draw(seldom(st.sampled_from((0, 2**63 - 1)))),
    )


def selections() -> Values:
    """The segments of a plan."""
    asked = st.sampled_from((frozenset({"realized"}), frozenset({"exited"}), frozenset({"realized", "exited"})))
    segment = st.builds(Segment, st.sampled_from(HOSTILE.segments), st.sampled_from(("ups", "aam")), asked)
    return st.lists(segment, min_size=1, max_size=3, unique=True).map(tuple)


GRAPHS: Final = profile_graphs(profiles=7, events=4, hostile=True)
MEMBERSHIP: Final = memberships()
PROFILE_PATHS: Final = projections(load_union().profile)
ORDERS: Final = st.lists(st.sampled_from((*HOSTILE.datasets, "none")), min_size=1, max_size=3, unique=True).map(tuple)
EVENT_PLANS: Final = st.builds(
    EventPlan, projections(load_union().event), seldom(st.sampled_from(STARTS)), seldom(st.sampled_from(ENDS))
)
SELECTIONS: Final = selections()
PLANS: Final = plans()


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Exports of up to seven fragments and four events; some have a profile at the limit of identities."""
    plan, graph = draw(PLANS), draw(GRAPHS)
    fragments = list(graph.profiles)
    for fragment in fragments if plan.by_membership else ():
        fragment["segmentMembership"] = draw(MEMBERSHIP)
    sizes = {"part_rows": draw(st.sampled_from((1000, 1, 2))), "partition_rows": draw(st.sampled_from((1000, 1, 3)))}
    return Case(plan, fragments, list(graph.events), **sizes)
