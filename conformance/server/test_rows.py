"""What an export contains, read from its files."""

from __future__ import annotations

from collections import Counter

import pytest

from pytest_aep_export.suite import payloads
from pytest_aep_export.suite.choices import Segment
from pytest_aep_export.suite.expect import not_applicable, not_verified
from pytest_aep_export.suite.exports import Exports, Shown
from pytest_aep_export.suite.rows import EVENTS, attributes, events, filled, holds_members, lists_objects, times

requirement = pytest.mark.aep_requirement

FIELDS = {"identities.id", "personalEmail.address"}
EVENT_FIELDS = {"environment.browserDetails.name", "environment.browserDetails.version"}


def expect_rows(exports: Exports, kind: str, met: object, required: str, found: object) -> None:
    """Require something of the rows of an export, which its job stands for."""
    Shown(exports.finished(kind)).expect(met, required, found)


@requirement("EXP-ROWS-001")
@pytest.mark.parametrize("kind", ["full", "profiles"])
def test_only_the_requested_fields(exports: Exports, kind: str):
    """No attribute holds a value that was not asked for."""
    others = attributes(exports.table(kind)) - FIELDS
    expect_rows(exports, kind, not others, f"only {sorted(FIELDS)} hold values", sorted(others))


@requirement("EXP-ROWS-002")
@pytest.mark.parametrize("kind", ["full", "profiles"])
@pytest.mark.parametrize("field", sorted(FIELDS))
def test_the_requested_fields(exports: Exports, field: str, kind: str):
    """An attribute that was asked for holds values."""
    if field not in attributes(exports.table("everything")):
        not_applicable(f"no profile of the tenant has {field}")
    found = sorted(attributes(exports.table(kind)))
    expect_rows(exports, kind, field in found, f"{field} holds values", found)


@requirement("EXP-ROWS-003")
def test_every_field(exports: Exports):
    """Without a list of fields every attribute is exported."""
    everything, some = attributes(exports.table("everything")), attributes(exports.table("profiles"))
    expect_rows(exports, "everything", some < everything, f"more attributes than {sorted(some)}", sorted(everything))


@requirement("EXP-ROWS-004")
@pytest.mark.parametrize("kind", ["profiles", "everything"])
def test_no_events(exports: Exports, kind: str):
    """Without an event list no events are exported."""
    found = sorted(events(exports.table(kind)))
    expect_rows(exports, kind, not found, "no row holds events", found)


@requirement("EXP-ROWS-005")
@pytest.mark.parametrize("kind", ["full", "events"])
def test_some_events(exports: Exports, kind: str):
    """With an event list some rows hold events."""
    found = events(exports.table(kind))
    expect_rows(exports, kind, found, f"some rows hold events in {EVENTS}", "none does")


@requirement("EXP-ROWS-006")
def test_only_the_requested_fields_of_events(exports: Exports):
    """The events hold nothing that was not asked for."""
    others = events(exports.table("full")) - EVENT_FIELDS - {"_id", "timestamp"}
    expect_rows(exports, "full", not others, f"events hold only {sorted(EVENT_FIELDS)}", sorted(others))


@requirement("EXP-ROWS-007")
def test_the_ingest_time_filter(exports: Exports):
    """No event is exported that was ingested before the filter's time."""
    if not events(exports.table("full")):
        not_applicable("the tenant has no events that were ingested after the sample's time")
    found = sorted(events(exports.table("future")))
    expect_rows(exports, "future", not found, "no event was ingested after the year 2999", found)


@requirement("EXP-ROWS-008")
def test_events_only(exports: Exports):
    """An export of events holds the identities, and no other attribute."""
    found = {path.partition(".")[0] for path in attributes(exports.table("events"))}
    expect_rows(
        exports, "events", found <= {"identityMap"}, "no attribute but identityMap holds a value", sorted(found)
    )
    known = "identityMap" in attributes(exports.table("everything"))
    expect_rows(exports, "events", found or not known, "identityMap holds values, as where all is exported", "none")


@requirement("EXP-ROWS-009")
@pytest.mark.parametrize("kind", ["full", "profiles", "events"])
def test_the_counter(exports: Exports, kind: str):
    """The counter of exported profiles is the number of rows."""
    counter = Shown(exports.finished(kind)).get("metrics", "totalExportedProfileCounter")
    if counter is None:
        not_applicable("the metrics hold no totalExportedProfileCounter")
    rows = exports.count(kind)
    expect_rows(exports, kind, counter == rows, f"totalExportedProfileCounter is the number of rows, {rows}", counter)


