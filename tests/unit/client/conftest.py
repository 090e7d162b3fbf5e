"""A small real API on loopback that answers as it is told to, and both clients behind one face."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest

from pytest_aep_export.client import AepClient, AsyncAepClient
from pytest_aep_export.exchange import Headers, Request, Response
from pytest_aep_export.model import Credentials

TOKEN_PATH = "/ims/token/v3"
NOW = 1_714_521_600.0
CREDENTIALS = Credentials("the-client-id", "the-secret", "1BD6382559DF0C130A49422D@AdobeOrg", "dev", "openid,AdobeID")


@dataclass(frozen=True)
class Cut:
    """An answer of which only the first bytes arrive; then the connection is closed, or reset."""

    response: Response
    sent: int
    reset: bool = False


Reply = Response | Cut


@dataclass
class Api:
    """What the server on loopback answers, and what it was asked.

    An answer gets a ``Content-Length``, unless it has one or says ``Connection: close``.
    ``answer`` decides on each request but those for tokens, which are numbered: ``token-1``, ``token-2``, ...
    """

    url: str
    answer: Callable[[Request], Reply]
    requests: list[Request] = field(default_factory=list)
    tokens: Callable[[int], Reply] | None = None

    @staticmethod
    def json(document: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
        """An answer with a JSON body."""
        shown = {"Content-Type": "application/json", **(headers or {})}
        return Response(status, Headers(shown), json.dumps(document).encode())

    @staticmethod
    def cut(whole: Response | bytes, sent: int, *, reset: bool = False) -> Cut:
        """An answer, or a file, of whose body only the first bytes arrive."""
        return Cut(Response(200, Headers(), whole) if isinstance(whole, bytes) else whole, sent, reset)

    def then(self, *replies: Reply) -> None:
        """Answer with these, one after the other."""
        queue = iter(replies)
        self.answer = lambda request: next(queue, Response(418, Headers(), f"unexpected {request.path}".encode()))

    @property
    def calls(self) -> list[Request]:
        """The requests that were not for a token."""
        return [request for request in self.requests if request.path != TOKEN_PATH]

    @property
    def asked(self) -> list[str]:
        """The method and path with query of each call."""
        return [f"{call.method} {call.url}" for call in self.calls]

    def reply(self, request: Request) -> Reply:
        """Record a request and decide on its answer."""
        self.requests.append(request)
        if request.path != TOKEN_PATH:
            return self.answer(request)
        number = len(self.requests) - len(self.calls)
        if self.tokens:
            return self.tokens(number)
        return self.json({"access_token": f"token-{number}", "token_type": "bearer", "expires_in": 86399})


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_: object) -> None:
        """Keep quiet."""

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        reply = self.server.api.reply(Request(self.command, self.path, Headers(self.headers.items()), body))  # type: ignore[attr-defined]
        response = reply.response if isinstance(reply, Cut) else reply
        self.send_response_only(response.status)
        for name, value in response.headers.raw:
            self.send_header(name, value)
        delimited = {"content-length", "connection"} & set(response.headers)
        if response.status != 204 and not delimited:
            self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        with suppress(ConnectionError):
            self.wfile.write(response.body[: reply.sent] if isinstance(reply, Cut) else response.body)
            self.wfile.flush()
        if isinstance(reply, Cut):
            if reply.reset:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _handle  # noqa: N815 - the names that http.server looks for


@pytest.fixture(scope="session")
def _server() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=partial(server.serve_forever, poll_interval=0.01), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def api(_server: ThreadingHTTPServer) -> Api:
    """The API on loopback, with nothing to say yet."""
    fresh = Api(f"http://127.0.0.1:{_server.server_port}", lambda _: Response(418))
    _server.api = fresh  # type: ignore[attr-defined]
    return fresh


class Blocking:
    """The asynchronous client with the face of the synchronous one."""

    def __init__(self, client: AsyncAepClient) -> None:
        self._client = client
        self._runner = asyncio.Runner()

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return partial(self._call, getattr(self._client, name))

    def close(self) -> None:
        """Close the client and its event loop."""
        self._call(self._client.close)
        self._runner.close()

    def _call(self, method: Callable[..., Any], *args: Any, **options: Any) -> Any:
        result = method(*args, **options)
        return self._drained(result) if hasattr(result, "__anext__") else self._runner.run(result)

    def _drained(self, iterator: Any) -> Iterator[Any]:
        async def step() -> Any:
            return await anext(iterator)

        with suppress(StopAsyncIteration):
            while True:
                yield self._runner.run(step())


@dataclass
class Time:
    """A clock that the clients' pauses move, and the pauses themselves; seconds."""

    now: float = NOW
    pauses: list[float] = field(default_factory=list)

    def pass_by(self, seconds: float) -> None:
        """Let a pause pass."""
        self.pauses.append(seconds)
        self.now += seconds


@pytest.fixture
def time() -> Time:
    """The clients' time."""
    return Time()


MakeClient = Callable[..., Any]


@pytest.fixture(params=["sync", "async"])
def make_client(request: pytest.FixtureRequest, time: Time) -> Iterator[MakeClient]:
    """Makes a client of either kind, in virtual time; the asynchronous one behaves like the other."""
    made: list[Any] = []

    async def pass_by(seconds: float) -> None:
        time.pass_by(seconds)

    def make(base_url: str, credentials: Credentials = CREDENTIALS, **options: Any) -> Any:
        shared = {"base_url": base_url, "now": lambda: time.now, **options}
        if request.param == "sync":
            client = AepClient(credentials, **{"pause": time.pass_by, **shared})
        else:
            client = Blocking(AsyncAepClient(credentials, **{"pause": pass_by, **shared}))
        made.append(client)
        return client

    yield make
    for client in made:
        client.close()


@pytest.fixture
def client(make_client: MakeClient, api: Api) -> Any:
    """A client of the API on loopback, of either kind."""
    return make_client(api.url)


@pytest.fixture
def origin(api: Api) -> str:
    """Host and port of the API on loopback."""
    return urlsplit(api.url).netloc


def job_document(job_id: int = 24115, status: str = "NEW", **members: Any) -> dict[str, Any]:
    """A job as the seed shows it."""
    document = {
        "profileInstanceId": "ups",
        "jobType": "BATCH",
        "id": job_id,
        "schema": {"name": "_xdm.context.profile"},
        "mergePolicy": {"id": "0bf16e61-90e9-4204-b8fa-ad250360957b", "version": 1},
        "status": status,
        "requestId": "IwkVcD4RupdSmX376OBVORvcvTdA4ypN",
        "computeGatewayJobId": {},
        "metrics": {"totalTime": {"startTimeInMs": 1559674261657}},
        "destination": {
            "dataSetId": "5cf6bcf79ecc7c14530fe436",
            "segmentPerBatch": False,
            "batchId": "da5cfb4de32c4b93a09f7e37fa53ad52",
        },
        "updateTime": 1559674261868,
        "imsOrgId": "{ORG_ID}",
        "creationTime": 1559674261657,
    }
    return document | members


@pytest.fixture(name="job_document")
def _job_document() -> Callable[..., dict[str, Any]]:
    """Makes a job as the seed shows it."""
    return job_document
