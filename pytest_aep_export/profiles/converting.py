"""Plain values checked against a field of a union schema, and made into what Arrow takes, in one pass.

A converter is made once for a field and then called for each value. Null is the same as left out, but for what is in a
list, or in a map that is a list of pairs, as Arrow gives it: there it stays.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, Final, TypeAlias

from pytest_aep_export.contract.formats import is_date_time
from pytest_aep_export.contract.union import Field

__all__ = ["SPAN", "Convert", "Problems", "converter", "object_of", "pointer", "refusing"]

Problems: TypeAlias = list[tuple[str, str, object]]
"""What is wrong: a JSON pointer, what was expected there, and the value that was found."""

Convert: TypeAlias = Callable[[Any, str, Problems], Any]
"""Takes a value and its JSON pointer, and returns what Arrow takes for it; adds to the problems what is wrong."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_INTEGERS: Final = range(-(2**63), 2**63)
_PAIR: Final = 2
_FEW: Final = 8

SPAN: Final = range(-62_135_596_800_000, 253_402_300_800_000)
"""The times that there are, in ms since the epoch: the years 1 to 9999, as Python has them."""


def converter(field: Field) -> Convert:
    """The converter of a field and all that is below it."""
    if field.kind == "object":
        return object_of({name: converter(member) for name, member in field.members.items()})
    if field.item is None:
        return _scalar(*_SCALARS[field.kind])
    return _map(converter(field.item)) if field.kind == "map" else _array(converter(field.item))


def refusing(expected: str) -> Convert:
    """The converter of a field that no value is right for."""

    def convert(value: Any, at: str, problems: Problems) -> None:
        problems.append((at, expected, value))

    return convert


def pointer(at: str, name: object) -> str:
    """The JSON pointer to a member (RFC 6901)."""
    return f"{at}/{str(name).replace('~', '~0').replace('/', '~1')}"


def object_of(members: Mapping[str, Convert], owner: str = "the union schema") -> Convert:
    """The converter of an object: a mapping that has only these members, which are called fields of ``owner``."""

    def convert(value: Any, at: str, problems: Problems) -> dict[str, Any] | None:
        if not isinstance(value, (dict, Mapping)):  # the first is a short cut
            problems.append((at, "an object", value))
            return None
        made = {}
        for name, part in value.items():
            member = members.get(name)
            if member is None:
                problems.append((pointer(at, name), _known(str(name), tuple(members), owner), name))
            elif part is not None:
                made[name] = member(part, f"{at}/{name}", problems)
        return made

    return convert


@lru_cache(maxsize=256)
def _known(name: str, names: tuple[str, ...], owner: str) -> str:
    near = difflib.get_close_matches(name, names)
    if near:
        return f"{' or '.join(near)}, or another field of {owner}"
    if len(names) <= _FEW:
        return f"one of {', '.join(names)}, to which Union.extended can add your own"
    return f"a field of {owner}, to which Union.extended can add your own"


def _array(item: Convert) -> Convert:
    def convert(value: Any, at: str, problems: Problems) -> list[Any] | None:
        if not isinstance(value, (list, tuple)):
            problems.append((at, "an array", value))
            return None
        return [None if part is None else item(part, f"{at}/{n}", problems) for n, part in enumerate(value)]

    return convert


def _map(item: Convert) -> Convert:
    def convert(value: Any, at: str, problems: Problems) -> list[tuple[str, Any]] | None:
        entries = _entries(value)
        if entries is None:
            problems.append((at, "an object whose names are keys", value))
            return None
        made = []
        for key, part in entries:
            place = pointer(at, key)
            made.append((text(key, place, problems), None if part is None else item(part, place, problems)))
        return made

    text = _scalar(*_SCALARS["string"])
    return convert


def _entries(value: Any) -> list[tuple[Any, Any]] | None:
    """The entries of a map in either form; None for what is no map."""
    if isinstance(value, (dict, Mapping)):
        return [(key, part) for key, part in value.items() if part is not None]
    if isinstance(value, (list, tuple)) and all(isinstance(p, (list, tuple)) and len(p) == _PAIR for p in value):
        return [(key, part) for key, part in value]
    return None


def _scalar(accept: Callable[[Any], Any], expected: str) -> Convert:
    def convert(value: Any, at: str, problems: Problems) -> Any:
        try:
            return accept(value)
        except (TypeError, ValueError, OverflowError):
            problems.append((at, expected, value))
            return None

    return convert


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    if not value.isascii():
        value.encode()  # half of a surrogate pair is no text
    return value


def _boolean(value: Any) -> bool:
    if value is True or value is False:
        return bool(value)
    raise TypeError


def _integer(value: Any) -> int:
    whole = int(value)
    if isinstance(value, bool) or whole != value or whole not in _INTEGERS:
        raise TypeError
    return whole


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise TypeError
    return float(value)


def _date(value: Any) -> date:
    if isinstance(value, str) and _DATE.fullmatch(value):
        return date.fromisoformat(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    raise TypeError


def _moment(value: Any) -> int:
    """The time in ms since the epoch; what is finer is dropped."""
    if isinstance(value, str) and is_date_time(value):
        value = datetime.fromisoformat(value.upper())
    if not isinstance(value, datetime):
        raise TypeError
    elapsed = (value - _EPOCH) // _MILLISECOND  # without a zone this is a TypeError
    if elapsed not in SPAN:
        raise OverflowError
    return elapsed


_SCALARS: Final[Mapping[str, tuple[Callable[[Any], Any], str]]] = {
    "string": (_text, "a text"),
    "boolean": (_boolean, "true or false"),
    "integer": (_integer, "a whole number of 64 bits"),
    "number": (_number, "a finite number"),
    "date": (_date, "a date such as 1990-01-31"),
    "date-time": (_moment, "a time with its zone, such as 2024-02-06T21:00:00Z"),
}
"""For each scalar, what makes it and what it is called; what is wrong raises TypeError, ValueError or OverflowError."""