@requirement("EXP-ROWS-021")
def test_the_same_again(exports: Exports):
    """The same request exports the same rows again."""
    exports.known()
    job = Shown(exports.finished("everything"))
    job.expect(exports.rests("everything"), "the same request exports the same rows again", "other rows")


@requirement("EXP-ROWS-022")
def test_the_counters_by_namespace(exports: Exports):
    """The counter of a namespace is the number of rows with an identity of it."""
    job = Shown(exports.finished("events"))
    counters = job.get("metrics", "exportedProfileByNamespaceCounter")
    if not isinstance(counters, dict):
        not_applicable("the metrics hold no exportedProfileByNamespaceCounter")
    rows = ({namespace for namespace, _ in record.identities} for record in exports.known("events"))
    wanted = Counter(namespace.lower() for namespaces in rows for namespace in namespaces)
    found = {namespace.lower(): count for namespace, count in counters.items() if count}
    job.expect(found == wanted, f"the counters by namespace are {dict(sorted(wanted.items()))}", counters)


@requirement("EXP-ROWS-024")
@pytest.mark.parametrize("column", ["identityMap", "segmentMembership"])
def test_what_the_schema_makes_a_map_is_one(exports: Exports, column: str):
    """The identities and the memberships of profiles are in maps or objects."""
    table = exports.table("everything")
    if column not in table.column_names or not filled(table.select([column])):
        not_applicable(f"no row of the export of all fields has a value in {column}")
    kind = table.schema.field(column).type
    expect_rows(exports, "everything", holds_members(kind), f"{column} is a map or an object", str(kind))


@requirement("EXP-ROWS-025")
def test_profiles_have_identities(exports: Exports):
    """Rows of an export of all fields have identities by which their profiles are known."""
    columns = {path.partition(".")[0] for path in attributes(exports.table("everything"))}
    expect_rows(exports, "everything", "identityMap" in columns, "some rows have an identityMap", sorted(columns))


@requirement("EXP-ROWS-026")
def test_memberships_are_exported(exports: Exports, in_segments: bool | None):  # noqa: FBT001 - a fixture
    """Where profiles are in segments an export of all fields shows it."""
    if not in_segments:
        end = not_verified if in_segments is None else not_applicable
        end("no row has a segmentMembership")
    found = any(record.memberships for record in exports.records("everything"))
    expect_rows(exports, "everything", found, "some rows have a segmentMembership", "none has")


@requirement("EXP-ROWS-026")
def test_memberships_are_shown(exports: Exports, segments: list[Segment]):
    """Members of a segment that are exported with their memberships have some."""
    chosen = {"segments": [segments[0].entry()]}
    exports.ask({"members": exports.request(fields="identityMap,segmentMembership", filter=chosen)})
    exports.table("members")
    found = any(record.memberships for record in exports.records("members"))
    expect_rows(exports, "members", found, "some members of the segment have a segmentMembership", "none has")


@requirement("EXP-ROWS-027")
@pytest.mark.parametrize("kind", ["everything", "timeline"])
def test_times_are_timestamps(exports: Exports, kind: str):
    """Times are timestamps that tell their offset from UTC."""
    exports.ask({"timeline": exports.request(fields="identityMap", additionalFields=payloads.timeline())})
    found = times(exports.table(kind))
    if not found:
        not_applicable(f"no row of the export {kind!r} has a time")
    others = {path: str(kind) for path, kind in found.items() if getattr(kind, "tz", None) is None}
    expect_rows(exports, kind, not others, "every time is a timestamp in UTC", others)


@requirement("EXP-ROWS-028")
@pytest.mark.parametrize("kind", ["everything", "profiles", "full"])
def test_no_column_is_a_path(exports: Exports, kind: str):
    """The members of objects are members, and no columns with dots in their names."""
    found = [name for name in exports.table(kind).column_names if "." in name]
    expect_rows(exports, kind, not found, "no name of a column is a dotted path", found)


@requirement("EXP-ROWS-029")
def test_events_are_a_list(exports: Exports):
    """The events of a profile are a list of objects."""
    table = exports.table("full")
    if EVENTS not in table.column_names or not filled(table.select([EVENTS])):
        not_applicable("the tenant has no events that were ingested after the sample's time")
    kind = table.schema.field(EVENTS).type
    expect_rows(exports, "full", lists_objects(kind), f"{EVENTS} is a list of objects", str(kind))
