"""A client's settings from environment variables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pytest_aep_export.client.address import GATEWAY
from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.model import AEP_SCOPES, Credentials

__all__ = ["Surroundings", "surroundings"]

_REQUIRED: Final = ("AEP_CLIENT_ID", "AEP_CLIENT_SECRET", "AEP_ORG_ID")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """As whom and where to, as the environment says."""

    credentials: Credentials
    base_url: str
    ims_url: str | None


def surroundings(environ: Mapping[str, str]) -> Surroundings:
    """Read ``AEP_CLIENT_ID``, ``AEP_CLIENT_SECRET`` and ``AEP_ORG_ID``, and what else there is.

    ``AEP_SCOPES``, ``AEP_SANDBOX_NAME``, ``AEP_BASE_URL`` and ``AEP_IMS_URL`` have defaults. An empty variable is none.

    Raises:
        ConfigurationError: A variable that is needed is missing; all such are named.
    """
    missing = [name for name in _REQUIRED if not environ.get(name)]
    if missing:
        raise ConfigurationError(f"no client can be made from the environment: set {', '.join(missing)}")
    credentials = Credentials(
        client_id=environ["AEP_CLIENT_ID"],
        client_secret=environ["AEP_CLIENT_SECRET"],
        org_id=environ["AEP_ORG_ID"],
        sandbox=environ.get("AEP_SANDBOX_NAME") or "prod",
        scopes=environ.get("AEP_SCOPES") or AEP_SCOPES,
    )
    return Surroundings(credentials, environ.get("AEP_BASE_URL") or GATEWAY, environ.get("AEP_IMS_URL") or None)
