"""What must never reach a file is taken out of each interaction: tokens, secrets, keys, organisations, addresses.

It is found by the names that it goes by (in JSON, forms, queries and headers) and by its own form, in plain text and
in what texts hold in turn: JSON quoted in JSON, percent-encoding, base64. What was found once is replaced wherever it
stands. Whose it is makes no difference: other tenants and their users have secrets too.

Replacements keep their form and are the same for the same value, so that a recording still replays (`Fakes`).
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Callable, Container, Iterable
from dataclasses import replace
from functools import lru_cache, partial
from typing import Final
from urllib.parse import quote, quote_plus, unquote, unquote_plus, urlsplit

from pytest_aep_export.cassettes.bodies import BASE64, from_base64, text_of
from pytest_aep_export.cassettes.fakes import PLACEHOLDER, Fakes
from pytest_aep_export.cassettes.recording import Interaction
from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.exchange import Headers, Request, Response
from pytest_aep_export.hosts import GATEWAY
from pytest_aep_export.model import Credentials

__all__ = ["PLACEHOLDER", "Cleaner", "clean"]

_SENT: Final = frozenset({"range"})
_KEPT: Final = frozenset({"content-type", "content-length", "content-range", "accept-ranges", "location", "x-location"})

_NAMES: Final = frozenset(
    {
        *("accesstoken", "refreshtoken", "idtoken", "jwttoken", "jwt", "assertion", "clientassertion", "authorization"),
        *("clientsecret", "secret", "password", "passphrase", "privatekey", "apikey", "xapikey", "clientid"),
        *("createdclient", "updatedclient", "codeverifier", "cookie", "setcookie"),
        *("sig", "xamzsignature", "xamzcredential", "xamzsecuritytoken"),
    }
)
"""Names of secrets and keys, without case, hyphens and underscores. Catalog's clients are keys, too."""
_IN_FIELDS: Final = frozenset({"code", "token"})
"""In a form or a query ``code`` is OAuth's and secret; in JSON it names an error."""
_ENDS: Final = re.compile(
    r".*(?:password|passwd|passphrase|passcode|secret|secretkey|privatekey|apikey|accesstoken|refreshtoken|idtoken"
    r"|sessiontoken|authtoken|securitytoken|sessionid|sessid|sessionkey|sessioncookie)s?"
)
"""How names of secrets end, whatever stands before: ``newPassword``, ``JSESSIONID``."""
_SHORT: Final = re.compile(
    r"(?:.*[^A-Za-z])?(?:(?i:pass|pwd|pin|session))"
    r"|.*[a-z0-9](?:P(?:ass|ASS)|P(?:wd|WD)|P(?:in|IN)|S(?:ession|ESSION))"
)
"""Short names of secrets, as words of their own: no ``bypass``, no ``spin``; and no ``passed`` or ``sessions``."""

_LITERAL: Final = re.compile(r'"([^"\\]*(?:\\.[^"\\]*)*)("|\Z)(\s*:)?|[{}]|(?<![\w.])\d{3,}(?![\w.])', re.DOTALL)
"""A string of JSON, with the colon behind a member's name; a brace; a number that is long enough to be a PIN."""
_FIELD: Final = re.compile(r"(?<![\w.-])([\w.-]{1,40})=([^&\s\"'<>;\\]+)")
_LINE: Final = re.compile(
    r"(?<![\w.-])([\w.-]{2,40}): ?((?:Bearer +|Basic +)?(?=[^\s\"',;&]*\d)[^\s\"',;&]{8,})", re.IGNORECASE
)
_BEARER: Final = re.compile(r"\b(?:Bearer|Basic) +[\w.~+/=-]{16,}", re.IGNORECASE)
_KEY: Final = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
    r"|(?<![^\W_])(?:p8e?-[\w-]{12,}|xox[a-z]-[\w-]{10,}|gh[a-z]_\w{20,}|(?:AKIA|ASIA)[0-9A-Z]{16}|AIza[\w-]{30,})",
    re.DOTALL,
)
_USER: Final = re.compile(r"(?<=://)[^\s/?#@\"<>]+(?=@)")
_TOKEN: Final = re.compile(r"e[yw][\w-]{6,2000}\.[\w-]{5,}\.[\w-]*(?:\.[\w-]+)*")
_NUMBER: Final = re.compile(
    r"[0-9A-Za-z]{6,40}(?=@(?:AdobeOrg|AdobeID|techacct\.adobe\.com|[0-9A-Fa-f]{24}\.e)\b)"
    r"|(?<=@)[0-9A-Fa-f]{24}(?=\.e\b)",
    re.IGNORECASE,
)
_EMAIL: Final = re.compile(r"(?<![\w.+-])[\w.+-]+@(?:[\w-]+\.)+[^\W\d_]{2,}")
_NOBODYS: Final = re.compile(
    r".*[@.](?:example\.(?:com|net|org)|example|invalid|test|localhost)|0{16}[0-9A-F]{8}@techacct\.adobe\.com",
    re.IGNORECASE,
)
"""Addresses that nobody can have (RFC 2606), and stand-ins."""
_WORD: Final = re.compile(r"[\w.~+%@:!*()$,-]+")
_PERCENTS: Final = re.compile(r"(?:%[0-9A-Fa-f]{2})+")


