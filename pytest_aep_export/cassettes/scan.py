"""A second look at what is about to be written, or was: by known forms and by how random a text is.

It knows nothing of how recordings are cleaned, on purpose: what one of the two overlooks is not overlooked by the other
for the same reason. It reads the file line by line, also one that is no proper cassette, and takes each text apart as
far as it goes: JSON in JSON, forms, percent-encoding, base64. It tells where a secret stands and never what it is.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

from pytest_aep_export.cassettes.places import Place, places

__all__ = ["Leak", "scan", "suspicions"]

_DEEPEST: Final = 8
"""Layers of encoding that are looked into; what is wrapped more often is taken for a secret."""

_SCHEME: Final = re.compile(r"\A(?:Bearer|Basic) ", re.IGNORECASE)
_REDACTED: Final = re.compile(r"(?:[a-zA-Z0-9]{1,8}[-_]?)?REDACTED(?:-[0-9]+)?")
_SECRET_NAME: Final = re.compile(
    r"(?:access|refresh|id|jwt|bearer|security|session)[_-]?token|jwt|(?:client[_-]?)?assertion|client[_-]?secret|secret"
    r"|pass(?:word|phrase)|(?:private|x?[_-]?api)[_-]?key|client[_-]?id|(?:proxy-)?authorization|(?:set-)?cookie",
    re.IGNORECASE,
)
_WORDS: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")
_LAST_WORDS: Final = frozenset(
    {"pass", "pwd", "passwd", "password", "passphrase", "passcode", "pin", "session", "secret"}
)
"""What a name of a secret ends with; ``passed``, ``pins`` and ``sessionCount`` tell something else."""
_OF_SESSIONS: Final = frozenset({"id", "token", "key", "cookie"})
_NOTHING: Final = re.compile(r"-?[0-9]{1,2}|null|true|false|\{\}|\[\]")
"""Values that are no secret whatever they are called: a number of one or two digits counts something."""
_FORMS: Final = {
    "a private key": re.compile(r"-----BEGIN[A-Z ]* PRIVATE KEY"),
    "a client secret": re.compile(r"\bp8e?-(?!REDACTED)[\w-]{12}"),
    "a token of Slack's": re.compile(r"\bxox[a-z]-(?!REDACTED)[\w-]{10}"),
    "a token of GitHub's": re.compile(r"\bgh[a-z]_(?!REDACTED)[A-Za-z0-9]{20}"),
    "a key of a cloud's": re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bAIza[\w-]{35}"),
    "a password in a URL": re.compile(r"[a-z]://(?!REDACTED)[^\s/?#@]+@"),
    "an organisation or account": re.compile(
        r"(?<![A-Za-z0-9])(?!0{16}[0-9A-F]{8}@)[A-Za-z0-9]{6,}@(?:AdobeOrg|AdobeID|techacct\.adobe\.com)\b"
        r"|[0-9a-f]{24}@(?!0{16})[0-9a-f]{24}\.e\b",
        re.IGNORECASE,
    ),
}
_BEARER: Final = re.compile(r"\b(?:bearer|basic)\s+(?!REDACTED)([A-Za-z0-9._~+/=-]{16,})", re.IGNORECASE)
_EMAIL: Final = re.compile(r"[\w.+-]{1,64}@((?:[a-z0-9-]{1,63}\.)+[a-z]{2,})", re.IGNORECASE)
_RESERVED: Final = re.compile(r"(?:.*\.)?(?:example\.(?:com|net|org)|example|invalid|test|localhost)", re.IGNORECASE)
_ACCOUNTS: Final = "techacct.adobe.com"
_DOTTED: Final = re.compile(r"([A-Za-z0-9_-]{10,2000})\.([A-Za-z0-9_-]{4,})\.([A-Za-z0-9_-]*)")
_QUERY: Final = re.compile(r"[?&\s]?([^\s\"'<>?]+=[^\s\"'<>]+)")
_WORD: Final = re.compile(r"[A-Za-z0-9+_-]{20,}")
_PACKED: Final = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")
_ID: Final = re.compile(
    r"(?<![0-9a-fA-F])[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}(?![0-9a-fA-F])"
    r"|(?<![A-Za-z0-9])(?:[0-7][0-9A-HJKMNP-TV-Z]{25}|[0-9a-f]{16,64}|[0-9A-F]{16,64})(?![A-Za-z0-9])"
)
"""Ids of the API's forms: UUIDs, ULIDs, and hexadecimal ones."""
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9]{32}")
_FEWEST_DIGITS: Final = 2
_MOST_ORDERLY: Final = 0.3
"""How often in a word that somebody chose the kind of character changes, per character; in a random one it is twice."""


@dataclass(frozen=True, slots=True)
class Leak:
    """Something that should not be in a recording.

    Attributes:
        what: What it is, such as ``a token``.
        place: Where it stands.
    """

    what: str
    place: Place


def scan(text: str) -> Iterator[Leak]:
    """What looks like a secret in the text of a cassette's file, in the order of its lines."""
    for place, name, value in places(text):
        found: dict[str, str] = {}
        for what, inner in suspicions(name, value):
            found[what] = max(found.get(what, ""), inner, key=len)
        yield from (Leak(what, _fit_to_show(place.inside(inner))) for what, inner in found.items())


def _fit_to_show(place: Place) -> Place:
    """The place, without members that are secrets themselves."""
    parts = ("…" if any(suspicions("", part)) else part for part in place.pointer.split("/"))
    return replace(place, pointer="/".join(parts))


