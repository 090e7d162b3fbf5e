"""The engine on hand-made fragments and on the default data: what it exports, and why it is that."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pytest

from benchmarks.measure import run_python
from pytest_aep_export.exporter.engine import compute
from pytest_aep_export.exporter.plan import EventPlan, ExportPlan, plan
from pytest_aep_export.profiles import generate
from pytest_aep_export.profiles.partitions import Tables
from pytest_aep_export.profiles.policies import DEFAULT_POLICIES, DEFAULT_SEGMENTS
from pytest_aep_export.profiles.schema import EVENTS, FRAGMENTS
from tests.exporter.plain_rows import Row, at, event, fragment, ids, member


def export(plan: ExportPlan, fragments: list[Row], events: list[Row] | None = None) -> list[Row]:
    """The rows of an export of these fragments and events."""
    data = Tables(pa.Table.from_pylist(fragments, FRAGMENTS), pa.Table.from_pylist(events or [], EVENTS))
    return compute(plan, data)[0].to_pylist()


@pytest.fixture(scope="module")
def data() -> Tables:
    """The default data of a tenant."""
    return generate(100).partitions[0].read()


def by_id(policy: str) -> Any:
    """A default policy."""
    return next(known for known in DEFAULT_POLICIES if known.id.startswith(policy))


def _window(start: str, end: str) -> Row:
    """A window of qualification times on the first day there is."""
    return {"segmentQualificationTime": {"startTime": f"1970-01-01T{start}Z", "endTime": f"1970-01-01T{end}Z"}}


NAME = ("person.name",)


def person(**name: str) -> Row:
    """A ``person`` of that name."""
    return {"name": name}


def test_leaves_come_from_the_latest_fragment_that_has_them():
    """The newer last name wins; the first name, which only the older one knows, stays."""
    rows = [
        fragment("a", 2, person=person(lastName="New")),
        fragment("a", 1, person=person(firstName="Ada", lastName="Old")),
    ]

    (row,) = export(ExportPlan(fields=NAME), rows)

    assert row == {"person": {"name": {"firstName": "Ada", "middleName": None, "lastName": "New", "fullName": None}}}


def test_the_order_of_datasets_goes_before_time():
    """The dataset named first wins although it is older; a dataset that is not named adds nothing."""
    rows = [
        fragment("a", 1, "crm", personID="from crm"),
        fragment("a", 2, "loyalty", personID="from loyalty", organizations=["x"]),
        fragment("a", 3, "web", personID="from web", person={"gender": "male"}),
    ]

    (row,) = export(ExportPlan(fields=("personID", "organizations", "person.gender"), order=("crm", "loyalty")), rows)

    assert row == {"personID": "from crm", "person": None, "organizations": ["x"]}


def test_pdg_joins_what_none_keeps_apart():
    """Three fragments, of which neighbours share an identity, are three profiles without a graph and one with."""
    rows = [
        fragment("a", 1, personID="1", identityMap=ids("a", "ab")),
        fragment("b", 2, identityMap=ids("ab", "bc")),
        fragment("c", 3, identityMap=ids("bc")),
    ]

    assert [row["personID"] for row in export(ExportPlan(fields=("personID",)), rows)] == ["1", None, None]
    assert export(ExportPlan(fields=("personID",), graph="pdg"), rows) == [{"personID": "1"}]
    (stitched,) = export(ExportPlan(fields=("identities.id",), graph="pdg"), rows)
    assert [item["id"] for item in stitched["identities"]] == ["bc", "ab", "a"]


def test_a_long_chain_of_identities_is_one_profile():
    """Stitching is transitive over any distance, in whatever order the links are met; it stops where the chain does."""
    chain = [fragment(f"x{n}", identityMap=ids(f"x{n + 1}")) for n in (3, 0, 9, 1, 7, 5, 2, 8, 4, 6)]
    apart = [fragment(f"y{n}", identityMap=ids(f"y{n + 1}")) for n in (3, 0, 9)]

    (whole, *others) = export(ExportPlan(fields=("identities.id",), graph="pdg"), chain + apart)

    assert len(whole["identities"]) == 10
    assert [len(row["identities"]) for row in others] == [1, 1, 1]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("person.name.firstName", {"person": {"name": {"firstName": "Ada"}}}),
        ("identities.id", {"identities": [{"id": "7"}, {"id": "a"}]}),
        ("identities.namespace", {"identities": [{"namespace": {"code": "ECID"}}, {"namespace": {"code": "Email"}}]}),
        ("identityMap.ECID.id", {"identityMap": [("ECID", [{"id": "7"}])]}),
        ("identityMap.AAID", {"identityMap": None}),
        ("segmentMembership.ups.s.status", {"segmentMembership": [("ups", [("s", {"status": "realized"})])]}),
        ("segmentMembership.ups.t", {"segmentMembership": None}),
        ("organizations", {"organizations": ["x", "y"]}),
        ("homeAddress._schema.latitude", {"homeAddress": None}),
    ],
)
def test_a_path_projects_into_structs_maps_and_arrays(path: str, value: Row):
    """Only what the path names is left, also of the columns; where nothing is left there is null."""
    row = fragment(
        "a",
        identityMap={"Email": [{"id": "a"}], "ECID": [{"id": "7"}]},
        person=person(firstName="Ada", lastName="L"),
        segmentMembership=member("s"),
        organizations=["x", "y"],
    )

    assert export(ExportPlan(fields=(path,)), [row]) == [value]


@pytest.mark.parametrize(
    ("paths", "left"),
    [
        (("ups.s", "aam.t"), [("aam", ["t"]), ("ups", ["s"])]),
        (("ups", "aam.t"), [("aam", ["t"]), ("ups", ["s", "t"])]),
        (("ups.x", "aam"), [("aam", ["s", "t"])]),
    ],
)
def test_each_path_into_a_map_of_maps_chooses_for_itself(paths: tuple[str, ...], left: list[Any]):
    """A segment that is asked for in one namespace is not asked for in another; an emptied namespace disappears."""
    membership = {space: {segment: {"status": "realized"} for segment in "st"} for space in ("ups", "aam")}
    fields = tuple(f"segmentMembership.{path}" for path in paths)

    (row,) = export(ExportPlan(fields=fields), [fragment("a", segmentMembership=membership)])

    assert [(space, [key for key, _ in entries]) for space, entries in row["segmentMembership"]] == left


def test_columns_come_in_the_order_of_the_union_whatever_is_asked_first():
    """A path below another adds nothing, and the order of the paths does not matter."""
    plan = ExportPlan(fields=("personalEmail", "person.gender", "personID", "person"), events=EventPlan(("web", "_id")))
    table, _ = compute(plan, Tables(FRAGMENTS.empty_table(), EVENTS.empty_table()))

    assert table.schema.names == ["personID", "person", "personalEmail", "timeSeriesEvents"]
    assert [field.name for field in table.schema.field("person").type] == ["name", "birthDate", "gender"]
    assert [field.name for field in table.schema.field("timeSeriesEvents").type.value_type] == ["_id", "web"]


def test_events_are_filtered_by_ingestion_and_ordered_by_what_happened():
    """An event that happened early and arrived late is in; one that arrived too early is out, whenever it happened."""
    rows = [
        event("a", 20, _id="second", timestamp=at(9)),
        event("a", 30, _id="first", timestamp=at(1)),
        event("a", 10, _id="too early", timestamp=at(25)),
        event("a", 40, _id="too late", timestamp=at(5)),
    ]

    (row,) = export(ExportPlan(fields=("_id",), events=EventPlan(("_id",), after=10, before=40)), [fragment("a")], rows)

    assert row["timeSeriesEvents"] == [{"_id": "first"}, {"_id": "second"}]


def test_a_projection_into_the_lists_of_events():
    """Members of an event's list entries are selected like any others, and all entries stay."""
    items = [{"SKU": "1", "quantity": 2}, {"name": "no SKU"}]
    (row,) = export(
        ExportPlan(fields=("_id",), events=EventPlan(("productListItems.SKU", "identityMap.ECID.id"))),
        [fragment("a")],
        [event("a", productListItems=items), event("a", identityMap={"ECID": [{"id": "7", "primary": True}]})],
    )

    assert row["timeSeriesEvents"] == [
        {"identityMap": None, "productListItems": [{"SKU": "1"}, {"SKU": None}]},
        {"identityMap": [("ECID", [{"id": "7"}])], "productListItems": None},
    ]


