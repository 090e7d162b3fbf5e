"""Why a recording has no answer: it was played to its end, or the request differs from all that were recorded."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, Final

from pytest_aep_export.cassettes.matching import Key
from pytest_aep_export.errors import AepError

__all__ = ["MismatchError", "differences", "exhausted", "unknown"]

_MOST: Final = 8
"""Differences that are told."""
_LONGEST: Final = 120
"""Characters of a value that are shown."""
_ABSENT: Final = object()


class MismatchError(AepError):
    """A recording has no answer to a request, or none any more."""


def exhausted(name: str, asked: Key, count: int, again: str) -> MismatchError:
    """All recorded answers to this request have been given.

    Args:
        name: What the cassette is called.
        asked: The request.
        count: How many answers there were.
        again: How to record the cassette again.
    """
    return MismatchError(
        f"cassette {name} has no further answer to {_line(asked)}: played {count} of {count}\n  {again}"
    )


def unknown(name: str, asked: Key, recorded: Sequence[Key], again: str) -> MismatchError:
    """The request is none of those that were recorded.

    Args:
        name: What the cassette is called.
        asked: The request.
        recorded: All requests that were recorded, in their order.
        again: How to record the cassette again.
    """
    number, nearest = min(enumerate(recorded, 1), key=lambda pair: _distance(asked, pair[1]))
    found = list(islice(differences(nearest, asked), _MOST + 1))
    lines = [
        f"cassette {name} has no answer to {_line(asked)}",
        f"nearest is interaction {number} of {len(recorded)}: {_line(nearest)}",
        *found[:_MOST],
        *(["and more"] if len(found) > _MOST else []),
        again,
    ]
    return MismatchError("\n  ".join(lines))


def _line(key: Key) -> str:
    query = "&".join(f"{name}={value}" for name, value in key.query)
    span = f" ({key.span})" if key.span else ""
    return f"{key.method} {key.path}{'?' if query else ''}{query}{span}"


def _distance(asked: Key, recorded: Key) -> tuple[int, bool, int]:
    """How far a recorded request is away: by its path, its method, then by how much else differs."""
    ours, theirs = asked.path.split("/"), recorded.path.split("/")
    apart = sum(one != other for one, other in zip(ours, theirs, strict=False)) + abs(len(ours) - len(theirs))
    return apart, asked.method != recorded.method, sum(1 for _ in differences(recorded, asked))


def differences(recorded: Key, asked: Key) -> Iterator[str]:
    """What differs between a recorded request and another, a line for each."""
    for name in ("method", "path", "span"):
        one, other = getattr(recorded, name), getattr(asked, name)
        if one != other:
            yield _difference("range" if name == "span" else name, one or _ABSENT, other or _ABSENT)
    yield from _in_query(_grouped(recorded), _grouped(asked))
    if recorded.method == asked.method and recorded.body != asked.body:
        yield from _in_body("", recorded.said() if recorded.body else _ABSENT, asked.said() if asked.body else _ABSENT)


def _grouped(key: Key) -> dict[str, str]:
    """The query, the values of a repeated name joined."""
    return {name: ", ".join(value for other, value in key.query if other == name) for name, _ in key.query}


def _in_query(recorded: dict[str, str], asked: dict[str, str]) -> Iterator[str]:
    for name in sorted(recorded.keys() | asked.keys()):
        one, other = recorded.get(name, _ABSENT), asked.get(name, _ABSENT)
        if one != other:
            yield _difference(f"query {name}", one, other)


def _in_body(pointer: str, recorded: Any, asked: Any) -> Iterator[str]:
    """Where two bodies differ, by JSON pointer (RFC 6901)."""
    if isinstance(recorded, dict) and isinstance(asked, dict):
        for name in sorted(recorded.keys() | asked.keys()):
            place = f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"
            yield from _in_body(place, recorded.get(name, _ABSENT), asked.get(name, _ABSENT))
    elif isinstance(recorded, list) and isinstance(asked, list) and len(recorded) == len(asked):
        for number, (one, other) in enumerate(zip(recorded, asked, strict=True)):
            yield from _in_body(f"{pointer}/{number}", one, other)
    elif _text(recorded) != _text(asked):
        yield _difference(f"body {pointer}".rstrip(), recorded, asked)


def _difference(where: str, recorded: Any, asked: Any) -> str:
    return f"{where}: recorded {_shown(recorded)}, sent {_shown(asked)}"


def _text(value: Any) -> str:
    return "nothing" if value is _ABSENT else json.dumps(value, ensure_ascii=False, sort_keys=True)


def _shown(value: Any) -> str:
    text = _text(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