class Cleaner:
    """Takes out of the interactions of one recording what must not be kept.

    Args:
        credentials: Whose recording it is.
        base_url: The host that is asked.
        first: The number of the first stand-in; see `Fakes`.
        kept: Headers of requests that are kept besides those that every recording has, in lower case.
    """

    def __init__(self, credentials: Credentials, base_url: str, *, first: int = 1, kept: Container[str] = ()) -> None:
        self._fakes = Fakes(credentials, first=first)
        self._base_url = base_url
        self._also = kept

    def interaction(self, interaction: Interaction) -> Interaction:
        """An interaction, fit to be kept."""
        return Interaction(self.request(interaction.request), self.response(interaction.response))

    def finish(self, interactions: Iterable[Interaction]) -> tuple[Interaction, ...]:
        """Clean interactions, without what has been found to be secret only after they were cleaned."""
        return tuple(map(self.interaction, interactions))

    def request(self, request: Request) -> Request:
        """A request, fit to be kept and to be compared with a kept one."""
        headers = [(name, self._header(name, value)) for name, value in request.headers.raw]
        parts = urlsplit(request.url)
        return Request(
            request.method,
            GATEWAY + self._text(parts.path + (f"?{parts.query}" if parts.query else "")),
            Headers([(name, value) for name, value in headers if name.lower() in _SENT or name.lower() in self._also]),
            self._bytes(request.body),
        )

    def _header(self, name: str, value: str) -> str:
        """A header's value, clean; what token, key and organisation it tells is noted, also where it is not kept."""
        return self._fakes.secret(value) if _plain(name) in {"authorization", "xapikey"} else self._text(value)

    def response(self, response: Response) -> Response:
        """A response, fit to be kept."""
        headers = [(name, self._text(value)) for name, value in response.headers.raw if name.lower() in _KEPT]
        body = self._bytes(response.body)
        if body != response.body:
            headers = [(n, str(len(body)) if n.lower() == "content-length" else value) for n, value in headers]
        return replace(response, headers=Headers(headers), body=body)

    def _bytes(self, body: bytes) -> bytes:
        """A body, cleaned where it is text."""
        text = text_of(body)
        return body if text is None else self._text(text).encode()

    def _text(self, text: str) -> str:
        try:
            return clean(text, self._fakes, self._base_url)
        except RecursionError as error:
            raise ConfigurationError(
                "what is encoded hundreds of times cannot be recorded: nobody can clean it"
            ) from error


def clean(text: str, fakes: Fakes, base_url: str = GATEWAY) -> str:
    """The text with stand-ins in the place of whatever must not be kept."""
    inner = partial(clean, fakes=fakes, base_url=base_url)
    text = text.replace(base_url, GATEWAY) if base_url else text
    text = _in_literals(text, fakes, inner) if '"' in text else text
    text = _by_form(_by_name(text, fakes, inner), fakes)
    text = _WORD.sub(partial(_in_percents, inner=inner), text) if "%" in text else text
    return fakes.everywhere(BASE64.sub(partial(_in_base64, inner=inner), text))


