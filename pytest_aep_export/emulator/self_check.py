"""The emulator held to its own contract: an answer that the contract does not allow is a defect of this package."""

from __future__ import annotations

import logging
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from pytest_aep_export.exchange import Headers, Response

if TYPE_CHECKING:
    from pytest_aep_export.emulator.state import State

__all__ = ["Pairs", "SelfCheck"]

Pairs = tuple[tuple[str, str], ...]
"""Names and values of headers."""

_KEPT: Final = 1 << 16
"""Bytes of the longest answer whose verdict is remembered, and the answer with it."""
_LOG: Final = logging.getLogger(__name__)


class SelfCheck:
    """Notes as a defect each answer that the contract does not allow; answers that are alike are judged once."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._is_valid = lru_cache(maxsize=256)(self._judge)

    def __call__(self, operation: str, status: int, headers: Pairs, body: bytes) -> None:
        """Hold one answer to the contract; it leaves all the same, and the test that caused it fails."""
        is_valid = self._is_valid if len(body) <= _KEPT else self._judge
        try:
            if is_valid(operation, status, headers, body):
                return
            violations = self._state.contract.validate_response(operation, Response(status, Headers(headers), body))
            self._state.defects.append(f"{operation} answered against the contract: {violations}")
        except Exception:  # noqa: BLE001 - the answer leaves all the same
            _LOG.exception("the answer of %s could not be held to the contract", operation)
            self._state.defects.append(f"the answer of {operation} could not be held to the contract: see the log")

    def _judge(self, operation: str, status: int, headers: Pairs, body: bytes) -> bool:
        return self._state.contract.is_valid_response(operation, Response(status, Headers(headers), body))
