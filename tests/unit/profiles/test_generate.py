"""The default data: the same wherever it is made, and fit for the documented requests."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.profiles import ProfileData, generate, generation, write_parquet
from pytest_aep_export.profiles.policies import CRM, DEFAULT_SEGMENTS, LOYALTY, WEB
from pytest_aep_export.profiles.schema import EVENTS, FRAGMENTS

SEED_TIME = datetime(2018, 10, 25, 20, 22, 4, tzinfo=UTC)
"""The seed's 2018-10-25T13:22:04-07:00."""


@pytest.fixture(scope="module")
def hundred() -> ProfileData:
    """The data that a tenant starts with."""
    return generate(100)


@given(parts=st.lists(st.integers(1, 40), min_size=1, max_size=4), start=st.integers(0, 10**9), seed=st.integers())
@settings(max_examples=15)
def test_data_does_not_depend_on_how_it_is_cut(parts: list[int], start: int, seed: int):
    """Ranges of profiles, made one by one, add up to what is made at once."""
    whole = generate(sum(parts), seed=seed, first=start)
    made, first = [], start
    for count in parts:
        made.append(generate(count, seed=seed, first=first))
        first += count

    assert pa.concat_tables([part.fragments for part in made]).equals(whole.fragments)
    assert pa.concat_tables([part.events for part in made]).equals(whole.events)


@pytest.mark.parametrize(("name", "rows"), [("_BATCH_ROWS", 35), ("PARTITION_ROWS", 350)])
def test_data_does_not_depend_on_how_much_is_made_at_once(name: str, rows: int, monkeypatch: pytest.MonkeyPatch):
    """Made in small batches or in small partitions, the data is the same."""
    whole = generate(200, seed=3)
    monkeypatch.setattr(generation, name, rows)
    small = generate(200, seed=3)

    assert small.fragments.column(0).num_chunks > whole.fragments.column(0).num_chunks
    assert small.fragments.equals(whole.fragments)
    assert small.events.equals(whole.events)


def test_a_partition_makes_what_is_asked_for(monkeypatch: pytest.MonkeyPatch):
    """Asked for some columns, a partition of generated data has these, in the order of the schema, and no others."""
    monkeypatch.setattr(generation, "PARTITION_ROWS", 350)
    made = generate(200)
    partition = made.partitions[1]
    whole, some = partition.read(), partition.read({"person", "personID"}, ("timestamp",))

    assert len(made.partitions) > 1
    assert some.fragments.equals(whole.fragments.select(["personID", "person"]))
    assert some.events.equals(whole.events.select(["timestamp"]))


def test_partitions_share_no_profile(monkeypatch: pytest.MonkeyPatch):
    """No identity, of a fragment or of an event, occurs in two partitions."""
    monkeypatch.setattr(generation, "PARTITION_ROWS", 350)
    seen: set[tuple[str, str]] = set()
    for partition in generate(200).partitions:
        tables = partition.read()
        own = {one for table in (tables.fragments, tables.events) for row in table.to_pylist() for one in _listed(row)}
        assert own.isdisjoint(seen)
        seen |= own


def test_the_first_of_many_are_the_few(hundred: ProfileData):
    """More profiles do not change the ones there are."""
    more = generate(1000)

    assert more.fragments.slice(0, hundred.fragments.num_rows).equals(hundred.fragments)
    assert more.events.slice(0, hundred.events.num_rows).equals(hundred.events)


def test_another_seed_makes_other_data(hundred: ProfileData):
    """No id and no e-mail address occurs under two seeds."""
    other = generate(100, seed=1)

    for name in ("_id", "identityId", "personalEmail"):
        ours, theirs = (set(map(str, made.fragments[name].drop_null().to_pylist())) for made in (hundred, other))
        assert ours.isdisjoint(theirs)


def test_no_two_rows_share_an_id(hundred: ProfileData):
    """Each fragment and each event has random numbers of its own."""
    for table in (hundred.fragments, hundred.events):
        assert pc.count_distinct(table["_id"]).as_py() == table.num_rows


def test_fragments_events_and_persons_share_no_id(hundred: ProfileData):
    """The kinds of rows are numbered alike and drawn apart."""
    bare = [
        {text.replace("-", "")[:16] for text in table["_id"].to_pylist()}
        for table in (hundred.fragments, hundred.events)
    ]

    assert bare[0].isdisjoint(bare[1])


