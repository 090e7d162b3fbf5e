"""Adobe Experience Platform's profile-export-jobs API in a box: a pytest plugin, an emulator and a conformance suite.

The public names are imported from here; each is loaded when it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_aep_export.client import AepClient, AsyncAepClient
    from pytest_aep_export.contract import Contract, Violation
    from pytest_aep_export.emulator import Behaviour, Emulator, EmulatorServer, Journal, Tenant
    from pytest_aep_export.errors import AepError
    from pytest_aep_export.exchange import Exchange, Request, Response
    from pytest_aep_export.lifecycle import Clock, Progression
    from pytest_aep_export.model import Credentials, ExportJob, JobStatus
    from pytest_aep_export.profiles import ProfileData

__all__ = [
    "AepClient",
    "AepError",
    "AsyncAepClient",
    "Behaviour",
    "Clock",
    "Contract",
    "Credentials",
    "Emulator",
    "EmulatorServer",
    "Exchange",
    "ExportJob",
    "JobStatus",
    "Journal",
    "ProfileData",
    "Progression",
    "Request",
    "Response",
    "Tenant",
    "Violation",
    "__version__",
]

_HOMES = {
    "AepClient": "client",
    "AepError": "errors",
    "AsyncAepClient": "client",
    "Behaviour": "emulator",
    "Clock": "lifecycle",
    "Contract": "contract",
    "Credentials": "model",
    "Emulator": "emulator",
    "EmulatorServer": "emulator",
    "Exchange": "exchange",
    "ExportJob": "model",
    "JobStatus": "model",
    "Journal": "emulator",
    "ProfileData": "profiles",
    "Progression": "lifecycle",
    "Request": "exchange",
    "Response": "exchange",
    "Tenant": "emulator",
    "Violation": "contract",
}

__version__: str


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version  # noqa: PLC0415 - costs a look at the installed packages

        return version("pytest-aep-export")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
