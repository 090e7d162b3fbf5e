"""The faults of a tenant: which are planned, which of them takes hold of a request, and which have."""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pytest_aep_export.emulator.faults import Effect, Empty, Fault, Garbage, Reset, Truncate
from pytest_aep_export.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_aep_export.exchange import Exchange

__all__ = ["FaultPlan", "Hit"]

_ENDINGS: Final = (Empty, Garbage, Reset, Truncate)
"""Effects of which a connection can suffer only one."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A fault that takes hold of a request.

    Attributes:
        fault: The fault.
        number: How many requests it had taken hold of before.
    """

    fault: Fault
    number: int

    @property
    def effect(self) -> Effect:
        """What happens."""
        return self.fault.effect

    def lots(self) -> random.Random:
        """What draws by lot for it: the same for the same fault and number, whatever else happens."""
        return random.Random(f"{self.fault.seed}/{self.number}")  # noqa: S311 - it must be predictable


@dataclass(slots=True)
class _Planned:
    fault: Fault
    seen: int = 0
    taken: int = 0

    @property
    def spent(self) -> bool:
        return self.fault.times is not None and self.taken >= self.fault.times

    @property
    def due(self) -> bool:
        return self.seen > self.fault.skip and not self.spent


class FaultPlan:
    """The faults of a tenant, in the order in which they were added.

    Each counts the requests that it may take hold of for itself. Several may take hold of one request, but only one
    of each kind, and one of those that end the connection: the first, and the others wait for their next request.

    Attributes:
        armed: Whether any fault may still take hold of a request.
    """

    def __init__(self) -> None:
        self.armed = False
        self._all_must_fire = True
        self._lock = threading.Lock()
        self._planned: list[_Planned] = []
        self._fired: list[tuple[Fault, Exchange]] = []

    def add(self, *faults: Fault) -> None:
        """Plan more faults; they count requests from now on.

        Raises:
            ConfigurationError: One is something else.
        """
        for fault in faults:
            if not isinstance(fault, Fault):
                raise ConfigurationError(f"{fault!r:.80} is no fault: expected one such as Fault('getExportJob')")
        with self._lock:
            self._planned += [_Planned(fault) for fault in faults]
            self._arm()

    def clear(self) -> None:
        """Forget every fault, and which took hold of what."""
        with self._lock:
            self._planned.clear()
            self._fired.clear()
            self._arm()

    def allow_unfired(self) -> None:
        """Let the test end before every fault has taken hold of a request."""
        self._all_must_fire = False

    @property
    def planned(self) -> tuple[Fault, ...]:
        """Every fault, spent or not."""
        with self._lock:
            return tuple(planned.fault for planned in self._planned)

    @property
    def fired(self) -> tuple[tuple[Fault, Exchange], ...]:
        """Which fault took hold of which exchange, in the order in which they were answered."""
        with self._lock:
            return tuple(self._fired)

    @property
    def unfired(self) -> tuple[Fault, ...]:
        """The faults that have taken hold of nothing yet."""
        with self._lock:
            return tuple(planned.fault for planned in self._planned if not planned.taken)

    @property
    def overdue(self) -> tuple[Fault, ...]:
        """The faults that should have taken hold of something by the end of a test."""
        return self.unfired if self._all_must_fire else ()

    def take(self, operation: str) -> tuple[Hit, ...]:
        """The faults that take hold of a request for this operation, which is counted."""
        hits: dict[object, Hit] = {}
        with self._lock:
            for planned in self._planned:
                if not planned.fault.covers(operation):
                    continue
                planned.seen += 1
                place = _place(planned.fault.effect)
                if planned.due and place not in hits:
                    hits[place] = Hit(planned.fault, planned.taken)
                    planned.taken += 1
            self._arm()
        return tuple(hits.values())

    def note(self, hits: Iterable[Hit], exchange: Exchange) -> None:
        """Keep in mind what became of a request that faults took hold of."""
        with self._lock:
            self._fired += [(hit.fault, exchange) for hit in hits]

    def _arm(self) -> None:
        self.armed = any(not planned.spent for planned in self._planned)


def _place(effect: Effect) -> object:
    """What an effect is about: two of one place exclude one another."""
    return _ENDINGS if isinstance(effect, _ENDINGS) else type(effect)
