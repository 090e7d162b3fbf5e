"""Servers that get an option of a job wrong, and what the suite finds at them."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pyarrow import parquet

from pytest_aep_export.emulator import Behaviour, Emulator, EmulatorServer
from pytest_aep_export.model import MergePolicy
from pytest_aep_export.profiles import ProfileData, generate
from pytest_aep_export.suite.registry import load
from pytest_aep_export.suite.targets import Patience, Target
from pytest_aep_export.suite.verdicts import Verdict, combine
from tests.suite.quick import run

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

JOBS = "/data/core/ups/export/jobs"
STITCHED = "ours-pdg-by-time"
"""A merge policy by time with the private graph, which the tenant has besides its usual ones."""

Body = dict[str, Any]
Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Defect:
    """What a server does wrong.

    Attributes:
        request: Changes, in place, what it understands of a request for a job.
        answer: Changes, in place, an answer in JSON; the call (method and path) comes first.
        rows: Makes other rows of those that it exports for some requests.
        where: Which requests these are.
        lenient: Whether it says of every request for a job that it is accepted.
    """

    request: Callable[[Body], object] = lambda _: None
    answer: Callable[[str, Any], object] = lambda *_: None
    rows: Callable[[Rows], Rows] | None = None
    where: Callable[[Body], object] = lambda _: True
    lenient: bool = False


Wrong = tuple[Defect, str, dict[str, str]]
"""A defect, the requirements to judge, and the verdicts on those of them that it breaks."""


class Defective:
    """An application with a defect."""

    def __init__(self, application: ASGIApp, defect: Defect) -> None:
        self._application = application
        self._defect = defect
        self._batches: set[str] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Understand the request wrongly, let the application answer, and send something else."""
        call = f"{scope['method']} {scope['path']}"
        asked = b""
        if call == f"POST {JOBS}":
            scope, asked, receive = await self._misunderstood(scope, receive)
        sent: list[Message] = []

        async def keep(message: Message) -> None:
            sent.append(message)

        await self._application(scope, receive, keep)
        start, body = sent[0], b"".join(message.get("body", b"") for message in sent[1:])
        if self._defect.lenient and asked:
            start = {**start, "status": 200}
        elif start["status"] == 200 and scope["method"] != "HEAD":
            body = self._changed(call, asked, body, is_file=b"path=" in scope["query_string"])
            headers = [pair for pair in start["headers"] if pair[0].lower() != b"content-length"]
            start = {**start, "headers": [*headers, (b"content-length", str(len(body)).encode())]}
        await send(start)
        await send({"type": "http.response.body", "body": body})

    async def _misunderstood(self, scope: Scope, receive: Receive) -> tuple[Scope, bytes, Receive]:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        asked, understood = body, body
        try:
            document = json.loads(body)
            self._defect.request(document)
            understood = json.dumps(document).encode()
        except (ValueError, TypeError, LookupError, AttributeError):
            pass  # what is wrong already is passed on as it is

        async def again() -> Message:
            return {"type": "http.request", "body": understood, "more_body": False}

        headers = [pair for pair in scope["headers"] if pair[0].lower() != b"content-length"]
        length = (b"content-length", str(len(understood)).encode())
        return {**scope, "headers": [*headers, length]}, asked, again

    def _changed(self, call: str, asked: bytes, body: bytes, *, is_file: bool) -> bytes:
        if is_file:
            return self._rewritten(call, body)
        document = json.loads(body)
        if asked and self._defect.where(json.loads(asked)):
            destination = document["destination"]
            every = [destination, *(destination.get("batches") or [])]
            self._batches |= {batch["batchId"] for batch in every if "batchId" in batch}
        self._defect.answer(call, document)
        return json.dumps(document).encode()

    def _rewritten(self, call: str, body: bytes) -> bytes:
        if self._defect.rows is None or not any(batch in call for batch in self._batches):
            return body
        table = parquet.read_table(io.BytesIO(body))
        changed = pa.Table.from_pylist(self._defect.rows(table.to_pylist()), schema=table.schema)
        parquet.write_table(changed, sink := io.BytesIO())
        return sink.getvalue()


@contextmanager
def serve(
    defect: Defect = Defect(),
    behaviour: Behaviour | None = None,
    *,
    data: ProfileData | None = None,
    wrapper: type[Defective] = Defective,
) -> Iterator[Target]:
    """A server with a defect, whose tenant has a policy of each graph by time."""
    with Emulator(behaviour=behaviour) as emulator:
        emulator.app = wrapper(emulator.app, defect)
        tenant = emulator.create_tenant()
        tenant.load(data or generate(60))
        tenant.add_merge_policy(MergePolicy(STITCHED, version=1, graph="pdg"))
        with EmulatorServer(emulator) as server:
            target = Target(server.url, tenant.credentials, patience=Patience(poll=0, deadline=5, answer=20))
            yield target
            target.close()


def judged(target: Target, watcher: Any, select: str) -> dict[str, Verdict]:
    """The verdicts on the selected requirements."""
    found = run(target, watcher, select)
    return {name: combine(load()[name].level, found.outcomes.get(name, ())) for name in sorted(found.selected)}


def doubts(verdicts: dict[str, Verdict]) -> dict[str, str]:
    """What is not a pass, nor without anything to judge."""
    calm = {Verdict.PASS, Verdict.NOT_APPLICABLE}
    return {name: str(verdict) for name, verdict in verdicts.items() if verdict not in calm}


def expect_found(watcher: Any, wrong: Wrong) -> None:
    """Require that a defect breaks exactly the requirements that speak of it."""
    defect, select, expected = wrong
    with serve(defect) as target:
        found = doubts(judged(target, watcher, select))
    assert found == expected, f"found {found}, expected {expected}"


def each_row(change: Callable[[Body], object]) -> Callable[[Rows], Rows]:
    """Changes every row in place."""

    def changed(rows: Rows) -> Rows:
        for row in rows:
            change(row)
        return rows

    return changed


def shifted(column: str) -> Callable[[Rows], Rows]:
    """Gives everybody the value of their neighbour."""

    def change(rows: Rows) -> Rows:
        values = [row[column] for row in rows]
        return [row | {column: value} for row, value in zip(rows, values[1:] + values[:1], strict=True)]

    return change


def each_job(change: Callable[[Body], object]) -> Callable[[str, Any], object]:
    """Changes every answer that shows a job."""

    def changed(call: str, document: Any) -> None:
        if JOBS in call and "jobType" in document:
            change(document)

    return changed


def segments(request: Body) -> list[Body]:
    """The segments that a request asks for."""
    return request.get("filter", {}).get("segments", [])