def test_every_column_has_values_and_every_optional_one_has_gaps():
    """Each leaf of the union occurs; all but the keys are missing somewhere."""
    made = generate(2000)
    always = {"datasetId", "ingestTime", "identityNamespace", "identityId", "_id", "identityMap"}
    for table, certain in (
        (made.fragments, always),
        (made.events, always | {"timestamp", "eventType", "environment", "web"}),
    ):
        for column, values in _leaves(table):
            assert values.null_count < len(values), column
            assert values.null_count > 0 or column.split(".")[0] in certain, column


def _leaves(table: pa.Table) -> list[tuple[str, pa.ChunkedArray[Any]]]:
    flat = table
    while any(pa.types.is_struct(field.type) for field in flat.schema):
        flat = flat.flatten()
    return [(name, flat[name]) for name in flat.column_names]


def test_fragments_of_a_person_disagree(hundred: ProfileData):
    """Where CRM and loyalty both know a thing, they agree for some persons and not for others."""
    by_person: dict[str, dict[str, dict[str, Any]]] = {}
    for row in hundred.fragments.to_pylist():
        by_person.setdefault(row["identityId"], {})[row["datasetId"]] = row
    both = [known for known in by_person.values() if {CRM, LOYALTY} <= known.keys()]

    for field in ("personalEmail", "homeAddress", "mobilePhone", "person"):
        pairs = [(known[CRM][field], known[LOYALTY][field]) for known in both]
        agreeing = [_main(one) == _main(other) for one, other in pairs if one and other]
        assert 0 < sum(agreeing) < len(agreeing), field
    newer = [known[LOYALTY]["ingestTime"] > known[CRM]["ingestTime"] for known in both]
    assert 0 < sum(newer) < len(newer)


def _main(value: dict[str, Any]) -> Any:
    return next(value[key] for key in ("address", "street1", "number", "name") if key in value)


def test_web_fragments_are_linked_to_their_person(hundred: ProfileData):
    """Each web fragment has an ECID of its own and an identity that the person's CRM fragment has too."""
    rows = hundred.fragments.to_pylist()
    known = {identity for row in rows if row["datasetId"] == CRM for identity in _listed(row)}
    web = [row for row in rows if row["datasetId"] == WEB]

    assert len(web) > 10
    for row in web:
        assert row["identityNamespace"] == "ECID"
        assert len(known & set(_listed(row))) == 1


def _listed(row: dict[str, Any]) -> list[tuple[str, str]]:
    return [(space, item["id"]) for space, items in row["identityMap"] for item in items]


def test_each_row_lists_its_primary_identity(hundred: ProfileData):
    """The origin columns repeat an identity of the row's own map, marked as primary."""
    for table in (hundred.fragments, hundred.events):
        for row in table.to_pylist():
            primary = [(s, item["id"]) for s, items in row["identityMap"] for item in items if item["primary"]]
            assert primary == [(row["identityNamespace"], row["identityId"])]


def test_the_documented_time_parts_the_events(hundred: ProfileData):
    """Some events were ingested before the seed's time and some after, of which some had happened before it."""
    ingested = pc.greater(hundred.events["ingestTime"], pa.scalar(SEED_TIME)).to_pylist()
    happened = pc.greater(hundred.events["timestamp"], pa.scalar(SEED_TIME)).to_pylist()

    assert 0 < sum(ingested) < len(ingested)
    assert (True, False) in set(zip(ingested, happened, strict=True))


def test_events_are_ingested_after_they_happened(hundred: ProfileData):
    """No event arrives before it happens."""
    assert pc.all(pc.greater(hundred.events["ingestTime"], hundred.events["timestamp"])).as_py()


def test_segments_are_realized_and_exited(hundred: ProfileData):
    """Each default segment has members and former members, and neither has everybody."""
    found = {
        (space, segment, item["status"])
        for row in hundred.fragments.to_pylist()
        for space, items in row["segmentMembership"] or ()
        for segment, item in items
    }

    assert found == {(s.namespace, s.id, status) for s in DEFAULT_SEGMENTS for status in ("realized", "exited")}


def test_nobody_can_be_reached(hundred: ProfileData):
    """Addresses, numbers and hosts are of the ranges that are reserved for examples."""
    fragments, events = hundred.fragments, hundred.events
    addresses = pc.struct_field(fragments["personalEmail"], "address").drop_null().to_pylist()
    phones = pc.struct_field(fragments["mobilePhone"], "number").drop_null().to_pylist()
    hosts = pc.struct_field(events["environment"], "ipV4").to_pylist()

    assert all(address.endswith(("@example.com", "@example.org")) for address in addresses)
    assert all(phone[6:12] == "555-01" for phone in phones)
    assert all(host.startswith(("192.0.2.", "198.51.100.", "203.0.113.")) for host in hosts)


