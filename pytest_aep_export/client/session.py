"""One authorised call, with everything around it: token, headers, repetition, errors. No I/O.

Headers of a call: facts, auth-and-headers section 3. The secret goes to the token endpoint and nowhere else;
the token goes to the base address's origin and nowhere else.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote, urlencode
from uuid import uuid4

from pytest_aep_export.client.address import check_url, ims_url_for, origin_of
from pytest_aep_export.client.auth import TokenCache, token_request
from pytest_aep_export.client.core import Alone, Flow, NoAnswer, Sink, pause, send
from pytest_aep_export.client.problems import api_error, read, unexpected
from pytest_aep_export.client.retry import RetryPolicy, repeatable, retry_after
from pytest_aep_export.errors import ApiError, AuthenticationError, ConfigurationError, RateLimitError, TransportError
from pytest_aep_export.exchange import Exchange, Headers, Request
from pytest_aep_export.model import Credentials

__all__ = ["Session", "segment", "settled"]

_OK: Final = range(200, 300)
_ERRORS: Final = range(400, 600)
_UNAUTHORISED: Final = 401
_FATE: Final = "whether the {noun} was created is unknown: look for it before you try again, lest there be two"


class Session:
    """As whom, where to and how patiently calls are made; what both clients share.

    Args:
        credentials: The integration and its tenant.
        base_url: The gateway's address.
        ims_url: The token endpoint; by default the one that belongs to ``base_url``.
        retry: When a request is repeated.
        now: The time, in seconds since the epoch.

    Raises:
        ConfigurationError: An address or a credential cannot work.
    """

    def __init__(
        self, credentials: Credentials, base_url: str, ims_url: str | None, retry: RetryPolicy, now: Callable[[], float]
    ) -> None:
        _check_credentials(credentials)
        self._credentials = credentials
        self._base = check_url("base_url", base_url)
        self._ims_url = check_url("ims_url", ims_url_for(self._base) if ims_url is None else ims_url)
        self._tokens = TokenCache()
        self._reached: set[str] = set()
        self.origin = origin_of(self._base)
        self.retry = retry
        self.now = now

    @property
    def encrypted(self) -> bool:
        """Whether any request of this session travels over TLS."""
        return "https" in {self._base.partition(":")[0], self._ims_url.partition(":")[0]}

    def url(self, path: str, query: Mapping[str, str] | None = None) -> str:
        """The address of a path below the gateway."""
        return f"{self._base}{path}?{urlencode(query)}" if query else f"{self._base}{path}"

    def owns(self, url: str) -> bool:
        """Whether an address is the gateway's, and so may be shown the token."""
        return origin_of(url) == self.origin

    def request(self, method: str, url: str, payload: Any = None, headers: Mapping[str, str] | None = None) -> Request:
        """A request yet to be authorised.

        Raises:
            ConfigurationError: The payload is not JSON, or the address is not the gateway's.
        """
        if not self.owns(url):
            raise ConfigurationError(f"{url} is not on {self.origin}: the access token is sent nowhere else")
        shown = {"Accept": "application/json", **(headers or {})}
        if payload is None:
            return Request(method, url, Headers(shown))
        return Request(method, url, Headers({**shown, "Content-Type": "application/json"}), _encoded(payload))

    def get(self, path: str, query: Mapping[str, str] | None = None) -> Flow[Exchange]:
        """Read a resource."""
        return self.call(self.request("GET", self.url(path, query)))

    def call(self, request: Request, *, creates: str = "") -> Flow[Exchange]:
        """Make a call that succeeds.

        Args:
            request: What to send.
            creates: What the call creates, as a noun; such a call is not repeated when its fate is unknown.

        Raises:
            TransportError: No answer arrived.
            ApiError: The API refused.
            UnexpectedAnswerError: The answer is neither a success nor an error.
        """
        outcome = yield from self.answer(request, safe=not creates)
        return settled(outcome, creates)

    def answer(self, request: Request, *, safe: bool = True, sink: Sink | None = None) -> Flow[Exchange | NoAnswer]:
        """Make a call, whatever comes of it; a token that is refused is renewed once."""
        token = yield from self.token()
        outcome = yield from self._repeated(self._signed(request, token), safe=safe, sink=sink)
        if isinstance(outcome, NoAnswer) or outcome.response.status != _UNAUTHORISED:
            return outcome
        self._tokens.drop(token)
        token = yield from self.token()
        return (yield from self._repeated(self._signed(request, token), safe=safe, sink=sink))

    def token(self) -> Flow[str]:
        """The access token, asked for only when there is no good one.

        Raises:
            AuthenticationError: The token endpoint refused the credentials.
            TransportError: It did not answer.
        """
        return self._tokens.current(self.now()) or (yield Alone(self._new_token()))

    def _new_token(self) -> Flow[str]:
        # Whoever waited to run alone may find that the one before it has fetched the token.
        if token := self._tokens.current(self.now()):
            return token
        asked = self.now()
        outcome = yield from self._repeated(token_request(self._ims_url, self._credentials), safe=True, sink=None)
        exchange = settled(outcome, refusal=AuthenticationError)
        return read(exchange, "a token", lambda document: self._tokens.keep(document, asked))

    def _signed(self, request: Request, token: str) -> Request:
        identity = {
            "Authorization": f"Bearer {token}",
            "x-api-key": self._credentials.client_id,
            "x-gw-ims-org-id": self._credentials.org_id,
            "x-sandbox-name": self._credentials.sandbox,
        }
        return replace(request, headers=Headers([*request.headers.raw, *identity.items()]))

    def _repeated(self, request: Request, *, safe: bool, sink: Sink | None) -> Flow[Exchange | NoAnswer]:
        for own_pause in self.retry.pauses():
            outcome = yield from self._sent(request, sink)
            seconds = self._patience(outcome, own_pause, request, safe=safe, resumable=sink is not None)
            if seconds is None:
                return outcome
            yield from pause(seconds)
        return (yield from self._sent(request, sink))

    def _sent(self, request: Request, sink: Sink | None) -> Flow[Exchange | NoAnswer]:
        """Send a request once, with a request id of its own."""
        marked = replace(request, headers=Headers([*request.headers.raw, ("x-request-id", uuid4().hex)]))
        outcome = yield from send(marked, sink)
        if isinstance(outcome, Exchange):
            self._reached.add(origin_of(request.url))
        return outcome

    def _patience(
        self, outcome: Exchange | NoAnswer, own_pause: float, request: Request, *, safe: bool, resumable: bool
    ) -> float | None:
        """The seconds to wait before trying again, or None when the outcome is final.

        A server that was never reached is taken for a wrong address. A cut download is for its own flow to resume.
        """
        if isinstance(outcome, NoAnswer):
            again = (safe and not resumable) if outcome.sent else origin_of(request.url) in self._reached
            return own_pause if again else None
        if not repeatable(outcome.response.status, safe=safe):
            return None
        told = retry_after(outcome.response, self.now())
        if told is None:
            return own_pause
        return told if told <= self.retry.patience else None


