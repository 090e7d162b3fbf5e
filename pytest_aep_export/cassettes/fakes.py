"""Stand-ins for what must not be kept: of the same form, the same for the same value, others for other values.

======================  ===============================================================
what                    stand-in
======================  ===============================================================
the tenant's own id     that of `PLACEHOLDER`, which a replay hands out as credentials
a JSON Web Token        one that says ``{"redacted": 1}`` and is not signed (``alg: none``)
another secret or key   ``REDACTED-1``, behind the prefix that tells its kind (``p8e-``)
an id of Adobe's        24 digits, zeros but for the last, before the same ``@…``
an e-mail address       ``redacted-1@example.com``
======================  ===============================================================
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from collections import defaultdict
from typing import Final

from pytest_aep_export.model import Credentials

__all__ = ["PLACEHOLDER", "STAND_IN", "Fakes", "number_of"]

PLACEHOLDER: Final = Credentials("REDACTED", "REDACTED", f"{'0' * 24}@AdobeOrg")
"""Whose recording it is, as far as anybody can tell."""

_SHORTEST: Final = 6
"""Characters of a secret that is looked for wherever it may stand; a shorter one would be found in everything."""
_SHORTEST_WORD: Final = 16
"""The same where it is made of letters only: ``undefined`` under the name of a secret is none."""

_UNSIGNED: Final = "eyJhbGciOiJub25lIn0"
"""The head of a token that nobody signed, ``{"alg":"none"}``."""

_FAKE: Final = re.compile(
    rf"(?:[A-Za-z0-9]{{2,8}}[-_]?)?REDACTED(?:-\d+)?|{_UNSIGNED}\.eyJyZWRhY3RlZCI6[\w-]*\.?|0{{16}}[0-9A-F]{{8}}"
)
STAND_IN: Final = re.compile(
    rf"(?:[A-Za-z0-9]{{2,8}}[-_]?)?REDACTED(?:-\d+)?|{_UNSIGNED}\.eyJyZWRhY3RlZCI6[\w-]*\.?"
    r"|redacted-\d+@example\.com|0{16}[0-9A-F]{8}(?=@|%40|\.e\b)"
)
"""What stands for something secret, wherever in a text."""
_PREFIX: Final = re.compile(r"(?:p8e?|xox[a-z])-|gh[a-z]_|AKIA|ASIA|AIza")
_SCHEME: Final = re.compile(r"(?:Bearer|Basic) +", re.IGNORECASE)
_TOKEN: Final = re.compile(r"e[yw][\w-]+\.[\w-]+\.[\w.-]*")


def number_of(credentials: Credentials) -> str:
    """What names an organisation in its id, whether or not the ``@`` is encoded."""
    return credentials.org_id.partition("@")[0]


class Fakes:
    """The stand-ins of one recording.

    A stand-in of this form is its own, so that what is clean stays as it is.

    Args:
        credentials: Whose secrets and ids have those of `PLACEHOLDER`.
        first: Where numbers begin. What a client sends to a replay has higher ones than any recording, so that it is
            not taken for what a recording tells.
    """

    def __init__(self, credentials: Credentials, *, first: int = 1) -> None:
        own = (credentials.client_secret, PLACEHOLDER.client_secret), (credentials.client_id, PLACEHOLDER.client_id)
        self._secrets = {real: fake for real, fake in own if real}
        self._numbers = {number_of(credentials).upper(): number_of(PLACEHOLDER)}
        self._emails: dict[str, str] = {}
        self._counts: defaultdict[str, int] = defaultdict(lambda: first - 1)
        self._known: tuple[int, re.Pattern[str]] | None = None

    def secret(self, value: str) -> str:
        """A stand-in for a token, a secret or a key; a word before it that says how it is used stays."""
        scheme = _SCHEME.match(value)
        start = scheme.end() if scheme else 0
        real = value[start:]
        if not real or _FAKE.fullmatch(real):
            return value
        if real not in self._secrets:
            self._secrets[real] = self._made(real)
        return value[:start] + self._secrets[real]

    def _made(self, real: str) -> str:
        if _TOKEN.fullmatch(real):
            claims = urlsafe_b64encode(f'{{"redacted":{self._next("token")}}}'.encode()).rstrip(b"=").decode()
            return f"{_UNSIGNED}.{claims}."
        prefix = _PREFIX.match(real)
        return f"{prefix.group() if prefix else ''}REDACTED-{self._next('secret')}"

    def number(self, value: str) -> str:
        """A stand-in for what stands before the ``@`` of an id of Adobe's."""
        if _FAKE.fullmatch(value):
            return value
        key = value.upper()
        if key not in self._numbers:
            self._numbers[key] = f"{self._next('number'):024X}"
        return self._numbers[key]

    def email(self, value: str) -> str:
        """A stand-in for an e-mail address that is not reserved for examples, as stand-ins are."""
        key = value.lower()
        if key not in self._emails:
            self._emails[key] = f"redacted-{self._next('email')}@example.com"
        return self._emails[key]

    def _next(self, kind: str) -> int:
        """The next number of a kind."""
        self._counts[kind] += 1
        return self._counts[kind]

    def everywhere(self, text: str) -> str:
        """The text with what has a stand-in by now replaced wherever it stands, also where nothing tells what it is."""
        return self._pattern().sub(self._stand_in, text)

    def _stand_in(self, found: re.Match[str]) -> str:
        value = found.group()
        return self._secrets.get(value) or self._numbers[value.upper()]

    def _pattern(self) -> re.Pattern[str]:
        """What finds them all, the longest first; made again when there are more."""
        count = len(self._secrets) + len(self._numbers)
        if self._known is None or self._known[0] != count:
            self._known = count, re.compile(f"{_any(self._secrets)}|{_any(self._numbers, 'i')}")
        return self._known[1]


def _any(values: dict[str, str], flag: str = "") -> str:
    long = sorted(filter(_is_telling, values), key=len, reverse=True)
    return f"(?{flag}:{'|'.join(map(re.escape, long))})" if long else "(?!)"


def _is_telling(value: str) -> bool:
    """Whether a secret is looked for everywhere: tokens need not be, since each is recognised by its form."""
    least = _SHORTEST_WORD if value.isalpha() else _SHORTEST
    return len(value) >= least and not _TOKEN.fullmatch(value)
