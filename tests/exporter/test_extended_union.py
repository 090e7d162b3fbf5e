"""Exports of fields that a tenant added: random shapes of objects, arrays and maps, engine against oracle."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_aep_export.contract.union import Field, Union, load_union
from pytest_aep_export.exporter.plan import EventPlan, ExportPlan
from pytest_aep_export.exporter.reference import rows
from pytest_aep_export.exporter.running import run
from pytest_aep_export.fuzz.strategies.pools import HOSTILE
from pytest_aep_export.profiles import ProfileData, load_profiles
from pytest_aep_export.profiles.schema import schemas
from tests.exporter.plain_rows import Row, at
from tests.exporter.profile_graphs import paths

KEYS = ("s", "t", "ups", "Email")
"""Among them those that the known paths lead to."""

notations = st.recursive(
    st.sampled_from(list(HOSTILE.scalars)),
    lambda below: (
        st.lists(below, min_size=1, max_size=1)
        | st.fixed_dictionaries({"*": below})
        | st.dictionaries(st.sampled_from("abc"), below, min_size=1, max_size=2)
    ),
    max_leaves=4,
)
"""Fields in the notation of ``xdm.yaml``."""


def values(field: Field) -> st.SearchStrategy[Any]:
    """Values of a field, and null."""
    if field.kind == "object":
        found = st.fixed_dictionaries({}, optional={name: values(part) for name, part in field.members.items()})
    elif field.item is None:
        found = HOSTILE.scalars[field.kind]
    else:
        item = values(field.item)
        found = st.lists(st.tuples(st.sampled_from(KEYS), item) if field.kind == "map" else item, max_size=2)
    return st.none() | found


@st.composite
def cases(draw: st.DrawFn) -> tuple[ExportPlan, list[Row], list[Row], Union]:
    """Some fragments and events of two persons, with random fields of a tenant, and which of them are exported."""
    more = {"_acme": {"a": draw(notations), "b": draw(notations)}}
    union = load_union().extended(profile={**more, "person": {"name": {"own": draw(notations)}}}, event=more)
    acme, person = values(union.profile.members["_acme"]), values(union.profile.resolve("person.name.own"))
    origin = st.fixed_dictionaries(
        {
            "datasetId": st.just("crm"),
            "ingestTime": st.sampled_from((1, 2)).map(at),
            "identityNamespace": st.just("Email"),
            "identityId": st.sampled_from("ab"),
            "_acme": acme,
        }
    )
    known = [f"_acme.{path}" for path in paths(union.profile.members["_acme"])]
    chosen = st.lists(st.sampled_from(["_acme", "personID", *known]), max_size=3, unique=True).map(tuple)
    fragment = st.builds(lambda row, own: row | {"person": {"name": {"own": own}}}, origin, person)
    event = st.builds(lambda row, time: row | {"_id": "e", "timestamp": at(time)}, origin, st.sampled_from((1, 2)))
    plan = ExportPlan(fields=draw(chosen), events=EventPlan(fields=draw(chosen.filter(lambda p: "personID" not in p))))
    return plan, draw(st.lists(fragment, max_size=4)), draw(st.lists(event, max_size=3)), union


@given(cases())
@settings(max_examples=60)
def test_fields_of_any_shape_are_exported_as_the_oracle_says(case: tuple[ExportPlan, list[Row], list[Row], Union]):
    """Loaded row by row, merged leaf by leaf and projected by any path into them."""
    plan, fragments, events, union = case
    data = load_profiles(fragments, events, union=union)
    with tempfile.TemporaryDirectory() as folder:
        result = run(plan, data, Path(folder), name_seed="a")
        exported = [row for part in result.parts for row in pq.read_table(Path(folder, part.name)).to_pylist()]

    assert exported == rows(plan, data)
    tables = zip((fragments, events), schemas(union), strict=True)
    assert_same(data, ProfileData.of(*(pa.Table.from_pylist(some, schema) for some, schema in tables), union=union))


def assert_same(one: ProfileData, other: ProfileData) -> None:
    """What was checked is what Arrow makes of it unchecked."""
    assert one.fragments.equals(other.fragments)
    assert one.events.equals(other.events)
