"""The text of a cassette's file: YAML of one strict form, which is written and read here without a YAML library.

::

    version: 2
    digest: sha256:…                  of everything below
    metadata:
      source: emulator
      …
    interactions:
    - request:
        POST: https://platform.adobe.io/data/core/ups/export/jobs
        json: |-
          {
            "fields": "personID"
          }
      response:
        status: 200
        headers:
          content-type: application/json
        json: |-
          …

A body is ``json`` or ``text`` as it stands, ``form`` with a line for each field, or the name of a ``file`` beside.
Any YAML reader understands it. Being strict makes a diff small, a file quick to read, and an edit by hand noticed.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, get_args

from pytest_aep_export.cassettes.bodies import is_form, laid_out, text_of, visible
from pytest_aep_export.cassettes.recording import Interaction, Metadata, Source
from pytest_aep_export.exchange import Headers, Request, Response

__all__ = ["VERSION", "UnreadableError", "compose", "file_name", "parse"]

VERSION: Final = "version: 2"

_LISTS: Final = ("requirements", "faults")
_BLOCK: Final = "\n      "
_PLAIN: Final = re.compile(r"[A-Za-z/](?:[\w!$&()*+,./;=?@~%-]|:(?=[^ ])| (?=[^ #]))*", re.ASCII)
_RESERVED: Final = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
_HEAD: Final = re.compile(rf"{VERSION}\ndigest: sha256:([0-9a-f]{{64}})\n(.*)", re.DOTALL)
_METADATA: Final = re.compile(r"metadata:((?:\n  [^\n]+)+)\ninteractions:\n(.*)\n", re.DOTALL)
_PART: Final = re.compile(
    r"(?P<name>\w+): (?P<value>[^\n]+)"
    r"(?:\n    headers:(?P<headers>(?:\n      [^\n]+)+))?"
    r"(?:\n    (?P<kind>json|form|text|file): (?:\|-\n      (?P<block>.+)|(?P<line>[^|\n][^\n]*)))?",
    re.DOTALL,
)


class UnreadableError(ValueError):
    """A text is no cassette of this form; the message says why, as the rest of a sentence that names the file."""


def compose(metadata: Metadata, interactions: Sequence[Interaction]) -> tuple[str, dict[str, bytes]]:
    """The text of the file, and the files beside it by their names. The interactions must be `settled`."""
    files: dict[str, bytes] = {}
    lines = ["metadata:", *_describe(metadata), "interactions:"]
    for interaction in interactions:
        lines += _write(interaction, files)
    content = "\n".join(lines) + "\n"
    return f"{VERSION}\ndigest: {_digest(content)}\n{content}", files


def _digest(content: str) -> str:
    return f"sha256:{hashlib.sha256(content.encode()).hexdigest()}"


def file_name(body: bytes) -> str:
    """What a file beside is called: after its content, which makes it safe to write and easy to check."""
    suffix = "parquet" if body.startswith(b"PAR1") else "bin"
    return f"{hashlib.sha256(body).hexdigest()[:32]}.{suffix}"


def _describe(metadata: Metadata) -> Iterator[str]:
    for name in ("source", "date", "tool", "contract", "dialect", "persona"):
        if value := getattr(metadata, name):
            yield f"  {name}: {_scalar(value)}"
    for name in _LISTS:
        if several := getattr(metadata, name):
            yield f"  {name}: [{', '.join(several)}]"


def _write(interaction: Interaction, files: dict[str, bytes]) -> Iterator[str]:
    request, response = interaction.request, interaction.response
    yield "- request:"
    yield f"    {request.method}: {_scalar(request.url)}"
    yield from _message(request.headers, request.body, files)
    yield "  response:"
    yield f"    status: {response.status}"
    yield from _message(response.headers, response.body, files)


def _message(headers: Headers, body: bytes, files: dict[str, bytes]) -> Iterator[str]:
    if headers:
        yield "    headers:"
        yield from (f"      {name}: {_scalar(value)}" for name, value in headers.raw)
    if body:
        yield from _body(body, files)


def _body(body: bytes, files: dict[str, bytes]) -> Iterator[str]:
    text = text_of(body)
    if text is None:
        name = file_name(body)
        files[name] = body
        yield f"    file: {name}"
        return
    kind, lines = _lines(text)
    if lines:
        yield f"    {kind}: |-"
        yield from (f"      {line}" for line in lines)
    else:
        yield f"    {kind}: {_quoted(text)}"


def _lines(text: str) -> tuple[str, list[str]]:
    """What kind of text it is and the lines of its block; none where a block could not hold it exactly."""
    if is_form(text) and text.isprintable():
        return "form", text.replace("&", "\n&").split("\n")
    lines = text.split("\n")
    fits = text[0] != " " and all(line and line.isprintable() for line in lines)
    return "json" if laid_out(text) == text else "text", lines if fits else []


def _scalar(text: str) -> str:
    plain = _PLAIN.fullmatch(text) and text.lower() not in _RESERVED
    return text if plain else _quoted(text)


def _quoted(text: str) -> str:
    """A double-quoted scalar of YAML, which is a string of JSON too."""
    return visible(json.dumps(text, ensure_ascii=False))


def parse(text: str, read: Callable[[str], bytes]) -> tuple[Metadata, tuple[Interaction, ...]]:
    """What the text of a file says.

    Args:
        text: The text.
        read: Gives the content of a file beside, by its name.

    Raises:
        UnreadableError: It is no cassette of this form, or not as it was written.
    """
    head = _HEAD.fullmatch(text)
    if head is None:
        raise UnreadableError(_foreign(text))
    digest, content = f"sha256:{head[1]}", head[2]
    if _digest(content) != digest:
        raise UnreadableError("does not add up to its digest: it was cut off or edited by hand")
    parts = _METADATA.fullmatch(content)
    if parts is None:
        raise UnreadableError("has no metadata or no interactions")
    written = parts[2].removeprefix("- request:\n    ").split("\n- request:\n    ")
    return _metadata(parts[1], digest), tuple(_interaction(number, one, read) for number, one in enumerate(written, 1))


def _foreign(text: str) -> str:
    if not text.strip():
        return "is empty"
    if re.match(r"(version: 1\n)?interactions:|- request:", text):
        return "has the form of vcrpy or of an earlier version of this package"
    if text.startswith(VERSION):
        return "has no digest"
    return "is no cassette"


def _metadata(text: str, digest: str) -> Metadata:
    values = dict(line.split(": ", 1) for line in text.split("\n  ")[1:] if ": " in line)
    lists: dict[str, Any] = {name: tuple(filter(None, values.pop(name, "[]")[1:-1].split(", "))) for name in _LISTS}
    members: dict[str, Any] = {name: _read_scalar(value) for name, value in values.items()}
    try:
        metadata = Metadata(**members, **lists, digest=digest)
    except TypeError as error:
        raise UnreadableError("has other metadata than it needs") from error
    if metadata.source not in get_args(Source):
        raise UnreadableError(f"is of the unknown source {metadata.source!r}")
    return metadata


def _interaction(number: int, text: str, read: Callable[[str], bytes]) -> Interaction:
    asked, _, answered = text.partition("\n  response:\n    ")
    request, response = _PART.fullmatch(asked), _PART.fullmatch(answered)
    if request is None or response is None or not response["value"].isdecimal():
        raise UnreadableError(f"cannot be read at interaction {number}")
    return Interaction(
        Request(request["name"], _read_scalar(request["value"]), _headers(request), _content(request, read)),
        Response(int(response["value"]), _headers(response), _content(response, read)),
    )


def _headers(part: re.Match[str]) -> Headers:
    if not part["headers"]:
        return _NO_HEADERS
    pairs = (line.split(": ", 1) for line in part["headers"].split(_BLOCK)[1:])
    return Headers([(name, _read_scalar(value)) for name, value in pairs])


_NO_HEADERS: Final = Headers()


def _content(part: re.Match[str], read: Callable[[str], bytes]) -> bytes:
    kind, block, line = part["kind"], part["block"], part["line"]
    if kind is None:
        return b""
    if kind == "file":
        return read(line)
    if block is None:
        return str(json.loads(line)).encode()
    return str(block).replace(_BLOCK, "" if kind == "form" else "\n").encode()


def _read_scalar(text: str) -> str:
    return str(json.loads(text)) if text.startswith('"') else text
