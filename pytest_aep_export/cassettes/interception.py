"""Requests of any HTTP client that vcrpy knows, caught where vcrpy catches them, and answered or kept as we do it.

vcrpy's own cassette looks through everything that was recorded for each request, thrice. Two others take its place here
by overriding its public methods; loading, matching, cleaning and saving are no business of vcrpy's at all.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode, urlsplit
from weakref import WeakKeyDictionary

from vcr.cassette import Cassette
from vcr.filters import decode_response
from vcr.record_mode import RecordMode

from pytest_aep_export.cassettes.playback import Playback
from pytest_aep_export.cassettes.recording import Interaction, measured
from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.exchange import Headers, Request, Response
from pytest_aep_export.hosts import is_adobe_host

__all__ = ["answer_from", "keep"]

_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")
_ROUTES: Final = ("/data/", "/ims/")
_FORMS: Final = "/ims/"
_NO_HEADERS: Final = Headers()


def answer_from(playback: Playback) -> AbstractContextManager[object]:
    """Answer requests from a recording, and let none of them out.

    Raises from a client's call:
        MismatchError: The recording has no answer, or no further one.
    """
    options = {"path": "", "record_mode": RecordMode.NONE, "custom_patches": _in_process()}
    context: AbstractContextManager[object] = _Player.use(playback=playback, **options)
    return context


def keep(hosts: Iterable[str], kept: Callable[[Interaction], None]) -> AbstractContextManager[object]:
    """Send requests as they are, and hand over what was exchanged with these hosts.

    Args:
        hosts: Hosts as they stand in URLs, with a port where it is not the usual one.
        kept: Called with each interaction, as it was and so with its secrets.
    """
    options = {"path": "", "record_mode": RecordMode.ALL}
    context: AbstractContextManager[object] = _Recorder.use(hosts=frozenset(hosts), kept=kept, **options)
    return context


def _in_process() -> tuple[tuple[Any, str, Any], ...]:
    """Patches that undo vcrpy's own for transports that lead to an app or a function in this process.

    They reach no network, and what they lead to is the test's own business: a recording must not speak for it.
    """
    methods = ("handle_request", "handle_async_request")
    classes = [
        getattr(sys.modules[module], name)
        for module in ("httpx", "httpx2")
        if module in sys.modules
        for name in ("ASGITransport", "WSGITransport", "MockTransport")
    ]
    return tuple((one, method, vars(one)[method]) for one in classes for method in methods if method in vars(one))


class _Player(Cassette):  # type: ignore[misc] # vcrpy is not typed
    """Answers from a playback."""

    def __init__(self, playback: Playback, **options: Any) -> None:
        super().__init__(**options)
        self._playback = playback
        self._found: WeakKeyDictionary[Any, Response] = WeakKeyDictionary()

    @classmethod
    def load(cls, **options: Any) -> _Player:
        """What vcrpy calls to have a cassette."""
        return cls(**options)

    def can_play_response_for(self, request: Any) -> bool:
        """Whether there is an answer; it is then set apart for this request, which may ask more than once.

        Raises:
            MismatchError: There is none, and the request must not go out either.
        """
        if request in self._found:
            return True
        asked = _request(request, ("range",))
        response = self._playback.take(asked)
        if response is None and not _passes(asked.url):
            raise self._playback.refusal(asked)
        if response is not None:
            self._found[request] = response
        return response is not None

    def play_response(self, request: Any) -> dict[str, Any]:
        """The answer, in vcrpy's form; made anew each time, since clients change it."""
        self.can_play_response_for(request)
        return _played(self._found.pop(request))

    def filter_request(self, request: Any) -> None:
        """Nothing: what `can_play_response_for` let pass may go out."""

    def append(self, request: Any, response: Any) -> None:
        """Forget what passed."""

    def find_requests_with_most_matches(self, request: Any) -> list[Any]:
        """The request itself: where aiohttp follows a redirect, it asks for what it will play next."""
        return [(request, [], [])]


class _Recorder(Cassette):  # type: ignore[misc] # vcrpy is not typed
    """Hands over what it hears."""

    def __init__(self, hosts: frozenset[str], kept: Callable[[Interaction], None], **options: Any) -> None:
        super().__init__(**options)
        self._hosts = hosts
        self._kept = kept

    @classmethod
    def load(cls, **options: Any) -> _Recorder:
        """What vcrpy calls to have a cassette."""
        return cls(**options)

    def can_play_response_for(self, request: Any) -> bool:  # noqa: ARG002 - vcrpy's
        """Nothing is played."""
        return False

    def append(self, request: Any, response: Any) -> None:
        """Hand over what was exchanged with the hosts that are recorded."""
        if urlsplit(request.uri).netloc in self._hosts:
            self._kept(Interaction(_request(request, request.headers), _response(response)))


def _passes(url: str) -> bool:
    """Whether a request that is not recorded may go out: to a server of this machine which is not asked for the API."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    return host in _LOOPBACK and not is_adobe_host(host) and not parts.path.startswith(_ROUTES)


def _request(request: Any, names: Iterable[str]) -> Request:
    """A request of vcrpy's, with those of its headers."""
    headers = [(name, _text(value)) for name in names if (value := request.headers.get(name)) is not None]
    uri = request.uri
    return Request(request.method, uri, Headers(headers) if headers else _NO_HEADERS, _body(request.body, uri))


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _body(body: Any, uri: str) -> bytes:
    """A request's body, in whichever form a client gives it."""
    if body is None or isinstance(body, bytes):
        return body or b""
    if isinstance(body, bytearray | memoryview):
        return bytes(body)
    if hasattr(body, "read"):
        return _body(body.read(), uri)
    if isinstance(body, Mapping | list | tuple):
        return _of_aiohttp(body, uri)
    if isinstance(body, Iterable):
        return b"".join(part if isinstance(part, bytes) else str(part).encode() for part in body)
    raise ConfigurationError(
        f"a request's body of the type {type(body).__name__} cannot be recorded: send bytes or text"
    )


def _of_aiohttp(body: Any, uri: str) -> bytes:
    """What aiohttp was given, before it made bytes of it: which of ``json`` and ``data`` it was, vcrpy does not tell.

    The API takes JSON everywhere but at the token service, which takes forms.
    """
    return urlencode(body).encode() if urlsplit(uri).path.startswith(_FORMS) else json.dumps(body).encode()


def _response(response: Any) -> Response:
    """A response of vcrpy's, its body decoded."""
    plain = decode_response(response)
    headers = [(str(name), _text(value)) for name, values in plain["headers"].items() for value in values]
    decoded = Response(plain["status"]["code"], Headers(headers), plain["body"].get("string") or b"")
    if (encoding := decoded.headers.get("content-encoding")) and decoded.body:
        raise ConfigurationError(f"an answer encoded as {encoding} cannot be recorded: let the client not accept it")
    return decoded


def _played(response: Response) -> dict[str, Any]:
    headers: dict[str, list[str]] = {name: [value] for name, value in measured(response)}
    return {
        "status": {"code": response.status, "message": _PHRASES.get(response.status, "")},
        "headers": headers,
        "body": {"string": response.body},
    }


_PHRASES: Final = {status.value: status.phrase for status in HTTPStatus}
