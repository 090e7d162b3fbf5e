"""Which recorded request a request is: the rule, and the keys that let an answer be found without a search.

A request is a recorded one when these are the same:

- its method;
- its path, once percent-encoding is undone;
- its query, whatever the order of names and the way of encoding;
- which bytes of a file it asks for (``Range``);
- of a ``POST``, ``PUT``, ``PATCH`` or ``DELETE`` the body: as JSON whatever the layout and the order of keys, as a form
  whatever the order of fields, and to the byte where it is neither.

Never compared: the host, since a client may be pointed anywhere, and all other headers, which say who asks (token, key,
organisation, sandbox, request id) or what the HTTP library is called.

What differs by nature needs no exception where the API made it: a client gets the recorded ids again, and asks for
those. What the client made up itself does: a UUID or a time that no recorded answer had told it before. Where a request
is found in no other way, any other of the same kind stands for it (`loosened`). An id that *was* told stays as it is:
a client that mixes two up still finds no answer.

So it is with secrets, of which a recording has stand-ins only: one that an answer told is compared, and one that the
client brought with it may be any other. Last, any text may stand where a recording has a stand-in, unless it was told
elsewhere (`Blurred`): nothing but that place tells that it was secret, or that what was told is what the client has.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from pytest_aep_export.cassettes.bodies import BASE64, from_base64, is_form, text_of, unique
from pytest_aep_export.cassettes.fakes import STAND_IN
from pytest_aep_export.cassettes.recording import Interaction
from pytest_aep_export.exchange import Request

__all__ = ["Blurred", "Key", "key_of", "loosened", "spelled", "told"]

_WRITES: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_MADE_UP: Final = re.compile(
    r"[0-9a-fA-F](?:"
    r"(?P<uuid>(?<![\w-].)[0-9a-fA-F]{7}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}(?![\w-])|(?<!\w.)[0-9a-fA-F]{31}(?!\w))"
    r"|(?P<time>(?<!\d.)(?<=\d)\d{3}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?(?!\d)"
    r"|(?<![\w.].)(?<=1)\d{12}(?![\w.])))"
)
"""A UUID, with or without hyphens; a date or a time of ISO 8601; milliseconds since 1970, of the years 2001 to 2033.

All begin with a character of one set and look back from there: Python finds that in a tenth of the time.
"""
_READER: Final = json.JSONDecoder(object_pairs_hook=unique)
_HIDDEN: Final = "<secret>"
_ANY: Final = r'(?:[^"\\]|\\[^"]|\\\\\\")+?'
"""Some text within a string of JSON, which may be quoted twice."""
_STOOD: Final = re.compile(f"{_HIDDEN}|{STAND_IN.pattern}")
_FORM_MARK: Final = "form "


class Key(NamedTuple):
    """What a request is found by.

    Attributes:
        method: Its method.
        path: Its path, decoded.
        query: The names and values of its query, sorted.
        span: Which bytes it asks for; empty for all.
        body: What a write says, spelled in one way; empty for any other request.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    span: str = ""
    body: str = ""

    def said(self) -> Any:
        """What the body says: JSON as it is, a form as an object of its fields, anything else as text."""
        if self.body.startswith(_FORM_MARK):
            return dict(json.loads(self.body.removeprefix(_FORM_MARK)))
        try:
            return json.loads(self.body)
        except ValueError:
            return self.body


def key_of(request: Request) -> Key:
    """The key of a request."""
    url = urlsplit(request.url)
    path = unquote(url.path) if "%" in url.path else url.path
    query = tuple(_fields(url.query)) if url.query else ()
    body = _meaning(request.body) if request.body and request.method in _WRITES else ""
    return Key(request.method, path, query, request.headers.get("range", ""), body)


def _meaning(body: bytes) -> str:
    """What a body says, spelled in one way."""
    text = text_of(body)
    if text is None:
        return body.decode("latin-1")
    try:
        return json.dumps(_READER.decode(text), sort_keys=True, ensure_ascii=False)
    except (ValueError, RecursionError):
        return _FORM_MARK + json.dumps(_fields(text), ensure_ascii=False) if is_form(text) else text


def _fields(text: str) -> list[tuple[str, str]]:
    return sorted(parse_qsl(text, keep_blank_values=True))


def loosened(key: Key, told: frozenset[str]) -> Key:
    """The key with what its client made up or brought with it taken out.

    That is each UUID, each time and each stand-in of a secret that is not among those that it was told.
    """

    def stand_in(found: re.Match[str]) -> str:
        return found.group() if found.group() in told else f"<{found.lastgroup or 'secret'}>"

    def within(found: re.Match[str]) -> str:
        plain = from_base64(found.group())
        return loosen(plain) if plain and STAND_IN.search(plain) else found.group()

    def loosen(text: str) -> str:
        return BASE64.sub(within, STAND_IN.sub(stand_in, _MADE_UP.sub(stand_in, text)))

    query = tuple((name, loosen(value)) for name, value in key.query)
    return key._replace(path=loosen(key.path), query=query, body=loosen(key.body))


def spelled(key: Key) -> str:
    """All of a key as one text."""
    return json.dumps(key, ensure_ascii=False)


class Blurred:
    """A recorded request of which nothing is known in the places of its secrets; None of them, and nothing is like it.

    Args:
        key: Its loosened key.
        told: What answers told.
    """

    def __init__(self, key: Key, told: frozenset[str]) -> None:
        text, self._told = spelled(key), told
        self._there = _STOOD.findall(text)
        self._pattern = re.compile(f"({_ANY})".join(map(re.escape, _STOOD.split(text)))) if self._there else None

    def like(self, asked: str) -> bool:
        """Whether the text of a loosened key is like it: what it was told stands only where the recording has it."""
        found = self._pattern.fullmatch(asked) if self._pattern else None
        pairs = zip(self._there, found.groups(), strict=True) if found else ()
        return found is not None and all(there == here or here not in self._told for there, here in pairs)


def told(interactions: Iterable[Interaction]) -> frozenset[str]:
    """The UUIDs, times and stand-ins of secrets that answers told a client, which it had not told them before."""
    from_client: set[str] = set()
    from_server: set[str] = set()
    for interaction in interactions:
        request, response = interaction.request, interaction.response
        from_client |= _found(request.url, unquote(request.url), request.body) - from_server
        from_server |= _found(*(value for _, value in response.headers.raw), response.body) - from_client
    return frozenset(from_server)


def _found(*texts: str | bytes) -> set[str]:
    """The UUIDs, times and stand-ins in texts; none in bytes that are no text."""
    strings = (text if isinstance(text, str) else text_of(text) or "" for text in texts)
    return {found.group() for text in strings for kind in (_MADE_UP, STAND_IN) for found in kind.finditer(text)}
