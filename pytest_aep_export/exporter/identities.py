"""Which rows make one profile: all of one primary identity, or all that the identity graph joins.

Every identity has a number by first appearance: the primary identities of the fragments come first, then those of the
events, then all others. A profile goes by the smallest of its identities.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from pytest_aep_export.exporter.plan import IDENTITY_LIMIT
from pytest_aep_export.profiles.columns import column
from pytest_aep_export.profiles.graph import components, listed, numbered, primary
from pytest_aep_export.profiles.randomness import Integers

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Profiles", "find_profiles"]


@dataclass(frozen=True, slots=True)
class Profiles:
    """The profile that each row belongs to.

    Attributes:
        fragments: The profile of each row of the fragments table.
        events: The profile of each row of the events table.
        known: Profiles with a number below this have a fragment; the others have events only.
        crowded: The profiles that have more identities than an export takes.
    """

    fragments: Integers
    events: Integers
    known: int
    crowded: Integers


def find_profiles(fragments: pa.Table, events: pa.Table, graph: Literal["none", "pdg"]) -> Profiles:
    """The profile of every fragment and event under a graph."""
    rows, in_maps = listed(column(fragments, "identityMap"))
    own, theirs, others = numbered(primary(fragments), primary(events), in_maps)
    known = int(own.max(initial=-1)) + 1
    profiles = own
    if graph == "pdg":
        count = 1 + max(int(numbers.max(initial=-1)) for numbers in (own, theirs, others))
        smallest = components(own[rows], others, count)
        profiles, theirs = smallest[own], smallest[theirs]
    crowded = _crowded(np.append(profiles, profiles[rows]), np.append(own, others))
    return Profiles(profiles, theirs, known, crowded)


def _crowded(profiles: Integers, identities: Integers) -> Integers:
    """The profiles with too many identities; an identity counts once, however often a profile names it."""
    suspected = np.bincount(profiles) > IDENTITY_LIMIT
    if not suspected.any():
        return np.arange(0)
    among = suspected[profiles]
    count = int(identities.max()) + 1
    pairs = np.unique(profiles[among] * count + identities[among])
    return np.flatnonzero(np.bincount(pairs // count) > IDENTITY_LIMIT)
