"""The gateway: what every request passes before a service sees it, and every answer before it leaves.

The checks run in this order, and the first that fails answers (facts, auth-and-headers sections 3 and 4.1):

1. the route is known (404, 405), and the body is not too large (413);
2. ``Authorization`` is there (403010) and holds a token that was issued here and has not expired (401013);
3. ``x-api-key`` is there (403000) and belongs to the token (403003);
4. ``x-gw-ims-org-id`` is there (400003), well-formed (403027) and the integration's own organisation (403025);
5. ``x-sandbox-name`` is there (400003), unless the call needs none, and names a sandbox of the organisation (404003);
   no source says either;
6. a body has a JSON content type (400) and the contract allows the request (400, in the service's own envelope).

The token service is exempt from 2 to 6. Every exchange goes into the journal of the organisation that it belongs to.
Faults of that organisation take hold of a request before the first of these checks, and of its answer after the last.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, replace
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, NoReturn

from starlette.responses import Response as HttpResponse
from starlette.responses import StreamingResponse

from pytest_aep_export.contract.bodies import parse
from pytest_aep_export.contract.media import is_json
from pytest_aep_export.emulator import ids, ims, problems
from pytest_aep_export.emulator.faulty import Struck
from pytest_aep_export.emulator.heads import Head, head_as, head_of
from pytest_aep_export.emulator.problems import Refusal
from pytest_aep_export.emulator.self_check import Pairs, SelfCheck
from pytest_aep_export.emulator.services import GUARDED, UNGUARDED
from pytest_aep_export.emulator.state import Call, State, answer
from pytest_aep_export.emulator.tenants import Organisation, Sandbox
from pytest_aep_export.emulator.wire import Sending, Streaming
from pytest_aep_export.exchange import Exchange, Headers, Request, Response

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from pytest_aep_export.contract import Match, Operation, Violation
    from pytest_aep_export.emulator.fault_plan import Hit
    from pytest_aep_export.emulator.journal import Journal
    from pytest_aep_export.emulator.personas import Persona
    from pytest_aep_export.emulator.varied import Variant

__all__ = ["MAX_BODY", "Gateway"]

MAX_BODY: Final = 1 << 20
"""Bytes that a request's body may have; a choice of ours."""

_WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})
_ORG: Final = re.compile(r"[0-9A-Fa-f]{24}@AdobeOrg")
_LOG: Final = logging.getLogger(__name__)


class _GoneError(Exception):
    """The client left before its request was complete: nobody waits for an answer, and nothing may happen."""


@dataclass(frozen=True, slots=True)
class _Visit:
    """A request on its way.

    Attributes:
        head: The head, as it is understood.
        request: The whole request, as it is understood.
        sent: The request as it was sent.
        request_id: Its own id, or the one that was made for it.
        complete: Whether its body is there to the end.
        actor: Whose persona answers it, if it is anybody's.
    """

    head: Head
    request: Request
    sent: Request
    request_id: str
    complete: bool
    actor: Organisation | None

    @property
    def acting(self) -> Persona | None:
        """In which way it is answered wrongly on purpose."""
        return self.actor.behaviour.acting if self.actor else None


