"""The shell line that repeats a request. Credentials that are known stand in it as variables, others not at all."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import parse_qsl

from pytest_aep_export.exchange import REDACTED, Request, redact_text

__all__ = ["curl"]

_FORM: Final = "application/x-www-form-urlencoded"
_CURLS_OWN: Final = frozenset({"host", "content-length", "connection", "accept-encoding"})
_SCHEMES: Final = frozenset({"basic", "bearer"})
_SPECIAL: Final = re.compile(r'([\\"$`])')
_NAME_GOES_ON: Final = re.compile(r"\w")


def curl(request: Request, variables: Mapping[str, str] | None = None) -> str:
    """The line.

    Args:
        request: What was sent.
        variables: What may stand for a known secret or address: its text, and the shell variable that holds it.
    """
    known, clean = dict(variables or {}), request.redacted()
    words = ["curl", "-i", *_method(request), *_globbing(clean.url), _word(clean.url, known)]
    for (name, value), (_, redacted) in zip(request.headers.raw, clean.headers.raw, strict=True):
        if name.lower() not in _CURLS_OWN:
            words += ["-H", _word(f"{name}: {_value(value, redacted, known)}" if value else f"{name};", known)]
    return " ".join([*words, *_body(request, clean, known)])


def _method(request: Request) -> list[str]:
    return ["--head"] if request.method == "HEAD" else ["-X", shlex.quote(request.method)]


def _globbing(url: str) -> list[str]:
    """What keeps curl from reading a URL as a pattern."""
    return ["--globoff"] if any(character in url for character in "[]{}") else []


def _body(request: Request, clean: Request, known: Mapping[str, str]) -> Iterable[str]:
    media = request.headers.get("content-type", "")
    if not request.body:
        return
    if not media:
        yield from ("-H", "Content-Type:")  # curl would add one
    try:
        raw, text = request.body.decode(), clean.body.decode()
    except UnicodeDecodeError:
        yield f"--data-binary @BODY  # {len(request.body)} bytes that are no text"
        return
    if not media.startswith(_FORM):
        yield from ("--data-raw", _word(text, known))
        return
    fields = zip(parse_qsl(raw, keep_blank_values=True), parse_qsl(text, keep_blank_values=True), strict=True)
    for (name, value), (_, redacted) in fields:
        yield from ("--data-urlencode", _word(f"{name}={_value(value, redacted, known)}", known))


def _value(value: str, redacted: str, known: Mapping[str, str]) -> str:
    """A value, as far as it is no secret, or one that a variable stands for."""
    rest = value
    for secret in known:
        rest = rest.replace(secret, " ")
    if rest != value and redact_text(rest) == rest:
        return value
    scheme, blank, _ = value.partition(" ")
    return f"{scheme} {REDACTED}" if blank and scheme.lower() in _SCHEMES and redacted == REDACTED else redacted


def _word(text: str, known: Mapping[str, str]) -> str:
    """The text as one word of a shell, with a variable wherever it holds what the variable stands for."""
    found = sorted((secret for secret in known if secret in text), key=len, reverse=True)
    if not found:
        return shlex.quote(text)
    pieces = re.split(f"({'|'.join(map(re.escape, found))})", text)
    literals, names = pieces[::2], [known[secret] for secret in pieces[1::2]]
    word = _inside(literals[0])
    for name, literal in zip(names, literals[1:], strict=True):
        word += (f"${{{name}}}" if _NAME_GOES_ON.match(literal) else f"${name}") + _inside(literal)
    return f'"{word}"'


def _inside(text: str) -> str:
    """The text between double quotes, where an interactive shell minds exclamation marks as well."""
    return _SPECIAL.sub(r"\\\1", text).replace("!", "\"'!'\"")