def test_what_nulls_and_slices_hide_is_not_exported():
    """A null map over entries, as Arrow allows it, has none; a table cut from another keeps to its own rows."""
    rows = pa.Table.from_pylist([fragment(n, personID=n, identityMap=ids(n)) for n in "abcd"], FRAGMENTS)
    column = rows["identityMap"].combine_chunks()
    hidden: Any = pa.MapArray.from_arrays(
        column.offsets, column.keys, column.items, mask=pa.array([False, False, True, False])
    )
    table = rows.set_column(rows.schema.get_field_index("identityMap"), FRAGMENTS.field("identityMap"), hidden).slice(1)

    hiding = Tables(table, EVENTS.empty_table())

    exported, by_namespace = compute(ExportPlan(fields=("personID", "identities.id"), graph="pdg"), hiding)

    found = [(row["personID"], row["identities"]) for row in exported.to_pylist()]
    assert found == [("b", [{"id": "b"}]), ("c", None), ("d", [{"id": "d"}])]
    assert by_namespace == {"Email": 2}


@pytest.mark.parametrize("order", [None, ("crm",)])
def test_of_two_fragments_of_one_time_the_later_row_is_stronger(order: tuple[str, ...] | None):
    """Ties are decided by the order in which the data was loaded."""
    rows = [fragment("a", 1, personID="first"), fragment("a", 1, personID="second")]

    assert export(ExportPlan(fields=("personID",), order=order), rows) == [{"personID": "second"}]


