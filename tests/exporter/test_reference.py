"""The oracle's rules, each on rows whose export was worked out by hand."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from pytest_aep_export.exporter.plan import EventPlan, ExportPlan, Segment
from pytest_aep_export.exporter.reference import rows, rows_of
from pytest_aep_export.profiles.data import ProfileData
from pytest_aep_export.profiles.schema import EVENTS, FRAGMENTS
from tests.exporter.plain_rows import at, event, fragment, ids, member

WHO = ("personID",)
CRM_THEN_LOYALTY = ("crm", "loyalty")


def people(plan: ExportPlan, *fragments: dict[str, Any], events: tuple[dict[str, Any], ...] = ()) -> list[str | None]:
    """The ``personID`` of each exported row."""
    return [row["personID"] for row in rows_of(plan, fragments, events)]


# -- Which fragments are one profile


def test_without_a_graph_fragments_of_one_primary_identity_are_one_profile() -> None:
    """The same namespace and id make one row; another namespace or another spelling makes another."""
    fragments = [
        fragment("a", 1, personID="first"),
        fragment("a", 2, namespace="email", personID="lower-case namespace"),
        fragment("A", 3, personID="upper-case id"),
        fragment("a", 4, personID="last"),
    ]
    assert people(ExportPlan(WHO), *fragments) == ["last", "lower-case namespace", "upper-case id"]


def test_without_a_graph_shared_identities_do_not_join() -> None:
    """An identity map that names another fragment's primary identity changes nothing under the graph ``none``."""
    fragments = [fragment("a", personID="A", identityMap=ids("b")), fragment("b", personID="B")]
    assert people(ExportPlan(WHO), *fragments) == ["A", "B"]


def test_private_graph_joins_transitively() -> None:
    """A-B and B-C share identities, so A, B and C are one profile, wherever the joining fragment stands."""
    a, b = fragment("a", 1, personID="A", identityMap=ids("x")), fragment("b", 3, personID="B", identityMap=ids("c"))
    c, bridge = fragment("c", 2, personID="C"), fragment("x", 0, personID="X", identityMap=ids("b"))
    assert people(ExportPlan(WHO, graph="pdg"), a, b, c) == ["A", "B"]
    assert people(ExportPlan(WHO, graph="pdg"), a, b, c, bridge) == ["B"]


def test_private_graph_joins_through_datasets_that_are_not_merged() -> None:
    """A fragment of an unlisted dataset adds no attribute and still joins two profiles."""
    fragments = [
        fragment("a", 1, personID="A"),
        fragment("b", 2, personID="B"),
        fragment("a", 3, "web", personID="web", identityMap=ids("b")),
    ]
    assert people(ExportPlan(WHO, graph="pdg", order=("crm",)), *fragments) == ["B"]


def test_private_graph_is_not_joined_by_events() -> None:
    """An event that names two identities belongs to its primary one and joins nothing."""
    plan = ExportPlan(WHO, graph="pdg", events=EventPlan(("_id",)))
    joining = event("a", _id="e", identityMap=ids("b"))
    assert rows_of(plan, [fragment("a", personID="A"), fragment("b", personID="B")], [joining]) == [
        {"personID": "A", "timeSeriesEvents": [{"_id": "e"}]},
        {"personID": "B", "timeSeriesEvents": None},
    ]


@pytest.mark.parametrize(("graph", "owned"), [("none", False), ("pdg", True)])
def test_an_event_belongs_to_the_profile_that_has_its_identity(graph: Any, owned: bool) -> None:  # noqa: FBT001 - a case
    """With the private graph an identity in a fragment's map is enough; without, it must be the primary one."""
    plan = ExportPlan(WHO, graph=graph, events=EventPlan(("_id",)), empty_profiles=True)
    exported = rows_of(plan, [fragment("a", personID="A", identityMap=ids("b"))], [event("b", _id="e")])
    mine = [{"_id": "e"}]
    alone = [] if owned else [{"personID": None, "timeSeriesEvents": mine}]
    assert exported == [{"personID": "A", "timeSeriesEvents": mine if owned else None}, *alone]


def test_profiles_come_by_first_appearance_among_fragments_then_events() -> None:
    """The order of rows is that of the tables, and fragments that are not merged count for it."""
    plan = ExportPlan(("identityMap",), order=("crm",), empty_profiles=True)
    fragments = [
        fragment("late", 5, "web"),
        fragment("b", 1, identityMap=ids("b")),
        fragment("late", 9, identityMap=ids("late")),
    ]
    exported = rows_of(plan, fragments, [event("z"), event("b"), event("y"), event("z")])
    assert [row["identityMap"][0][1][0]["id"] for row in exported] == ["late", "b", "z", "y"]


