"""Personas that get tokens, headers and the gateway wrong."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, urlencode

import orjson

from pytest_aep_export.emulator.personas.answers import (
    answered,
    body,
    both,
    content,
    header,
    on,
    refusal,
    status,
    where,
)
from pytest_aep_export.emulator.personas.edits import Edit, at, drop, put
from pytest_aep_export.emulator.personas.requests import heard, token, with_header
from pytest_aep_export.emulator.personas.tables import lenient, missing, strict, table, wrong
from pytest_aep_export.emulator.problems import gateway

if TYPE_CHECKING:
    from pytest_aep_export.emulator.personas.persona import Answering, Hearing
    from pytest_aep_export.emulator.state import State
    from pytest_aep_export.emulator.tenants import Organisation
    from pytest_aep_export.exchange import Exchange, Request

__all__ = ["AUTH"]


_KEY: Final = "x-api-key"
_ORG: Final = "x-gw-ims-org-id"
_SANDBOX: Final = "x-sandbox-name"
_CATALOG: Final = "/data/foundation/catalog/"
_DATA_ACCESS: Final = "/data/foundation/export/"
_XDM: Final = "application/vnd.adobe.xdm+json"


def _tokens(edit: Edit) -> Answering:
    return on("requestToken requestTokenV2", body(edit))


def _right_secret(request: Request, whose: Organisation, _: State) -> Request:
    """The request with the integration's own secret in its form."""
    form = dict(parse_qsl(request.body.decode("utf-8", "replace")))
    right = urlencode(form | {"client_secret": whose.client_secret}).encode()
    return replace(request, body=right) if "client_secret" in form else request


def _lacks(name: str, below: str = "/data/") -> Hearing:
    """Makes good for a header that a request below a path lacks."""
    return heard(name, _GOOD[name], lambda request, _: name not in request.headers and below in request.path)


def _any(name: str, below: str = "/data/") -> Hearing:
    """Takes whatever a header says for good, as long as it is there."""
    return heard(name, _GOOD[name], lambda request, _: name in request.headers and below in request.path)


_GOOD: Final = {
    "authorization": token,
    _KEY: lambda whose, _: whose.client_id,
    _ORG: lambda whose, _: whose.org_id,
    _SANDBOX: lambda whose, _: next(iter(whose.sandboxes)),
}
"""What each header of an organisation's would say."""


def _coded(code: str, answer: Answering) -> Answering:
    """Answers wrongly what the gateway refuses with a code."""

    def meant(exchange: Exchange) -> bool:
        response = exchange.response
        refused = response.status >= HTTPStatus.BAD_REQUEST and response.body.startswith(b'{"error_code"')
        return bool(refused and orjson.loads(response.body)["error_code"] == code)

    return where(meant, answer)


def _every(answer: Answering) -> Answering:
    """Answers wrongly whatever the gateway refuses."""
    return both(*(_coded(code, answer) for code in ("403010", "401013", "403000", "403003", "400003", "403025")))


def _case_matters(request: Request, *_: Any) -> Request:
    sent = request.headers.get("authorization", "")
    return request if sent.startswith("Bearer ") else with_header(request, "authorization", "")


def _without_content(exchange: Exchange) -> bool:
    return exchange.request.method == "GET" and "content-type" in exchange.request.headers


def _accepts_xdm(exchange: Exchange) -> bool:
    return exchange.request.headers.get("accept") == _XDM


_HTML: Final = both(
    content(lambda _: b"<!DOCTYPE html><title>Access denied</title>"), header("content-type", lambda _: "text/html")
)