def settled(outcome: Exchange | NoAnswer, creates: str = "", refusal: type[ApiError] | None = None) -> Exchange:
    """The exchange, if it is a success.

    Args:
        outcome: What came of a call.
        creates: What the call was to create.
        refusal: The exception to raise for a 4xx, where the status alone does not tell; 429 stays what it is.

    Raises:
        TransportError: No answer arrived.
        ApiError: The API refused.
        UnexpectedAnswerError: The answer is neither a success nor an error.
    """
    fate = _FATE.format(noun=creates) if creates else ""
    if isinstance(outcome, NoAnswer):
        raise TransportError(f"{outcome.reason}; {fate}" if fate and outcome.sent else outcome.reason)
    status = outcome.response.status
    if status in _OK:
        return outcome
    if status not in _ERRORS:
        raise unexpected(outcome, "neither a success nor an error was expected to look like that")
    error = api_error(outcome)
    if refusal and not isinstance(error, RateLimitError) and status < 500:  # noqa: PLR2004 - the 4xx range
        error = api_error(outcome, refusal)
    if fate and status >= 500 and not repeatable(status, safe=False):  # noqa: PLR2004 - the 5xx range
        error.add_note(fate)
    raise error


def segment(noun: str, value: object) -> str:
    """One segment of a path.

    Raises:
        ConfigurationError: The value is empty or would walk the path, so that something else would be addressed.
    """
    text = str(value)
    if text.strip(". ") == "":
        raise ConfigurationError(f"{text!r} is no {noun}")
    return quote(text, safe="")


def _check_credentials(credentials: Credentials) -> None:
    for name in ("client_id", "client_secret", "org_id", "sandbox", "scopes"):
        value = getattr(credentials, name)
        if not value or not value.isascii() or not value.isprintable() or value != value.strip():
            raise ConfigurationError(
                f"the credentials' {name} is empty, or holds blanks at an end or characters that no header can carry"
            )


def _encoded(payload: Any) -> bytes:
    try:
        return json.dumps(payload, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except (TypeError, ValueError) as error:
        raise ConfigurationError(f"the payload cannot be sent as JSON: {error}") from error
