"""A client's settings from environment variables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pytest_aep_export.client.address import GATEWAY
from pytest_aep_export.credentials import credentials_from
from pytest_aep_export.model import Credentials

__all__ = ["Surroundings", "surroundings"]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """As whom and where to, as the environment says."""

    credentials: Credentials
    base_url: str
    ims_url: str | None


def surroundings(environ: Mapping[str, str]) -> Surroundings:
    """Read the credentials, and ``AEP_BASE_URL`` and ``AEP_IMS_URL`` where they are set. An empty variable is none.

    Raises:
        ConfigurationError: Credentials are missing or cannot be read; see `credentials_from`.
    """
    return Surroundings(
        credentials_from(environ), environ.get("AEP_BASE_URL") or GATEWAY, environ.get("AEP_IMS_URL") or None
    )
