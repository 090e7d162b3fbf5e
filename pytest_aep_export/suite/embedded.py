"""The embedded emulator as a target: two organisations of its own, the one with a second sandbox, gone at the end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Final

from pytest_aep_export.emulator import Behaviour, EmulatorServer
from pytest_aep_export.emulator.tenants import DefaultData
from pytest_aep_export.model import MergePolicy
from pytest_aep_export.suite.budget import Budget, Limits
from pytest_aep_export.suite.capabilities import load_capabilities
from pytest_aep_export.suite.courtesy import Courtesy
from pytest_aep_export.suite.sending import Neighbours, Patience, Target

__all__ = ["PATIENCE", "embedded"]

PATIENCE: Final = Patience(poll=0, deadline=10, busy=5)
"""How long the emulator is waited for: nothing that it does takes time."""

_SECOND: Final = "second"
_OTHER_PROFILES: Final = 40
_OTHER_SEED: Final = 1
"""What makes the profiles of the other organisation, so that they are others."""
_FIRST_MOMENT: Final = 1_600_000_000_000
"""When names begin, in ms: always the same, as nobody was here before, and long before the emulator's own times."""
_STITCHED: Final = MergePolicy("stitched-by-time", version=1, name="Stitched by time", graph="pdg")
"""Differs from the default policy in its graph alone, so that what a graph does can be judged."""


@contextmanager
def embedded(
    server: EmulatorServer, behaviour: Behaviour, *, label: str, patience: Patience = PATIENCE
) -> Iterator[Target]:
    """A target on a running emulator: whatever is done to it, others on the same emulator do not notice.

    Args:
        server: Where the emulator listens.
        behaviour: How it acts towards both organisations.
        label: What reports call the target.
        patience: How long it is waited for.
    """
    emulator = server.emulator
    tenant = emulator.create_tenant(("prod", _SECOND), behaviour=behaviour)
    tenant.add_merge_policy(_STITCHED)
    other = emulator.create_tenant(behaviour=behaviour, data=DefaultData(_OTHER_PROFILES, _OTHER_SEED))
    target = Target(server.url, tenant.credentials, kind="emulator", label=label, patience=patience)
    target.neighbours = Neighbours(_SECOND, other.credentials)
    target.known = tenant.expected
    target.moment = count(_FIRST_MOMENT).__next__
    target.capabilities = frozenset(load_capabilities())
    target.budget = Budget(Limits())
    target.courtesy = Courtesy(patience.busy)
    try:
        yield target
    finally:
        target.close()
        tenant.delete()
        other.delete()