def suspicions(name: str, text: str) -> Iterator[tuple[str, str]]:
    """What a text gives rise to, and where in it: a JSON pointer, if it holds JSON.

    Args:
        name: The member, field or header that it is the value of; empty for none.
        text: The text.
    """
    for inner, key, part in _parts(name, text, "", 0):
        if part is None:
            yield "something that is wrapped too often", inner
        else:
            yield from ((what, inner) for what in _of(key, part))


def _of(name: str, text: str) -> Iterator[str]:
    """What one text is, or holds, as it stands."""
    if text and _is_secret(name) and not _is_stand_in(text) and not _NOTHING.fullmatch(text):
        yield f"a value of {name}"
    for what, form in _FORMS.items():
        if form.search(text):
            yield what
    if any(not _is_stand_in(found[1]) for found in _BEARER.finditer(text)) or any(map(_is_token, _dotted(text))):
        yield "a token"
    if any(not _RESERVED.fullmatch(found[1]) and found[1].lower() != _ACCOUNTS for found in _EMAIL.finditer(text)):
        yield "an e-mail address"
    asked_for = name.lower().endswith("requestid") and _REQUEST_ID.fullmatch(text)
    if not asked_for and unquote(text) == text:
        yield from ("a random text" for word in _WORD.findall(_ID.sub(" ", text)) if _is_random(word))


def _is_secret(name: str) -> bool:
    """Whether a name says that its value is a secret."""
    if _SECRET_NAME.fullmatch(name):
        return True
    words: list[str] = _WORDS.findall(name.rstrip("0123456789"))
    before, last = ["", "", *map(str.lower, words)][-2:]
    of_session = before == "session" and last in _OF_SESSIONS
    return last in _LAST_WORDS or of_session or name.lower() in {"jsessionid", "phpsessid"}


def _dotted(text: str) -> Iterator[str]:
    return (found.group() for found in _DOTTED.finditer(text))


def _is_stand_in(text: str) -> bool:
    """Whether a value says of itself that it is none."""
    value = _SCHEME.sub("", text)
    return _REDACTED.fullmatch(value) is not None or _is_unsigned(value)


def _is_unsigned(text: str) -> bool:
    """Whether it is a token that holds nothing but a number, signed by nobody."""
    head, _, rest = text.partition(".")
    claims, _, signature = rest.partition(".")
    said = _json(_unpacked(claims))
    return (
        _json(_unpacked(head)) == {"alg": "none"}
        and not signature
        and isinstance(said, dict)
        and [*said] == ["redacted"]
    )


def _is_token(text: str) -> bool:
    """Whether a text with dots is a JSON Web Token that somebody could use."""
    head = _unpacked(text.partition(".")[0])
    return head is not None and head.lstrip().startswith("{") and not _is_unsigned(text)


def _is_random(word: str) -> bool:
    """Whether a word looks drawn by lot: digits, small and capital letters follow each other without order."""
    if _is_unsigned(word) or _unpacked(word) is not None:
        return False  # nothing random, but something encoded, which is looked into
    kinds = ["digit" if c.isdigit() else "upper" if c.isupper() else "lower" for c in word if c.isalnum()]
    changes = sum(one != other for one, other in pairwise(kinds))
    return kinds.count("digit") >= _FEWEST_DIGITS and changes > _MOST_ORDERLY * len(word)


def _parts(name: str, text: str, inner: str, depth: int) -> Iterator[tuple[str, str, str | None]]:
    """The text, and the texts that it holds, each with its place and name; None for one that is wrapped too often."""
    if depth > _DEEPEST:
        yield inner, name, None
        return
    yield inner, name, text
    for pointer, key, part in _wrapped(name, text):
        yield from _parts(key, part, inner + pointer, depth + 1)


def _wrapped(name: str, text: str) -> Iterator[tuple[str, str, str]]:
    """The texts that a text holds in another spelling."""
    if text.lstrip()[:1] in {"{", "["} and (document := _json(text)) is not None:
        yield from _strings("", name, document)
        return
    if "%" in text and (plain := unquote(text)) != text:
        yield "", name, plain
    for found in _QUERY.finditer(text):
        yield from (("", key, value) for key, value in parse_qsl(found[1]) if value != text)
    for word in _PACKED.findall(text):
        if (unpacked := _unpacked(word)) is not None:
            yield "", "", unpacked


def _strings(pointer: str, name: str, value: Any) -> Iterator[tuple[str, str, str]]:
    """The strings of a JSON document, with their pointers and members; names of members are strings, too."""
    if isinstance(value, str):
        yield pointer, name, value
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield pointer, name, str(value)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _strings(f"{pointer}/{number}", name, item)
    elif isinstance(value, dict):
        for key, item in value.items():
            place = f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}"
            yield pointer, "", key
            yield from _strings(place, key, item)


def _json(text: str | None) -> Any:
    """What a text says in JSON; None where it is none."""
    try:
        return None if text is None else json.loads(text)
    except (ValueError, RecursionError):
        return None


def _unpacked(word: str) -> str | None:
    """The text that is written in base64; None where there is none."""
    bare = word.rstrip("=").translate(str.maketrans("-_", "+/"))
    try:
        text = base64.b64decode(bare + "=" * (-len(bare) % 4)).decode()
    except ValueError:
        return None
    return text if text and text.replace("\n", "").replace("\r", "").replace("\t", "").isprintable() else None