# -- Merging


def test_timestamp_order_takes_each_attribute_from_the_latest_fragment_that_has_it() -> None:
    """Leaves of one struct come from different fragments when the latest lacks some of them."""
    older = fragment("a", 1, person={"name": {"firstName": "Old", "lastName": "Name"}, "gender": "female"})
    newer = fragment("a", 2, "loyalty", person={"name": {"firstName": "New"}, "gender": None})
    [row] = rows_of(ExportPlan(("person.name.firstName", "person.name.lastName", "person.gender")), [newer, older])
    assert row == {"person": {"name": {"firstName": "New", "lastName": "Name"}, "gender": "female"}}


def test_of_two_fragments_of_one_time_the_later_row_wins() -> None:
    """Ties in ingestion time go to the row that stands later in the table, with and without an order."""
    first, second = fragment("a", 7, personID="first"), fragment("a", 7, personID="second")
    assert people(ExportPlan(WHO), first, second) == ["second"]
    assert people(ExportPlan(WHO), second, first) == ["first"]
    assert people(ExportPlan(WHO, order=("crm",)), first, second) == ["second"]


def test_dataset_precedence_goes_before_time() -> None:
    """The dataset listed first wins however old its fragment is; the next fills in; an unlisted one adds nothing."""
    crm = fragment("a", 1, "crm", personID="crm")
    loyalty = fragment("a", 2, "loyalty", personID="loyalty", person={"gender": "female"})
    web = fragment("a", 3, "web", personID="web", organizations=["web"])
    plan = ExportPlan(("personID", "person.gender", "organizations"), order=CRM_THEN_LOYALTY)
    assert rows_of(plan, [crm, loyalty, web]) == [
        {"personID": "crm", "person": {"gender": "female"}, "organizations": None}
    ]


def test_dataset_precedence_takes_the_latest_within_a_dataset() -> None:
    """Two fragments of the strongest dataset: the later one wins."""
    fragments = [fragment("a", 2, personID="new"), fragment("a", 1, personID="old"), fragment("a", 3, "loyalty")]
    assert people(ExportPlan(WHO, order=CRM_THEN_LOYALTY), *fragments) == ["new"]


def test_a_list_is_taken_whole_and_an_empty_one_is_no_value() -> None:
    """Lists are not joined; an empty list and a null leave the field to the next fragment, an empty text does not."""
    fragments = [
        fragment("a", 1, personID="x", organizations=["p", "q"]),
        fragment("a", 2, personID="", organizations=["r"]),
        fragment("a", 3, personID=None, organizations=[]),
    ]
    assert rows_of(ExportPlan(("personID", "organizations")), fragments) == [{"personID": "", "organizations": ["r"]}]


def test_identities_are_gathered_from_all_merged_fragments() -> None:
    """Each identity once, whole, from the strongest fragment; namespaces sorted; strongest fragment's ids first."""
    weak = fragment("a", 1, identityMap={"email": [{"id": "w", "primary": True}, {"id": "s"}], "CRMID": [{"id": "1"}]})
    strong = fragment("a", 2, identityMap=[("email", [{"id": "t"}]), ("email", [{"id": "s", "primary": False}])])
    left_out = fragment("a", 3, "web", identityMap=ids("z"))
    [row] = rows_of(ExportPlan(("identityMap", "identities"), order=("crm",)), [weak, strong, left_out])

    def identity(key: str, *, primary: bool | None = None) -> dict[str, Any]:
        return {"id": key, "authenticatedState": None, "primary": primary}

    emails = [identity("t"), identity("s", primary=False), identity("w", primary=True)]
    assert row["identityMap"] == [("CRMID", [identity("1")]), ("email", emails)]
    expected = [("1", "CRMID"), ("t", "email"), ("s", "email"), ("w", "email")]
    assert [(item["id"], item["namespace"]["code"]) for item in row["identities"]] == expected


def test_memberships_are_gathered_and_the_strongest_decides_each() -> None:
    """One segment known to two fragments has the stronger one's status; others are kept; namespaces are sorted."""
    weak = fragment("a", 1, segmentMembership=member("s", "realized", 5) | member("t", "exited", 6, "aam"))
    strong = fragment("a", 2, segmentMembership=member("s", "exited", 4) | {"empty": {}})
    [row] = rows_of(ExportPlan(("segmentMembership",)), [weak, strong])
    assert row["segmentMembership"] == [
        ("aam", [("t", {"lastQualificationTime": at(6), "status": "exited"})]),
        ("ups", [("s", {"lastQualificationTime": at(4), "status": "exited"})]),
    ]


