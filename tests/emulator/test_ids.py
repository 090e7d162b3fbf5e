"""Identifiers: each in its documented form, each a pure function of what it was made from."""

from __future__ import annotations

import re
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_aep_export.emulator import ids

PARTS = st.lists(st.integers(0, 99) | st.text("ab", max_size=2), max_size=3)
TIMES = st.integers(0, (1 << 48) - 1)
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@pytest.mark.parametrize(
    ("make", "form"),
    [
        (ids.org_id, r"[0-9A-F]{24}@AdobeOrg"),
        (ids.dataset_id, r"[0-9a-f]{24}"),
        (ids.alphanumeric, r"[A-Za-z0-9]{32}"),
        (ids.uuid4, r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"),
    ],
)
@given(parts=PARTS)
def test_an_id_has_its_form_and_repeats(make, form, parts):
    """The same parts give the same id, in the form that the sources show."""
    assert re.fullmatch(form, make(*parts))
    assert make(*parts) == make(*parts)


@given(st.sets(st.tuples(st.integers(0, 9), st.integers(0, 99)), min_size=2, max_size=30))
def test_different_parts_give_different_ids(keys):
    """No two resources of a run share an id."""
    for make in (ids.org_id, ids.dataset_id, ids.alphanumeric, ids.uuid4):
        assert len({make(*key) for key in keys}) == len(keys)


def test_a_uuid_is_a_version_4_uuid():
    """The standard library reads it as one."""
    assert uuid.UUID(ids.uuid4("x")).version == 4


@given(TIMES, PARTS)
def test_a_ulid_holds_its_time(at, parts):
    """The first ten characters, read as base 32, are the time in ms (a second computation)."""
    ulid = ids.batch_id("ulid", at, *parts)
    assert len(ulid) == 26
    assert set(ulid) <= set(CROCKFORD)
    number = 0
    for character in ulid[:10]:
        number = number * 32 + CROCKFORD.index(character)
    assert number == at


@given(TIMES, TIMES, PARTS, PARTS)
def test_ulids_sort_as_their_times(first, second, one, other):
    """A later batch's id is greater as text."""
    if first < second:
        assert ids.batch_id("ulid", first, *one) < ids.batch_id("ulid", second, *other)


@given(TIMES, PARTS)
def test_a_batch_id_can_be_32_hexadecimal_digits(at, parts):
    """The older form of D-25 depends on the parts only."""
    made = ids.batch_id("hex", at, *parts)
    assert len(made) == 32
    assert set(made) <= set("0123456789abcdef")
    assert made == ids.batch_id("hex", 0, *parts)


@given(PARTS)
def test_job_numbers_start_at_a_small_positive_number(parts):
    """Small enough for any client's integers, with room for 100 jobs before the next tenant's range begins."""
    first = ids.first_job_id(*parts)
    assert 1_000 <= first < 10_000_000
    assert (first - 1_000) % 100 == 0
