"""HAR 1.2, the form in which browsers and proxies keep what they saw, read as interactions. Pure.

What comes from a HAR is as it was, with its secrets: it has to go through the same hygiene as what is recorded.
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from math import isfinite
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from pytest_aep_export.cassettes.bodies import text_of
from pytest_aep_export.cassettes.fakes import PLACEHOLDER
from pytest_aep_export.cassettes.recording import Interaction
from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.exchange import Headers, Request, Response
from pytest_aep_export.hosts import is_adobe_host, is_emulated
from pytest_aep_export.model import Credentials

__all__ = ["BYTES", "Har", "credentials_in", "read_har"]

_DECODED: Final = frozenset({"content-encoding", "transfer-encoding", "content-length"})
"""Headers of what crossed the wire; a HAR holds the content, decoded."""
_PREFLIGHT: Final = "OPTIONS"
BYTES: Final = "_encoding"
"""How a request's body is encoded: HAR has no name for that, and lets everybody add names with an underscore."""
_SECRET: Final = "client_secret"  # noqa: S105 - the name of a field


@dataclass(frozen=True, slots=True)
class Har:
    """What a HAR holds of the API.

    Attributes:
        interactions: In the order of the file, with their secrets.
        origins: The scheme and host of each of them.
        skipped: How many other entries there are, by the reason why they were left out.
        date: The day of the first interaction; empty where the file does not tell.
        adobe: Whether all of them were with hosts of Adobe's.
    """

    interactions: tuple[Interaction, ...]
    origins: tuple[str, ...]
    skipped: Mapping[str, int]
    date: str
    adobe: bool


class _MalformedError(ValueError):
    """A part of a HAR is not what it has to be; the message says what, as the end of a sentence."""


def read_har(content: bytes, host: str = "") -> Har:
    """The interactions in a HAR.

    Args:
        content: The file.
        host: A host whose requests are meant, with a port where it stands in URLs; by default those of Adobe's API.

    Raises:
        ConfigurationError: It is no HAR.
    """
    kept: list[tuple[Interaction, str, str]] = []
    skipped: Counter[str] = Counter()
    for number, entry in enumerate(_entries(content), 1):
        try:
            interaction = _interaction(entry)
            reason = _reason(interaction, entry, host)
        except _MalformedError as error:
            raise ConfigurationError(f"the HAR cannot be read: entry {number} {error}") from error
        if reason:
            skipped[reason] += 1
        else:
            parts = urlsplit(interaction.request.url)
            kept.append((interaction, f"{parts.scheme}://{parts.netloc}", str(entry.get("startedDateTime", ""))))
    return Har(
        tuple(interaction for interaction, _, _ in kept),
        tuple(dict.fromkeys(origin for _, origin, _ in kept)),
        skipped,
        next((day for _, _, started in kept if (day := _day(started))), ""),
        all(is_adobe_host(urlsplit(origin).hostname or "") for _, origin, _ in kept),
    )


def credentials_in(har: Har) -> Credentials:
    """Whose interactions they are: the key and organisation of the first that tells, and the secret of the first form.

    Others are no less secret: hygiene finds them by their own names and forms. What nothing tells is a placeholder.
    """
    requests = [interaction.request for interaction in har.interactions]
    told: dict[str, str] = {}
    for request in requests:
        for name in ("x-api-key", "x-gw-ims-org-id"):
            if value := request.headers.get(name):
                told.setdefault(name, value)
        text = text_of(request.body) or ""
        told |= {name: value for name, value in parse_qsl(text) if name == _SECRET and name not in told}
    return Credentials(
        told.get("x-api-key", PLACEHOLDER.client_id),
        told.get(_SECRET, PLACEHOLDER.client_secret),
        told.get("x-gw-ims-org-id", PLACEHOLDER.org_id),
    )


def _entries(content: bytes) -> list[Mapping[str, Any]]:
    try:
        document = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise ConfigurationError("the HAR cannot be read: it is no JSON; save it again from the browser") from error
    log = document.get("log") if isinstance(document, dict) else None
    entries = log.get("entries") if isinstance(log, dict) else None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ConfigurationError("the HAR cannot be read: it has no list of entries in its log, so it is no HAR")
    return entries


