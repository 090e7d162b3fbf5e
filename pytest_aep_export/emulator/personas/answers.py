"""Wrong answers, put together from small pieces: which answers, and what is changed in them.

`body`, `job` and their like make what a persona does to answers of an `Edit`; `on` says to which.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import orjson

from pytest_aep_export.contract.media import is_json, media_type
from pytest_aep_export.emulator.personas.edits import Edit, at, put
from pytest_aep_export.emulator.problems import profile
from pytest_aep_export.exchange import Exchange, Headers, Response

if TYPE_CHECKING:
    from pytest_aep_export.emulator.journal import Journal
    from pytest_aep_export.emulator.personas.persona import Answering

__all__ = [
    "CREATED",
    "JOBS",
    "LISTED",
    "LOOKED_UP",
    "NO_ENTITY",
    "Like",
    "When",
    "answered",
    "any_like",
    "as_first",
    "body",
    "both",
    "content",
    "header",
    "job",
    "late",
    "on",
    "redirected",
    "refusal",
    "repeated",
    "status",
    "told",
    "where",
    "with_content",
]

When: TypeAlias = Callable[[Exchange], object]
"""Whether an exchange is one of those that a persona answers wrongly."""

CREATED: Final = "createExportJob"
LOOKED_UP: Final = "getExportJob"
NO_ENTITY: Final = profile(HTTPStatus.NOT_FOUND, "UPAPI-113000-404", "The entity is not found.").body
"""The body of an answer that nothing was found."""
LISTED: Final = "listExportJobs"
JOBS: Final = f"{CREATED} {LOOKED_UP} {LISTED}"
"""The operations that show jobs."""

Like: TypeAlias = Callable[[Exchange, Exchange], object]
"""Whether an earlier exchange is like this one."""

_SUCCESS: Final = range(200, 300)
_REFUSAL: Final = range(400, 500)


def _always(_: Exchange) -> bool:
    return True


def _alike(now: Exchange, before: Exchange) -> bool:
    return now.request.url == before.request.url


def any_like(now: Exchange, before: Exchange) -> bool:  # noqa: ARG001 - it does not matter which
    """Every exchange is like every other."""
    return True


def on(operations: str, answer: Answering, when: When = _always) -> Answering:
    """Answers operations wrongly, by their ids with blanks between; others, and what ``when`` is not about, rightly."""
    names = operations.split()
    return where(lambda exchange: exchange.operation in names and when(exchange), answer)


def where(meant: When, answer: Answering) -> Answering:
    """Answers the exchanges wrongly that are meant, whatever the operation."""

    def apply(exchange: Exchange, earlier: Journal) -> Response:
        return answer(exchange, earlier) if meant(exchange) else exchange.response

    return apply


def both(*answers: Answering) -> Answering:
    """Does one thing to an answer after the other."""

    def apply(exchange: Exchange, earlier: Journal) -> Response:
        for answer in answers:
            exchange = replace(exchange, response=answer(exchange, earlier))
        return exchange.response

    return apply


def body(edit: Edit, statuses: Collection[int] = _SUCCESS) -> Answering:
    """Edits the JSON of successes."""

    def apply(exchange: Exchange, _: Journal) -> Response:
        response = exchange.response
        if response.status not in statuses or not response.body or not is_json(media_type(response.headers)):
            return response
        return with_content(response, orjson.dumps(edit(orjson.loads(response.body))))

    return apply


def refusal(edit: Edit) -> Answering:
    """Edits the JSON of refusals."""
    return body(edit, _REFUSAL)


def content(change: Callable[[bytes], bytes]) -> Answering:
    """Changes the bytes of answers that have any."""

    def apply(exchange: Exchange, _: Journal) -> Response:
        response = exchange.response
        return with_content(response, change(response.body)) if response.body else response

    return apply


def status(changed: int, *, of: Collection[int] = _SUCCESS) -> Answering:
    """Gives an answer with one of some statuses another one."""

    def apply(exchange: Exchange, _: Journal) -> Response:
        response = exchange.response
        return replace(response, status=changed) if response.status in of else response

    return apply


def header(name: str, change: Callable[[str], str | None]) -> Answering:
    """Changes a header where it is sent, or takes it away."""

    def apply(exchange: Exchange, _: Journal) -> Response:
        response = exchange.response
        if name not in response.headers:
            return response
        others = [pair for pair in response.headers.raw if pair[0].lower() != name]
        value = change(response.headers[name])
        return replace(response, headers=Headers([*others, *([] if value is None else [(name, value)])]))

    return apply


def answered(code: int, document: Any) -> Answering:
    """Answers with this status and document, whatever was right; None for no body."""

    def apply(exchange: Exchange, _: Journal) -> Response:
        response = replace(exchange.response, status=code)
        if document is None:
            return with_content(response, b"")
        media = Headers([("content-type", "application/json"), *_without(response.headers, "content-type")])
        return with_content(replace(response, headers=media), orjson.dumps(document))

    return apply


def repeated(like: Like = _alike) -> Answering:
    """Answers as the first request of the same operation that is like this one was answered, if it was a success."""

    def apply(exchange: Exchange, earlier: Journal) -> Response:
        before = (e for e in earlier.of(exchange.operation) if e.response.status in _SUCCESS and like(exchange, e))
        first = next(before, exchange)
        return first.response

    return apply


def as_first(name: str, operations: str, like: Like = _alike) -> Answering:
    """Shows a member of a document as the first answer that is like this one has shown it."""

    def apply(exchange: Exchange, earlier: Journal) -> Response:
        first = repeated(like)(exchange, earlier)
        return body(put(name, orjson.loads(first.body)[name]))(exchange, earlier)

    return on(operations, apply, lambda exchange: exchange.response.status in _SUCCESS)


def late(answer: Answering, looks: int = 1) -> Answering:
    """Answers the first requests for the same thing wrongly, and all later ones rightly."""

    def apply(exchange: Exchange, earlier: Journal) -> Response:
        before = [e for e in earlier.of(exchange.operation) if e.request.url == exchange.request.url]
        return answer(exchange, earlier) if len(before) < looks else exchange.response

    return apply


def told(*statuses: int) -> When:
    """Exchanges whose right answer has one of these statuses."""
    return lambda exchange: exchange.response.status in statuses


def redirected(exchange: Exchange, _: Journal) -> Response:
    """Redirects from a path with a trailing slash to the one without."""
    path, mark, query = exchange.request.url.partition("?")
    location = f"{path.rstrip('/')}{mark}{query}"
    return Response(308, Headers([("location", location), ("content-length", "0")]))


def job(edit: Edit, shown: str = JOBS, when: Callable[[Any], object] = lambda _: True) -> Answering:
    """Edits every job, or those that some operations show, or those that ``when`` is about."""

    def each(value: Any) -> Any:
        return edit(value) if when(value) else value

    def apply(document: Any) -> Any:
        return at("records/*", each)(document) if "records" in document else each(document)

    return on(shown, body(apply))


def with_content(response: Response, changed: bytes) -> Response:
    """An answer with another body, and the length of that."""
    kept = _without(response.headers, "content-length")
    return replace(response, body=changed, headers=Headers([*kept, ("content-length", str(len(changed)))]))


def _without(headers: Headers, name: str) -> list[tuple[str, str]]:
    return [pair for pair in headers.raw if pair[0].lower() != name]
