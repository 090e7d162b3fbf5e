"""What may stand at a place in the JSON of an answer instead of what stands there: by the contract, or as damage.

A change gets the value at the place, and the address of the service that answers, and returns what is there instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, TypeAlias

from pytest_aep_export.contract.variants import Place

__all__ = ["ABSENT", "Change", "altered", "damages", "variants"]


class _Absent:
    """What stands where nothing stands."""


ABSENT: Final = _Absent()
Change: TypeAlias = Callable[[Any, str], Any]
"""What is there instead of a value; the second argument is the address that relative links are meant from."""

_NEW: Final = "addedLater"
_DAY: Final = 86_400_000
_WRONG: Final[dict[type, Any]] = {
    bool: "perhaps", int: "many", float: "many", str: 17, list: {"of": "them"}, dict: ["of", "them"],
}  # fmt: skip


def variants(place: Place) -> Iterator[tuple[str, Change]]:
    """What a documented answer may have there, by the names of these choices."""
    if place.optional:
        yield "absent", _put(ABSENT)
    if place.extensible:
        yield "more members", _more
    yield from _other_types(frozenset(place.types), next(iter(place.types), ""))
    if "https?://" in place.pattern:
        yield from (("absolute", _absolute), ("without slash", _unslashed))
    for text in place.variants:
        name = text if text.isascii() else "many scripts"
        yield name or "empty", _put_text(text)


def _other_types(kinds: frozenset[str], usual: str) -> Iterator[tuple[str, Change]]:
    """What a value of another type says just as well."""
    if "number" in kinds or kinds >= {"integer", "string"}:
        yield "fraction", _fraction
    if "string" in kinds and usual in {"integer", "boolean"}:
        yield "text", _text
    if "integer" in kinds and usual == "string":
        yield "number", _number
    if usual == "array" and kinds & {"string", "object"}:
        yield "alone", _alone
    if "null" in kinds:
        yield "null", _instead_of_nothing(None)
    if usual == "string" and "object" in kinds:
        yield "empty object", _instead_of_nothing({})


def damages(place: Place) -> Iterator[tuple[str, Change]]:
    """What may be wrong there, by the names of these choices."""
    if place.pointer and not place.pointer.endswith("/*"):
        if not place.optional:
            yield "missing", _put(ABSENT)
        if "null" not in place.types:
            yield "null", _put(None)
    if place.pointer:
        yield "wrong type", _wrong
    if {"integer", "number"} & set(place.types):
        yield from (("huge", _huge), ("negative", _negative), ("a day before", _earlier))
    if place.words and "string" in place.types:
        yield "unknown word", _put_text("SOMETHING_NEW")


def altered(value: Any, pointer: str, change: Change, base: str) -> Any:
    """The value, changed wherever the pointer leads; it is changed in place, but for its root."""
    if not pointer:
        return change(value, base)
    step, _, rest = pointer[1:].partition("/")
    rest = f"/{rest}" if rest else ""
    for key in _keys(value, step.replace("~1", "/").replace("~0", "~")):
        found = altered(value[key], rest, change, base)
        if found is not ABSENT:
            value[key] = found
        elif isinstance(value, dict):
            del value[key]
    return value


def _keys(value: Any, step: str) -> list[Any]:
    if isinstance(value, list):
        return list(range(len(value))) if step == "*" else []
    if isinstance(value, dict):
        return list(value) if step == "*" else [step] if step in value else []
    return []


def _put(found: Any) -> Change:
    return lambda _value, _base: found


def _put_text(text: str) -> Change:
    return lambda value, _: text if isinstance(value, str) else value


def _instead_of_nothing(found: Any) -> Change:
    return lambda value, _: found if value == "" else value


def _more(value: Any, _: str) -> Any:
    return {**value, _NEW: {"of": ["a", "later", "version"], "count": 1}} if isinstance(value, dict) else value


def _fraction(value: Any, _: str) -> Any:
    return float(value) if _is_number(value) else value


def _text(value: Any, _: str) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else value


def _number(value: Any, _: str) -> Any:
    return int(value) if isinstance(value, str) and value.isdecimal() and str(int(value)) == value else value


def _alone(value: Any, _: str) -> Any:
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _absolute(value: Any, base: str) -> Any:
    return f"{base}{value}" if isinstance(value, str) and value.startswith("/") else value


def _unslashed(value: Any, _: str) -> Any:
    return value.replace("/?", "?") if isinstance(value, str) else value


def _wrong(value: Any, _: str) -> Any:
    return _WRONG.get(type(value), value)


def _huge(value: Any, _: str) -> Any:
    return 10**30 if _is_number(value) else value


def _negative(value: Any, _: str) -> Any:
    return -1 if _is_number(value) else value


def _earlier(value: Any, _: str) -> Any:
    return value - _DAY if _is_number(value) else value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
