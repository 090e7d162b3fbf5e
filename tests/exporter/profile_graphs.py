"""Hypothesis strategies for small exports: profile graphs of a few fragments, events, policies, filters, projections.

Values come from small pools, so that they meet: the same identity in several fragments, the same ingestion time, a
bound of the plan exactly at a time of the data. Every pool begins with its plainest value, which failures shrink to,
and names often what is to meet often.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, Final

from hypothesis import strategies as st

from pytest_aep_export.contract.union import Field, load_union
from pytest_aep_export.exporter.plan import EventPlan, ExportPlan, Segment
from tests.exporter.agreement import Case
from tests.exporter.plain_rows import Row, at

Values = st.SearchStrategy[Any]

DATASETS: Final = ("crm", "loyalty", "web")
YEAR_1, YEAR_9999 = -62_135_596_800_000, 253_402_300_799_999
TIMES: Final = (1_000, 2_000, 3_000, 1_000, 2_000, 3_000, 2_001, 0, -1, YEAR_1, YEAR_9999)
"""In ms since the epoch."""
STARTS, ENDS = (1_000, 2_000, 0, YEAR_1), (3_000, 2_000, 2_001, YEAR_9999)
"""The bounds of a plan, each at a time of the data."""
IDENTITIES: Final = (
    *[("Email", "1"), ("Email", "2"), ("ECID", "1"), ("Email", "1"), ("Email", "2"), ("ECID", "1")],
    *[("Email", "é"), ("email", "1"), ("EC", "ID1"), ("Email", ""), ("", "Email"), ("Email", "1 ")],
)
"""The rare ones are what careless joining, folding or trimming of texts would mix up."""
MEMBERSHIPS: Final = ("ups", "aam", "ups", "UPS")
SEGMENTS: Final = ("s", "t", "s", "S")
STATUSES: Final = ("realized", "exited", "realized", "existing", None, "queued", "")
TEXTS: Final = ("a", "b", "", "Zoë 日本 🎈", 'it\'s "x", y; --')

SCALARS: Final[dict[str, Values]] = {
    "string": st.sampled_from(TEXTS),
    "boolean": st.booleans(),
    "integer": st.sampled_from((0, 1, -(2**63), 2**63 - 1)),
    "number": st.sampled_from((0.0, 1.5, -1e300)),
    "date": st.sampled_from((date(1990, 1, 3), date.min, date.max)),
    "date-time": st.sampled_from(TIMES).map(at),
}


@st.composite
def mostly(draw: st.DrawFn, strategy: Values, otherwise: Any = None) -> Any:
    """Four times in five."""
    return draw(strategy) if draw(st.sampled_from((True, True, True, True, False))) else otherwise


@st.composite
def seldom(draw: st.DrawFn, strategy: Values, otherwise: Any = None) -> Any:
    """One time in five."""
    return draw(strategy) if draw(st.sampled_from((False, False, False, False, True))) else otherwise


@st.composite
def some_of(draw: st.DrawFn, names: Values, known: dict[str, Values], number: int) -> Row:
    """A struct or row of up to so many of the known members."""
    return {name: draw(known[name]) for name in draw(st.lists(names, max_size=number, unique=True))}


def values(field: Field) -> Values:
    """Values of a field, in every way of having none: null, members left out, empty lists, nulls inside."""
    if field.kind == "object":
        members = {name: values(member) for name, member in field.members.items()}
        return mostly(some_of(st.sampled_from(list(members)), members, 3))
    return mostly(SCALARS[field.kind] if field.item is None else st.lists(values(field.item), max_size=2))


def maps(keys: tuple[str, ...], entries: Values) -> Values:
    """Maps as lists of pairs; nothing keeps a producer from writing a key twice."""
    return mostly(st.lists(st.tuples(st.sampled_from(keys), entries), min_size=1, max_size=3), [])


def identity_maps() -> Values:
    """Identity maps over the known identities, some with namespaces that have nothing in them."""
    states = st.sampled_from((None, "ambiguous", "authenticated"))
    flags: dict[str, Values] = {"authenticatedState": states, "primary": st.none() | st.booleans()}

    def entry(namespace: str) -> Values:
        known = st.sampled_from([key for name, key in IDENTITIES if name == namespace])
        items = st.lists(st.fixed_dictionaries({"id": known}, optional=flags), max_size=2)
        return st.tuples(st.just(namespace), mostly(items))

    entries = [entry(namespace) for namespace, _ in IDENTITIES]
    return st.lists(st.sampled_from(range(len(entries))).flatmap(entries.__getitem__), max_size=3)


def memberships() -> Values:
    """Segment memberships in all statuses."""
    times, statuses = mostly(st.sampled_from(TIMES).map(at)), st.sampled_from(STATUSES)
    item = st.fixed_dictionaries({"lastQualificationTime": times}, optional={"status": statuses})
    return maps(MEMBERSHIPS, mostly(maps(SEGMENTS, item)))


def columns(tree: Field) -> dict[str, Values]:
    """A strategy for each column of the table of this class."""
    special = {"identityMap": identity_maps(), "segmentMembership": memberships()}
    found = {name: values(field) for name, field in tree.members.items() if name != "identities"}
    return found | {name: strategy for name, strategy in special.items() if name in found}


@st.composite
def records(draw: st.DrawFn, datasets: tuple[str, ...], known: dict[str, Values], main: tuple[str, ...]) -> Row:
    """Rows of one of the two tables, with values in a few of the columns."""
    dataset, (namespace, key) = draw(st.sampled_from(datasets)), draw(st.sampled_from(IDENTITIES))
    time = at(draw(st.sampled_from(TIMES)))
    row: Row = {"datasetId": dataset, "ingestTime": time, "identityNamespace": namespace, "identityId": key}
    names = st.sampled_from((*main * 3, *known))
    return row | draw(some_of(names, known, 4))


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
    segment = st.builds(Segment, st.sampled_from(SEGMENTS), st.sampled_from(("ups", "aam")), asked)
    return st.lists(segment, min_size=1, max_size=3, unique=True).map(tuple)


FRAGMENTS: Final = st.none() | records(
    DATASETS, columns(load_union().profile), ("identityMap", "segmentMembership", "person")
)
EVENTS: Final = st.none() | records(("web", "other"), columns(load_union().event), ("timestamp", "_id", "timestamp"))
MEMBERSHIP: Final = memberships()
PROFILE_PATHS: Final = projections(load_union().profile)
ORDERS: Final = st.lists(st.sampled_from((*DATASETS, "none")), min_size=1, max_size=3, unique=True).map(tuple)
EVENT_PLANS: Final = st.builds(
    EventPlan, projections(load_union().event), seldom(st.sampled_from(STARTS)), seldom(st.sampled_from(ENDS))
)
SELECTIONS: Final = selections()
PLANS: Final = plans()


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Exports of up to eight fragments and five events; some have a profile at the limit of identities."""
    plan = draw(PLANS)
    fragments = [row for row in draw(st.tuples(*[FRAGMENTS] * 7)) if row is not None]
    events = [row for row in draw(st.tuples(*[EVENTS] * 4)) if row is not None]
    for fragment in fragments if plan.by_membership else ():
        fragment["segmentMembership"] = draw(MEMBERSHIP)
    crowd = draw(st.sampled_from((0, 0, 0, 0, 0, 0, 0, 0, 48, 49, 50)))
    if fragments and crowd:
        known = fragments[0].get("identityMap") or []
        fragments[0]["identityMap"] = [*known, ("crowd", [{"id": str(number)} for number in range(crowd)])]
    sizes = {"part_rows": draw(st.sampled_from((1000, 1, 2))), "partition_rows": draw(st.sampled_from((1000, 1, 3)))}
    return Case(plan, fragments, events, **sizes)
