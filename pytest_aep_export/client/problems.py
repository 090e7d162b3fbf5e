"""From answers to values and exceptions. Pure.

Exceptions carry the exchange without its secrets, so that no traceback, log or report can show one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from pytest_aep_export.errors import (
    ApiError,
    AuthenticationError,
    BadRequestError,
    NotFoundError,
    RateLimitError,
    ServerError,
    UnexpectedAnswerError,
)
from pytest_aep_export.exchange import Exchange
from pytest_aep_export.model import Problem

__all__ = ["api_error", "document", "read", "unexpected"]

T = TypeVar("T")

_BY_STATUS: Final[Mapping[int, type[ApiError]]] = {
    400: BadRequestError,
    401: AuthenticationError,
    403: AuthenticationError,
    404: NotFoundError,
    422: BadRequestError,
    429: RateLimitError,
}


def api_error(exchange: Exchange, kind: type[ApiError] | None = None) -> ApiError:
    """The exception for an answer with a status of 400 or more; ``kind`` overrides what the status says."""
    response = exchange.response
    by_status = _BY_STATUS.get(response.status, ServerError if response.status >= 500 else ApiError)  # noqa: PLR2004 - 5xx
    try:
        body = response.json()
    except (ValueError, RecursionError):
        body = None
    error = (kind or by_status)(exchange.redacted(), Problem.from_json(body))
    if wait := response.headers.get("retry-after"):
        error.add_note(f"the server asks to come back later: Retry-After: {wait}")
    return error


def unexpected(exchange: Exchange, what: str) -> UnexpectedAnswerError:
    """The exception for an answer that the contract does not know; ``what`` is a clause saying why."""
    request = exchange.request
    return UnexpectedAnswerError(
        f"{request.method} {request.path} was answered with {exchange.response.status}, but {what}", exchange.redacted()
    )


def document(exchange: Exchange) -> Any:
    """The answer's JSON document.

    Raises:
        UnexpectedAnswerError: The body is empty or not JSON.
    """
    if not exchange.response.body:
        raise unexpected(exchange, "there is no body where a JSON document was expected")
    try:
        return exchange.response.json()
    except (ValueError, RecursionError) as error:
        raise unexpected(exchange, f"its body is not JSON ({error})") from error


def read(exchange: Exchange, noun: str, parse: Callable[[Any], T]) -> T:
    """What a parser makes of the answer's JSON document.

    Raises:
        UnexpectedAnswerError: The body is not JSON, or the parser stumbled over it.
    """
    content = document(exchange)
    try:
        return parse(content)
    except KeyError as error:
        raise unexpected(exchange, f"its body is not {noun}: it has no member {error}") from error
    except (AttributeError, IndexError, OverflowError, TypeError, ValueError) as error:
        raise unexpected(exchange, f"its body is not {noun}: {error}") from error
