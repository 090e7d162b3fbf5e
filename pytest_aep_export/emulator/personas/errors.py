"""Personas that get refusals wrong, or do not refuse what is wrong."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import orjson

from pytest_aep_export.emulator.personas.answers import (
    CREATED,
    LISTED,
    answered,
    both,
    content,
    header,
    on,
    refusal,
    status,
    told,
    where,
)
from pytest_aep_export.emulator.personas.edits import at
from pytest_aep_export.emulator.personas.requests import corrected
from pytest_aep_export.emulator.personas.tables import lenient, missing, table, truncated, wrong
from pytest_aep_export.emulator.problems import profile

if TYPE_CHECKING:
    from pytest_aep_export.emulator.personas.persona import Answering
    from pytest_aep_export.exchange import Exchange

__all__ = ["ERROR"]

_REFUSALS: Final = range(400, 500)
_FAILURE: Final = profile(HTTPStatus.INTERNAL_SERVER_ERROR, "UPAPI-113000-500", "Internal server error.").body


def _any(answer: Answering, path: str = "") -> Answering:
    """Answers refusals wrongly, whatever was asked for, or those of the service below a path."""
    refused = told(*_REFUSALS)
    return where(lambda exchange: refused(exchange) and path in exchange.request.path, answer)


def _is_malformed(exchange: Exchange) -> bool:
    try:
        return not isinstance(orjson.loads(exchange.request.body), dict)
    except orjson.JSONDecodeError:
        return True


def _joined(value: Any) -> Any:
    return ",".join(map(str, value)) if isinstance(value, list) else value


def _has_array(exchange: Exchange) -> bool:
    """Whether the fields of a request are an array."""
    try:
        document = orjson.loads(exchange.request.body)
    except orjson.JSONDecodeError:
        return False
    return isinstance(document, dict) and isinstance(document.get("fields"), list)


def _asks_for_nothing(exchange: Exchange) -> bool:
    limit = exchange.request.query.get("limit", "1")
    return not limit.isdecimal() or limit == "0"


_HTML: Final = both(
    content(lambda _: b"<html><title>Error</title></html>"), header("content-type", lambda _: "text/html")
)


ERROR: Final = table(
    "ERROR",
    {
        "accepts-malformed-jobs": lenient(
            "A body that is no JSON object is accepted, and creates nothing.",
            on(CREATED, answered(200, {}), _is_malformed),
        ),
        "malformed-job-is-server-error": wrong(
            "A body that is no JSON object is answered with 500.", on(CREATED, answered(500, _FAILURE), _is_malformed)
        ),
        "leaves-refused-jobs": wrong(
            "A request that is refused creates its job all the same.",
            on(
                CREATED,
                answered(400, profile(400, "UPLIB-101206-500", "There is a problem with the JSON.").body),
                _has_array,
            ),
            hear=corrected(at("fields", _joined)),
        ),
        "refuses-with-200": wrong(
            "Wrong requests for a job are answered with 200 and an error.", on(CREATED, status(200, of=_REFUSALS))
        ),
        "bad-jobs-are-server-errors": wrong(
            "Wrong requests for a job are answered with 500.", on(CREATED, status(500, of=_REFUSALS))
        ),
        "errors-in-html": wrong("Every error is a page of HTML.", _any(_HTML)),
        "catalog-errors-in-html": wrong("The errors of Catalog are pages of HTML.", _any(_HTML, "/catalog/")),
        "errors-as-plain-text": wrong(
            "Errors are JSON and called plain text.", _any(header("content-type", lambda _: "text/plain"))
        ),
        "errors-without-media-type": missing(
            "Errors have no media type.", _any(header("content-type", lambda _: None))
        ),
        "errors-without-body": missing("Errors have no body.", _any(content(lambda _: b""))),
        "errors-in-arrays": wrong("Errors are JSON arrays.", _any(refusal(lambda document: [document]))),
        "errors-cut-short": truncated("Errors end before their last brace.", _any(content(lambda text: text[:-1]))),
        "error-repeats-another-status": wrong(
            "The body of an error says 500, whatever the status.",
            _any(refusal(lambda document: {**document, "status": 500} if "status" in document else document)),
        ),
        "error-status-as-text": wrong(
            "The body of an error has its status as a text.", _any(refusal(at("status", str)))
        ),
        "impossible-limit-is-server-error": wrong(
            "A limit that is no positive number is answered with 500.",
            on(LISTED, answered(500, _FAILURE), _asks_for_nothing),
        ),
    },
)
