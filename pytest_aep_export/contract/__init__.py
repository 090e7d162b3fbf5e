"""The contract: what requests and answers of the export workflow look like, and who says so.

``openapi.yaml`` is the single source. `load` reads it once; the `Contract` matches operations and validates both sides.
"""

from pytest_aep_export.contract.contract import Contract, load
from pytest_aep_export.contract.dialects import CANONICAL, DIALECTS, Dialect, dialect
from pytest_aep_export.contract.values import Level, Match, Operation, Violation

__all__ = [
    "CANONICAL",
    "DIALECTS",
    "Contract",
    "Dialect",
    "Level",
    "Match",
    "Operation",
    "Violation",
    "dialect",
    "load",
]