class Gateway:
    """An ASGI application that admits requests, hands them to their service and records what was exchanged.

    The contract says which operation a request is for. What depends on nothing but a request's head is worked out once
    for heads that are alike.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self._made = 0
        self._prefix = ids.alphanumeric(state.seed)[:20]
        self._match = lru_cache(maxsize=256)(self._match_of)
        self._mistakes = lru_cache(maxsize=256)(self._mistakes_of)
        self._check_answer = SelfCheck(state)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; nothing but HTTP is spoken."""
        if scope["type"] != "http":
            return
        head = head_of(scope)
        try:
            request, complete = await _with_body(head, receive)
        except _GoneError:
            return
        request_id = head.request_id or self._new_request_id()
        visit = self._understood(_Visit(head, request, request, request_id, complete, self._actor(head, request)))
        match = self._match(visit.head)
        if match is not None and visit.actor is not None and visit.actor.faults.armed:
            hits = visit.actor.faults.take(match.operation.id)
            if hits:
                sending = await self._failing(visit, match, visit.actor, hits, receive)
                await sending(scope, receive, send)
                return
        response, owner = await self._answer(visit, match)
        exchange, answering, journal = self._finish(visit, response, match.operation.id if match else "", owner)
        journal.record(exchange)
        await answering(scope, receive, send)

    async def _failing(
        self, visit: _Visit, match: Match, owner: Organisation, hits: tuple[Hit, ...], receive: Receive
    ) -> Sending:
        """What is sent to a request that faults take hold of."""

        async def serve() -> Exchange:
            response, _ = await self._answer(visit, match)
            return self._finish(visit, await _whole(response), match.operation.id, owner)[0]

        struck = Struck(hits, self._state, owner, visit.sent, match.operation.id, visit.head.sandbox, visit.request_id)
        return await struck.answered(serve, receive)

    def _understood(self, visit: _Visit) -> _Visit:
        """What a persona hears."""
        acting = visit.acting
        if visit.actor is None or acting is None or acting.hear is None:
            return visit
        request = acting.hear(visit.sent, visit.actor, self._state)
        return replace(visit, head=head_as(replace(request, body=b""), visit.head.origin), request=request)

    async def _answer(self, visit: _Visit, match: Match | None) -> tuple[HttpResponse, Organisation | None]:
        """The answer, and whose it is if the request got as far as that."""
        request, owner = visit.request, None
        try:
            if match is None:
                self._refuse_unknown(visit.head)
            operation = match.operation.id
            _require_complete(match.operation, visit.request_id, complete=visit.complete)
            if operation in UNGUARDED:
                return UNGUARDED[operation](self._state, request)
            call = self._admit(visit.head, match, request, visit.request_id)
            owner = call.organisation
            return await _served(visit.acting, call), owner
        except Refusal as refusal:
            return answer(refusal.body, refusal.status, refusal.headers), owner
        except Exception:  # noqa: BLE001 - a crash is answered, logged and kept as a defect
            _LOG.exception("the emulator failed to answer %s %s", request.method, request.path)
            self._state.defects.append(f"{request.method} {request.path} crashed: see the log")
            return answer(problems.gateway("500001").body, HTTPStatus.INTERNAL_SERVER_ERROR), owner

    def _match_of(self, head: Head) -> Match | None:
        return self._state.contract.match(head.request.method, head.request.path)

    def _mistakes_of(self, head: Head) -> list[Violation]:
        return self._state.contract.validate_request(head.request)

    def _refuse_unknown(self, head: Head) -> NoReturn:
        """Refuse a request whose route the contract does not know, or not with this method."""
        method, path = head.request.method, head.request.path
        allowed = ", ".join(self._state.contract.allowed_methods(path))
        if allowed:
            detail = f"{method} is not a method of {path}: use {allowed}"
            raise problems.foundation(HTTPStatus.METHOD_NOT_ALLOWED, detail, {"allow": allowed})
        detail = f"{method} {path} is not emulated: the contract has no such route"
        raise problems.foundation(HTTPStatus.NOT_FOUND, detail, {"x-aep-emulator": "not-emulated"})

    def _admit(self, head: Head, match: Match, request: Request, request_id: str) -> Call:
        organisation = self._authenticate(head)
        organisation.clock.tick()
        return Call(
            state=self._state,
            operation=match.operation,
            request=request,
            path=match.parameters,
            query=head.query,
            sandbox=_sandbox(organisation, head, match.operation),
            document=self._check(match.operation, head, request, request_id),
            origin=head.origin,
            request_id=request_id,
        )

    def _new_request_id(self) -> str:
        """32 letters and digits (facts, export-jobs section 3): the same for the seed, and then a number."""
        self._made += 1
        return f"{self._prefix}{self._made:012d}"

    def _owner(self, head: Head) -> Organisation | None:
        """Who sent a request that was not admitted: whose token it carries or, without a good one, whom it names."""
        client_id, _ = self._state.tokens.read(head.token) or ("", 0)
        return self._state.tenants.by_client(client_id) or self._state.tenants.by_org(head.org_id)

    def _actor(self, head: Head, request: Request) -> Organisation | None:
        """Whose persona answers: the owner's or, where no one owns the request, that of whom its key or form names."""
        clients = self._state.tenants.by_client
        return self._owner(head) or clients(head.api_key) or clients(ims.client_of(request))

    def _authenticate(self, head: Head) -> Organisation:
        if not head.token:
            owner = self._owner(head)
            raise problems.gateway("403010", status=owner.behaviour.dialect.missing_token_status if owner else None)
        client_id, expires = self._state.tokens.read(head.token) or ("", 0)
        organisation = self._state.tenants.by_client(client_id)
        if organisation is None or organisation.clock.now() >= expires:
            raise problems.gateway("401013")
        if not head.api_key:
            raise problems.gateway("403000")
        if head.api_key != client_id:
            raise problems.gateway("403003")
        if not head.org_id:
            raise problems.gateway("400003")
        if not _ORG.fullmatch(head.org_id):
            raise problems.gateway("403027")
        if head.org_id != organisation.org_id:
            raise problems.gateway("403025")
        return organisation

    def _check(self, operation: Operation, head: Head, request: Request, request_id: str) -> Any:
        sent = request.body and operation.method in _WITH_BODY  # with another method a body means nothing
        if sent and not is_json(head.media):
            raise problems.foundation(400, "A valid content-type must be specified")
        violations = self._state.contract.validate_request(request) if request.body else self._mistakes(head)
        if violations:
            details = [f"{v.pointer or 'the body'}: expected {v.expected}, found {v.found}" for v in violations]
            raise problems.refuse(operation.service, 400, details, request_id)
        return parse(request.body) if sent else None

    def _finish(
        self, visit: _Visit, response: HttpResponse, operation: str, owner: Organisation | None
    ) -> tuple[Exchange, ASGIApp, Journal]:
        """The exchange, the answer to send, and the journal that the exchange belongs to."""
        organisation = owner or self._owner(visit.head)
        now = (organisation.clock if organisation else self._state.clock).now()
        body = b"" if isinstance(response, StreamingResponse) else bytes(response.body)
        headers = _decoded(tuple(response.raw_headers))
        if operation and not isinstance(response, StreamingResponse):
            self._check_answer(operation, response.status_code, headers, body)
        date = _date(now // 1000)
        response.raw_headers += [(b"x-request-id", visit.request_id.encode("latin-1")), (b"date", date.encode())]
        every = Headers((*headers, ("x-request-id", visit.request_id), ("date", date)))
        exchange = Exchange(visit.sent, Response(response.status_code, every, body), operation, now)
        journal = organisation.journal if organisation else self._state.stray
        if visit.acting and visit.acting.answer:
            exchange = replace(exchange, response=visit.acting.answer(exchange, journal))
            response = _rendered(exchange.response)
        varying = organisation.varying if organisation else None
        if varying and varying.touches(operation, exchange.response.status):
            variant = varying.answer(exchange, self._state.contract)
            return replace(exchange, response=variant.response), _sending(variant, response), journal
        return exchange, response, journal


async def _served(acting: Persona | None, call: Call) -> HttpResponse:
    """What the service answers, or a persona in its place, which gets at whole bodies only."""
    handle = GUARDED[call.operation.id]
    if acting is None:
        return await handle(call)
    response = await (acting.around(call, handle) if acting.around else handle(call))
    return await _whole(response) if acting.answer else response


async def _whole(response: HttpResponse) -> HttpResponse:
    """The answer with its body in one piece."""
    if not isinstance(response, StreamingResponse):
        return response
    whole = b"".join([chunk async for chunk in response.body_iterator if isinstance(chunk, bytes)])
    return _rendered(Response(response.status_code, Headers(_decoded(tuple(response.raw_headers))), whole))


def _rendered(response: Response) -> HttpResponse:
    """The answer, to be sent with these headers and no others."""
    sent = HttpResponse(response.body, response.status)
    sent.raw_headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers.raw]
    return sent


