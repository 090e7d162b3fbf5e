"""How fast fake profiles are made and written to Parquet, against Faker called field by field.

Both write the same columns, snappy-compressed, through pyarrow. Ours samples pools column by column; the peer calls
Faker once for each field of each row, as one does without us, and hands the rows to pyarrow. Figures are rows a second.
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
_OURS: Final = 50_000
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


def ours(path: Path) -> float:
    """Rows per second of `write_parquet`."""
    begin = time.perf_counter()
    write_parquet(path, _OURS, seed=7)
    elapsed = time.perf_counter() - begin
    return pq.read_metadata(path).num_rows / elapsed


def peer(path: Path) -> float:
    """Rows per second of Faker, field by field."""
    faker = Faker("en_US")
    faker.seed_instance(7)
    begin = time.perf_counter()
    rows = [faked(faker) for _ in range(_PEER)]
    pq.write_table(pa.Table.from_pylist(rows, schema=FRAGMENTS), path, compression="snappy")
    return _PEER / (time.perf_counter() - begin)


def measure(tick: Tick) -> list[Row]:
    """One row: rows of profile data per second.

    Raises:
        ValueError: The two wrote different columns, so that the comparison would not be fair.
    """
    with tempfile.TemporaryDirectory() as folder:
        mine, theirs = Path(folder, "ours.parquet"), Path(folder, "peer.parquet")
        our_rate, peer_rate = interleave(lambda: ours(mine), lambda: peer(theirs), rounds=ROUNDS, tick=tick)
        if pq.read_schema(mine).remove_metadata() != pq.read_schema(theirs).remove_metadata():
            raise ValueError("ours and the peer do not write the same columns: give both the same ones")
    return [Row("profiles to Parquet, against Faker", our_rate, peer_rate, "rows/s", Target(">=", 200))]
