"""Bending what a client sends and gets: how most of the defective clients are made out of a right one.

A `Bend` stands between `AepClient` and the wire: it is given each request and what sends it, and gives an answer.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, urlencode

import httpx

from pytest_aep_export import Clock
from pytest_aep_export.contract import load

Send: TypeAlias = Callable[[httpx.Request], httpx.Response]
Memory: TypeAlias = dict[str, Any]
"""What a client remembers from one request to the next; its clock is in it, and how long a piece of an answer is."""
Bend: TypeAlias = Callable[[httpx.Request, Send, Memory], httpx.Response]


@dataclass
class Bent(httpx.BaseTransport):
    """The network, as a client sees it that bends what it sends and gets.

    Where answers come in pieces it tells how long they are: the machine joins those that nobody has fetched yet.
    """

    bend: Bend
    clock: Clock
    piece: int | None = None
    network: httpx.BaseTransport = field(default_factory=httpx.HTTPTransport)
    memory: Memory = field(default_factory=dict)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request."""
        self.memory |= {"clock": self.clock, "piece": self.piece}
        request.read()
        return self.bend(request, self.network.handle_request, self.memory)

    def close(self) -> None:
        """Close the connections."""
        self.network.close()


def operation(request: httpx.Request) -> str:
    """What a request is for: the contract's ``operationId``, but ``download`` for the bytes of a file."""
    match = load().match(request.method, request.url.path)
    name = match.operation.id if match else ""
    return "download" if name == "getFile" and "path" in request.url.params else name


def again(request: httpx.Request, **changes: Any) -> httpx.Request:
    """The same request, but for what is changed."""
    headers = httpx.Headers(changes.pop("headers", request.headers))
    if "content" in changes:
        headers.pop("content-length", None)
    made = {"method": request.method, "url": request.url, "content": request.content} | changes
    return httpx.Request(headers=headers, extensions=request.extensions, **made)


def sends(name: str, change: Callable[[httpx.Request], httpx.Request]) -> Bend:
    """A client that sends requests of an operation otherwise; of ``*`` all that need a token."""

    def bend(request: httpx.Request, send: Send, _: Memory) -> httpx.Response:
        return send(change(request) if concerns(name, request) else request)

    return bend


def concerns(name: str, request: httpx.Request) -> bool:
    """Whether a request is for an operation; ``*`` stands for all that need a token."""
    found = operation(request)
    return found == name or (name == "*" and not found.startswith("requestToken"))


def payload(name: str, edit: Callable[[Any], object]) -> Bend:
    """A client that sends other JSON: it is edited where it is, or replaced by what comes back."""

    def change(request: httpx.Request) -> httpx.Request:
        document = json.loads(request.content)
        edited = edit(document)
        return again(request, content=json.dumps(document if edited is None else edited).encode())

    return sends(name, change)


def header(name: str, **values: str | None) -> Bend:
    """A client that sends other headers; None leaves one out."""

    def change(request: httpx.Request) -> httpx.Request:
        headers = httpx.Headers(request.headers)
        for key, value in values.items():
            headers.pop(key.replace("_", "-"), None)
            if value is not None:
                headers[key.replace("_", "-")] = value
        return again(request, headers=headers)

    return sends(name, change)


def query(name: str, **values: str) -> Bend:
    """A client that adds to the query."""
    return sends(name, lambda request: again(request, url=request.url.copy_merge_params(values)))


def form(edit: Callable[[dict[str, str]], object]) -> Bend:
    """A client that asks for tokens with another form."""

    def change(request: httpx.Request) -> httpx.Request:
        fields = dict(parse_qsl(request.content.decode()))
        edit(fields)
        return again(request, content=urlencode(fields).encode())

    return sends("requestToken", change)


def reads(name: str, edit: Callable[[Any], object]) -> Bend:
    """A client that reads other JSON than it was answered: edited where it is, or replaced by what comes back."""

    def bend(request: httpx.Request, send: Send, _: Memory) -> httpx.Response:
        response = send(request)
        if not concerns(name, request) or response.status_code >= httpx.codes.BAD_REQUEST:
            return response
        content = whole(response)
        try:
            document = json.loads(content)
        except ValueError:
            return other(response, content)
        edited = edit(document)
        return other(response, json.dumps(document if edited is None else edited).encode())

    return bend


def takes(status: int, instead: int) -> Bend:
    """A client that takes one status for another."""

    def bend(request: httpx.Request, send: Send, _: Memory) -> httpx.Response:
        response = send(request)
        return other(response, whole(response), instead) if response.status_code == status else response

    return bend


def whole(response: httpx.Response) -> bytes:
    """A body, read and decoded."""
    content = response.read()
    response.close()
    return content


def other(response: httpx.Response, content: bytes, status: int = 0) -> httpx.Response:
    """A response with another body, and perhaps another status."""
    headers = {k: v for k, v in response.headers.items() if k not in {"content-encoding", "content-length"}}
    return httpx.Response(status or response.status_code, headers=headers, content=content)


def pieces(response: httpx.Response) -> tuple[bytes, bool]:
    """A body as far as it came, and whether all of it did."""
    found: list[bytes] = []
    try:
        found.extend(_each(response.iter_raw()))
    except httpx.TransportError:
        return b"".join(found), False
    return b"".join(found), True


def _each(chunks: Iterable[bytes]) -> Iterator[bytes]:
    yield from chunks
