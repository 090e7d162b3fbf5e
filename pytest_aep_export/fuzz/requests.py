"""Fuzzing requests: schemathesis on the contract, with everything a request needs to get past the gateway."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from pytest_aep_export.contract import load
from pytest_aep_export.errors import ConfigurationError

if TYPE_CHECKING:
    from schemathesis.schemas import BaseSchema
    from starlette.types import ASGIApp

__all__ = ["schema"]


def schema(target: ASGIApp | str) -> BaseSchema:
    """The contract as a schemathesis schema, to be parametrized over or walked through.

    The hosts that the contract names are taken out: a case goes to the target and nowhere else.

    Args:
        target: An application to call in process, or the URL of a gateway.

    Raises:
        ConfigurationError: The extra ``fuzz`` is not installed.
    """
    try:
        import schemathesis  # noqa: PLC0415 - an extra, and costly
    except ImportError as error:
        message = "fuzzing needs schemathesis: install it with pip install 'pytest-aep-export[fuzz]'"
        raise ConfigurationError(message) from error

    result = schemathesis.openapi.from_dict(_without_hosts())
    if isinstance(target, str):
        result.config.update(base_url=target)
    else:
        result.app = target
    return result


def _without_hosts() -> dict[str, Any]:
    document: dict[str, Any] = copy.deepcopy(dict(load().document))
    document["servers"] = [{"url": "/"}]
    for path in document["paths"].values():
        path.pop("servers", None)
    return document
