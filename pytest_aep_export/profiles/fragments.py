"""The fragments of the default data: what the CRM, the loyalty programme and the web know of each person.

Every person has a CRM record. Some, seven of ten by default, have a loyalty record under the same CRMID, which
disagrees with the CRM's on names, addresses and phones and is older or newer. Some, three of ten, have a web record,
known by its ECID and linked by an e-mail address or the CRMID: it is a profile of its own without a graph, and part of
the person with one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from pytest_aep_export.profiles.columns import Array, Flags, entries, lists, maps, record, spread, struct
from pytest_aep_export.profiles.persons import CUSTOMER, DEVICE, EMAIL, OTHER_EMAIL, Persons, identity_map, ms, times
from pytest_aep_export.profiles.policies import CRM, DEFAULT_SEGMENTS, LOYALTY, WEB
from pytest_aep_export.profiles.pools import PHONES
from pytest_aep_export.profiles.randomness import Integers, Stream
from pytest_aep_export.profiles.schema import FRAGMENTS
from pytest_aep_export.profiles.texts import Pool, everywhere, hex_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["MOST_FRAGMENTS", "fragments_of"]

MOST_FRAGMENTS: Final = 3
"""Nobody has more fragments than this: one in each dataset."""

_DATASETS: Final = Pool.of([CRM, LOYALTY, WEB])
_CRM, _LOYALTY, _WEB = range(len(_DATASETS))
_NAMESPACES: Final = Pool.of(["CRMID", "ECID"])
_EMAIL_STATUSES: Final = Pool.of(["active", "pending_verification"])
_SEGMENTS: Final = Pool.of([segment.id for segment in DEFAULT_SEGMENTS])
_SEGMENT_NAMESPACES: Final = Pool.of(["ups", "aam"])
_SEGMENT_STATUSES: Final = Pool.of(["exited", "realized"])
_DAY: Final = 86_400_000
_FIRST: Final = ms(2017, 1, 1)
_LAST: Final = ms(2018, 12, 1)
_BORN: Final = (-14_610, 6_574)  # in days since 1970: 1930 to 1987


@dataclass(frozen=True)  # without slots, as it keeps what it has made once
class _Rows:
    """The fragments to fill.

    Attributes:
        persons: All persons.
        place: Which of them each row is of.
        slot: The dataset that each row is in, by its place in `_DATASETS`.
    """

    persons: Persons
    place: Integers
    slot: Integers

    def __len__(self) -> int:
        return len(self.place)

    @cached_property
    def draw(self) -> Stream:
        """The random numbers of each row."""
        own = self.persons.draw.index.take(self.place) * np.uint64(len(_DATASETS)) + self.slot.astype(np.uint64)
        return self.persons.draw.at(own, "fragment")

    @cached_property
    def crm(self) -> Flags:
        """The rows of the CRM."""
        return np.equal(self.slot, _CRM)

    @cached_property
    def loyalty(self) -> Flags:
        """The rows of the loyalty programme."""
        return np.equal(self.slot, _LOYALTY)

    @cached_property
    def web(self) -> Flags:
        """The rows of the web."""
        return np.equal(self.slot, _WEB)

    @cached_property
    def has_email(self) -> Flags:
        """The rows of persons who have an e-mail address."""
        return self.of(self.persons.has_email)

    def of(self, values: NDArray[Any]) -> NDArray[Any]:
        """What belongs to persons, for the row of each."""
        return values.take(self.place)

    def some(self, field: str, **shares: float) -> Flags:
        """A share of the rows of each dataset that is named."""
        return self.draw.chances(field, [shares.get(name, 0) for name in ("crm", "loyalty", "web")], self.slot)

    def differs(self, field: str, share: float) -> Flags:
        """A share of the loyalty rows: those that disagree with the CRM."""
        return self.loyalty & self.draw.chance(f"{field} differs", share)

    def other(self, field: str, own: Integers, count: int, share: float) -> Integers:
        """What belongs to persons, as places in a pool of so many; some other place where the row disagrees."""
        return np.where(self.differs(field, share), self.draw.below(f"other {field}", count), self.of(own))


def fragments_of(persons: Persons, names: Collection[str] | None = None) -> pa.RecordBatch:
    """The fragments of these persons, each person's together: CRM, loyalty, web.

    Args:
        persons: The persons.
        names: The columns to make; by default all.
    """
    rows = _rows(persons)
    chosen = [name for name in FRAGMENTS.names if names is None or name in names]
    return record(FRAGMENTS, {name: _COLUMNS[name](rows) for name in chosen})


def _rows(persons: Persons) -> _Rows:
    present = np.stack([np.ones(len(persons), dtype=bool), persons.in_loyalty, persons.on_web], axis=1)
    place, slot = entries(present)
    return _Rows(persons, place, slot)


def _dataset(rows: _Rows) -> Array:
    return _DATASETS.at(rows.slot)


def _ingested(rows: _Rows) -> Array:
    joined = rows.of(rows.persons.draw.between("joined", _FIRST, _LAST))
    later = rows.draw.between("updated", -60 * _DAY, 120 * _DAY)
    return times(joined + np.where(rows.crm, 0, later))


def _namespace(rows: _Rows) -> Array:
    return _NAMESPACES.at(rows.web.view(np.uint8))


def _identity(rows: _Rows) -> Array:
    return rows.persons.ids(np.where(rows.web, DEVICE, CUSTOMER), rows.place)


def _identity_map(rows: _Rows) -> Array:
    known = {CUSTOMER: ~(rows.web & rows.has_email), DEVICE: rows.web, EMAIL: rows.has_email}
    row, kind = entries(np.stack(list(known.values()), axis=1))
    counts = np.bincount(row, minlength=len(rows))
    ids = rows.persons.ids(kind, rows.place.take(row))
    return identity_map(counts, kind, ids, kind == np.where(rows.web, DEVICE, CUSTOMER).take(row))


def _id(rows: _Rows) -> Array:
    return hex_text(rows.draw.bits("_id"), rows.draw.bits("_id/low"))


def _person_id(rows: _Rows) -> Array:
    return rows.persons.ids(CUSTOMER, rows.place, ~rows.web)


def _person(rows: _Rows) -> Array:
    pool = rows.persons.pools.names
    index = rows.other("name", rows.persons.name, len(pool["gender"]), 0.3)
    named = ~rows.web
    name = struct(
        named,
        firstName=pool["firstName"].at(index, named),
        middleName=pool["middleName"].at(index, rows.some("middle name", crm=0.6)),
        lastName=pool["lastName"].at(index, named),
        fullName=pool["fullName"].at(index, rows.some("full name", crm=1, loyalty=0.5)),
    )
    sexed = rows.some("gender", crm=0.9, web=0.2)
    days = rows.of(rows.persons.draw.between("born", *_BORN).astype(np.int32))
    return struct(
        named | sexed,
        name=name,
        birthDate=pa.array(days, mask=~rows.some("birth date", crm=0.8)).view(pa.date32()),
        gender=pool["gender"].at(rows.of(rows.persons.name), sexed),
    )


def _email(rows: _Rows) -> Array:
    kinds = np.where(rows.differs("email", 0.5), OTHER_EMAIL, EMAIL)
    return struct(
        rows.some("email", crm=1, loyalty=0.7) & rows.has_email,
        primary=pa.array(rows.crm),
        address=rows.persons.ids(kinds, rows.place, rows.has_email),
        type=everywhere("personal", len(rows)),
        status=_EMAIL_STATUSES.at(rows.differs("email status", 0.3).view(np.uint8)),
    )


def _address(rows: _Rows) -> Array:
    pools = rows.persons.pools
    pool = pools.addresses
    count = len(pool["city"])
    index = rows.other("address", rows.persons.draw.below("address", count), count, 0.4)
    postal = rows.some("address", crm=0.95, loyalty=0.6)
    located = postal & rows.crm
    nothing = np.zeros_like(index)
    point = {name: pa.array(values.take(index), mask=~located) for name, values in pools.coordinates.items()}
    return struct(
        postal | rows.some("country", web=0.5),
        primary=pa.array(rows.crm, mask=~postal),
        street1=pool["street1"].at(index, postal),
        city=pool["city"].at(index, postal),
        stateProvince=pool["stateProvince"].at(index, located),
        postalCode=pool["postalCode"].at(index, postal),
        countryCode=pools.country_code.at(nothing),
        country=pools.country.at(nothing),
        _schema=struct(located, **point),
        status=everywhere("active", len(rows), postal),
    )


def _phone(rows: _Rows) -> Array:
    index = rows.other("phone", rows.persons.draw.below("phone", len(PHONES)), len(PHONES), 0.5)
    return struct(
        rows.some("phone", crm=0.6, loyalty=0.5),
        primary=pa.array(rows.crm),
        number=PHONES.at(index),
        status=everywhere("active", len(rows)),
    )


def _organizations(rows: _Rows) -> Array:
    counts = np.where(rows.some("organizations", crm=0.25, loyalty=0.1), rows.draw.between("how many", 1, 3), 0)
    places, rank = spread(counts)
    pool = rows.persons.pools.companies
    return lists(counts, pool.at((rows.draw.below("company", len(pool)).take(places) + rank) % len(pool)))


def _membership(rows: _Rows) -> Array:
    """Segments of the platform are evaluated on the CRM's records; imported ones come with the loyalty programme's."""
    home = np.array([_CRM if segment.namespace == "ups" else _LOYALTY for segment in DEFAULT_SEGMENTS])
    realized = np.array([segment.realized for segment in DEFAULT_SEGMENTS])
    exited = np.array([segment.exited for segment in DEFAULT_SEGMENTS])
    lots = np.stack([rows.draw.unit(f"in {segment.id}") for segment in DEFAULT_SEGMENTS], axis=1)
    known = (rows.slot[:, np.newaxis] == home) & (lots < realized + exited)
    places, which = entries(known)
    draw = rows.draw.at(rows.draw.index[places] * np.uint64(len(home)) + which.astype(np.uint64), "membership")
    items = struct(
        lastQualificationTime=times(draw.between("qualified", ms(2017, 11, 1), _LAST)),
        status=_SEGMENT_STATUSES.at((lots < realized)[places, which].view(np.uint8)),
    )
    counts = np.bincount(places, minlength=len(rows))
    inner = maps(counts[counts > 0], _SEGMENTS.at(which), items)
    return maps((counts > 0).astype(np.int64), _SEGMENT_NAMESPACES.at(rows.slot[counts > 0]), inner)


_COLUMNS: Final[dict[str, Callable[[_Rows], Array]]] = {
    "datasetId": _dataset,
    "ingestTime": _ingested,
    "identityNamespace": _namespace,
    "identityId": _identity,
    "_id": _id,
    "personID": _person_id,
    "identityMap": _identity_map,
    "person": _person,
    "personalEmail": _email,
    "homeAddress": _address,
    "mobilePhone": _phone,
    "organizations": _organizations,
    "segmentMembership": _membership,
}