def _reason(interaction: Interaction, entry: Mapping[str, Any], host: str) -> str:
    """Why an entry is left out; empty where it is not."""
    request, response = interaction.request, interaction.response
    parts = urlsplit(request.url)
    name = parts.hostname or ""
    if host not in {parts.netloc, name} if host else not is_emulated(name):
        return "to other hosts"
    if request.method == _PREFLIGHT:
        return "that browsers send ahead (OPTIONS)"
    if not response.status:
        return "without an answer"
    content = _part(_part(entry, "response"), "content")
    if not response.body and _number(content.get("size") or 0) > 0 and request.method != "HEAD":
        return "whose body was not saved"
    return ""


def _interaction(entry: Mapping[str, Any]) -> Interaction:
    asked, answered = _part(entry, "request"), _part(entry, "response")
    method, url = _text(asked, "method").upper(), _text(asked, "url")
    try:
        urlsplit(url)
    except ValueError as error:
        raise _MalformedError("has a url that is none") from error
    if not method.isascii() or not method.isalpha():
        raise _MalformedError("has a method that is none")
    headers = _headers(answered, () if method == "HEAD" else _DECODED)
    status = _number(answered.get("status"))
    return Interaction(
        Request(method, url.partition("#")[0], _headers(asked), _posted(asked.get("postData"))),
        Response(status, headers, _content(answered)),
    )


def _part(node: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A part that may be missing."""
    value = node.get(name) or {}
    if not isinstance(value, dict):
        raise _MalformedError(f"has a {name} that is no object")
    return value


def _text(node: Mapping[str, Any], name: str) -> str:
    value = node.get(name)
    if not isinstance(value, str) or not value:
        raise _MalformedError(f"has no {name}")
    return _whole(value)


def _whole(text: str) -> str:
    """A text without half characters, which JSON can hold and no file; each becomes a question mark."""
    return text.encode("utf-8", "replace").decode()


def _number(value: object) -> int:
    """A status or a size; browsers write -1 for what they do not know."""
    if not isinstance(value, int | float) or not isfinite(value):
        raise _MalformedError("has a status or a size that is no number")
    return max(int(value), 0)


def _headers(node: Mapping[str, Any], without: frozenset[str] | tuple[str, ...] = ()) -> Headers:
    """The headers, without those of HTTP/2 that begin with a colon, which stand for the request line."""
    listed = node.get("headers") or []
    if not isinstance(listed, list) or not all(isinstance(header, dict) for header in listed):
        raise _MalformedError("has headers that are no list of objects")
    pairs = [(_text(header, "name"), _whole(str(header.get("value", "")))) for header in listed]
    return Headers([(name, value) for name, value in pairs if name[0] != ":" and name.lower() not in without])


def _posted(data: object) -> bytes:
    """A request's body: its text or, where only those are kept, the fields of its form."""
    if data is None:
        return b""
    if not isinstance(data, dict):
        raise _MalformedError("has a postData that is no object")
    if data.get("text") is None and isinstance(data.get("params"), list):
        return urlencode(
            [(_text(field, "name"), _whole(str(field.get("value", "")))) for field in data["params"]]
        ).encode()
    return _decoded(data.get("text"), data.get(BYTES))


def _content(response: Mapping[str, Any]) -> bytes:
    content = _part(response, "content")
    return _decoded(content.get("text"), content.get("encoding"))


def _decoded(text: object, encoding: object) -> bytes:
    if text is None:
        return b""
    if not isinstance(text, str):
        raise _MalformedError("has a body that is no text")
    try:
        return b64decode(text, validate=True) if encoding == "base64" else text.encode()
    except ValueError as error:
        raise _MalformedError("has a body that is not encoded as it says") from error


def _day(started: str) -> str:
    """The day of a point in time, in UTC; empty where it is none."""
    try:
        moment = datetime.fromisoformat(started)
        return moment.astimezone(UTC).date().isoformat() if moment.tzinfo else moment.date().isoformat()
    except (ValueError, OverflowError):
        return ""
