"""Credentials from the environment, or from a configuration file of Adobe's client ``aepp``.

This module and what it imports need the standard library only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.hosts import TOKEN_PATH
from pytest_aep_export.model import AEP_SCOPES, Credentials

__all__ = ["credentials_from", "environment_for"]

_FILE: Final = "AEP_CONFIG_FILE"
_VARIABLES: Final = {
    "client_id": "AEP_CLIENT_ID",
    "client_secret": "AEP_CLIENT_SECRET",
    "org_id": "AEP_ORG_ID",
    "sandbox": "AEP_SANDBOX_NAME",
    "scopes": "AEP_SCOPES",
}
_MEMBERS: Final = {
    "client_id": "client_id",
    "client_secret": "secret",
    "org_id": "org_id",
    "sandbox": "sandbox-name",
    "scopes": "scopes",
}
_DEFAULTS: Final = {"sandbox": "prod", "scopes": AEP_SCOPES}


def credentials_from(environ: Mapping[str, str]) -> Credentials:
    """The credentials that the variables ``AEP_*`` hold; what they leave out comes from the file ``AEP_CONFIG_FILE``.

    Raises:
        ConfigurationError: Some are missing, and the message names all of them; or the file cannot be read.
    """
    values = dict(_DEFAULTS)
    if path := environ.get(_FILE):
        values |= _from_file(Path(path))
    values |= {field: environ[name] for field, name in _VARIABLES.items() if environ.get(name)}
    missing = [name for field, name in _VARIABLES.items() if not values.get(field)]
    if missing:
        raise ConfigurationError(
            f"credentials are missing: set {', '.join(missing)} in the environment, or {_FILE} to a file of aepp's"
        )
    return Credentials(**values)


def environment_for(credentials: Credentials, url: str) -> dict[str, str]:
    """The variables that let another program find the API at ``url`` and call it with these credentials."""
    where = {"AEP_TARGET": url, "AEP_BASE_URL": url, "AEP_IMS_URL": f"{url}{TOKEN_PATH}"}
    return where | {name: getattr(credentials, field) for field, name in _VARIABLES.items()}


def _from_file(path: Path) -> dict[str, str]:
    try:
        document: Any = json.loads(path.read_text("utf-8"))
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ConfigurationError(f"the file {path}, which {_FILE} names, cannot be read: {reason}") from error
    except ValueError as error:
        raise _unusable(path, "it is not JSON") from error
    if not isinstance(document, dict):
        raise _unusable(path, "it is not a JSON object")
    found = {field: document[member] for field, member in _MEMBERS.items() if document.get(member)}
    if isinstance(found.get("scopes"), list):
        found["scopes"] = ",".join(map(str, found["scopes"]))
    wrong = [_MEMBERS[field] for field, value in found.items() if not isinstance(value, str)]
    if wrong:
        raise _unusable(path, f"{', '.join(wrong)} must be text")
    return found


def _unusable(path: Path, reason: str) -> ConfigurationError:
    members = ", ".join(_MEMBERS.values())
    return ConfigurationError(
        f"the file {path}, which {_FILE} names, holds no credentials: {reason}; expected an object with {members}"
    )
