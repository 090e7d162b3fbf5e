"""What the head of a request says: everything but its body, read once for requests that are alike.

A client that polls sends the same head over and over; reading it again and again would be half of what an answer costs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from pytest_aep_export.contract.media import media_type
from pytest_aep_export.exchange import Headers, Request

if TYPE_CHECKING:
    from starlette.types import Scope

__all__ = ["Head", "head_as", "head_of"]

_HOST: Final = re.compile(r"[A-Za-z0-9.\-:\[\]]+")

Raw = tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """The head of a request.

    Attributes:
        request: The request without its body.
        origin: Scheme and host that were asked, for absolute links.
        query: The query's parameters, decoded.
        token: The bearer token; empty when there is none.
        api_key: The ``x-api-key``; empty when there is none.
        org_id: The ``x-gw-ims-org-id``; empty when there is none.
        sandbox: The ``x-sandbox-name``; empty when there is none.
        request_id: The ``x-request-id``; empty when there is none.
        media: The body's media type, in lower case and without parameters.
        has_body: Whether a body follows.
    """

    request: Request
    origin: str
    query: Mapping[str, str]
    token: str
    api_key: str
    org_id: str
    sandbox: str
    request_id: str
    media: str
    has_body: bool


def head_of(scope: Scope) -> Head:
    """The head of the request that a server handed over."""
    raw_path = scope.get("raw_path") or scope["path"].encode()
    server = scope.get("server") or ("127.0.0.1",)
    target = raw_path + b"?" + scope["query_string"] if scope["query_string"] else raw_path
    return _read(scope["method"], scope["scheme"], tuple(server), target, tuple(scope["headers"]))


@lru_cache(maxsize=512)
def _read(method: str, scheme: str, server: tuple[object, ...], target: bytes, raw: Raw) -> Head:
    headers = Headers([(name.decode("latin-1"), value.decode("latin-1")) for name, value in raw])
    host = headers.get("host", "")
    origin = f"{scheme}://{host if _is_host(host) else ':'.join(map(str, server))}"
    return head_as(Request(method, origin + target.decode("latin-1"), headers), origin)


def head_as(request: Request, origin: str) -> Head:
    """The head of a request without its body, as it is understood."""
    headers = request.headers
    kind, _, token = headers.get("authorization", "").partition(" ")
    return Head(
        request=request,
        origin=origin,
        query=request.query,
        token=token.strip() if kind.lower() == "bearer" else "",
        api_key=headers.get("x-api-key", ""),
        org_id=headers.get("x-gw-ims-org-id", ""),
        sandbox=headers.get("x-sandbox-name", ""),
        request_id=headers.get("x-request-id", ""),
        media=media_type(headers),
        has_body="content-length" in headers or "transfer-encoding" in headers,
    )


def _is_host(text: str) -> bool:
    """Whether a ``Host`` header names a host, perhaps with a port, so that links can repeat it."""
    try:
        return bool(_HOST.fullmatch(text)) and urlsplit(f"//{text}").port != 0
    except ValueError:
        return False