# -- Which profiles are exported


def test_a_profile_of_unlisted_datasets_only_is_not_exported() -> None:
    """Neither it nor its events appear, not even when empty profiles are asked for."""
    plan = ExportPlan(WHO, order=("crm",), events=EventPlan(), empty_profiles=True)
    assert rows_of(plan, [fragment("a", 0, "web")], [event("a")]) == []


def test_profiles_with_events_only_are_exported_when_asked_for() -> None:
    """They have the identity that their events carry, and nothing else; the event window does not matter."""
    plan = ExportPlan(("identityMap", "identities", "personID"), events=EventPlan(("_id",), after=5))
    assert rows_of(plan, [], [event("a", 5)]) == []
    asked = ExportPlan(plan.fields, events=plan.events, empty_profiles=True)
    assert rows_of(asked, [], [event("a", 5)]) == [
        {
            "personID": None,
            "identityMap": [("Email", [{"id": "a", "authenticatedState": None, "primary": True}])],
            "identities": [{"id": "a", "namespace": {"code": "Email"}}],
            "timeSeriesEvents": None,
        }
    ]


def test_a_profile_of_more_than_fifty_identities_is_left_out() -> None:
    """Fifty distinct identities are exported and the fifty-first excludes, counted over unlisted fragments too."""
    plan = ExportPlan(WHO, graph="pdg", order=("crm",))
    one = fragment("0", personID="A", identityMap=ids(*map(str, range(30))))
    fifty = fragment("29", 0, "web", identityMap=ids(*map(str, range(20, 50))))
    one_more = fragment("0", 0, "web", identityMap=ids("0", namespace="ECID"))
    assert people(plan, one, fifty) == ["A"]
    assert people(plan, one, fifty, one_more) == []


def test_updated_after_looks_at_the_last_merged_fragment() -> None:
    """Strictly later than the bound; fragments of unlisted datasets and events do not count."""
    fragments = [
        fragment("a", 5, personID="A"),
        fragment("a", 9, "web"),
        fragment("b", 1),
        fragment("b", 6, personID="B"),
    ]
    assert people(ExportPlan(WHO, order=("crm",), updated_after=5), *fragments, events=(event("a", 9),)) == ["B"]


def test_updated_after_looks_at_the_last_event_of_a_profile_without_fragments() -> None:
    """Such a profile is as new as its last event, also where that lies outside of the event window."""
    plan = ExportPlan(("identities.id",), updated_after=5, events=EventPlan(("_id",), before=4), empty_profiles=True)
    exported = rows_of(plan, [], [event("old", 5), event("new", 3, _id="e"), event("new", 6)])
    assert exported == [{"identities": [{"id": "new"}], "timeSeriesEvents": [{"_id": "e"}]}]


@pytest.mark.parametrize(
    ("stored", "asked", "selected"),
    [
        ("realized", {"realized"}, True),
        ("existing", {"realized"}, True),
        (None, {"realized"}, True),
        ("exited", {"realized"}, False),
        ("exited", {"exited"}, True),
        ("realized", {"exited"}, False),
        ("exited", {"realized", "exited"}, True),
        ("queued", {"realized", "exited"}, False),
        ("", {"realized", "exited"}, False),
    ],
)
def test_a_segment_selects_by_status(stored: str | None, asked: Any, selected: bool) -> None:  # noqa: FBT001 - a case
    """Existing and unsaid are realized; an unknown status is in no segment."""
    plan = ExportPlan(WHO, segments=(Segment("s", statuses=frozenset(asked)),))
    exported = people(plan, fragment("a", personID="A", segmentMembership=member("s", stored)))
    assert exported == (["A"] if selected else [])


def test_segments_are_compared_by_namespace_without_case_and_by_exact_id() -> None:
    """``UPS`` is ``ups``, ``aam`` is another namespace, ``S`` is another segment, and any asked segment will do."""
    fragments = [
        fragment("a", personID="UPS", segmentMembership=member("s", namespace="UPS")),
        fragment("b", personID="aam", segmentMembership=member("s", namespace="aam")),
        fragment("c", personID="S", segmentMembership=member("S")),
        fragment("d", personID="other", segmentMembership=member("t", namespace="AAM")),
        fragment("e", personID="none"),
    ]
    assert people(ExportPlan(WHO, segments=(Segment("s"),)), *fragments) == ["UPS"]
    assert people(ExportPlan(WHO, segments=(Segment("s"), Segment("t", "aam"))), *fragments) == ["UPS", "other"]


