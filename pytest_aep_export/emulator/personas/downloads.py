"""Personas that get the bytes of a file wrong: its name and length, downloads, HEAD and ranges."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from pytest_aep_export.emulator.personas.answers import (
    When,
    answered,
    body,
    content,
    header,
    on,
    repeated,
    status,
    told,
)
from pytest_aep_export.emulator.personas.edits import Edit, at, drop, put
from pytest_aep_export.emulator.personas.requests import with_header
from pytest_aep_export.emulator.personas.tables import (
    lenient,
    missing,
    stale,
    strict,
    table,
    truncated,
    wrong,
)
from pytest_aep_export.emulator.problems import foundation
from pytest_aep_export.exchange import Headers

if TYPE_CHECKING:
    from pytest_aep_export.emulator.journal import Journal
    from pytest_aep_export.emulator.personas.persona import Answering
    from pytest_aep_export.exchange import Exchange, Request, Response

__all__ = ["DOWNLOADS"]

_FILE: Final = "getFile"
_HEAD: Final = "headFile"
_NOT_FOUND: Final = foundation(404, "There is no such thing.").body


def _is_download(exchange: Exchange) -> bool:
    return "path" in exchange.request.query and exchange.response.status < HTTPStatus.BAD_REQUEST


def _is_listing(exchange: Exchange) -> bool:
    return "path" not in exchange.request.query


def _has_range(exchange: Exchange) -> bool:
    return exchange.response.status == HTTPStatus.PARTIAL_CONTENT


def _is_whole(exchange: Exchange) -> bool:
    return _is_download(exchange) and exchange.response.status == HTTPStatus.OK


def _unknown(exchange: Exchange) -> bool:
    return exchange.response.status == HTTPStatus.NOT_FOUND


def _named(edit: Edit) -> Answering:
    """Edits what a file id stands for."""
    return on(_FILE, body(edit), _is_listing)


def _bytes(change: Callable[[bytes], bytes], when: When = _is_whole) -> Answering:
    """Changes the bytes of downloads."""
    return on(_FILE, content(change), when)


def _asked_from_end(exchange: Exchange) -> bool:
    return exchange.request.headers.get("range", "").startswith("bytes=-")


def _asked_to_end(exchange: Exchange) -> bool:
    return exchange.request.headers.get("range", "").endswith("-")


def _flipped(data: bytes) -> bytes:
    """The bytes with some in the middle turned over, so that the length stays."""
    middle = len(data) // 2
    return data[: middle - 32] + bytes(byte ^ 0xFF for byte in data[middle - 32 : middle + 32]) + data[middle + 32 :]


def _broken_off(exchange: Exchange, _: Journal) -> Response:
    """Announces all bytes and sends fewer."""
    return replace(exchange.response, body=exchange.response.body[:-10])


def _as_json(_: bytes) -> bytes:
    return b'{"rows": []}'


def _more(text: str) -> str:
    return str(int(text) + 1)


def _same_kind(now: Exchange, before: Exchange) -> bool:
    return ("path" in now.request.query) == ("path" in before.request.query) and not _has_range(before)


def _gone_once_read(exchange: Exchange, earlier: Journal) -> Response:
    read = any(e.request.url == exchange.request.url for e in earlier.of(_FILE))
    return answered(404, _NOT_FOUND)(exchange, earlier) if read else exchange.response


def _whole_for_range(exchange: Exchange, earlier: Journal) -> Response:
    """The whole file that was downloaded before, where a range of it was asked for."""
    path = exchange.request.url
    whole = [e.response for e in earlier.of(_FILE) if e.request.url == path and e.response.status == HTTPStatus.OK]
    return whole[-1] if whole else exchange.response


def _no_range(request: Request, *_: Any) -> Request:
    """Understands a request for a range as one for the whole."""
    return replace(request, headers=Headers([pair for pair in request.headers.raw if pair[0].lower() != "range"]))


def _shifted(request: Request, *_: Any) -> Request:
    """Understands a range as beginning one byte later than asked for."""
    first, dash, last = request.headers.get("range", "").removeprefix("bytes=").partition("-")
    return with_header(request, "range", f"bytes={int(first) + 1}-{last}") if first and dash else request


def _from_beginning(request: Request, *_: Any) -> Request:
    """Understands a range that is counted from the end as one from the beginning."""
    asked = request.headers.get("range", "")
    return with_header(request, "range", f"bytes=0-{int(asked[7:]) - 1}") if asked.startswith("bytes=-") else request


DOWNLOADS: Final = table(
    "FILES",
    {
        "parts-without-name": missing("What a file id stands for has no name.", _named(drop("data/*/name"))),
        "parts-without-length": missing("What a file id stands for has no length.", _named(drop("data/*/length"))),
        "parts-without-link": missing("What a file id stands for has no link.", _named(drop("data/*/_links"))),
        "length-as-number": wrong("The length of a file is a number.", _named(at("data/*/length", int))),
        "length-too-large": wrong("The length of a file is one byte too large.", _named(at("data/*/length", _more))),
        "length-in-kilobytes": wrong(
            "The length of a file is given in kilobytes.",
            _named(at("data/*/length", lambda length: str(int(length) // 1024))),
        ),
        "no-parts": missing("A file id stands for nothing.", _named(put("data", []))),
        "link-to-another-host": wrong(
            "The link of a file leads to another host.",
            _named(
                at(
                    "data/*/_links/self/href",
                    lambda href: "https://files.example.com/data" + href.partition("/data")[2],
                )
            ),
        ),
        "link-to-the-listing": wrong(
            "The link of a file leads to its listing.",
            _named(at("data/*/_links/self/href", lambda href: href.partition("?")[0])),
        ),
        "link-is-not-found": wrong(
            "The link of a file is not found.", _named(at("data/*/_links/self/href", lambda href: f"{href}.gone"))
        ),
        "download-cut-short": truncated("A downloaded file lacks its last byte.", _bytes(lambda data: data[:-1])),
        "download-is-empty": truncated("A downloaded file is empty.", _bytes(lambda _: b"")),
        "download-cut-in-half": truncated(
            "A downloaded file ends in its middle.", _bytes(lambda data: data[: len(data) // 2])
        ),
        "download-is-corrupt": wrong("Bytes in the middle of a downloaded file are others.", _bytes(_flipped)),
        "download-is-json": wrong("A downloaded file is JSON.", _bytes(_as_json)),
        "download-is-the-first-file": stale(
            "Every download gives the file that was downloaded first.",
            on(_FILE, repeated(_same_kind), _is_whole),
            also=("ROWS",),
        ),
        "download-only-once": missing("A file is gone once it was downloaded.", on(_FILE, _gone_once_read, _is_whole)),
        "download-as-octets": wrong(
            "A download has a media type of its own.",
            on(_FILE, header("content-type", lambda _: "application/octet-stream"), _is_download),
        ),
        "head-without-length": missing(
            "HEAD does not tell a file's length.", on(_HEAD, header("content-length", lambda _: None))
        ),
        "head-with-another-length": wrong("HEAD tells another length.", on(_HEAD, header("content-length", _more))),
        "head-without-ranges": missing(
            "HEAD does not tell that ranges are served.", on(_HEAD, header("accept-ranges", lambda _: None))
        ),
        "head-serves-no-ranges": wrong(
            "HEAD tells that no ranges are served.", on(_HEAD, header("accept-ranges", lambda _: "none"))
        ),
        "head-is-not-found": wrong("HEAD of a file is not found.", on(_HEAD, status(404, of={200}))),
        "head-needs-no-path": lenient(
            "HEAD of a file without its path is answered with 200.", on(_HEAD, status(200, of={400}))
        ),
        "ignores-ranges": wrong("A range is answered with the whole file.", hear=_no_range),
        "range-one-byte-later": wrong("A range begins one byte later than asked for.", hear=_shifted),
        "range-with-other-bytes": wrong(
            "A range has other bytes than the file.", _bytes(lambda data: data[::-1], _has_range)
        ),
        "single-bytes-are-zero": wrong(
            "A range of a single byte is a zero.",
            _bytes(lambda data: bytes(1) if len(data) == 1 else data, _has_range),
        ),
        "range-behind-the-end-is-empty": lenient(
            "A range behind the end of a file is served as an empty one.",
            on(_FILE, answered(206, None), told(416)),
        ),
        "download-breaks-off": truncated(
            "The connection is closed before the last bytes of a downloaded file.", on(_FILE, _broken_off, _is_whole)
        ),
        "range-cut-short": truncated("A range lacks its last byte.", _bytes(lambda data: data[:-1], _has_range)),
        "range-named-wrongly": wrong(
            "A range is said to begin one byte later.",
            on(
                _FILE,
                header(
                    "content-range",
                    lambda text: f"bytes {int(text[6:].partition('-')[0]) + 1}-{text.partition('-')[2]}",
                ),
            ),
        ),
        "range-of-unknown-length": wrong(
            "A range does not tell the length of the file.",
            on(_FILE, header("content-range", lambda text: f"{text.partition('/')[0]}/*")),
        ),
        "range-not-named": missing("A range is not named.", on(_FILE, header("content-range", lambda _: None))),
        "range-with-200": wrong("A range is answered with 200.", on(_FILE, status(200, of={206}))),
        "range-with-whole-file": wrong(
            "A range is named, and the whole file is sent.", on(_FILE, _whole_for_range, _has_range)
        ),
        "last-bytes-are-first": wrong(
            "A range that is counted from the end is taken from the beginning.", hear=_from_beginning
        ),
        "no-range-from-the-end": strict(
            "A range that is counted from the end is refused.",
            on(_FILE, answered(416, foundation(416, "Range: expected a first byte").body), _asked_from_end),
        ),
        "no-range-to-the-end": strict(
            "A range without an end is refused.",
            on(_FILE, answered(416, foundation(416, "Range: expected a last byte").body), _asked_to_end),
        ),
        "unknown-path-is-empty": lenient(
            "An unknown path within a file is an empty file.", on(f"{_FILE} {_HEAD}", answered(200, None), told(404))
        ),
        "unknown-path-is-server-error": wrong(
            "An unknown path within a file is answered with 500.",
            on(f"{_FILE} {_HEAD}", status(500, of={404}), lambda exchange: "path" in exchange.request.query),
        ),
    },
)
