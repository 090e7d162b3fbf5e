"""Range headers, against a slow second computation that asks of every byte whether it is wanted."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pytest_aep_export.emulator.ranges import satisfy

NUMBERS = st.none() | st.integers(0, 40) | st.just(10**30)


def _wanted(first: int | None, last: int | None, length: int) -> list[int]:
    """RFC 9110 section 14.1.2, byte by byte."""
    if first is None:
        return [byte for byte in range(length) if byte >= length - (last or 0)]
    return [byte for byte in range(length) if byte >= first and (last is None or byte <= last)]


@given(NUMBERS, NUMBERS, st.integers(0, 40))
@example(0, 0, 1)
@example(None, 0, 10)
@example(10, None, 10)
@example(0, None, 0)
def test_a_single_range_gives_exactly_the_bytes_asked_for(first, last, length):
    """First, last, middle, open and suffix ranges give their bytes; empty and backward ones are refused."""
    header = f"bytes={'' if first is None else first}-{'' if last is None else last}"
    if first is None and last is None:
        assert satisfy(header, length) is None
        return
    wanted = _wanted(first, last, length)
    if wanted:
        assert list(satisfy(header, length) or ()) == wanted
    else:
        with pytest.raises(ValueError, match="found 'bytes="):
            satisfy(header, length)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=a-b",
        "bytes=0-1,3-4",
        "items=0-1",
        "0-1",
        "bytes=--1",
    ],
)
def test_what_is_no_single_range_gives_the_whole_file(header):
    """As the standard allows: no header, other units, several ranges, and what is not well-formed."""
    assert satisfy(header, 10) is None


@pytest.mark.parametrize("header", ["Bytes=0-1", " bytes=0-1 ", "bytes = 0 - 1"])
def test_case_and_blanks_do_not_matter(header):
    """A range is read with any case of its unit and blanks around its parts."""
    assert satisfy(header, 10) == range(2)


@given(st.text(max_size=20) | st.text("bytes=0123456789-, ", max_size=20), st.integers(0, 10))
def test_no_header_is_too_odd(header, length):
    """Any text gives a part of the file, the whole file or the refusal, never another error."""
    try:
        span = satisfy(header, length)
    except ValueError as error:
        refusal = str(error)
        assert f"expected a part of the file's {length} bytes" in refusal
    else:
        assert span is None or (span and 0 <= span.start < span.stop <= length)
