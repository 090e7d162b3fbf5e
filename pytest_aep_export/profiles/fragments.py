"""The fragments of the default data: what the CRM, the loyalty programme and the web know of each person.

Every person has a CRM record. Seven of ten have a loyalty record under the same CRMID, which disagrees with the CRM's
on names, addresses and phones and is older or newer. Three of ten have a web record, known by its ECID and linked by
an e-mail address or the CRMID: it is a profile of its own without a graph, and part of the person with one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pytest_aep_export.profiles.columns import Array, Flags, constant, hex_text, interleaved, lists, maps, pick, struct
from pytest_aep_export.profiles.persons import Identity, Persons, identity_map, ms, times
from pytest_aep_export.profiles.policies import CRM, DEFAULT_SEGMENTS, LOYALTY, WEB
from pytest_aep_export.profiles.pools import PHONES
from pytest_aep_export.profiles.randomness import Integers, Stream
from pytest_aep_export.profiles.schema import FRAGMENTS

__all__ = ["fragments"]

_DATASETS: Final = pa.array([CRM, LOYALTY, WEB])
_CRM, _LOYALTY, _WEB = range(len(_DATASETS))
_DAY: Final = 86_400_000
_FIRST: Final = ms(2017, 1, 1)
_LAST: Final = ms(2018, 12, 1)
_BORN: Final = (-14_610, 6_574)  # in days since 1970: 1930 to 1987


@dataclass(frozen=True, slots=True)
class _Rows:
    """The fragments to fill: whose each is, its own random numbers, and the dataset that it is in."""

    person: Persons
    draw: Stream
    slot: Integers

    @property
    def crm(self) -> Flags:
        """The rows of the CRM."""
        return np.equal(self.slot, _CRM)

    @property
    def loyalty(self) -> Flags:
        """The rows of the loyalty programme."""
        return np.equal(self.slot, _LOYALTY)

    @property
    def web(self) -> Flags:
        """The rows of the web."""
        return np.equal(self.slot, _WEB)

    def some(self, field: str, **shares: float) -> Flags:
        """A share of the rows of each dataset that is named."""
        known = np.array([shares.get(name, 0.0) for name in ("crm", "loyalty", "web")])
        return self.draw.unit(field) < known[self.slot]

    def differs(self, field: str, share: float) -> Flags:
        """A share of the loyalty rows: those that disagree with the CRM."""
        return self.loyalty & self.draw.chance(f"{field} differs", share)


def fragments(persons: Persons) -> pa.RecordBatch:
    """The fragments of these persons, each person's together: CRM, loyalty, web."""
    count = len(persons.draw.index)
    present = np.stack([np.ones(count, dtype=bool), persons.in_loyalty(), persons.on_web()], axis=1)
    places, slot = np.nonzero(present)
    person = persons.at(places)
    index = person.draw.index * np.uint64(len(_DATASETS)) + slot.astype(np.uint64)
    rows = _Rows(person, person.draw.at(index, "fragment"), slot)
    columns = _origin(rows) | _attributes(rows)
    return pa.RecordBatch.from_arrays([columns[name] for name in FRAGMENTS.names], schema=FRAGMENTS)


def _origin(rows: _Rows) -> dict[str, Array]:
    joined = rows.person.draw.between("joined", _FIRST, _LAST)
    later = rows.draw.between("updated", -60 * _DAY, 120 * _DAY)
    with_email = rows.person.has_email()
    by_customer = ~rows.web | ~with_email
    devices = rows.person.where(rows.web).device_id()
    return {
        "datasetId": pick(_DATASETS, rows.slot),
        "ingestTime": times(joined + np.where(rows.crm, 0, later)),
        "identityNamespace": pick(pa.array(["CRMID", "ECID"]), rows.web.astype(np.int64)),
        "identityId": interleaved(rows.web.astype(np.int64), [rows.person.where(~rows.web).customer_id(), devices]),
        "identityMap": identity_map(
            Identity("CRMID", by_customer, rows.person.where(by_customer).customer_id(), ~rows.web, "authenticated"),
            Identity("ECID", rows.web, devices, primary=True, state="ambiguous"),
            Identity("Email", with_email, rows.person.where(with_email).email(), primary=False, state="ambiguous"),
        ),
    }


def _attributes(rows: _Rows) -> dict[str, Array]:
    return {
        "_id": hex_text(rows.draw.bits("_id"), rows.draw.bits("_id/low")),
        "personID": pc.if_else(pa.array(rows.web), None, rows.person.customer_id()),
        "person": _person(rows),
        "personalEmail": _email(rows),
        "homeAddress": _address(rows),
        "mobilePhone": _phone(rows),
        "organizations": _organizations(rows),
        "segmentMembership": _membership(rows),
    }


