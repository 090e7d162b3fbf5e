"""The target: requests are sent raw, answers come back as exchanges.

A `Target` holds nothing back and adds nothing of its own: every header is removable, and no redirect is followed and
nothing repeated unless it was given a `Courtesy`. That is what a suite needs and a client library must not offer.
"""

from __future__ import annotations

import copy
import json as jsonlib
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from threading import Event
from typing import Any, Final, Self
from urllib.parse import SplitResult, quote, urlencode, urlsplit

import httpx

from pytest_aep_export.contract import load
from pytest_aep_export.errors import TransportError
from pytest_aep_export.exchange import Exchange, Headers, Request, Response
from pytest_aep_export.hosts import TOKEN_PATH
from pytest_aep_export.model import Credentials
from pytest_aep_export.suite.budget import Budget
from pytest_aep_export.suite.courtesy import Courtesy, LateError, LostError
from pytest_aep_export.suite.terms import OWN_POLICIES, Kind, Neighbours, Patience, Recorded
from pytest_aep_export.suite.usable import TargetError, access_token, require_json
from pytest_aep_export.suite.watchdog import Watchdog
from pytest_aep_export.version import SUITE_VERSION

__all__ = ["Kind", "Neighbours", "Patience", "Target", "TargetError", "parse_url", "require_json"]

_LARGEST: Final = 1 << 30
"""Bytes of the largest body that is read."""
_CREATE: Final = "createExportJob"
_LOST: Final = (httpx.NetworkError, httpx.RemoteProtocolError)
_SHORTEST: Final = 0.001
"""Seconds that a request is given which the end of the run has overtaken."""
_SECRET: Final = 8
"""Characters of the shortest secret that is looked for in reports."""