def _plain(name: str) -> str:
    """A name as `_NAMES` spells it."""
    return name.lower().replace("_", "").replace("-", "")


@lru_cache(maxsize=4096)
def _is_secret(name: str) -> bool:
    """Whether this is the name of a secret or a key, however it is written."""
    bare = name.rstrip("0123456789")
    plain = _plain(bare)
    return bool(plain in _NAMES or _ENDS.fullmatch(plain) or _SHORT.fullmatch(bare))


def _in_literals(text: str, fakes: Fakes, inner: Callable[[str], str]) -> str:
    """Clean the strings of JSON one by one, by the member that they belong to; all else keeps its spelling."""
    member, around = "", list[str]()

    def cleaned(found: re.Match[str]) -> str:
        nonlocal member
        content, end, colon = found[1], found[2], found[3]
        if content is None and found.group().isdigit():
            return "0" if _is_secret(member) else found.group()
        if found.group() == "{":
            around.append(member)
        if content is None:
            member = around.pop() if found.group() == "}" and around else ""
            return found.group()
        if colon:
            member = content
        secret = not colon and _is_secret(member)
        if not secret and "\\" not in content:
            return found.group()
        value = _decoded(content)
        new = fakes.secret(value) if secret else inner(value)
        return found.group() if new == value else f"{_quoted(new)[:-1]}{end}{colon or ''}"

    return _LITERAL.sub(cleaned, text)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _decoded(content: str) -> str:
    """What stands between the quotes of a JSON string, without its escapes; as it is where those are none."""
    try:
        return str(json.loads(f'"{content}"', strict=False))
    except ValueError:
        return content


def _by_name(text: str, fakes: Fakes, inner: Callable[[str], str]) -> str:
    """Replace the values of fields that have the name of a secret, and clean those that are encoded."""

    def field(found: re.Match[str]) -> str:
        value = unquote_plus(found[2])
        new = fakes.secret(value) if _is_secret(found[1]) or found[1].lower() in _IN_FIELDS else value
        if new == value != found[2]:
            new = inner(value)
        return found.group() if new == value else f"{found[1]}={quote_plus(new, _bare(found[2]).replace('+', ''))}"

    def line(found: re.Match[str]) -> str:
        new = fakes.secret(found[2]) if _is_secret(found[1]) else found[2]
        return found.group().removesuffix(found[2]) + new

    return _LINE.sub(line, _FIELD.sub(field, text))


def _by_form(text: str, fakes: Fakes) -> str:
    """Replace what can be recognised wherever it stands."""
    for secret in (_KEY, _USER, _BEARER):
        text = secret.sub(lambda found: fakes.secret(found.group()), text)
    text = _TOKEN.sub(lambda found: fakes.secret(found.group()) if _is_token(found.group()) else found.group(), text)
    text = _NUMBER.sub(lambda found: fakes.number(found.group()), text)
    return _EMAIL.sub(lambda found: found.group() if _NOBODYS.fullmatch(found[0]) else fakes.email(found[0]), text)


def _is_token(text: str) -> bool:
    """Whether the first part of a text with dots is a JSON object in base64, or begins as most of them do."""
    head = from_base64(text.partition(".")[0])
    return text.startswith("eyJ") or (head is not None and head.lstrip().startswith("{"))


def _in_percents(found: re.Match[str], inner: Callable[[str], str]) -> str:
    """Clean what is percent-encoded; characters that were not encoded are not encoded after that."""
    word = found.group()
    plain = unquote(word) if "%" in word else word
    new = plain if plain == word else inner(plain)
    return word if new == plain else quote(new, safe=_bare(word))


def _bare(word: str) -> str:
    """The characters of a word that are not percent-encoded."""
    return _PERCENTS.sub("", word)


def _in_base64(found: re.Match[str], inner: Callable[[str], str]) -> str:
    """Clean what is encoded in base64, if it is a text; the alphabet and the padding stay."""
    plain = from_base64(found.group())
    new = plain and inner(plain)
    if not new or new == plain:
        return found.group()
    altchars = b"-_" if re.search("[-_]", found.group()) else b"+/"
    encoded = b64encode(new.encode(), altchars).decode()
    return encoded if found.group().endswith("=") else encoded.rstrip("=")
