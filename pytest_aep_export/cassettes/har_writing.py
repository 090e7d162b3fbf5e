"""A recording as HAR 1.2, for whatever shows that. It has no secrets, since a recording has none. Pure."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from pytest_aep_export.cassettes.bodies import text_of
from pytest_aep_export.cassettes.har import BYTES
from pytest_aep_export.cassettes.recording import Interaction, Recording, measured
from pytest_aep_export.exchange import Request, Response

__all__ = ["write_har"]

_FORM: Final = "application/x-www-form-urlencoded"
_BINARY: Final = "application/octet-stream"
_VERSION: Final = "HTTP/1.1"


def write_har(recording: Recording) -> dict[str, Any]:
    """A recording as HAR 1.2. Entries follow each other by a millisecond of the day of the recording."""
    start = datetime.fromisoformat(recording.metadata.date).replace(tzinfo=UTC)
    name, _, version = recording.metadata.tool.partition(" ")
    return {
        "log": {
            "version": "1.2",
            "creator": {"name": name, "version": version},
            "comment": f"the cassette {recording.name}, source {recording.metadata.source}",
            "entries": [
                _entry(one, start + timedelta(milliseconds=place)) for place, one in enumerate(recording.interactions)
            ],
        }
    }


def _entry(interaction: Interaction, at: datetime) -> dict[str, Any]:
    return {
        "startedDateTime": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "time": 0,
        "request": _asked(interaction.request),
        "response": _answered(interaction.response),
        "cache": {},
        "timings": {"send": 0, "wait": 0, "receive": 0},
    }


def _asked(request: Request) -> dict[str, Any]:
    query = parse_qsl(urlsplit(request.url).query, keep_blank_values=True)
    body = {"postData": _post_data(request.body)} if request.body else {}
    return {
        "method": request.method,
        "url": request.url,
        "queryString": [{"name": name, "value": value} for name, value in query],
        **_common(request.headers.raw, len(request.body)),
        **body,
    }


def _post_data(body: bytes) -> dict[str, Any]:
    text = text_of(body)
    if text is None:
        return {"mimeType": _BINARY, "text": b64encode(body).decode(), BYTES: "base64"}
    return {"mimeType": "application/json" if text.lstrip()[:1] in {"{", "["} else _FORM, "text": text}


def _answered(response: Response) -> dict[str, Any]:
    return {
        "status": response.status,
        "statusText": _PHRASES.get(response.status, ""),
        "redirectURL": response.headers.get("location", ""),
        "content": _kept(response),
        **_common(measured(response), len(response.body)),
    }


def _kept(response: Response) -> dict[str, Any]:
    media, body = response.headers.get("content-type", _BINARY), response.body
    text = text_of(body)
    written = {"text": b64encode(body).decode(), "encoding": "base64"} if text is None else {"text": text}
    return {"size": len(body), "mimeType": media, **(written if body else {})}


def _common(headers: Iterable[tuple[str, str]], size: int) -> dict[str, Any]:
    return {
        "httpVersion": _VERSION,
        "cookies": [],
        "headers": [{"name": name, "value": value} for name, value in headers],
        "headersSize": -1,
        "bodySize": size,
    }


_PHRASES: Final = {status.value: status.phrase for status in HTTPStatus}
