"""What the faults that take hold of a request do: before it is served, to its answer, and while that is sent."""

from __future__ import annotations

import asyncio
import gzip
from contextlib import suppress
from dataclasses import dataclass, replace
from email.utils import formatdate, parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, TypeVar

import orjson

from pytest_aep_export.emulator import catalog, export_jobs, problems
from pytest_aep_export.emulator.fault_plan import Hit
from pytest_aep_export.emulator.faults import (
    AddJob,
    Answer,
    Delay,
    Dribble,
    Empty,
    ExpireToken,
    Garbage,
    Malformed,
    Reset,
    Skew,
    Truncate,
)
from pytest_aep_export.emulator.problems import Refusal
from pytest_aep_export.emulator.state import Call, State
from pytest_aep_export.emulator.wire import Sending
from pytest_aep_export.exchange import Exchange, Headers, Request, Response
from pytest_aep_export.model import UNION_SCHEMA

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.types import Message, Receive

    from pytest_aep_export.emulator.tenants import Organisation, Sandbox

__all__ = ["NOTHING", "Struck"]

NOTHING: Final = Response(0)
"""The answer of a connection that ended before any of it."""

_T = TypeVar("_T")
_JOBS: Final = "/data/core/ups/export/jobs"
_SCHEMA: Final = "_xdm.context.profile"


