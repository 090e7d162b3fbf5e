"""What must never reach a file: taken out of each interaction, and looked for once more in the finished text.

Replacements keep their form and are the same for the same value, so that a recording still replays.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlsplit

from pytest_aep_export.cassettes.bodies import text_of
from pytest_aep_export.errors import AepError
from pytest_aep_export.exchange import Headers, Request, Response, redact_text
from pytest_aep_export.model import Credentials

__all__ = ["GATEWAY", "PLACEHOLDER", "Cleaner", "LeakError", "refuse_leaks"]

GATEWAY: Final = "https://platform.adobe.io"
"""What every recording calls the host that was asked."""

PLACEHOLDER: Final = Credentials("REDACTED", "REDACTED", f"{'0' * 24}@AdobeOrg")
"""Whose recording it is, as far as anybody can tell."""

_JWT: Final = re.compile(r"eyJ[\w-]{5,}\.[\w-]{5,}\.")
_SENT: Final = frozenset({"range"})
_KEPT: Final = frozenset({"content-type", "content-length", "content-range", "accept-ranges", "location", "x-location"})


class LeakError(AepError):
    """A recording still holds a secret; nothing was written."""


@dataclass(frozen=True, slots=True)
class Cleaner:
    """Takes out of interactions what belongs to one tenant.

    Attributes:
        credentials: Whose secrets, organisation and keys.
        base_url: The host that is asked.
    """

    credentials: Credentials
    base_url: str

    def request(self, request: Request) -> Request:
        """A request, fit to be kept and to be compared with a kept one."""
        parts = urlsplit(request.url)
        clean = Request(
            request.method,
            GATEWAY + parts.path + (f"?{parts.query}" if parts.query else ""),
            Headers([(name, value) for name, value in request.headers.raw if name.lower() in _SENT]),
            request.body,
        ).redacted()
        return replace(clean, url=self._text(clean.url), body=self._bytes(clean.body))

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
        text = redact_text(text).replace(self.base_url, GATEWAY)
        text = text.replace(self.credentials.client_id, PLACEHOLDER.client_id)
        return re.sub(re.escape(_number(self.credentials)), _number(PLACEHOLDER), text, flags=re.IGNORECASE)


def _number(credentials: Credentials) -> str:
    """What names an organisation in its id, whether or not the ``@`` is encoded."""
    return credentials.org_id.partition("@")[0]


def refuse_leaks(credentials: Credentials) -> Callable[[str], str]:
    """A check of a finished recording's text, which it returns.

    Raises:
        LeakError: From the check: the text holds a secret of these credentials, or anything like a token.
    """
    secrets: Mapping[str, str] = {
        "client secret": credentials.client_secret,
        "client id": credentials.client_id,
        "organisation": _number(credentials),
    }

    def check(text: str) -> str:
        found = [what for what, value in secrets.items() if value.lower() in text.lower()]
        if _JWT.search(text):
            found.append("token")
        if found:
            raise LeakError(f"the recording still holds the {', '.join(found)}: it was not written, please report this")
        return text

    return check
