"""The target: requests are sent raw, answers come back as exchanges.

A `Target` holds nothing back and adds nothing of its own: no retries, no redirects, every header removable. That is
what a suite needs and a client library must not offer.
"""

from __future__ import annotations

import json as jsonlib
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Literal
from urllib.parse import urlencode, urlsplit

import httpx

from pytest_aep_export.contract import load
from pytest_aep_export.errors import AepError, TransportError
from pytest_aep_export.exchange import Exchange, Headers, Request, Response
from pytest_aep_export.model import Credentials
from pytest_aep_export.suite.version import SUITE_VERSION

__all__ = ["IMS_PATH", "Patience", "Target", "TargetError", "require_json"]

IMS_PATH: Final = "/ims/token/v3"

_LARGEST: Final = 1 << 30
"""Bytes of the largest body that is read."""
_SECRET: Final = 8
"""Characters of the shortest secret that is looked for in reports."""


class TargetError(AepError):
    """The target cannot be judged at all; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a target is waited for, in seconds.

    Attributes:
        poll: Between two looks at a job, at most.
        deadline: For a job to end.
        answer: For an answer, to its last byte.
    """

    poll: float = 5.0
    deadline: float = 1800.0
    answer: float = 60.0


class Target:
    """Where the suite sends its requests.

    Args:
        kind: ``emulator``: started for this run. ``url``: somebody else's server.
        base_url: The gateway, without a trailing slash.
        credentials: Whose tenant is worked in.
        ims_url: The token endpoint; by default ``/ims/token/v3`` of the same host.
        label: What reports call it.
        patience: How long it is waited for.
        transport: Instead of the network, for tests.
    """

    def __init__(
        self,
        base_url: str,
        credentials: Credentials,
        *,
        kind: Literal["emulator", "url"] = "url",
        ims_url: str = "",
        label: str = "",
        patience: Patience = Patience(),
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.kind = kind
        self.base_url = base_url.rstrip("/")
        self.ims_url = ims_url or self.base_url + IMS_PATH
        self.credentials = credentials
        self.label = label or self.base_url
        self.patience = patience
        self.exchanges: list[Exchange] = []
        self._token = ""
        self._http = httpx.Client(
            timeout=patience.answer,
            transport=transport,
            headers={"Accept": "application/json", "User-Agent": f"aep-export-suite/{SUITE_VERSION}"},
            trust_env=kind == "url",  # no proxy of the environment lies between here and the emulator
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """For a while, wait only so long for each answer."""
        before, self._http.timeout = self._http.timeout, httpx.Timeout(seconds)
        try:
            yield
        finally:
            self._http.timeout = before

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no report may show. What is shorter than a password would be cut out of words."""
        known = self._token, self.credentials.client_secret, self.credentials.client_id
        return tuple(secret for secret in known if len(secret) >= _SECRET)

    def token(self) -> str:
        """An access token, asked for once.

        Raises:
            TargetError: The token endpoint gave none.
        """
        if not self._token:
            self._token = _access_token(self.request_token(), self.ims_url)
        return self._token

    def request_token(self, **changes: str) -> Exchange:
        """Ask the token endpoint, with some of the form's fields changed."""
        who = self.credentials
        form = {"grant_type": "client_credentials", "client_id": who.client_id, "client_secret": who.client_secret}
        body = urlencode(form | {"scope": who.scopes} | changes).encode()
        return self._exchange("POST", self.ims_url, {"Content-Type": "application/x-www-form-urlencoded"}, body)

    def send(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        body: bytes = b"",
        query: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        without: Collection[str] = (),
    ) -> Exchange:
        """Send one request and keep the exchange.

        Args:
            method: The HTTP method.
            path: Below the gateway, perhaps with a query; of an absolute URL only that much is used, so that no
                credentials ever go to the host that an answer names.
            json: A document to send.
            body: Or the very bytes to send, as JSON unless a header says otherwise.
            query: More parameters.
            headers: Headers to add or change.
            without: Headers to leave out, in lower case.

        Raises:
            TransportError: No answer came.
        """
        content = jsonlib.dumps(json).encode() if json is not None else body
        every = {**self._standard(without), **({"content-type": "application/json"} if content else {})}
        every |= {name.lower(): value for name, value in (headers or {}).items()}
        sent = {name: value for name, value in every.items() if name not in without}
        return self._exchange(method, self.base_url + _below_gateway(path, query or {}), sent, content)

    def _standard(self, without: Collection[str]) -> dict[str, str]:
        """The four headers that every call needs (seed, "Introduzione")."""
        return {
            "authorization": "" if "authorization" in without else f"Bearer {self.token()}",
            "x-api-key": self.credentials.client_id,
            "x-gw-ims-org-id": self.credentials.org_id,
            "x-sandbox-name": self.credentials.sandbox,
        }

    def _exchange(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Exchange:
        try:
            with self._http.stream(method, url, headers=headers, content=body or None) as answer:
                content = _whole(answer, self._http.timeout.read)
        except (httpx.RequestError, httpx.InvalidURL) as error:
            raise TransportError(f"{method} {url.partition('?')[0]} got no answer: {_reason(error)}") from error
        request = Request(method, url, Headers(headers), body)
        response = Response(answer.status_code, Headers(answer.headers.multi_items()), content)
        match = load().match(method, request.path)
        exchange = Exchange(request, response, match.operation.id if match else "")
        self.exchanges.append(exchange)
        return exchange


def _below_gateway(path: str, query: Mapping[str, object]) -> str:
    parts = urlsplit(path)
    text = "&".join(filter(None, (parts.query, urlencode(query))))
    return f"{parts.path}?{text}" if text else parts.path


def _whole(answer: httpx.Response, seconds: float | None) -> bytes:
    """The body, if it ends in time and fits: byte after byte without end is no answer either."""
    give_up = time.monotonic() + (seconds or 0)
    content = bytearray()
    for chunk in answer.iter_bytes():
        content += chunk
        if seconds and time.monotonic() > give_up:
            raise httpx.ReadTimeout(f"the body has not ended within {seconds:g} s", request=answer.request)
        if len(content) > _LARGEST:
            raise httpx.ReadError(f"the body has more than {_LARGEST} bytes", request=answer.request)
    return bytes(content)


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__


def _access_token(exchange: Exchange, url: str) -> str:
    require_json(exchange, url, "--ims-url")
    body = exchange.response.json()
    token = body.get("access_token") if isinstance(body, Mapping) else None
    if not token:
        raise TargetError(
            f"{url.partition('?')[0]} gives no token ({exchange.response.status}): "
            "check AEP_CLIENT_ID, AEP_CLIENT_SECRET and --ims-url"
        )
    return str(token)


def require_json(exchange: Exchange, url: str, option: str) -> None:
    """Refuse a target that speaks something else; the option is what to check.

    Raises:
        TargetError: The answer is not JSON.
    """
    try:
        exchange.response.json()
    except (ValueError, RecursionError):
        media = exchange.response.headers.get("content-type", "no media type")
        raise TargetError(
            f"{url.partition('?')[0]} answers with {media} instead of JSON, so this is not the API: check {option}"
        ) from None
