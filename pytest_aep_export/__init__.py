"""Adobe Experience Platform's profile-export-jobs API in a box: a pytest plugin, an emulator and a conformance suite.

The public names are imported from here; each is loaded when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_aep_export.lazy import lazily

if TYPE_CHECKING:
    from pytest_aep_export.client import AepClient, AsyncAepClient
    from pytest_aep_export.contract import Contract, Violation
    from pytest_aep_export.emulator import (
        Behaviour,
        Emulator,
        EmulatorServer,
        Fault,
        FaultPlan,
        Journal,
        LoadedProfiles,
        Tenant,
        Variation,
    )
    from pytest_aep_export.errors import AepError
    from pytest_aep_export.exchange import Exchange, Request, Response
    from pytest_aep_export.judge import JudgedJournal
    from pytest_aep_export.lifecycle import Clock, Progression
    from pytest_aep_export.markers import aep_survives
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
    "Fault",
    "FaultPlan",
    "JobStatus",
    "Journal",
    "JudgedJournal",
    "LoadedProfiles",
    "ProfileData",
    "Progression",
    "Request",
    "Response",
    "Tenant",
    "Variation",
    "Violation",
    "__version__",
    "aep_survives",
]

__version__: str

_get, __dir__ = lazily(
    __name__,
    {
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
        "Fault": "emulator",
        "FaultPlan": "emulator",
        "JobStatus": "model",
        "Journal": "emulator",
        "JudgedJournal": "judge",
        "LoadedProfiles": "emulator",
        "ProfileData": "profiles",
        "Progression": "lifecycle",
        "Request": "exchange",
        "Response": "exchange",
        "Tenant": "emulator",
        "Variation": "emulator",
        "Violation": "contract",
        "aep_survives": "markers",
    },
)


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version  # noqa: PLC0415 - costs a look at the installed packages

        return version("pytest-aep-export")
    return _get(name)
