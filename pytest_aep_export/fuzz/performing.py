"""Trying a case: its steps sent one after the other, and what came back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import orjson

from pytest_aep_export.errors import TransportError
from pytest_aep_export.exchange import Exchange, Request, Response
from pytest_aep_export.fuzz.cases import Case, Form, Step
from pytest_aep_export.fuzz.composing import Composer, UnknownNameError
from pytest_aep_export.fuzz.parties import HeldBackError

if TYPE_CHECKING:
    from pytest_aep_export.fuzz.parties import Send

__all__ = ["NO_ANSWER", "Attempt", "Performance", "found_at", "perform"]

NO_ANSWER: Final = Response(0)
_UPS: Final = "/data/core/ups"
_LOOKS: Final = 60
"""How often a step is repeated, at most, until a job shows the status that it waits for."""


@dataclass(slots=True)
class Attempt:
    """One request that was sent, and its answer.

    Attributes:
        place: Which step of the case it belongs to.
        step: The step.
        request: What was sent.
        response: What came back; its status is 0 where nothing did.
    """

    place: int
    step: Step
    request: Request
    response: Response
    _document: Any = field(default=None, repr=False)
    _read: bool = field(default=False, repr=False)

    @property
    def document(self) -> Any:
        """The answer's body, parsed; None where it is no JSON."""
        if not self._read:
            self._read = True
            try:
                self._document = orjson.loads(self.response.body)
            except orjson.JSONDecodeError:
                self._document = None
        return self._document

    @property
    def accepted(self) -> bool:
        """Whether the answer is a success."""
        return 200 <= self.response.status < 300  # noqa: PLR2004 - HTTP's own border

    @property
    def exchange(self) -> Exchange:
        """What crossed the wire."""
        return Exchange(self.request, self.response, self.step.operation)

    def at(self, pointer: str) -> Any:
        """What a JSON pointer leads to in the answer's body; None where it leads nowhere."""
        return found_at(self.document, pointer)


@dataclass(slots=True)
class Performance:
    """A case as it was tried.

    Attributes:
        case: The case.
        attempts: What was sent and came back, in that order.
        names: What names stand for at its end.
        stopped: What stopped it before its end: a name that nothing gave, or no answer.
        known: What names stood for at its beginning.
        worked_out: What checks have made of it that others need too.
    """

    case: Case
    names: dict[str, str]
    attempts: list[Attempt] = field(default_factory=list)
    stopped: str = ""
    known: Mapping[str, str] = field(default_factory=dict)
    worked_out: dict[str, Any] = field(default_factory=dict, repr=False)

    def of(self, *operations: str) -> Iterator[Attempt]:
        """The attempts of some operations without a mistake."""
        return (each for each in self.attempts if each.step.operation in operations and not each.step.mistakes)


async def perform(
    case: Case, composer: Composer, names: Mapping[str, str], send: Send, done: Sequence[Attempt] = ()
) -> Performance:
    """Try a case; it ends early where a step cannot be sent or gets no answer.

    Args:
        case: What to try.
        composer: Makes requests of its steps.
        names: What names stand for at its beginning.
        send: Sends a request.
        done: What was tried of its first steps already, which are not sent again.
    """
    performance = Performance(case, dict(names), [*done], known=names)
    for attempt in done:
        _take(performance.names, attempt)
    begun = done[-1].place + 1 if done else 0
    for place, step in enumerate(case.steps[begun:], begun):
        try:
            last = await _attempt(performance, place, step, composer, send)
        except UnknownNameError as error:
            if step.optional:
                continue
            performance.stopped = f"nothing gave {error}"
            break
        except HeldBackError as error:
            performance.attempts.pop()
            performance.stopped = str(error)
            break
        except TransportError as error:
            performance.stopped = str(error)
            break
        _take(performance.names, last)
    return performance


async def _attempt(performance: Performance, place: int, step: Step, composer: Composer, send: Send) -> Attempt:
    """Send a step, as often as it takes."""
    attempt = await _once(performance, place, step, composer, send)
    for _ in range(_LOOKS if step.until else 0):
        if not attempt.accepted or attempt.at("/status") in step.until:
            break
        attempt = await _once(performance, place, step, composer, send)
    return attempt


async def _once(performance: Performance, place: int, step: Step, composer: Composer, send: Send) -> Attempt:
    attempt = Attempt(place, step, composer.compose(step, performance.names), NO_ANSWER)
    performance.attempts.append(attempt)
    attempt.response = await send(attempt.request)
    return attempt


def _take(names: dict[str, str], attempt: Attempt) -> None:
    """What an answer gives; what it does not is not known any more."""
    for gift in attempt.step.gives:
        value = _given(attempt.at(gift.at), gift.form) if attempt.accepted else ""
        if value:
            names[gift.name] = value
        else:
            names.pop(gift.name, None)


def found_at(value: Any, pointer: str) -> Any:
    """What a JSON pointer leads to; None where it leads nowhere."""
    for key in pointer.split("/")[1:]:
        if isinstance(value, dict):
            value = value.get(key)
        elif isinstance(value, list) and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        else:
            return None
    return value


def _given(value: Any, form: Form) -> str:
    """A gift as a text; empty where there is none."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, str | int) or isinstance(value, bool):
        return ""
    text = str(value)
    if form == "tail":
        return text.rpartition("/")[2]
    if form == "link" and text:
        _, scheme, rest = text.partition("://")
        path = f"/{rest.partition('/')[2]}" if scheme else text
        return path if path.startswith("/data/") else _UPS + path
    return text