@dataclass(frozen=True, slots=True)
class Struck:
    """A request that faults take hold of.

    Attributes:
        hits: The faults.
        state: What the emulator holds.
        owner: Whose request it is.
        request: The request as it was sent.
        operation: What is asked for.
        sandbox: The name of the sandbox that it is about.
        request_id: Its own id, or the one that was made for it.
    """

    hits: tuple[Hit, ...]
    state: State
    owner: Organisation
    request: Request
    operation: str
    sandbox: str
    request_id: str

    async def answered(self, serve: Callable[[], Awaitable[Exchange]], receive: Receive) -> Sending:
        """What is sent; the exchange is recorded when it is answered, as the client sees it.

        Args:
            serve: Serves the request, as if nothing had gone wrong.
            receive: Tells when the client leaves.
        """
        await self._before()
        instead = self._instead()
        exchange = await serve() if instead is None else self._unserved(instead)
        sending = self._sending(self._changed(exchange.response))
        exchange = replace(exchange, response=sending.seen)
        self.owner.journal.record(exchange)
        if not await self._wait(receive):
            sending = Sending(NOTHING, "close")
            unseen = replace(exchange, response=NOTHING)
            self.owner.journal.amend(exchange, unseen)
            exchange = unseen
        self.owner.faults.note(self.hits, exchange)
        return sending

    def _effect(self, kind: type[_T]) -> _T | None:
        return next((hit.effect for hit in self.hits if isinstance(hit.effect, kind)), None)

    async def _before(self) -> None:
        """Do what happens before the request is admitted."""
        if self._effect(ExpireToken):
            self.state.tokens.expire(self.owner.client_id, self.owner.clock.now())
            self.owner.clock.advance(milliseconds=1)  # the next token is newer than those that have expired
        if self._effect(AddJob) and self.sandbox in self.owner.sandboxes:
            await _add_job(self.state, self.owner.sandboxes[self.sandbox], self.request_id)

    def _instead(self) -> Response | None:
        """What the request is answered with instead of being served; None when it is served."""
        answer = self._effect(Answer)
        if answer and not answer.after:
            return _given(answer)
        unserved = self._effect(Reset) or self._effect(Empty)
        return NOTHING if unserved and not unserved.served else None

    def _unserved(self, response: Response) -> Exchange:
        """The exchange of a request that does not reach its service."""
        self.owner.clock.tick()
        now = self.owner.clock.now()
        if response is not NOTHING:
            own = (("x-request-id", self.request_id), ("date", formatdate(now // 1000, usegmt=True)))
            response = replace(response, headers=Headers((*response.headers.raw, *own)))
        return Exchange(self.request, response, self.operation, now)

    def _changed(self, response: Response) -> Response:
        """The answer as it is sent, were it sent whole."""
        if response is NOTHING:
            return response
        answer, skew = self._effect(Answer), self._effect(Skew)
        if answer and answer.after:
            kept = [pair for pair in response.headers.raw if pair[0].lower() in {"x-request-id", "date"}]
            given = _given(answer)
            response = replace(given, headers=Headers([*given.headers.raw, *kept]))
        for hit in self.hits:
            if isinstance(hit.effect, Malformed):
                response = _cut_json(response, hit)
        if skew:
            response = _with(response, date=_shifted(response.headers.get("date", ""), skew.seconds))
        return response

    def _sending(self, response: Response) -> Sending:
        """How it is sent: what of it the client sees, and how the connection ends."""
        dribble = self._effect(Dribble)
        piece = dribble.bytes if dribble else None
        for hit in self.hits:
            match hit.effect:
                case Truncate(share):
                    return Sending(_cut(response, int(len(response.body) * share)), "close", piece)
                case Reset(int(after)):
                    return Sending(_cut(response, after), "reset", piece)
                case Reset():
                    return Sending(NOTHING, "reset")
                case Empty():
                    return Sending(NOTHING, "close")
                case Garbage(size):
                    return Sending(Response(0, body=_noise(hit, size)), "close")
        return Sending(response, None, piece)

    async def _wait(self, receive: Receive) -> bool:
        """Let the time pass that the answer is late; whether the client is still there."""
        delay = self._effect(Delay)
        if delay is None:
            return True
        due = self.owner.clock.now() + round(delay.seconds * 1000)
        stayed = not delay.wait or await _stays(receive, delay.wait)
        self.owner.clock.reach(due)
        return stayed


async def _stays(receive: Receive, seconds: float) -> bool:
    """Whether a client is still there after so many seconds."""
    leaving = asyncio.ensure_future(_leaving(receive))
    left, _ = await asyncio.wait([leaving], timeout=seconds)
    leaving.cancel()
    return not left


async def _leaving(receive: Callable[[], Any]) -> None:
    message: Message = {"type": ""}
    while message["type"] != "http.disconnect":
        message = await receive()


async def _add_job(state: State, sandbox: Sandbox, request_id: str) -> None:
    match = state.contract.match("POST", _JOBS)
    assert match is not None
    call = Call(state, match.operation, Request("POST", _JOBS), {}, {}, None, sandbox, "", request_id)
    schema = {"id": UNION_SCHEMA, "contentType": "application/vnd.adobe.xed+json;version=1"}
    made = await catalog.create_dataset(replace(call, document={"name": "Somebody else's", "schemaRef": schema}))
    key = orjson.loads(made.body)[0].rpartition("/")[2]
    document = {"destination": {"datasetId": key}, "schema": {"name": _SCHEMA}}
    with suppress(Refusal):  # without a merge policy that can be used nobody can create a job here
        await export_jobs.create_export_job(replace(call, document=document))


def _given(answer: Answer) -> Response:
    """The answer that a fault gives, without the headers that every answer has."""
    text = answer.body
    if text is None and answer.status >= HTTPStatus.BAD_REQUEST:
        text = orjson.dumps(problems.envelope(answer.status)).decode()
    body = (text or "").encode()
    named = {name.lower() for name, _ in answer.headers}
    headers = list(answer.headers)
    if body and "content-type" not in named:
        headers.append(("content-type", "application/json"))
    if answer.status not in {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}:
        headers.append(("content-length", str(len(body))))
    return Response(answer.status, Headers(headers), body)


def _cut(response: Response, length: int) -> Response:
    body = response.body[:length]
    return replace(response, body=body, cut=len(body) < len(response.body))


def _cut_json(response: Response, hit: Hit) -> Response:
    """What begins like the answer, unpacked if need be, and is no JSON."""
    packed = response.headers.get("content-encoding") == "gzip"
    whole = (gzip.decompress(response.body) if packed else response.body).strip()
    body = whole[: hit.lots().randrange(1, len(whole))] if len(whole) > 1 else b"{"
    status = HTTPStatus.OK if response.status == HTTPStatus.NO_CONTENT else response.status
    headers = {"content-type": "application/json", "content-length": str(len(body))}
    kept = [pair for pair in response.headers.raw if pair[0].lower() != "content-encoding"]
    return _with(replace(response, status=int(status), headers=Headers(kept), body=body), **headers)


def _noise(hit: Hit, size: int) -> bytes:
    """Bytes that no HTTP begins with."""
    return b"\0" + hit.lots().randbytes(size - 1)


def _shifted(date: str, seconds: float) -> str:
    return formatdate(parsedate_to_datetime(date).timestamp() + seconds, usegmt=True)


def _with(response: Response, **headers: str) -> Response:
    kept = [pair for pair in response.headers.raw if pair[0].lower() not in headers]
    return replace(response, headers=Headers([*kept, *headers.items()]))
