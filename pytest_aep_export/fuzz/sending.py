"""How requests reach a target: called in process without a socket, or by HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from urllib.parse import unquote

from pytest_aep_export.errors import TransportError
from pytest_aep_export.exchange import Headers, Request, Response
from pytest_aep_export.fuzz.parties import HeldBackError

if TYPE_CHECKING:
    import httpx

__all__ = ["App", "HttpSend", "in_process"]

_Message: TypeAlias = MutableMapping[str, Any]
App: TypeAlias = Callable[
    [_Message, Callable[[], Awaitable[_Message]], Callable[[_Message], Awaitable[None]]], Awaitable[None]
]
"""An ASGI application."""

_HOST: Final = (b"host", b"testserver")


def in_process(app: App) -> Callable[[Request], Awaitable[Response]]:
    """Sends requests to an application of this process, without a client between: thousands a second."""

    async def send(request: Request) -> Response:
        exchange = _Call(request)
        try:
            await app(exchange.scope(), exchange.receive, exchange.send)
        except Exception as error:  # a crash that the application leaves to its server: it has not answered
            raise TransportError(f"the application crashed: {error!r:.200}") from error
        return exchange.response()

    return send


class _Call:
    """One request to an application, and its answer as it comes."""

    __slots__ = ("_body", "_headers", "_request", "_sent", "_status")

    def __init__(self, request: Request) -> None:
        self._request = request
        self._status = 0
        self._headers: list[tuple[bytes, bytes]] = []
        self._body: list[bytes] = []
        self._sent = False

    def scope(self) -> _Message:
        path, _, query = self._request.url.partition("?")
        raw = self._request.headers.raw
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": self._request.method,
            "scheme": "http",
            "path": unquote(path) if "%" in path else path,
            "raw_path": path.encode("utf-8", "replace"),
            "query_string": query.encode("utf-8", "replace"),
            "root_path": "",
            "headers": [_HOST, *((n.lower().encode("utf-8"), v.encode("utf-8", "surrogateescape")) for n, v in raw)],
            "server": ("testserver", 80),
            "client": ("testclient", 50_000),
        }

    async def receive(self) -> _Message:
        if self._sent:
            await asyncio.Event().wait()  # nobody goes away before the answer is there
        self._sent = True
        return {"type": "http.request", "body": self._request.body, "more_body": False}

    async def send(self, message: _Message) -> None:
        if message["type"] == "http.response.start":
            self._status, self._headers = message["status"], list(message.get("headers", ()))
        elif message["type"] == "http.response.body":
            self._body.append(message.get("body", b""))

    def response(self) -> Response:
        if not self._status:
            raise TransportError("the application ended without an answer")
        decoded = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in self._headers]
        body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        return Response(self._status, Headers(decoded), b"" if self._request.method == "HEAD" else body)


class HttpSend:
    """Sends requests to a URL. Redirects are not followed, and what was asked is what is sent.

    Args:
        url: The gateway.
        timeout: Seconds to wait for an answer.
        verify: Whether the server's certificate has to be good, or whose word is taken for it.
    """

    def __init__(self, url: str, timeout: float = 30, *, verify: Any = True) -> None:
        self._url = url.rstrip("/")
        self._timeout = timeout
        self._verify = verify
        self._client: httpx.AsyncClient | None = None

    async def __call__(self, request: Request) -> Response:
        """Send one request.

        Raises:
            TransportError: No answer came.
            HeldBackError: It cannot be written as HTTP.
        """
        import httpx  # noqa: PLC0415 - whoever calls in process needs no client

        if self._client is None:
            self._client = httpx.AsyncClient(timeout=self._timeout, verify=self._verify, trust_env=False)
        raw = [(n.encode("utf-8"), v.encode("utf-8", "surrogateescape")) for n, v in request.headers.raw]
        path, _, query = request.url.partition("?")
        try:
            base = httpx.URL(self._url)
            target = path + (f"?{query}" if query else "")
            url = base.copy_with(raw_path=target.encode("utf-8", "replace"))
            answer = await self._client.request(request.method, url, headers=raw, content=request.body or None)
        except (httpx.LocalProtocolError, httpx.InvalidURL) as error:
            raise HeldBackError(f"this is no HTTP, so it was not sent: {error}") from error
        except httpx.HTTPError as error:
            raise TransportError(f"no answer from {self._url}: {str(error) or type(error).__name__}") from error
        return Response(answer.status_code, Headers(answer.headers.multi_items()), answer.content)

    async def aclose(self) -> None:
        """Let go of the connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None
