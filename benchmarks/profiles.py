"""How fast fake profiles are made and written to Parquet, against Faker called field by field.

Both write the same columns, snappy-compressed, through pyarrow. Ours samples pools column by column; the peer calls
Faker once for each field of each row, as one does without us, and hands the rows to pyarrow. Rows of the two are not
equally full, so the figures are values per second: what is not null in the files, as their metadata counts it.
"""

from __future__ import annotations

import tempfile
import time
from datetime import UTC
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
from faker import Faker

from benchmarks.measure import Row, Target, Tick, interleave
from pytest_aep_export.profiles import write_parquet
from pytest_aep_export.profiles.schema import FRAGMENTS

ROUNDS: Final = 3
_OURS: Final = 200_000
"""Profiles that ours makes in a round."""
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


def values(path: Path) -> int:
    """How many values a Parquet file holds that are not null."""
    metadata = pq.read_metadata(path)
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    chunks = [group.column(number) for group in groups for number in range(group.num_columns)]
    return sum(chunk.num_values - chunk.statistics.null_count for chunk in chunks)


def ours(folder: Path) -> float:
    """Values per second of `write_parquet`."""
    begin = time.perf_counter()
    write_parquet(folder, _OURS, seed=7, events_per_profile=0)
    elapsed = time.perf_counter() - begin
    return values(folder / "fragments.parquet") / elapsed


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
    """One row: values of profile data per second.

    Raises:
        ValueError: The two wrote different columns, so that the comparison would not be fair.
    """
    with tempfile.TemporaryDirectory() as name:
        folder, path = Path(name, "ours"), Path(name, "peer.parquet")
        our_rate, peer_rate = interleave(lambda: ours(folder), lambda: peer(path), rounds=ROUNDS, tick=tick)
        if pq.read_schema(folder / "fragments.parquet") != pq.read_schema(path):
            raise ValueError("ours and the peer do not write the same columns: give both the same ones")
    return [Row("profiles to Parquet, against Faker", our_rate, peer_rate, "values/s", Target(">=", 200))]