AUTH: Final = table(
    "AUTH",
    {
        "token-without-lifetime": missing("A token's lifetime is not given.", _tokens(drop("expires_in"))),
        "token-lifetime-in-milliseconds": wrong(
            "A token's lifetime is given in milliseconds.", _tokens(at("expires_in", lambda seconds: seconds * 1000))
        ),
        "token-lifetime-as-text": wrong("A token's lifetime is given as a text.", _tokens(at("expires_in", str))),
        "token-of-another-type": wrong("A token is said to be of the type mac.", _tokens(put("token_type", "mac"))),
        "accepts-wrong-secret": lenient("A token is given for any secret.", hear=_right_secret),
        "refuses-wrong-secret-with-200": wrong(
            "A wrong secret is refused with the status 200.", on("requestToken requestTokenV2", status(200, of={401}))
        ),
        "accepts-missing-token": lenient("No call needs a token.", hear=_lacks("authorization")),
        "accepts-missing-token-in-catalog": lenient("Catalog needs no token.", hear=_lacks("authorization", _CATALOG)),
        "accepts-missing-token-in-data-access": lenient(
            "Data Access needs no token.", hear=_lacks("authorization", _DATA_ACCESS)
        ),
        "missing-token-is-bad-request": wrong(
            "A call without a token is refused with 400.", _coded("403010", status(400, of={401, 403}))
        ),
        "missing-token-is-server-error": wrong(
            "A call without a token is answered with 500.", _coded("403010", status(500, of={401, 403}))
        ),
        "missing-token-without-code": missing(
            "The refusal of a call without a token has no code.", _coded("403010", refusal(drop("error_code")))
        ),
        "missing-token-taken-for-invalid": wrong(
            "A call without a token is refused with the code of an invalid one.",
            _coded("403010", refusal(put("error_code", "401013"))),
        ),
        "accepts-unknown-token": lenient("Any token is taken for a good one.", hear=_any("authorization")),
        "accepts-unknown-token-in-data-access": lenient(
            "Data Access takes any token for a good one.", hear=_any("authorization", _DATA_ACCESS)
        ),
        "unknown-token-is-forbidden": wrong(
            "An invalid token is refused with 403 instead of 401.", _coded("401013", status(403, of={401}))
        ),
        "unknown-token-taken-for-missing": wrong(
            "An invalid token is refused with the code of a missing one.",
            _coded("401013", refusal(put("error_code", "403010"))),
        ),
        "accepts-missing-api-key": lenient("No call needs an API key.", hear=_lacks(_KEY)),
        "accepts-unknown-api-key": lenient("Any API key is taken for the right one.", also=("ISO",), hear=_any(_KEY)),
        "catalog-ignores-api-key": lenient("Catalog takes any API key for the right one.", hear=_any(_KEY, _CATALOG)),
        "data-access-needs-no-api-key": lenient("Data Access needs no API key.", hear=_lacks(_KEY, _DATA_ACCESS)),
        "accepts-missing-organisation": lenient("No call needs an organisation.", hear=_lacks(_ORG)),
        "accepts-foreign-organisation": lenient(
            "A token is good for any organisation, and shows its own.", also=("ISO",), hear=_any(_ORG)
        ),
        "data-access-ignores-organisation": lenient(
            "Data Access takes any organisation for the token's.", hear=_any(_ORG, _DATA_ACCESS)
        ),
        "confuses-key-and-organisation": wrong(
            "A missing organisation is refused with the code of a missing API key.",
            _coded("400003", refusal(put("error_code", "403000"))),
        ),
        "foreign-organisation-with-another-code": wrong(
            "A foreign organisation is refused with the code of a missing token.",
            _coded("403025", refusal(put("error_code", "403010"))),
            also=("ISO",),
        ),
        "unknown-api-key-taken-for-missing": wrong(
            "An unknown API key is refused with the code of a missing one.",
            _coded("403003", refusal(put("error_code", "403000"))),
        ),
        "missing-api-key-taken-for-unknown": wrong(
            "A missing API key is refused with the code of an unknown one.",
            _coded("403000", refusal(put("error_code", "403003"))),
        ),
        "accepts-missing-sandbox": lenient("A call without a sandbox works in the first one.", hear=_lacks(_SANDBOX)),
        "catalog-needs-no-sandbox": lenient(
            "Catalog works in the first sandbox where none is named.", hear=_lacks(_SANDBOX, _CATALOG)
        ),
        "gateway-codes-as-numbers": wrong(
            "The gateway gives its codes as numbers.", _every(refusal(at("error_code", int)))
        ),
        "gateway-refusals-without-message": missing(
            "The gateway refuses without a message.", _every(refusal(drop("message")))
        ),
        "gateway-refusals-in-html": wrong("The gateway refuses with a page of HTML.", _every(_HTML), also=("ERROR",)),
        "scheme-case-matters": strict("The scheme of a token has to be spelled Bearer.", hear=_case_matters),
        "refuses-content-type-without-content": strict(
            "A GET that has a content type is refused.", where(_without_content, answered(400, gateway("400001").body))
        ),
        "refuses-xdm-media-type": strict(
            "The XDM media type is not acceptable.", where(_accepts_xdm, answered(406, gateway("400001").body))
        ),
        "answers-xdm-with-xml": wrong(
            "Whoever accepts the XDM media type gets XML.", where(_accepts_xdm, content(lambda _: b"<records/>"))
        ),
    },
)
