"""Fuzzing: what a server makes of requests that nobody would send, tried from a seed and judged by the contract.

The stream of cases needs no extra; `Breadth` and `schema` need ``fuzz``, which brings schemathesis.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_aep_export.lazy import lazily

if TYPE_CHECKING:
    from pytest_aep_export.fuzz.breadth import Breadth, schema
    from pytest_aep_export.fuzz.findings import Finding, read_finding, write_finding
    from pytest_aep_export.fuzz.fuzzing import Bounds, Tally, fuzz, replay
    from pytest_aep_export.fuzz.parties import Parties
    from pytest_aep_export.fuzz.sending import HttpSend, in_process

__all__ = [
    "Bounds",
    "Breadth",
    "Finding",
    "HttpSend",
    "Parties",
    "Tally",
    "fuzz",
    "in_process",
    "read_finding",
    "replay",
    "schema",
    "write_finding",
]

__getattr__, __dir__ = lazily(
    __name__,
    {
        "Bounds": "fuzzing",
        "Breadth": "breadth",
        "Finding": "findings",
        "HttpSend": "sending",
        "Parties": "parties",
        "Tally": "fuzzing",
        "fuzz": "fuzzing",
        "in_process": "sending",
        "read_finding": "findings",
        "replay": "fuzzing",
        "schema": "breadth",
        "write_finding": "findings",
    },
)