@pytest.mark.parametrize(("per_person", "low", "high"), [(0, 0, 0), (1, 900, 1100), (3, 2800, 3200), (2.5, 2300, 2700)])
def test_the_number_of_events_is_about_what_was_asked_for(per_person: float, low: int, high: int):
    """On average; a person may have none."""
    assert low <= generate(1000, events_per_profile=per_person).events.num_rows <= high


@pytest.mark.parametrize(
    ("average", "loyalty", "web"), [(1, 0, 0), (1.5, 0.35, 0.15), (2, 0.7, 0.3), (2.5, 0.85, 0.65), (3, 1, 1)]
)
def test_the_number_of_fragments_is_about_what_was_asked_for(average: float, loyalty: float, web: float):
    """Everybody has a CRM record; who has the others grows in proportion, to nobody at 1 and to everybody at 3."""
    datasets = generate(2000, fragments=average, events_per_profile=0).fragments["datasetId"].to_pylist()

    assert datasets.count(CRM) == 2000
    for dataset, share in ((LOYALTY, loyalty), (WEB, web)):
        assert datasets.count(dataset) == pytest.approx(2000 * share, abs=60 if 0 < share < 1 else 0)


def test_more_fragments_take_none_away():
    """A record that a person has on a lower average is there on a higher one, the same."""
    few, many = (generate(200, fragments=average).fragments for average in (1.5, 2.5))
    rows = {row["_id"]: row for row in many.to_pylist()}

    assert few.num_rows < many.num_rows
    for row in few.to_pylist():
        assert rows[row["_id"]]["datasetId"] == row["datasetId"]
        assert rows[row["_id"]]["person"] == row["person"]


def test_a_locale_changes_names_and_country():
    """German persons live in Germany; their e-mail addresses stay ASCII."""
    german = generate(50, locale="de_DE").fragments
    codes = pc.struct_field(german["homeAddress"], "countryCode").drop_null().unique().to_pylist()
    addresses = pc.struct_field(german["personalEmail"], "address").drop_null().to_pylist()

    assert codes == ["DE"]
    assert all(address.isascii() for address in addresses)


def test_names_of_other_scripts_have_addresses_too():
    """A name without a Latin letter still makes an address."""
    japanese = generate(20, locale="ja_JP").fragments
    addresses = pc.struct_field(japanese["personalEmail"], "address").drop_null().to_pylist()

    assert all(address.startswith("user.name.") for address in addresses)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"profiles": -1}, "expected two numbers from 0 on, 10,000,000,000 together at most"),
        ({"profiles": 1, "first": -1}, "expected two numbers from 0 on"),
        ({"profiles": 10**10, "first": 1}, "expected two numbers from 0 on"),
        ({"profiles": 1, "events_per_profile": -0.5}, "events_per_profile=-0.5 is not between 0 and 2500"),
        ({"profiles": 1, "events_per_profile": 2501}, "events_per_profile=2501 is not between 0 and 2500"),
        ({"profiles": 1, "fragments": 0.5}, "fragments=0.5 is not between 1 and 3"),
        ({"profiles": 1, "fragments": 3.5}, "fragments=3.5 is not between 1 and 3"),
        ({"profiles": 1, "locale": "xx_YY"}, "locale 'xx_YY' is unknown to Faker"),
    ],
)
def test_what_cannot_be_made_is_refused(arguments: dict[str, Any], sentence: str, tmp_path: Path):
    """A sentence says what is wrong, in memory and on disk, and nothing is written."""
    with pytest.raises(ConfigurationError, match=sentence):
        generate(**arguments)
    if "first" not in arguments:
        with pytest.raises(ConfigurationError, match=sentence):
            write_parquet(tmp_path / "data", **arguments)
        assert not (tmp_path / "data").exists()


def test_no_profiles_are_two_empty_tables():
    """Zero is a number like any other."""
    empty = generate(0)

    assert (empty.fragments.num_rows, empty.events.num_rows) == (0, 0)
    assert (empty.fragments.schema, empty.events.schema) == (FRAGMENTS, EVENTS)


def test_a_locale_may_lack_what_others_have():
    """Where Faker knows no states, no address has one."""
    addresses = generate(50, locale="ja_JP").fragments["homeAddress"]

    assert pc.struct_field(addresses, "city").drop_null().to_pylist()
    assert pc.struct_field(addresses, "stateProvince").null_count == len(addresses)


def test_tables_of_another_schema_are_refused(hundred: ProfileData):
    """Own tables have to be cast first, and the error says so."""
    with pytest.raises(ConfigurationError, match=r"the events table does not have the schema .* cast it"):
        ProfileData.of(hundred.fragments, hundred.fragments)
