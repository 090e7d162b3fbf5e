"""Refusals: the error bodies of each service family, with the wording that is documented for them.

Four families (facts, auth-and-headers section 4): the gateway's ``error_code``, the foundation's problem object, the
profile service's envelope keyed by status, and OAuth's. Where a source gives no body, the family of that service is
used and the detail is our own wording.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Refusal", "envelope", "foundation", "gateway", "no_entity", "oauth", "profile", "refuse"]

_GATEWAY: Final = {
    "400001": "Bad request. The request could not be understood or was missing required parameters.",
    "400003": "Missing header",
    "401013": "Oauth token is not valid",
    "403000": "Api Key is required",
    "403003": "Api Key is invalid",
    "403010": "Oauth token is missing.",
    "403025": "Profile is not valid",
    "403027": "User region is missing",
    "429050": "Too many requests",
    "500001": "Internal server error.",
}
_STATUSES: Final = frozenset(map(int, HTTPStatus))
_TITLES: Final = {
    400: "BadRequestError",
    403: "ForbiddenError",
    404: "NotFoundError",
    405: "MethodNotAllowedError",
    409: "ConflictError",
    413: "PayloadTooLargeError",
    415: "UnsupportedMediaTypeError",
    416: "RangeNotSatisfiableError",
}


class Refusal(Exception):  # noqa: N818 - it is an answer, and called so everywhere
    """An answer other than success, raised where the reason is found and sent by the gateway."""

    def __init__(self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        self.status = status
        self.body = body
        self.headers = headers or {}
        super().__init__(f"{status} {body}")


def gateway(code: str, message: str | None = None, status: int | None = None) -> Refusal:
    """The gateway's refusal; the status is the code's first three digits unless it is given (D-16)."""
    return Refusal(status or int(code[:3]), {"error_code": code, "message": message or _GATEWAY[code]})


def envelope(status: int) -> dict[str, Any]:
    """The gateway's body for a status; where none is documented its code ends with zeros, a choice of ours."""
    code = next((code for code in _GATEWAY if code.startswith(str(status))), f"{status}000")
    phrase = HTTPStatus(status).phrase if status in _STATUSES else "Error"
    return {"error_code": code, "message": _GATEWAY.get(code, phrase)}


def foundation(status: int, detail: str, headers: dict[str, str] | None = None) -> Refusal:
    """Catalog's and Data Access' refusal: ``type``, ``status``, ``title`` and ``detail``."""
    title = _TITLES.get(status, "Error")
    body = {"type": "/placeholder/type/uri", "status": status, "title": title, "detail": detail}
    return Refusal(status, body, headers)


def profile(status: int, code: str, title: str, details: Iterable[str] = (), request_id: str = "") -> Refusal:
    """The profile service's refusal: a title, and one entry per detail under the status as text."""
    entries = [{"code": code, "message": title}, *({"code": str(status), "message": detail} for detail in details)]
    body = {
        "requestId": request_id,
        "errors": {str(status): entries},
        "type": f"https://ns.adobe.com/aep/errors/{code}",
        "title": title,
        "status": status,
    }
    return Refusal(status, body)


def no_entity(key: str, request_id: str = "") -> Refusal:
    """The profile service's refusal of a key that nothing is found under."""
    return profile(HTTPStatus.NOT_FOUND, "UPAPI-113000-404", f"The entity {key} is not found.", request_id=request_id)


def oauth(status: int, error: str, description: str) -> Refusal:
    """The token service's refusal, in OAuth 2.0's form: the documentation shows none (RFC 6749 section 5.2)."""
    return Refusal(status, {"error": error, "error_description": description})


def refuse(service: str, status: int, details: list[str], request_id: str = "") -> Refusal:
    """The refusal of a request that the contract does not allow, in the family of the service it was sent to."""
    text = "; ".join(details)
    if service == "ims":
        return oauth(status, "invalid_request", text)
    if service in {"catalog", "data-access", "sandboxes"}:
        return foundation(status, text)
    code, title = (
        ("UPLIB-101206-500", _USER_JSON) if status == 400 else (f"UPAPI-113000-{status}", text)  # noqa: PLR2004
    )
    return profile(status, code, title, details, request_id)


_USER_JSON: Final = "There is a problem extracting the user JSON, field(s) missing or invalid. Correct and try again."
