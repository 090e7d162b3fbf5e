"""What is decided once for each person: how they are identified and which records tell of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pytest_aep_export.profiles.columns import Array, Flags, lists, maps, pick, struct
from pytest_aep_export.profiles.pools import DOMAINS, Pools
from pytest_aep_export.profiles.randomness import Integers, Stream
from pytest_aep_export.profiles.texts import Pool, decimal_text, hex_text, tagged

__all__ = ["CUSTOMER", "DEVICE", "EMAIL", "OTHER_EMAIL", "UNKNOWN", "Persons", "identity_map", "ms", "times"]

CUSTOMER, DEVICE, EMAIL, UNKNOWN, OTHER_EMAIL = range(5)
"""The kinds of ids that a person may have. No record links the unknown device to them; the other e-mail address is the
one that the loyalty programme may know, and identifies nobody."""

_NAMESPACES: Final = Pool.of(["CRMID", "ECID", "Email", "ECID"])
_STATES: Final = Pool.of(["authenticated", "ambiguous", "ambiguous", "ambiguous"])
_AVERAGES: Final = (1.0, 2.0, 3.0)
_JOIN: Final[Any] = pc.binary_join_element_wise  # its stub knows no mixture of arrays and a scalar


def ms(year: int, month: int, day: int) -> int:
    """The start of a day, UTC, in ms since the epoch."""
    return int(datetime(year, month, day, tzinfo=UTC).timestamp()) * 1000


def times(values: Integers) -> Array:
    """A timestamp column from ms since the epoch."""
    return pa.array(values).view(pa.timestamp("ms", tz="UTC"))


@dataclass(frozen=True)  # without slots, as it keeps what it has made once
class Persons:
    """Persons by number.

    Attributes:
        draw: The random numbers of each.
        pools: What is drawn from.
        fragments: How many fragments each has on average, from 1 to 3.
    """

    draw: Stream
    pools: Pools
    fragments: float

    def __len__(self) -> int:
        return len(self.draw.index)

    @cached_property
    def name(self) -> Integers:
        """Where their name stands in the pool."""
        return self.draw.below("name", len(self.pools.mailboxes))

    @cached_property
    def has_email(self) -> Flags:
        """Whether any record knows an e-mail address of theirs."""
        return self.draw.chance("has email", 0.9)

    @cached_property
    def in_loyalty(self) -> Flags:
        """Whether they have a loyalty record: seven of ten, where each has two fragments on average."""
        return self.draw.chance("in loyalty", float(np.interp(self.fragments, _AVERAGES, (0, 0.7, 1))))

    @cached_property
    def on_web(self) -> Flags:
        """Whether they have a web record: three of ten, where each has two fragments on average."""
        return self.draw.chance("on web", float(np.interp(self.fragments, _AVERAGES, (0, 0.3, 1))))

    @cached_property
    def has_unknown_device(self) -> Flags:
        """Whether they also browse with a device that no record knows."""
        return self.draw.chance("unknown device", 0.05)

    def ids(self, kinds: Integers | int, persons: Integers, where: Flags | None = None) -> Array:
        """Ids of these kinds, which these persons must have; null where ``where`` is false. Nobody shares one."""
        ids, places = self._ids
        return pick(ids, places.take(persons + kinds * len(self)), where)

    @cached_property
    def _ids(self) -> tuple[Array, Integers]:
        """All ids, kind after kind, and where to find that of each kind and person."""
        has_other = self.has_email & self.in_loyalty
        everybody = np.ones(len(self), dtype=bool)
        known = np.concatenate([everybody, self.on_web, self.has_email, self.has_unknown_device, has_other])
        ids = pa.concat_arrays(
            [
                hex_text(self.draw.bits("customer")),
                self._devices("device", self.on_web),
                self._emails("email", self.has_email),
                self._devices("unknown device", self.has_unknown_device),
                self._emails("other email", has_other),
            ]
        )
        return ids, np.cumsum(known) - 1

    def _devices(self, column: str, where: Flags) -> Array:
        draw = self.draw.at(self.draw.index[where])
        return decimal_text(draw.bits(column), draw.bits(f"{column}/low"))

    def _emails(self, column: str, where: Flags) -> Array:
        words = self.draw.at(self.draw.index[where]).bits(column)
        address: Array = _JOIN(pick(self.pools.mailboxes, self.name[where]), tagged(words, DOMAINS), "")
        return address


def identity_map(counts: Integers, kinds: Integers, ids: Array, primary: Flags) -> Array:
    """An ``identityMap`` column: for each row so many identities, of different namespaces, in the order of their kinds.

    Args:
        counts: How many identities each row has.
        kinds: The kind of each, end to end.
        ids: The id of each.
        primary: Whether each is the primary one.
    """
    items = struct(id=ids, authenticatedState=_STATES.at(kinds), primary=pa.array(primary))
    return maps(counts, _NAMESPACES.at(kinds), lists(np.ones_like(kinds), items))
