"""What the two drivers share of httpx: how a client is set up, how its answers and its exceptions read."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Final

import httpx

from pytest_aep_export.client.address import origin_of
from pytest_aep_export.client.core import NoAnswer
from pytest_aep_export.client.session import Session
from pytest_aep_export.exchange import Headers, Request, Response

__all__ = ["DIRECT", "HEADERS", "TIMEOUT", "head_of", "no_answer", "trust_of"]

TIMEOUT: Final = 60.0
"""Seconds that the gateway gives a request (facts, auth-and-headers section 5)."""

HEADERS: Final = {"User-Agent": "pytest-aep-export"}

DIRECT: Final[Mapping[str, None]] = dict.fromkeys(("all://127.0.0.1", "all://localhost", "all://[::1]"))
"""What no proxy of the environment is asked for: another machine's proxy cannot reach this one's loopback."""

_NOT_SENT: Final = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.LocalProtocolError,
    httpx.UnsupportedProtocol,
    httpx.InvalidURL,
)

_REASONS: Final[tuple[tuple[type[httpx.RequestError], str], ...]] = (
    (httpx.ConnectTimeout, "could not be reached in time: check the address and the network"),
    (httpx.ProxyError, "could not be reached through the proxy: check HTTPS_PROXY, HTTP_PROXY and NO_PROXY"),
    (httpx.ConnectError, "could not be reached: check the address, the network, and whether the server runs"),
    (httpx.PoolTimeout, "was not asked, for all connections were busy: make fewer calls at once, or allow more time"),
    (httpx.TimeoutException, "did not answer in time: check its health, or allow more time"),
    (httpx.DecodingError, "sent a body that is not what its Content-Encoding says"),
    (httpx.NetworkError, "broke the connection before the answer was complete"),
    (httpx.RemoteProtocolError, "did not send a complete HTTP answer"),
)


def trust_of(session: Session) -> ssl.SSLContext | bool:
    """What to verify certificates with.

    Where nothing is encrypted, that is nothing at all: loading certificates is the slowest part of making a client,
    and a context without any refuses every server.
    """
    return True if session.encrypted else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def head_of(reply: httpx.Response) -> Response:
    """A response without its body."""
    return Response(reply.status_code, Headers(reply.headers.multi_items()))


def no_answer(request: Request, error: httpx.RequestError | httpx.InvalidURL) -> NoAnswer:
    """What an exception of httpx says of a request."""
    reason = next((text for kind, text in _REASONS if isinstance(error, kind)), "could not be asked")
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        reason = "has a certificate that is not trusted: name the CA that signed it in SSL_CERT_FILE"
    detail = f" ({error})" if str(error) else ""
    sentence = f"{request.method} {request.path}: {origin_of(request.url)} {reason}{detail}"
    return NoAnswer(sentence, sent=not isinstance(error, _NOT_SENT))
