"""That something was exchanged, and if not, what came nearest and where it differs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Any, Final
from urllib.parse import parse_qsl

from pytest_aep_export.contract import load
from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.exchange import Exchange, Request, redact_text

__all__ = ["Expected"]

_SHOWN: Final = 3
_NOTHING: Final = object()
"""What is found where there is nothing."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What is expected to have been exchanged.

    Attributes:
        operation: An ``operationId`` of the contract; or a method and a path, of which ``*`` stands for anything.
        times: How often; None for at least once.
        query: Parameters that the query has, perhaps among others.
        body: Members that the request's JSON or form has, perhaps among others, at any depth.

    Raises:
        ConfigurationError: There is no such operation.
    """

    operation: str
    times: int | None = None
    query: Mapping[str, Any] | None = None
    body: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        """Refuse an operation that cannot have been meant."""
        known = load().operations
        if " " not in self.operation and self.operation not in known:
            alike = get_close_matches(self.operation, known, n=3, cutoff=0.4)
            hint = f"did you mean {' or '.join(alike)}?" if alike else f"there are {', '.join(sorted(known))}"
            raise ConfigurationError(f"there is no operation {self.operation!r}: {hint}")

    def among(self, exchanges: Iterable[Exchange]) -> tuple[Exchange, ...]:
        """The exchanges that are as expected.

        Raises:
            AssertionError: There are none, or not as many; the message shows the nearest.
        """
        __tracebackhide__ = True
        every = tuple(exchanges)
        found = tuple(each for each in every if self._is_for(each) and not any(self._differences(each)))
        if len(found) == self.times or (self.times is None and found):
            return found
        raise AssertionError("\n".join([f"{self}, but it {_came(len(found))}", *self._near(every, found)]))

    def __str__(self) -> str:
        times = "at least once" if self.times is None else _times(self.times)
        wanted = [f"{'.'.join(path)} {value!r}" for path, value in self._leaves()]
        return redact_text(f"{self.operation} was expected {times}{' with ' if wanted else ''}{', '.join(wanted)}")

    def _is_for(self, exchange: Exchange) -> bool:
        line = f"{exchange.request.method} {exchange.request.path}"
        return fnmatchcase(line, self.operation) if " " in self.operation else exchange.operation == self.operation

    def _leaves(self) -> Iterator[tuple[tuple[str, ...], Any]]:
        yield from _leaves(("query",), {name: str(value) for name, value in (self.query or {}).items()})
        yield from _leaves(("body",), self.body or {})

    def _differences(self, exchange: Exchange) -> Iterator[str]:
        sent, shown = _parts(exchange.request), _parts(exchange.request.redacted())
        for path, value in self._leaves():
            if _at(sent, path) != value:
                found = _at(shown, path)
                told = "nothing" if found is _NOTHING else f"{found!r:.200}"
                yield redact_text(f"{'.'.join(path)}: expected {value!r:.200}, found {told}")

    def _near(self, every: Sequence[Exchange], found: Sequence[Exchange]) -> Iterator[str]:
        """What was exchanged instead: what there is too much of, what differs least, or an account of all."""
        near = [each for each in every if self._is_for(each)]
        if found or not near:
            yield f"this test exchanged {_account(every)}"
            return
        ranked = sorted(near, key=lambda each: sum(1 for _ in self._differences(each)))
        for each in ranked[:_SHOWN]:
            yield f"near: {each.request.redacted().method} {each.request.redacted().url}"
            yield from (f"  {difference}" for difference in self._differences(each))
        if ranked[_SHOWN:]:
            yield f"and {len(ranked) - _SHOWN} more"


def _leaves(path: tuple[str, ...], value: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Each value below a mapping that is none itself, or an empty one, with the way to it."""
    for name, each in value.items():
        if isinstance(each, Mapping) and each:
            yield from _leaves((*path, name), each)
        else:
            yield (*path, name), each


def _at(value: Any, path: Sequence[str]) -> Any:
    for name in path:
        if not (isinstance(value, Mapping) and name in value):
            return _NOTHING
        value = value[name]
    return value


def _parts(request: Request) -> dict[str, Any]:
    try:
        body = request.json()
    except ValueError:
        body = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
    return {"query": request.query, "body": body}


def _times(count: int) -> str:
    return {0: "never", 1: "once"}.get(count, f"{count} times")


def _came(count: int) -> str:
    return f"came {_times(count)}" if count else "never came"


def _account(every: Iterable[Exchange]) -> str:
    counts = Counter(each.operation or f"{each.request.method} {each.request.path}" for each in every)
    return ", ".join(f"{name} {_times(count)}" for name, count in counts.items()) or "nothing"
