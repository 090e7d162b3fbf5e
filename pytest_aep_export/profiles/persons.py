"""What is decided once for each person: how they are identified and which records tell of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pytest_aep_export.profiles.columns import (
    Array,
    Flags,
    decimal_text,
    hex_text,
    interleaved,
    lists,
    maps,
    pick,
    struct,
    tagged,
)
from pytest_aep_export.profiles.pools import DOMAINS, Pools
from pytest_aep_export.profiles.randomness import Integers, Stream

__all__ = ["Identity", "Persons", "identity_map", "ms", "times"]

_JOIN: Final[Any] = pc.binary_join_element_wise  # its stub knows no mixture of arrays and a scalar


def ms(year: int, month: int, day: int) -> int:
    """The start of a day, UTC, in ms since the epoch."""
    return int(datetime(year, month, day, tzinfo=UTC).timestamp()) * 1000


def times(values: Integers) -> Array:
    """A timestamp column from ms since the epoch."""
    return pa.array(values).view(pa.timestamp("ms", tz="UTC"))


@dataclass(frozen=True, slots=True)
class Persons:
    """Persons by number; the same person may stand at several places, once for each record that tells of them.

    ``draw`` answers with what belongs to the person, the same at all their places.
    """

    draw: Stream
    pools: Pools

    def at(self, places: Integers) -> Persons:
        """The persons at these places."""
        return Persons(self.draw.at(self.draw.index[places]), self.pools)

    def where(self, flags: Flags) -> Persons:
        """The persons at the places where a flag is true."""
        return self.at(np.flatnonzero(flags))

    def customer_id(self) -> Array:
        """Their ids in the namespace CRMID: no two persons share one."""
        return hex_text(self.draw.bits("customer"))

    def device_id(self, device: str = "device") -> Array:
        """Ids in the namespace ECID: 38 digits."""
        return decimal_text(self.draw.bits(device), self.draw.bits(f"{device}/low"), width=38)

    def email(self, other: Flags | None = None) -> Array:
        """Their e-mail address; where ``other`` is true, another one of theirs."""
        words = self.draw.bits("email")
        if other is not None:
            words = np.where(other, self.draw.bits("other email"), words)
        local = pick(self.pools.names["local"].combine_chunks(), self.name())
        joined: Array = _JOIN(local, tagged(words, DOMAINS), "")
        return joined

    def name(self) -> Integers:
        """Where their name stands in the pool."""
        return self.draw.below("name", self.pools.names.num_rows)

    def has_email(self) -> Flags:
        """Whether any record knows an e-mail address of theirs."""
        return self.draw.chance("has email", 0.9)

    def in_loyalty(self) -> Flags:
        """Whether they have a loyalty record."""
        return self.draw.chance("in loyalty", 0.7)

    def on_web(self) -> Flags:
        """Whether they have a web record."""
        return self.draw.chance("on web", 0.3)


@dataclass(frozen=True, slots=True)
class Identity:
    """The identities of one namespace.

    Attributes:
        namespace: The namespace's code.
        where: The rows that have one.
        ids: The ids, one for each row that has one.
        primary: Whether they are primary: in all rows, or for each row.
        state: Their authenticated state.
    """

    namespace: str
    where: Flags
    ids: Array
    primary: Flags | bool
    state: str


_STATES: Final = pa.array(["ambiguous", "authenticated"])


def identity_map(*identities: Identity) -> Array:
    """An ``identityMap`` column: for each row the identities that are present, at most one of each namespace."""
    present = np.stack([identity.where for identity in identities], axis=1)
    rows, kinds = np.nonzero(present)
    primary = np.stack([np.broadcast_to(identity.primary, len(present)) for identity in identities])[kinds, rows]
    ids = interleaved(kinds, [identity.ids for identity in identities])
    states = np.array([_STATES.index(identity.state).as_py() for identity in identities])[kinds]
    items = struct(id=ids, authenticatedState=pick(_STATES, states), primary=pa.array(primary))
    keys = pick(pa.array([identity.namespace for identity in identities]), kinds)
    return maps(present.sum(axis=1), keys, lists(np.ones(len(rows), dtype=np.int64), items))