def _person(rows: _Rows) -> Array:
    pool = rows.person.pools.names
    own = rows.person.name()
    index = np.where(rows.differs("name", 0.3), rows.draw.below("other name", pool.num_rows), own)
    named = ~rows.web

    def column(field: str, where: Flags) -> Array:
        return pick(pool[field].combine_chunks(), index, where)

    name = struct(
        named,
        firstName=column("firstName", named),
        middleName=column("middleName", rows.some("middle name", crm=0.6)),
        lastName=column("lastName", named),
        fullName=column("fullName", rows.some("full name", crm=1, loyalty=0.5)),
    )
    born = rows.some("birth date", crm=0.8)
    sexed = rows.some("gender", crm=0.9, web=0.2)
    days = rows.person.draw.between("born", *_BORN).astype(np.int32)
    return struct(
        named | sexed,
        name=name,
        birthDate=pa.array(days, mask=~born).view(pa.date32()),
        gender=pick(pool["gender"].combine_chunks(), own, sexed),
    )


def _email(rows: _Rows) -> Array:
    known = rows.some("email", crm=1, loyalty=0.7) & rows.person.has_email()
    return struct(
        known,
        primary=pa.array(rows.crm),
        address=rows.person.email(rows.differs("email", 0.5)),
        type=constant("personal", len(rows.slot)),
        status=pick(pa.array(["active", "pending_verification"]), rows.differs("email status", 0.3).astype(np.int64)),
    )


def _address(rows: _Rows) -> Array:
    pools = rows.person.pools
    pool = pools.addresses
    own = rows.person.draw.below("address", pool.num_rows)
    index = np.where(rows.differs("address", 0.4), rows.draw.below("other address", pool.num_rows), own)
    postal = rows.some("address", crm=0.95, loyalty=0.6)
    known = postal | rows.some("country", web=0.5)

    def column(field: str, where: Flags) -> Array:
        return pick(pool[field].combine_chunks(), index, where)

    located = postal & rows.crm
    return struct(
        known,
        primary=pa.array(rows.crm, mask=~postal),
        street1=column("street1", postal),
        city=column("city", postal),
        stateProvince=column("stateProvince", located),
        postalCode=column("postalCode", postal),
        countryCode=constant(pools.country_code, len(index)),
        country=constant(pools.country, len(index)),
        _schema=struct(located, latitude=column("latitude", located), longitude=column("longitude", located)),
        status=pick(pa.array(["active"]), np.zeros_like(index), postal),
    )


def _phone(rows: _Rows) -> Array:
    own = rows.person.draw.below("phone", len(PHONES))
    index = np.where(rows.differs("phone", 0.5), rows.draw.below("other phone", len(PHONES)), own)
    return struct(
        rows.some("phone", crm=0.6, loyalty=0.5),
        primary=pa.array(rows.crm),
        number=pick(PHONES, index),
        status=constant("active", len(index)),
    )


def _organizations(rows: _Rows) -> Array:
    counts = np.where(rows.some("organizations", crm=0.25, loyalty=0.1), rows.draw.between("how many", 1, 3), 0)
    places = np.repeat(np.arange(len(counts)), counts)
    pool = rows.person.pools.companies
    return lists(counts, pick(pool, (rows.draw.below("company", len(pool))[places] + _rank(counts)) % len(pool)))


def _rank(counts: Integers) -> Integers:
    """For each entry of lists of these lengths, its position in its list."""
    starts = np.cumsum(counts) - counts
    return np.arange(counts.sum()) - np.repeat(starts, counts)


def _membership(rows: _Rows) -> Array:
    """Segments of the platform are evaluated on the CRM's records; imported ones come with the loyalty programme's."""
    home = np.array([_CRM if segment.namespace == "ups" else _LOYALTY for segment in DEFAULT_SEGMENTS])
    realized = np.array([segment.realized for segment in DEFAULT_SEGMENTS])
    exited = np.array([segment.exited for segment in DEFAULT_SEGMENTS])
    lots = np.stack([rows.draw.unit(f"in {segment.id}") for segment in DEFAULT_SEGMENTS], axis=1)
    known = (rows.slot[:, np.newaxis] == home) & (lots < realized + exited)
    places, which = np.nonzero(known)
    draw = rows.draw.at(rows.draw.index[places] * np.uint64(len(home)) + which.astype(np.uint64), "membership")
    items = struct(
        lastQualificationTime=times(draw.between("qualified", ms(2017, 11, 1), _LAST)),
        status=pick(pa.array(["exited", "realized"]), (lots < realized)[places, which].astype(np.int64)),
    )
    counts = known.sum(axis=1)
    inner = maps(counts[counts > 0], pick(pa.array([segment.id for segment in DEFAULT_SEGMENTS]), which), items)
    spaces = pick(pa.array(["ups", "aam"]), rows.slot[counts > 0])
    return maps((counts > 0).astype(np.int64), spaces, inner)
