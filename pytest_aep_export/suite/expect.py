"""How a conformance test says what it requires: expectations that carry the exchange which breaks them.

A plain ``assert`` can say what was found, but not which exchange shows it. `expect` keeps both together, so that a
report can print what was required, what came back, and the command that reproduces it.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, NoReturn

import pytest

from pytest_aep_export.contract import Violation
from pytest_aep_export.exchange import Exchange, redact_text
from pytest_aep_export.suite.verdicts import Result

if TYPE_CHECKING:
    from _pytest.outcomes import Skipped
else:
    Skipped = pytest.skip.Exception  # its public name, which type checkers cannot follow

__all__ = [
    "UnjudgedError",
    "UnmetError",
    "array",
    "blocked",
    "conforms",
    "describe",
    "document",
    "expect",
    "expect_direct",
    "not_applicable",
    "not_verified",
    "number",
    "pick",
    "prerequisite",
    "refused",
    "status",
]

_SHOWN: Final = 300


class UnmetError(AssertionError):
    """A requirement is not met.

    Attributes:
        required: What was looked for.
        found: What was found instead.
        exchange: The exchange that shows it, without its secrets.
    """

    def __init__(self, required: str, found: str, exchange: Exchange) -> None:
        self.required = required
        self.found = redact_text(found)
        self.exchange = exchange.redacted()
        super().__init__(
            f"required: {required}\nfound: {self.found}\nanswer: {describe(self.exchange)}\n"
            f"reproduce with: {exchange.request.curl()}"
        )


class UnjudgedError(Skipped):
    """A test ends without having judged its requirement; pytest counts it as skipped.

    Attributes:
        result: How it ends.
        reason: Why.
        cause: What has blocked it; empty where nothing has.
        exchange: The exchange that shows it, without its secrets.
    """

    def __init__(self, result: Result, reason: str, cause: str = "", exchange: Exchange | None = None) -> None:
        self.result = result
        self.reason = redact_text(reason)
        self.cause = cause
        self.exchange = exchange and exchange.redacted()
        by = f" by {cause}" if cause else ""
        super().__init__(f"{str(result).replace('-', ' ')}{by}: {self.reason}")


def not_applicable(reason: str) -> NoReturn:
    """End the test: the target lacks what the requirement speaks of."""
    raise UnjudgedError(Result.NOT_APPLICABLE, reason)


def not_verified(reason: str) -> NoReturn:
    """End the test: it was not judged, or not to the end."""
    raise UnjudgedError(Result.NOT_VERIFIED, reason)


def blocked(cause: str, reason: str, exchange: Exchange | None = None) -> NoReturn:
    """End the test: it could not be judged, because something else does not work.

    Args:
        cause: The id of the requirement that speaks of that, or a name that all share which it blocks.
        reason: What does not work, and why.
        exchange: What shows it.
    """
    raise UnjudgedError(Result.BLOCKED, reason, cause, exchange)


@contextmanager
def prerequisite(cause: str = "") -> Iterator[None]:
    """What is required here is not what the test judges: when it is not met, or cannot be judged, the test is blocked.

    Args:
        cause: The requirement that judges it; by default what is required is the cause.
    """
    try:
        yield
    except UnmetError as error:
        blocked(cause or error.required, f"required: {error.required}; found: {error.found}", error.exchange)
    except UnjudgedError as error:
        if error.result is not Result.NOT_VERIFIED:
            raise
        blocked(cause or error.reason, error.reason, error.exchange)


def describe(exchange: Exchange) -> str:
    """An answer in one line: the status, the media type, the beginning of the body."""
    response = exchange.response
    media = response.headers.get("content-type", "no content type")
    text = response.body[:_SHOWN].decode("utf-8", "replace") if response.body else "no body"
    return f"{response.status}, {media}, {text}{'…' if len(response.body) > _SHOWN else ''}"


def expect(met: object, exchange: Exchange, required: str, found: object) -> None:
    """Require that a condition is met.

    Args:
        met: The condition.
        exchange: What shows it.
        required: What is required, as a clause.
        found: What was found instead.

    Raises:
        UnmetError: The condition is not met.
    """
    __tracebackhide__ = True
    if not met:
        raise UnmetError(required, found if isinstance(found, str) else repr(found), exchange)


def status(exchange: Exchange, allowed: Container[int], required: str) -> Exchange:
    """The exchange, if its answer has one of the allowed statuses."""
    __tracebackhide__ = True
    expect(exchange.response.status in allowed, exchange, required, f"status {exchange.response.status}")
    return exchange


def expect_direct(exchange: Exchange, path: str) -> None:
    """Require that a path was answered well itself: the target follows redirects as clients do, and this shows them."""
    __tracebackhide__ = True
    status(exchange, range(200, 300), f"{path} is answered with a success")
    found = exchange.request.path
    expect(found == path, exchange, f"{path} is answered itself", f"a redirect to {found}")


def document(exchange: Exchange) -> Any:
    """The answer's body, parsed; it has to be JSON."""
    __tracebackhide__ = True
    try:
        return exchange.response.json()
    except (ValueError, RecursionError) as error:
        raise UnmetError("the body is JSON", str(error), exchange) from None


def pick(exchange: Exchange, pointer: str) -> Any:
    """The value that a JSON pointer names in the answer's body; it has to be there."""
    __tracebackhide__ = True
    value = document(exchange)
    for step in pointer.strip("/").split("/"):
        try:
            value = value[int(step)] if isinstance(value, list) else value[step]
        except (LookupError, TypeError, ValueError):
            raise UnmetError(f"the body has a value at {pointer}", f"nothing at {step!r}", exchange) from None
    return value


def number(exchange: Exchange, pointer: str) -> int | float:
    """The number that a JSON pointer names in the answer's body."""
    __tracebackhide__ = True
    value = pick(exchange, pointer)
    expect(isinstance(value, int | float) and not isinstance(value, bool), exchange, f"{pointer} is a number", value)
    return value  # type: ignore[no-any-return]


def array(exchange: Exchange, pointer: str) -> list[Any]:
    """The array that a JSON pointer names in the answer's body."""
    __tracebackhide__ = True
    value = pick(exchange, pointer)
    expect(isinstance(value, list), exchange, f"{pointer} is an array", value)
    return list(value)


def refused(exchange: Exchange, required: str) -> Mapping[str, Any]:
    """The error document of an answer that refuses the request with a status of 400 to 499."""
    __tracebackhide__ = True
    status(exchange, range(400, 500), required)
    body = document(exchange)
    expect(isinstance(body, Mapping), exchange, "the refusal's body is a JSON object", body)
    found: Mapping[str, Any] = body
    return found


def conforms(exchange: Exchange, violations: Iterable[Violation], pointer: str = "") -> None:
    """Require that the contract finds nothing wrong at or below a JSON pointer."""
    __tracebackhide__ = True
    for violation in violations:
        at = violation.pointer
        expect(
            not (at == pointer or at.startswith(f"{pointer}/")),
            exchange,
            f"{at or 'the body'}: {violation.expected} ({violation.source})",
            violation.found,
        )