def test_one_id_in_two_namespaces_is_two_identities():
    """An identity is its namespace and its id; profiles that share only the id stay apart, with a graph and without."""
    rows = [fragment("7", namespace="ECID", personID="1"), fragment("7", namespace="CRMID", personID="2")]

    for graph in ("none", "pdg"):
        assert len(export(ExportPlan(fields=("personID",), graph=graph), rows)) == 2


@pytest.mark.parametrize(
    ("request_", "persons"),
    [
        ({"segments": [{"segmentId": "s"}]}, ["early", "old word", "upper", "late"]),
        ({"segments": [{"segmentId": "s", "segmentNs": "UPS", "status": ["exited"]}]}, ["left"]),
        (
            {"segments": [{"segmentId": "s", "status": ["existing", "exited"]}]},
            ["early", "old word", "upper", "left", "late"],
        ),
        ({"segments": [{"segmentId": "t"}, {"segmentId": "s", "segmentNs": "aam"}]}, ["other"]),
        (_window("00:00:01", "00:00:03"), ["early", "old word", "upper", "other"]),
        ({"segments": [{"segmentId": "s"}]} | _window("00:00:01.001", "00:00:03.001"), ["old word", "upper", "late"]),
    ],
)
def test_segments_select_by_namespace_status_and_time(request_: Row, persons: list[str]):
    """Namespaces without regard to case, ``existing`` as realized, a window with its start and without its end."""
    rows = [
        fragment("1", personID="early", segmentMembership=member("s", "realized", 1000)),
        fragment("2", personID="old word", segmentMembership=member("s", "existing", 2000)),
        fragment("3", personID="upper", segmentMembership=member("s", None, 2000, namespace="UPS")),
        fragment("4", personID="left", segmentMembership=member("s", "exited", 2000)),
        fragment("5", personID="late", segmentMembership=member("s", "realized", 3000)),
        fragment("6", personID="other", segmentMembership=member("s", "realized", 2000, namespace="AAM")),
        fragment("7", personID="none"),
    ]

    exported = export(plan({"fields": "personID", "filter": request_}, by_id("0bf1")), rows)

    assert [row["personID"] for row in exported] == persons


def test_crowded_profiles_are_left_out_even_when_one_fragment_crowds_them():
    """Fifty identities are exported, one more excludes the profile and no other."""
    rows = [
        fragment("full", personID="50", identityMap=ids("full", *(f"f{n}" for n in range(49)))),
        fragment("crowded", personID="51", identityMap=ids("crowded", *(f"c{n}" for n in range(50)))),
        fragment("twice", personID="1", identityMap=ids(*["twice"] * 60)),
    ]

    assert [row["personID"] for row in export(ExportPlan(fields=("personID",)), rows)] == ["50", "1"]


SEED_REQUEST: Row = {
    "fields": "identities.id,personalEmail.address",
    "additionalFields": {
        "eventList": {
            "fields": "environment.browserDetails.name,environment.browserDetails.version",
            "filter": {"fromIngestTimestamp": "2018-10-25T13:22:04-07:00"},
        }
    },
}


@pytest.mark.parametrize(
    "request_",
    [
        SEED_REQUEST,
        {key: value for key, value in SEED_REQUEST.items() if key != "additionalFields"},
        SEED_REQUEST | {"fields": "identityMap"},
    ],
    ids=["profiles and events", "profiles only", "events only"],
)
def test_the_documented_requests_select_some_and_not_all(request_: Row, data: Tables):
    """The seed's three payloads, under its policy: every person is a row, some things are there and some are not."""
    table, _ = compute(plan(request_, by_id("e5bc94de")), data)
    rows = table.to_pylist()

    assert len(rows) == 100
    if "personalEmail" in table.schema.names:
        assert 0 < sum(row["personalEmail"] is None for row in rows) < 100
    if "additionalFields" in request_:
        taken = [row["timeSeriesEvents"] for row in rows]
        assert 0 < sum(events is None for events in taken) < 100
        assert 0 < sum(len(events or ()) for events in taken) < data.events.num_rows
        browsers = [event["environment"] for events in taken for event in events or ()]
        assert 0 < sum(browser is None for browser in browsers) < len(browsers)


