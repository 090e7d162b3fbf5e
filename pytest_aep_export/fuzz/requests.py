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


def schema(app: ASGIApp | None = None) -> BaseSchema:
    """The contract as a schemathesis schema, to be parametrized over or walked through.

    Args:
        app: An application to call in process; without one, each case is told where to go.

    Raises:
        ConfigurationError: The extra ``fuzz`` is not installed.
    """
    try:
        import schemathesis  # noqa: PLC0415 - an extra, and costly
    except ImportError as error:
        message = "fuzzing needs schemathesis: install it with pip install 'pytest-aep-export[fuzz]'"
        raise ConfigurationError(message) from error

    document: dict[str, Any] = copy.deepcopy(dict(load().document))
    result = schemathesis.openapi.from_dict(document)
    result.app = app
    return result
