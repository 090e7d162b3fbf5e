"""Who may enter: an organisation with a token of its own, into a sandbox that it has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from pg_mimic import PgError

if TYPE_CHECKING:
    from pytest_aep_export.emulator.state import State
    from pytest_aep_export.emulator.tenants import Organisation, Sandbox

__all__ = ["ALL", "admitted"]

ALL: Final = "all"
"""What is asked for in a sandbox: the whole lake. There is no accelerated store."""

_INVALID_PASSWORD: Final = "28P01"  # noqa: S105 - a code of PostgreSQL's
_INVALID_AUTHORIZATION: Final = "28000"
_NO_DATABASE: Final = "3D000"


def admitted(state: State, startup: Mapping[str, str], password: str) -> Sandbox:
    """The sandbox that a client works in from now on.

    Args:
        state: Who there is.
        startup: What the client says of itself: ``user`` and ``database``.
        password: An access token.

    Raises:
        PgError: It may not, and why.
    """
    organisation = _organisation(state, password)
    if startup.get("user") != organisation.org_id:
        raise PgError(
            _INVALID_AUTHORIZATION,
            f"the user {startup.get('user')!r:.80} is not the organisation that the access token belongs to",
        )
    name, _, rest = startup.get("database", "").partition(":")
    if rest != ALL or name not in organisation.sandboxes:
        there = ", ".join(f"{sandbox}:{ALL}" for sandbox in organisation.sandboxes)
        raise PgError(_NO_DATABASE, f"the database {startup.get('database')!r:.80} does not exist: expected {there}")
    return organisation.sandboxes[name]


def _organisation(state: State, token: str) -> Organisation:
    read = state.tokens.read(token)
    organisation = read and state.tenants.by_client(read[0])
    if not read or not organisation:
        raise PgError(_INVALID_PASSWORD, "the password is not an access token: ask the token service for one")
    if read[1] <= organisation.clock.now():
        raise PgError(_INVALID_PASSWORD, "the access token has expired: ask the token service for another one")
    return organisation
