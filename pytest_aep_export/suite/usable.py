"""Whether an answer comes from something that can be judged: it is JSON, and the token endpoint's holds a token."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_aep_export.errors import AepError
from pytest_aep_export.exchange import Exchange

__all__ = ["NotRecordedError", "TargetError", "access_token", "require_json"]


class TargetError(AepError):
    """The target cannot be judged at all; the message says what to do."""


class NotRecordedError(AepError):
    """The target is a recording, which has no answer to a request: what asked for it cannot be judged."""


def access_token(exchange: Exchange, url: str) -> str:
    """The token that the endpoint at a URL has given.

    Raises:
        TargetError: It has given none.
    """
    where, status = url.partition("?")[0], exchange.response.status
    onward = exchange.response.headers.get("location", "").partition("?")[0]
    if onward and status in range(300, 400):
        raise TargetError(f"{where} gives no token but redirects to {onward} ({status}): name the right --ims-url")
    require_json(exchange, url, "--ims-url")
    body = exchange.response.json()
    token = body.get("access_token") if isinstance(body, Mapping) else None
    if not isinstance(token, str) or not token or not token.isascii() or not token.isprintable():
        found = f"gives no token ({status})" if token is None else "gives a token that is no printable text"
        raise TargetError(f"{where} {found}: check AEP_CLIENT_ID, AEP_CLIENT_SECRET and --ims-url")
    return token


def require_json(exchange: Exchange, url: str, option: str) -> None:
    """Refuse a target that speaks something else; the option is what to check.

    Raises:
        TargetError: The answer is not JSON.
    """
    try:
        exchange.response.json()
    except (ValueError, RecursionError):
        media = exchange.response.headers.get("content-type", "no media type")
        what = f"{media}, but the body is no JSON" if "json" in media else f"{media} instead of JSON"
        where = url.partition("?")[0]
        raise TargetError(f"{where} answers with {what}, so this is not the API: check {option}") from None
