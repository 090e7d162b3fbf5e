"""Requests that are misunderstood: what is heard before a request is admitted, and what is done with one that was."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import urlencode

import orjson

from pytest_aep_export.emulator.personas.answers import CREATED
from pytest_aep_export.emulator.personas.edits import Edit
from pytest_aep_export.emulator.problems import refuse
from pytest_aep_export.exchange import Headers, Request

if TYPE_CHECKING:
    from starlette.responses import Response as HttpResponse

    from pytest_aep_export.emulator.personas.persona import Around, Handler, Hearing
    from pytest_aep_export.emulator.state import Call, State
    from pytest_aep_export.emulator.tenants import Organisation

__all__ = ["asked", "corrected", "heard", "instead", "operation", "refusing", "token", "with_header", "without"]

Meant: TypeAlias = "Callable[[Request, str], object]"
"""Whether a request, which is for the operation of that id, is one of those that are misunderstood."""


def _any_request(*_: object) -> bool:
    return True


# -- Before a request is admitted -----------------------------------------------------------------------------------


def heard(name: str, value: Callable[[Organisation, State], str], meant: Meant = _any_request) -> Hearing:
    """Hears another value of a header than was sent, or one where none was."""

    def hear(request: Request, whose: Organisation, state: State) -> Request:
        return with_header(request, name, value(whose, state)) if meant(request, operation(request, state)) else request

    return hear


def corrected(edit: Edit) -> Hearing:
    """Hears another request for a job than was sent, so that what is wrong with it is overlooked."""

    def hear(request: Request, _: Organisation, state: State) -> Request:
        if operation(request, state) != CREATED:
            return request
        try:
            document = orjson.loads(request.body)
        except orjson.JSONDecodeError:
            return request
        return replace(request, body=orjson.dumps(edit(document))) if isinstance(document, dict) else request

    return hear


def operation(request: Request, state: State) -> str:
    """The id of the operation that a request is for; empty where the contract knows none."""
    match = state.contract.match(request.method, request.path)
    return match.operation.id if match else ""


def with_header(request: Request, name: str, value: str) -> Request:
    """The request with this value of a header."""
    others = [pair for pair in request.headers.raw if pair[0].lower() != name]
    return replace(request, headers=Headers([*others, (name, value)]))


def token(whose: Organisation, state: State) -> str:
    """A good ``Authorization`` of an organisation's."""
    return f"Bearer {state.tokens.issue(whose.client_id, '', whose.clock.now())}"


# -- Instead of what a service does ---------------------------------------------------------------------------------


def instead(operations: str, around: Around) -> Around:
    """Does something else for operations, by their ids with blanks between."""
    names = operations.split()

    async def apply(call: Call, handle: Handler) -> HttpResponse:
        return await (around(call, handle) if call.operation.id in names else handle(call))

    return apply


def asked(edit: Edit, operations: str = CREATED) -> Around:
    """Understands the body of an admitted request otherwise."""

    async def apply(call: Call, handle: Handler) -> HttpResponse:
        return await handle(replace(call, document=edit(deepcopy(call.document))))

    return instead(operations, apply)


def without(operations: str, *names: str, **instead_of: str) -> Around:
    """Ignores parameters of the query, or takes them for others."""

    async def apply(call: Call, handle: Handler) -> HttpResponse:
        kept = {name: value for name, value in call.query.items() if name not in names}
        return await handle(_queried(call, kept | {n: v for n, v in instead_of.items() if n in call.query}))

    return instead(operations, apply)


def _queried(call: Call, query: Mapping[str, str]) -> Call:
    url = call.request.url.partition("?")[0]
    return replace(call, query=query, request=replace(call.request, url=f"{url}?{urlencode(query)}"))


def refusing(when: Callable[[Any], object], detail: str, operations: str = CREATED) -> Around:
    """Refuses requests whose body is one of those that ``when`` is about."""

    async def apply(call: Call, handle: Handler) -> HttpResponse:
        if when(call.document):
            raise refuse(call.operation.service, 400, [detail], call.request_id)
        return await handle(call)

    return instead(operations, apply)