class Target:
    """Where the suite sends its requests.

    Args:
        base_url: The gateway, without a trailing slash.
        credentials: Whose tenant is worked in.
        kind: What sort of server it is.
        ims_url: The token endpoint; by default ``/ims/token/v3`` of the same host.
        label: What reports call it.
        patience: How long it is waited for; by default as long as the live service may need.
        transport: Instead of the network, for tests.

    Attributes:
        exchanges: Everything that was sent and came back, in order.
        budget: What the run may cost.
        courtesy: What is done about redirects and while it is busy; by default nothing.
        neighbours: Which other tenants there are.
        capabilities: What it can do that not every target can.
        recorded: Who answers in the target's place, without a network; None where it answers itself.
        known: The rows that a request for an export gives, where the tenant's data are known; in the form of
            ``pyarrow.Table.to_pylist()``, and computed by somebody else.
        moment: The time in ms that names of what is created are made of; ms, as recordings know times.
    """

    def __init__(
        self,
        base_url: str,
        credentials: Credentials,
        *,
        kind: Kind = "url",
        ims_url: str = "",
        label: str = "",
        patience: Patience | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.kind: Kind = kind
        self.base_url = base_url.rstrip("/")
        self.ims_url = ims_url or self.base_url + TOKEN_PATH
        self.credentials = credentials
        self.label = label or self.base_url
        self.patience = patience or Patience()
        self.exchanges: list[Exchange] = []
        self.budget = Budget()
        self.courtesy: Courtesy | None = None
        self.neighbours = Neighbours()
        self.capabilities: frozenset[str] = frozenset()
        self.recorded: Recorded | None = None
        self.known: Callable[[Mapping[str, Any]], list[dict[str, Any]]] | None = None
        self.moment: Callable[[], int] = _now
        self._tokens: dict[str, str] = {}
        self._secrets: dict[str, None] = {}
        self._know(credentials.client_secret, credentials.client_id)
        self._watchdog = Watchdog()
        self._http = httpx.Client(
            timeout=self.patience.answer,
            transport=transport,
            headers={"Accept": "application/json", "User-Agent": f"aep-export-suite/{SUITE_VERSION}"},
            trust_env=kind != "emulator",  # no proxy of the environment lies between here and the emulator
        )

    def as_tenant(self, credentials: Credentials) -> Self:
        """The same target, asked by somebody else; what it exchanges and costs is counted together."""
        other = copy.copy(self)
        other.credentials = credentials
        self._know(credentials.client_secret, credentials.client_id)
        return other

    def begin(self, module: str) -> None:
        """A module of the suite begins: what was recorded of it is played from its start."""
        if self.recorded is not None:
            self._tokens.clear()
            self.neighbours = self.recorded.begin(module)
            self.credentials = self.recorded.tenant or self.credentials
            self.capabilities = self.neighbours.capabilities | {OWN_POLICIES}  # what was not done was not recorded

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
        """What no report may show: ids, secrets and tokens of every tenant that has called."""
        return tuple(self._secrets)

    def _know(self, *secrets: str) -> None:
        """Keep secrets in mind. What is shorter than a password would be cut out of words."""
        self._secrets |= dict.fromkeys(secret for secret in secrets if len(secret) >= _SECRET)

    def token(self) -> str:
        """An access token, asked for once.

        Raises:
            TargetError: The token endpoint gave none.
        """
        who = self.credentials.client_id
        if who not in self._tokens:
            self._tokens[who] = access_token(self.request_token(), self.ims_url)
            self._know(self._tokens[who])
        return self._tokens[who]

    @property
    def held_token(self) -> str:
        """The access token, where one was asked for and given; empty otherwise."""
        return self._tokens.get(self.credentials.client_id, "")

    def request_token(self, **changes: str) -> Exchange:
        """Ask the token endpoint, with some of the form's fields changed."""
        who = self.credentials
        form = {"grant_type": "client_credentials", "client_id": who.client_id, "client_secret": who.client_secret}
        body = urlencode(form | {"scope": who.scopes} | changes).encode()
        return self._ask("POST", self.ims_url, {"Content-Type": "application/x-www-form-urlencoded"}, body)

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
            BusyError: None came in time, because the target is busy.
            BudgetError: The run may not cost more.
        """
        content = jsonlib.dumps(json).encode() if json is not None else body
        every = {**self._standard(without), **({"content-type": "application/json"} if content else {})}
        every |= {name.lower(): value for name, value in (headers or {}).items()}
        sent = {name: value for name, value in every.items() if name not in without}
        return self._ask(method, self.base_url + _below_gateway(path, query or {}), sent, content)

    def _standard(self, without: Collection[str]) -> dict[str, str]:
        """The four headers that every call needs (seed, "Introduzione")."""
        return {
            "authorization": "" if "authorization" in without else f"Bearer {self.token()}",
            "x-api-key": self.credentials.client_id,
            "x-gw-ims-org-id": self.credentials.org_id,
            "x-sandbox-name": self.credentials.sandbox,
        }

    def _ask(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Exchange:
        def once(where: str) -> Exchange:
            return self._exchange(Request(method, where, Headers(headers), body))

        return self.courtesy.ask(method, url, once) if self.courtesy else once(url)

    def _exchange(self, request: Request) -> Exchange:
        match = load().match(request.method, request.path)
        operation = match.operation.id if match else ""
        self.budget.spend(job=operation == _CREATE)
        response, broken = self._answer(request)
        exchange = Exchange(request, response, operation)
        self.exchanges.append(exchange)
        if broken:
            raise LostError(f"{request.method} {_bare(request.url)} got no whole answer: {broken}", exchange)
        if operation == _CREATE and exchange.response.status in range(200, 300):
            self.budget.created_job()
        return exchange

    def _answer(self, request: Request) -> tuple[Response, str]:
        """The answer, and what has broken it off before its end; nothing where it is whole."""
        if self.recorded is not None:
            return self.recorded.answer(request), ""
        method, url, content = request.method, request.url, request.body or None
        seconds = _shortest(self._http.timeout.read, self.budget.seconds_left)
        told: dict[str, Any] = {"headers": request.headers.raw, "extensions": {"trace": self._watchdog.trace}}
        try:
            with (
                self._watchdog.limit(seconds) as late,
                self._http.stream(method, url, content=content, timeout=seconds, **told) as answer,
            ):
                body, broken = _whole(answer, late)
        except (httpx.RequestError, httpx.InvalidURL) as error:
            raise _kind(error)(f"{method} {_bare(url)} got no answer: {_reason(error)}") from error
        return Response(answer.status_code, Headers(answer.headers.multi_items()), body), broken


def _now() -> int:
    return time.time_ns() // 1_000_000


def _kind(error: Exception) -> type[TransportError]:
    """Which sort of silence it is."""
    if isinstance(error, httpx.TimeoutException):
        return LateError
    return LostError if isinstance(error, _LOST) else TransportError


def _bare(url: str) -> str:
    return url.partition("?")[0]


def _below_gateway(path: str, query: Mapping[str, object]) -> str:
    parts = parse_url(path)
    text = "&".join(filter(None, (parts.query, urlencode(query, errors="replace"))))
    below = f"/{parts.path.lstrip('/')}"  # or a link such as ".evil.example/x" would make another host of the gateway's
    return f"{below}?{text}" if text else below


def parse_url(text: str) -> SplitResult:
    """The parts of a link that a server has given; of what is no URL at all the whole is the path.

    Half of a character, which JSON can hold and no request, becomes a question mark.
    """
    whole = text.encode("utf-8", "replace").decode()
    try:
        return urlsplit(whole)
    except ValueError:
        return urlsplit(f"/{quote(whole)}")


def _whole(answer: httpx.Response, late: Event) -> tuple[bytes, str]:
    """The body, as far as it comes in time and fits, and what has broken it off; nothing where it is whole."""
    content = bytearray()
    try:
        for chunk in answer.iter_bytes():
            content += chunk
            if late.is_set():
                break
            if len(content) > _LARGEST:
                raise httpx.RequestError(f"the body has more than {_LARGEST} bytes", request=answer.request)
    except _LOST as error:
        return bytes(content), _reason(error)
    return bytes(content), ""


def _shortest(*seconds: float | None) -> float:
    return max(_SHORTEST, min(s for s in seconds if s is not None))


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__