def test_segments_look_at_the_merged_membership() -> None:
    """A profile whose stronger fragment says that it left the segment is not in it."""
    fragments = [
        fragment("a", 2, segmentMembership=member("s", "exited")),
        fragment("a", 1, segmentMembership=member("s", "realized")),
    ]
    assert people(ExportPlan(WHO, segments=(Segment("s"),)), *fragments) == []


def test_the_qualification_window_includes_its_start_and_not_its_end() -> None:
    """Status and time must fit in one membership; a membership without a time fits no bound."""
    times = [4, 5, 9, 10, None]
    fragments = [fragment(str(t), personID=str(t), segmentMembership=member("s", time=t)) for t in times]
    segments = (Segment("s"),)
    assert people(ExportPlan(WHO, segments=segments, qualified_from=5, qualified_until=10), *fragments) == ["5", "9"]
    assert people(ExportPlan(WHO, segments=segments, qualified_from=10), *fragments) == ["10"]
    assert people(ExportPlan(WHO, segments=segments, qualified_until=5), *fragments) == ["4"]
    mixed = fragment("m", segmentMembership={"ups": member("s", time=4)["ups"] | member("t", time=7)["ups"]})
    assert people(ExportPlan(WHO, segments=segments, qualified_from=5), mixed) == []


def test_a_window_without_segments_asks_for_any_realized_membership_in_it() -> None:
    """Any segment will do, an exited one will not, nor will having none."""
    fragments = [
        fragment("a", personID="in", segmentMembership=member("x", time=7, namespace="aam")),
        fragment("b", personID="left", segmentMembership=member("x", "exited", 7)),
        fragment("c", personID="none"),
    ]
    assert people(ExportPlan(WHO, qualified_from=5), *fragments) == ["in"]


# -- Events


def test_events_are_chosen_by_ingest_time_and_ordered_by_event_time() -> None:
    """Both bounds exclude; events of one time keep their order in the table; one without a time comes last."""
    events = [
        event("a", 5, _id="at the lower bound", timestamp=at(1)),
        event("a", 6, _id="timeless"),
        event("a", 7, _id="third", timestamp=at(90)),
        event("a", 6, _id="fourth", timestamp=at(90)),
        event("a", 8, _id="before 1970", timestamp=at(-4)),
        event("a", 9, _id="at the upper bound", timestamp=at(2)),
    ]
    [row] = rows_of(ExportPlan(WHO, events=EventPlan(("_id",), after=5, before=9)), [fragment("a")], events)
    assert [item["_id"] for item in row["timeSeriesEvents"]] == ["before 1970", "third", "fourth", "timeless"]


def test_a_kept_event_is_an_entry_even_when_nothing_of_it_is_chosen() -> None:
    """Its chosen fields are null; what is empty in it is absent; the entry itself is not."""
    plan = ExportPlan(WHO, events=EventPlan(("web.webReferrer", "identityMap", "eventType")))
    [row] = rows_of(plan, [fragment("a")], [event("a", _id="e", web={"webReferrer": {"URL": None}}, identityMap={})])
    assert row["timeSeriesEvents"] == [{"eventType": None, "identityMap": None, "web": None}]


def test_no_events_go_along_unless_asked_for() -> None:
    """Without an event plan there is no column for them."""
    assert rows_of(ExportPlan(WHO), [fragment("a", personID="A")], [event("a")]) == [{"personID": "A"}]


def test_tables_give_the_same_rows_as_plain_rows() -> None:
    """Arrow tables of the project's schemas go in as they are; maps come out as lists of pairs."""
    fragments, events = [fragment("ä", 1, identityMap=ids("ä"))], [event("ä", 2, _id="e", timestamp=at(-(10**13)))]
    data = ProfileData.of(pa.Table.from_pylist(fragments, FRAGMENTS), pa.Table.from_pylist(events, EVENTS))
    plan = ExportPlan(("identityMap.Email.id",), events=EventPlan(("timestamp",)))
    assert rows(plan, data) == rows_of(plan, fragments, events)
    assert rows(plan, data) == [
        {"identityMap": [("Email", [{"id": "ä"}])], "timeSeriesEvents": [{"timestamp": at(-(10**13))}]}
    ]