def test_the_documented_audience_export_selects_some(data: Tables):
    """The segmentation guide's filter, each part of it and all of it together, leaves some profiles and not all."""
    everybody = compute(plan({}, by_id("0bf1")), data)[0].num_rows
    parts: Row = {
        "segments": [{"segmentId": DEFAULT_SEGMENTS[0].id, "segmentNs": "UPS", "status": ["realized"]}],
        "segmentQualificationTime": {"startTime": "2018-01-01T00:00:00Z", "endTime": "2018-02-01T00:00:00Z"},
        "fromIngestTimestamp": "2018-01-01T00:00:00Z",
    }

    counts = [
        compute(plan({"filter": chosen}, by_id("0bf1")), data)[0].num_rows
        for chosen in ({k: v} for k, v in parts.items())
    ]
    together = compute(plan({"filter": parts}, by_id("0bf1")), data)[0].num_rows

    assert all(0 < count < everybody for count in counts)
    assert 0 < together < min(counts)


def test_the_default_policies_disagree_on_the_default_data(data: Tables):
    """Merging means something: who is a profile and what it holds depends on the policy."""
    rows = {policy.id[:4]: compute(plan({}, policy), data)[0] for policy in DEFAULT_POLICIES}

    assert rows["e5bc"].num_rows == rows["42d4"].num_rows == 100 < rows["0bf1"].num_rows
    assert rows["0bf1"].equals(rows["time"])
    latest = [row for row in rows["0bf1"].to_pylist() if row["personID"]]
    for field in ("person", "personalEmail", "homeAddress", "mobilePhone"):
        same = [one[field] == other[field] for one, other in zip(latest, rows["e5bc"].to_pylist(), strict=True)]
        assert 0 < sum(same) < 100, field


def test_pdg_gives_web_visits_to_their_customers(data: Tables):
    """With the graph, the events of a linked device are the person's; without, they are another profile's."""
    request: Row = {"fields": "personID", "additionalFields": {"eventList": {"fields": "_id"}}}

    def taken(policy: str) -> int:
        rows = compute(plan(request, by_id(policy)), data)[0].to_pylist()
        return sum(len(row["timeSeriesEvents"] or ()) for row in rows if row["personID"])

    assert taken("e5bc") < taken("42d4") < data.events.num_rows


def test_empty_profiles_are_the_unknown_devices(data: Tables):
    """With ``emptyProfiles`` there are more rows, last, each known by one ECID alone."""
    known = compute(plan({}, by_id("0bf1")), data)[0]
    every, by_namespace = compute(plan({"filter": {"emptyProfiles": True}}, by_id("0bf1")), data)
    added = every.slice(known.num_rows).to_pylist()

    assert every.slice(0, known.num_rows).equals(known)
    assert added
    for row in added:
        assert [name for name, value in row.items() if value is not None] == ["identityMap", "identities"]
        assert [space for space, _ in row["identityMap"]] == ["ECID"]
    assert by_namespace["ECID"] == compute(plan({}, by_id("0bf1")), data)[1]["ECID"] + len(added)


def test_the_counters_agree_with_the_rows(data: Tables):
    """By namespace: the profiles whose identity map has it, also when the map is not exported."""
    table, by_namespace = compute(plan({"fields": "identityMap"}, by_id("0bf1")), data)
    spaces = [space for row in table.to_pylist() for space, _ in row["identityMap"]]

    assert by_namespace == {space: spaces.count(space) for space in sorted(set(spaces))}
    assert compute(plan({"fields": "personID"}, by_id("0bf1")), data)[1] == by_namespace
    assert list(by_namespace) == ["CRMID", "ECID", "Email"]


def test_planning_loads_neither_arrow_nor_numpy():
    """A server can check requests without the weight of the engine."""
    script = """
import json, sys
from pytest_aep_export.exporter.plan import plan
from pytest_aep_export.profiles.policies import DEFAULT_POLICIES
plan({"fields": "person.name"}, DEFAULT_POLICIES[0])
print(json.dumps(sorted({"numpy", "pyarrow", "duckdb", "faker"} & set(sys.modules))))
"""
    assert json.loads(run_python(script)) == []
