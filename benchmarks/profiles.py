"""How fast fake profiles are made and written to Parquet, against Faker, and against writing alone.

The first peer calls Faker once for each field of each row, as one does without us, and hands the rows to pyarrow. Both
write the same columns, snappy-compressed. Rows of the two are not equally full, so the figures are values per second:
what is not null in the files, as their metadata counts it.

The second peer makes nothing: it has the two finished tables in memory, and pyarrow writes each of them to a file, with
the same compression, encodings and size of row groups as ours. It does so on one thread, as pyarrow does; ours makes
and writes partitions on as many threads as there are processors.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from datetime import UTC
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
from faker import Faker

from benchmarks.measure import Row, Target, Tick, interleave
from pytest_aep_export.profiles import ProfileData, write_parquet
from pytest_aep_export.profiles.schema import FRAGMENTS

_ROUNDS: Final = 5
_SIZES: Final = {5: 142_000, 0: 250_000}
"""How many profiles are made in a round, by the number of events of each: in partitions that are about equally full."""
ROUNDS: Final = _ROUNDS * (1 + len(_SIZES))
_OURS: Final = 250_000
"""Profiles that ours makes in a round against Faker."""
_PEER: Final = 400
"""Rows that the peer makes in a round: enough for its rate, which does not depend on their number."""


def faked(faker: Faker) -> dict[str, Any]:
    """One row, each of its fields asked of Faker."""
    return {
        "datasetId": faker.hexify("^" * 24),
        "ingestTime": faker.date_time_this_decade(tzinfo=UTC),
        "identityNamespace": faker.random_element(["CRMID", "Email", "ECID"]),
        "identityId": faker.numerify("%#########"),
        "_id": faker.uuid4(),
        "personID": faker.uuid4(),
        "identityMap": {"Email": [_identity(faker)], "CRMID": [_identity(faker)]},
        "person": {
            "name": {
                "firstName": faker.first_name(),
                "middleName": faker.random_uppercase_letter(),
                "lastName": faker.last_name(),
                "fullName": faker.name(),
            },
            "birthDate": faker.date_of_birth(minimum_age=18, maximum_age=90),
            "gender": faker.random_element(["female", "male"]),
        },
        "personalEmail": {
            "primary": faker.boolean(),
            "address": faker.safe_email(),
            "type": faker.random_element(["personal", "work"]),
            "status": faker.random_element(["active", "incomplete"]),
        },
        "homeAddress": {
            "primary": faker.boolean(),
            "street1": faker.street_address(),
            "city": faker.city(),
            "stateProvince": faker.state_abbr(),
            "postalCode": faker.postcode(),
            "countryCode": faker.country_code(),
            "country": faker.country(),
            "_schema": {"latitude": float(faker.latitude()), "longitude": float(faker.longitude())},
            "status": faker.random_element(["active", "incomplete"]),
        },
        "mobilePhone": {"primary": faker.boolean(), "number": faker.phone_number(), "status": "active"},
        "organizations": [faker.company()],
        "segmentMembership": {"ups": [(faker.uuid4(), _membership(faker))]},
    }


def _identity(faker: Faker) -> dict[str, Any]:
    return {"id": faker.safe_email(), "authenticatedState": "ambiguous", "primary": faker.boolean()}


def _membership(faker: Faker) -> dict[str, Any]:
    status = faker.random_element(["realized", "exited"])
    return {"lastQualificationTime": faker.date_time_this_decade(tzinfo=UTC), "status": status}


def values(*paths: Path) -> int:
    """How many values Parquet files hold that are not null."""
    files = [pq.read_metadata(path) for path in paths]
    groups = [file.row_group(number) for file in files for number in range(file.num_row_groups)]
    chunks = [group.column(number) for group in groups for number in range(group.num_columns)]
    return sum(chunk.num_values - chunk.statistics.null_count for chunk in chunks)


def made(folder: Path, profiles: int, events: float) -> float:
    """The seconds that `write_parquet` takes."""
    shutil.rmtree(folder, ignore_errors=True)
    begin = time.perf_counter()
    write_parquet(folder, profiles, seed=7, events_per_profile=events)
    return time.perf_counter() - begin


def written(tables: dict[Path, pa.Table], rows: int) -> float:
    """The seconds that pyarrow takes to write finished tables, in row groups of so many rows."""
    begin = time.perf_counter()
    for path, table in tables.items():
        pq.write_table(table, path, compression="snappy", row_group_size=rows)
    return time.perf_counter() - begin


def ours(folder: Path) -> float:
    """Values per second of `write_parquet`."""
    elapsed = made(folder, _OURS, 0)
    return values(*folder.glob("fragments-*.parquet")) / elapsed


def peer(path: Path) -> float:
    """Values per second of Faker, field by field."""
    faker = Faker("en_US")
    faker.seed_instance(7)
    begin = time.perf_counter()
    rows = [faked(faker) for _ in range(_PEER)]
    pq.write_table(pa.Table.from_pylist(rows, schema=FRAGMENTS), path, compression="snappy")
    elapsed = time.perf_counter() - begin
    return values(path) / elapsed


def measure(tick: Tick) -> list[Row]:
    """Values per second against Faker, and rows per second against writing, with and without events.

    Raises:
        ValueError: The two wrote different columns, so that the comparison would not be fair.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        return [_against_faker(folder, tick), *(_against_writing(folder, events, tick) for events in _SIZES)]


def _against_faker(folder: Path, tick: Tick) -> Row:
    path, data = folder / "faked.parquet", folder / "data"
    our_rate, peer_rate = interleave(lambda: ours(data), lambda: peer(path), rounds=_ROUNDS, tick=tick)
    if pq.read_schema(data / "fragments-00000.parquet") != pq.read_schema(path):
        raise ValueError("ours and the peer do not write the same columns: give both the same ones")
    return Row("profiles to Parquet, against Faker", our_rate, peer_rate, "values/s", Target(">=", 200))


def _against_writing(folder: Path, events: int, tick: Tick) -> Row:
    profiles, data = _SIZES[events], folder / "data"
    made(data, profiles, events)
    finished = ProfileData.read(data)
    tables = {folder / "fragments.parquet": finished.fragments, folder / "events.parquet": finished.events}
    rows = sum(table.num_rows for table in tables.values())
    files = [pq.read_metadata(path) for path in data.glob("*.parquet")]
    most = max(file.row_group(number).num_rows for file in files for number in range(file.num_row_groups))
    our_rate, peer_rate = interleave(
        lambda: rows / made(data, profiles, events), lambda: rows / written(tables, most), rounds=_ROUNDS, tick=tick
    )
    name = f"making profiles with {events or 'no'} events in Parquet, against writing them"
    return Row(name, our_rate, peer_rate, "rows/s", Target(">=", 0.8))
