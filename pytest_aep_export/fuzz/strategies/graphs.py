"""Profile graphs: a few profile records and events that share identities, datasets and times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from hypothesis import strategies as st

from pytest_aep_export.contract.union import Field, Union, load_union
from pytest_aep_export.fuzz.cases import ABSENT, Edit, Mistake
from pytest_aep_export.fuzz.strategies.near import Chosen, NearMiss, chosen, spoiled
from pytest_aep_export.fuzz.strategies.pools import PLAIN, Values
from pytest_aep_export.fuzz.strategies.rows import row_lists
from pytest_aep_export.fuzz.strategies.schemas import members

if TYPE_CHECKING:
    from pytest_aep_export.profiles import ProfileData

__all__ = ["MISTAKES", "ProfileGraph", "graphs", "hostile_graphs", "near_graphs"]

Record: TypeAlias = dict[str, Any]

_FEW: Final = 3
"""So many of its fields has a record at most, beside those that make it one."""
_DERIVED: Final = ("identities", "identityMap", "segmentMembership", "_id", "timestamp")
"""Fields that are not drawn by their kind alone."""
_OFTEN: Final = ("person", "segmentMembership")
"""Fields that records have more often than others."""


@dataclass(frozen=True, slots=True)
class ProfileGraph:
    """Profile records and events.

    Attributes:
        profiles: Profile records, as JSON has them.
        events: Events.
        union: The fields that they may have; None for those of the contract.
        as_rows: Whether they are rows of the two tables, as Arrow has them: nobody checks these.
    """

    profiles: tuple[Record, ...]
    events: tuple[Record, ...] = ()
    union: Union | None = field(default=None, repr=False)
    as_rows: bool = False

    @property
    def data(self) -> ProfileData:
        """The data that a tenant loads.

        Raises:
            InvalidRowsError: A record is not what the union schema says.
        """
        from pytest_aep_export.profiles import load_profiles  # noqa: PLC0415 - loads Arrow

        if self.as_rows:
            return self._tables()
        return load_profiles(list(self.profiles), events=list(self.events), union=self.union)

    def _tables(self) -> ProfileData:
        import pyarrow as pa  # noqa: PLC0415 - as above

        from pytest_aep_export.profiles import ProfileData  # noqa: PLC0415 - the same
        from pytest_aep_export.profiles.schema import schemas  # noqa: PLC0415 - the same

        union = self.union or load_union()
        both = zip((self.profiles, self.events), schemas(union), strict=True)
        fragments, events = (pa.Table.from_pylist(list(rows), schema) for rows, schema in both)
        return ProfileData.of(fragments, events, union=union)


def graphs(
    union: Union | None, most: tuple[int, int], least: tuple[int, int] = (1, 0)
) -> st.SearchStrategy[ProfileGraph]:
    """Graphs that can be loaded; they shrink to one record with one identity.

    Args:
        union: The fields that records may have.
        most: How many profile records and how many events there are at most.
        least: How many there are at least.
    """
    known = union or load_union()
    profiles = st.lists(_records(known.profile, PLAIN.datasets), min_size=least[0], max_size=most[0])
    events = st.lists(_events(known.event), min_size=least[1], max_size=most[1])
    return st.builds(ProfileGraph, profiles.map(tuple), events.map(_numbered), st.just(union))


def hostile_graphs(union: Union | None, most: tuple[int, int]) -> st.SearchStrategy[ProfileGraph]:
    """Graphs of rows that are legal in the tables and that no careful producer writes."""
    rows = row_lists(union or load_union(), most)
    return rows.map(lambda both: ProfileGraph(tuple(both[0]), tuple(both[1]), union, as_rows=True))


def _records(tree: Field, datasets: Sequence[str]) -> st.SearchStrategy[Record]:
    """Records of one of the two classes."""
    known = {name: _values(member) for name, member in tree.members.items() if name not in _DERIVED}
    if "segmentMembership" in tree.members:
        known["segmentMembership"] = _memberships()
    origin = members({"datasetId": st.sampled_from(datasets), "ingestTime": PLAIN.times})
    names = [name for name in _OFTEN if name in known] + list(known)
    return _record(origin, known, st.lists(st.sampled_from(names), max_size=_FEW, unique=True))


def near_graphs(union: Union | None, most: tuple[int, int], names: Chosen) -> st.SearchStrategy[NearMiss[ProfileGraph]]:
    """Graphs that cannot be loaded, for one thing in the first profile record or in the first event."""
    whole = graphs(union, (max(1, most[0]), max(1, most[1])), (1, 1))
    return st.builds(_missed, whole, st.sampled_from(chosen(MISTAKES, names)))


def _missed(graph: ProfileGraph, mistake: Mistake) -> NearMiss[ProfileGraph]:
    changed = spoiled({"profiles": list(graph.profiles), "events": list(graph.events)}, mistake)
    spoilt = replace(graph, profiles=tuple(changed["profiles"]), events=tuple(changed["events"]))
    return NearMiss(spoilt, mistake)


@st.composite
def _record(draw: st.DrawFn, origin: Values, known: dict[str, Values], chosen: Values) -> Record:
    identities = draw(_IDENTITY_MAPS)
    return {"identityMap": identities, **draw(origin), **{name: draw(known[name]) for name in draw(chosen)}}


def _events(tree: Field) -> st.SearchStrategy[Record]:
    """Events; their ids are given when all of them are there."""
    return st.builds(_event, PLAIN.times, _records(tree, PLAIN.origins))


def _event(time: str, record: Record) -> Record:
    return {"_id": "", "timestamp": time, **record}


def _numbered(events: list[Record]) -> tuple[Record, ...]:
    return tuple({**event, "_id": f"event {number}"} for number, event in enumerate(events, 1))


@st.composite
def _identity_maps(draw: st.DrawFn) -> Record:
    """Identities that belong together, the first of which is the primary one."""
    chosen = draw(st.lists(st.sampled_from(PLAIN.identities), min_size=1, max_size=3, unique=True))
    found: dict[str, list[Record]] = {}
    for namespace, key in chosen:
        primary = {"primary": not any(found.values())} if len(chosen) > 1 else {}
        found.setdefault(namespace, []).append({"id": key, **primary})
    return found


_IDENTITY_MAPS: Final = _identity_maps()


def _memberships() -> Values:
    item = members(
        {"lastQualificationTime": PLAIN.times, "status": st.sampled_from(PLAIN.statuses)}, frozenset({"status"})
    )
    segments = st.dictionaries(st.sampled_from(PLAIN.segments), item, min_size=1, max_size=2)
    return st.dictionaries(st.sampled_from(PLAIN.owners), segments, min_size=1, max_size=2)


def _values(tree: Field) -> Values:
    if tree.kind == "object":
        return members({name: _values(member) for name, member in tree.members.items()})
    if tree.item is None:
        return PLAIN.scalars[tree.kind]
    inner = _values(tree.item)
    return (
        st.dictionaries(st.sampled_from("ab"), inner, max_size=2) if tree.kind == "map" else st.lists(inner, max_size=2)
    )


_TWO_PRIMARIES: Final = {"Email": [{"id": "a", "primary": True}, {"id": "b", "primary": True}]}

MISTAKES: Final = tuple(
    Mistake(name, (Edit(f"/body/{where}", put),))
    for name, where, put in (
        ("unknown-field", "profiles/0/nickname", "Ada"),
        ("text-for-an-object", "profiles/0/person", "Ada"),
        ("date-without-a-day", "profiles/0/person/birthDate", "1990-01"),
        ("number-as-a-text", "profiles/0/homeAddress/_schema/latitude", "1.5"),
        ("time-without-a-zone", "profiles/0/ingestTime", "2024-05-01T00:00:00"),
        ("identity-without-an-id", "profiles/0/identityMap/Email/0/id", ""),
        ("no-identity", "profiles/0/identityMap", ABSENT),
        ("two-primary-identities", "profiles/0/identityMap", _TWO_PRIMARIES),
        ("derived-identities", "profiles/0/identities", []),
        ("events-in-a-profile", "profiles/0/timeSeriesEvents", []),
        ("event-without-an-id", "events/0/_id", ABSENT),
        ("event-without-a-time", "events/0/timestamp", ABSENT),
        ("integer-of-65-bits", "events/0/environment/browserDetails/viewportHeight", 2**63),
    )
)
"""What is wrong with one record; the place in the edit is that of the mistake."""
