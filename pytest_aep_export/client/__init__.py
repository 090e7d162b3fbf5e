"""Clients of the API: `AepClient` and `AsyncAepClient`, two thin drivers over one core that does no I/O.

Importing this package loads neither httpx nor pyarrow: each name is imported when it is first asked for (PEP 562).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_aep_export.lazy import lazily

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

__getattr__, __dir__ = lazily(
    __name__,
    {
        "AepClient": "sync",
        "AsyncAepClient": "aio",
        "EventSelection": "payloads",
        "JobOptions": "payloads",
        "PollPolicy": "waiting",
        "ProfileSelection": "payloads",
        "RetryPolicy": "retry",
        "SegmentSelection": "payloads",
    },
)
