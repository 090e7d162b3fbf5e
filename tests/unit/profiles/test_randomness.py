"""Random numbers by position."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_aep_export.profiles.randomness import Stream


def stream(*index: int, seed: int = 0, kind: str = "person") -> Stream:
    """A stream at these indices."""
    return Stream(seed, kind, np.array(index, dtype=np.uint64))


def test_a_number_depends_on_its_own_index_only():
    """Asking for one index gives what asking for many gives there."""
    many = stream(*range(100)).bits("a")

    assert [int(stream(place).bits("a")[0]) for place in range(100)] == many.tolist()


def test_the_numbers_are_the_published_ones_on_every_machine():
    """SplitMix64's finaliser, computed here with Python's own integers, gives the same bits."""
    mask = (1 << 64) - 1

    def mixed(value: int) -> int:
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9 & mask
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB & mask
        return value ^ (value >> 31)

    first, second = (int(bits) for bits in stream(0, 1).bits("a"))
    key = next(key for key in [_inverse(first)] if mixed(key) == first)
    assert second == mixed((key + 0x9E3779B97F4A7C15) & mask)


def _inverse(value: int) -> int:
    """The value whose mixture this is."""
    mask = (1 << 64) - 1

    def unshift(value: int, shift: int) -> int:
        result = value
        for _ in range(64 // shift + 1):
            result = value ^ (result >> shift)
        return result

    value = unshift(value, 31) * pow(0x94D049BB133111EB, -1, 1 << 64) & mask
    value = unshift(value, 27) * pow(0xBF58476D1CE4E5B9, -1, 1 << 64) & mask
    return unshift(value, 30)


@given(index=st.integers(0, 2**64 - 1), count=st.integers(1, 2**62), share=st.floats(0, 1))
def test_draws_are_arithmetic_on_the_bits(index: int, count: int, share: float):
    """A whole number is a remainder, a unit the upper 53 bits, and a chance a unit that is small enough."""
    draw = stream(index)
    bits = int(draw.bits("a")[0])

    assert draw.below("a", count).tolist() == [bits % count]
    assert draw.unit("a").tolist() == [(bits >> 11) / 2**53]
    assert draw.chance("a", share).tolist() == [(bits >> 11) / 2**53 < share]
    assert draw.chances("a", [1, share], np.array([1])).tolist() == draw.chance("a", share).tolist()


@pytest.mark.parametrize("other", [stream(7, seed=1), stream(7, kind="event")])
def test_seed_and_kind_make_other_numbers(other: Stream):
    """The same index of another seed or another kind has nothing in common."""
    assert stream(7).bits("a")[0] != other.bits("a")[0]
    assert stream(7).bits("a")[0] != stream(7).bits("b")[0]


def test_no_number_of_a_column_comes_twice():
    """A column's bits can serve as ids."""
    assert len(np.unique(stream(*range(20_000)).bits("id"))) == 20_000


def test_draws_stay_in_their_range_and_fill_it():
    """Whole numbers, units and chances are where they are said to be, about evenly."""
    draw = stream(*range(10_000))

    assert np.bincount(draw.below("a", 4)).min() > 2_300
    assert (draw.between("b", -3, 3).min(), draw.between("b", -3, 3).max()) == (-3, 2)
    assert 0 <= draw.unit("c").min() < draw.unit("c").max() < 1
    assert 0.28 < draw.chance("d", 0.3).mean() < 0.32