def _sending(variant: Variant, usual: HttpResponse) -> ASGIApp:
    """What sends an answer that was varied; of one that comes from the disk only the headers were."""
    if isinstance(usual, StreamingResponse):
        return Streaming(usual, variant.response.headers)
    return Sending(variant.response, None, variant.piece)


def _require_complete(operation: Operation, request_id: str, *, complete: bool) -> None:
    if not complete:
        raise problems.refuse(operation.service, 413, [f"the body has more than {MAX_BODY} bytes"], request_id)


def _sandbox(organisation: Organisation, head: Head, operation: Operation) -> Sandbox:
    """The sandbox that a request names; the organisation's first where none is named and none needs to be."""
    if not head.sandbox and not operation.in_sandbox:
        return next(iter(organisation.sandboxes.values()))
    if not head.sandbox:
        raise problems.gateway("400003")
    if head.sandbox not in organisation.sandboxes:
        raise problems.gateway("404003", f"x-sandbox-name: the organisation has no sandbox {head.sandbox!r}")
    return organisation.sandboxes[head.sandbox]


@lru_cache(maxsize=256)
def _decoded(raw: tuple[tuple[bytes, bytes], ...]) -> Pairs:
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in raw)


@lru_cache(maxsize=64)
def _date(seconds: int) -> str:
    return formatdate(seconds, usegmt=True)


async def _with_body(head: Head, receive: Receive) -> tuple[Request, bool]:
    """The request with its body, and whether the body is complete: one that is too large is not read to its end."""
    if not head.has_body:
        return head.request, True
    body, more = bytearray(), True
    while more and len(body) <= MAX_BODY:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _GoneError
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return replace(head.request, body=bytes(body[:MAX_BODY])), len(body) <= MAX_BODY
