"""Clients of the API: `AepClient` and `AsyncAepClient`, two thin drivers over one core that does no I/O.

Importing this package loads neither httpx nor pyarrow: each name is imported when it is first asked for (PEP 562).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from pytest_aep_export.client.aio import AsyncAepClient
    from pytest_aep_export.client.payloads import EventSelection, JobOptions, ProfileSelection, SegmentSelection
    from pytest_aep_export.client.retry import RetryPolicy
    from pytest_aep_export.client.sync import AepClient
    from pytest_aep_export.client.waiting import PollPolicy

__all__ = [
    "AepClient",
    "AsyncAepClient",
    "EventSelection",
    "JobOptions",
    "PollPolicy",
    "ProfileSelection",
    "RetryPolicy",
    "SegmentSelection",
]

_HOME: Final = {
    "AepClient": "sync",
    "AsyncAepClient": "aio",
    "EventSelection": "payloads",
    "JobOptions": "payloads",
    "PollPolicy": "waiting",
    "ProfileSelection": "payloads",
    "RetryPolicy": "retry",
    "SegmentSelection": "payloads",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
