"""The token service (IMS): OAuth server-to-server credentials in, an access token out.

Version 3 takes a form, version 2 the same values in the query (facts, auth-and-headers section 1; D-96); either reads
both places. No source shows an error body: OAuth 2.0's is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

from pytest_aep_export.emulator.problems import oauth
from pytest_aep_export.emulator.state import State, answer
from pytest_aep_export.emulator.tokens import LIFETIME

if TYPE_CHECKING:
    from starlette.responses import Response

    from pytest_aep_export.emulator.tenants import Organisation
    from pytest_aep_export.exchange import Request

__all__ = ["client_of", "request_token"]

_REQUIRED: Final = ("grant_type", "client_id", "client_secret", "scope")


def request_token(state: State, request: Request) -> tuple[Response, Organisation | None]:
    """A token for the integration that the credentials name, and the organisation that it belongs to."""
    given = _given(request)
    missing = [name for name in _REQUIRED if not given.get(name)]
    if missing:
        raise oauth(400, "invalid_request", f"{', '.join(missing)}: expected in the form or the query, found nothing")
    if given["grant_type"] != "client_credentials":
        raise oauth(400, "unsupported_grant_type", "grant_type: expected client_credentials")
    organisation = state.tenants.by_client(given["client_id"])
    if organisation is None or not organisation.accepts(given["client_secret"]):
        raise oauth(401, "invalid_client", "client_id and client_secret belong to no integration")
    token = state.tokens.issue(organisation.client_id, given["scope"], organisation.clock.now())
    document = {"access_token": token, "token_type": "bearer", "expires_in": LIFETIME}
    return answer(document, headers={"cache-control": "no-store"}), organisation


def client_of(request: Request) -> str:
    """The integration that a request names as those for a token do; empty where it names none."""
    return _given(request).get("client_id", "")


def _given(request: Request) -> dict[str, str]:
    """The fields of the form and the query; those of the form take precedence."""
    return request.query | dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
