"""The events of the default data: visits to a web shop, by a logged-in customer, a known device, or an unknown one.

Event times fall into the second half of 2018. Each event is ingested minutes to hours after it happened; one in seven
is late by days. One person in twenty also browsed with a device that no record knows: a profile of events only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa

from pytest_aep_export.profiles.columns import Array, Flags, constant, interleaved, lists, pick, struct, uuid_text
from pytest_aep_export.profiles.persons import Identity, Persons, identity_map, ms, times
from pytest_aep_export.profiles.policies import WEB
from pytest_aep_export.profiles.pools import BROWSERS, IP_ADDRESSES, PAGES, PRODUCTS
from pytest_aep_export.profiles.randomness import Integers, Stream
from pytest_aep_export.profiles.schema import EVENTS

__all__ = ["MOST_EVENTS", "events"]

MOST_EVENTS: Final = 5000
"""No profile has more events than this (facts, union-schema-and-xdm section 6)."""

_FIRST: Final = ms(2018, 7, 1)
_LAST: Final = ms(2018, 12, 1)
_MINUTE: Final = 60_000
_DAY: Final = 1440 * _MINUTE
_VIEW, _LINK, _PRODUCT, _ADD, _PURCHASE = range(5)
_TYPES: Final = pa.array(
    [
        "web.webpagedetails.pageViews",
        "web.webinteraction.linkClicks",
        "commerce.productViews",
        "commerce.productListAdds",
        "commerce.purchases",
    ]
)
_MIX: Final = np.array([_VIEW] * 10 + [_LINK] * 4 + [_PRODUCT] * 4 + [_ADD, _PURCHASE])


@dataclass(frozen=True, slots=True)
class _Rows:
    """The events to fill: whose each is, its own random numbers, and what happened."""

    person: Persons
    draw: Stream
    kind: Integers


def events(persons: Persons, per_person: float) -> pa.RecordBatch:
    """The events of these persons: each person's together and in order of time, about ``per_person`` for each."""
    most = 2 * per_person + 1
    counts = (persons.draw.unit("events") * most).astype(np.int64)
    places = np.repeat(np.arange(len(counts)), counts)
    rank = np.arange(len(places)) - np.repeat(np.cumsum(counts) - counts, counts)
    person = persons.at(places)
    draw = person.draw.at(person.draw.index * np.uint64(MOST_EVENTS) + rank.astype(np.uint64), "event")
    rows = _Rows(person, draw, _MIX[draw.below("kind", len(_MIX))])
    columns = _origin(rows) | _times(rows, rank, counts[places]) | _details(rows)
    return pa.RecordBatch.from_arrays([columns[name] for name in EVENTS.names], schema=EVENTS)


def _times(rows: _Rows, rank: Integers, count: Integers) -> dict[str, Array]:
    """Times that grow with the rank: each event falls into its own share of the time that the person was active."""
    start = rows.person.draw.between("first visit", _FIRST, _LAST)
    active = rows.person.draw.between("active for", _DAY, 90 * _DAY)
    happened = start + ((rank + rows.draw.unit("moment")) / count * active).astype(np.int64)
    late = np.where(rows.draw.chance("late", 0.15), rows.draw.between("late by", _DAY, 30 * _DAY), 0)
    arrived = happened + late + rows.draw.between("delay", 2 * _MINUTE, 180 * _MINUTE)
    return {"timestamp": times(happened), "ingestTime": times(arrived)}


def _origin(rows: _Rows) -> dict[str, Array]:
    unknown = rows.person.draw.chance("unknown device", 0.05) & rows.draw.chance("with unknown device", 0.5)
    known = ~unknown & rows.person.on_web() & rows.draw.chance("logged out", 0.5)
    customer = ~unknown & ~known
    customers = rows.person.where(customer).customer_id()
    devices = interleaved(
        unknown[~customer].astype(np.int64),
        [rows.person.where(known).device_id(), rows.person.where(unknown).device_id("unknown device")],
    )
    return {
        "datasetId": constant(WEB, len(rows.kind)),
        "identityNamespace": pick(pa.array(["ECID", "CRMID"]), customer.astype(np.int64)),
        "identityId": interleaved(customer.astype(np.int64), [devices, customers]),
        "identityMap": identity_map(
            Identity("CRMID", customer, customers, primary=True, state="authenticated"),
            Identity("ECID", ~customer, devices, primary=True, state="ambiguous"),
        ),
    }


def _details(rows: _Rows) -> dict[str, Array]:
    return {
        "_id": uuid_text(rows.draw.bits("_id"), rows.draw.bits("_id/low")),
        "eventType": pick(_TYPES, rows.kind),
        "environment": _environment(rows),
        "web": _web(rows),
        "productListItems": _products(rows),
        "commerce": _commerce(rows),
    }


def _environment(rows: _Rows) -> Array:
    index = rows.draw.below("browser", BROWSERS.num_rows)
    browser = rows.draw.chance("in a browser", 0.85)
    width = rows.draw.below("width", 8)
    details = struct(
        browser,
        name=_column(BROWSERS, "name", index, browser),
        version=_column(BROWSERS, "version", index, browser),
        acceptLanguage=pick(pa.array([rows.person.pools.language]), np.zeros_like(index), browser),
        userAgent=_column(BROWSERS, "userAgent", index, browser),
        viewportHeight=pa.array(600 + 90 * width, mask=~browser),
        viewportWidth=pa.array(800 + 160 * width, mask=~browser),
    )
    return struct(
        type=pick(pa.array(["application", "browser"]), browser.astype(np.int64)),
        browserDetails=details,
        operatingSystem=_column(BROWSERS, "operatingSystem", index),
        ipV4=pick(IP_ADDRESSES, rows.draw.below("address", len(IP_ADDRESSES))),
    )


def _web(rows: _Rows) -> Array:
    index = rows.draw.below("page", PAGES.num_rows)
    viewed = rows.kind == _VIEW
    referred = viewed & rows.draw.chance("referred", 0.3)
    page = struct(
        name=_column(PAGES, "name", index),
        URL=_column(PAGES, "URL", index),
        pageViews=struct(viewed, value=pa.array(viewed.astype(np.float64), mask=~viewed)),
    )
    origin = rows.draw.below("referrer", PAGES.num_rows)
    return struct(webPageDetails=page, webReferrer=struct(referred, URL=_column(PAGES, "URL", origin, referred)))


def _products(rows: _Rows) -> Array:
    counts = np.where(rows.kind >= _PRODUCT, np.where(rows.kind == _PURCHASE, _bought(rows), 1), 0)
    places = np.repeat(np.arange(len(counts)), counts)
    rank = np.arange(len(places)) - np.repeat(np.cumsum(counts) - counts, counts)
    index = (rows.draw.below("product", PRODUCTS.num_rows)[places] + rank) % PRODUCTS.num_rows
    items = struct(
        SKU=_column(PRODUCTS, "SKU", index),
        name=_column(PRODUCTS, "name", index),
        quantity=pa.array(1 + index % 3),
        priceTotal=pa.array(_price(index)),
        currencyCode=constant("USD", len(index)),
    )
    return lists(counts, items)


def _bought(rows: _Rows) -> Integers:
    return rows.draw.between("bought", 1, 4)


def _price(product: Integers) -> Any:
    """What a product costs, times the quantity in which it is bought."""
    return (1 + product % 3) * (4.99 + product)


def _commerce(rows: _Rows) -> Array:
    bought = rows.kind == _PURCHASE
    count = _bought(rows)
    first = rows.draw.below("product", PRODUCTS.num_rows)
    prices = [np.where(rank < count, _price((first + rank) % PRODUCTS.num_rows), 0.0) for rank in range(3)]
    order = struct(
        bought,
        purchaseID=uuid_text(rows.draw.bits("purchase"), rows.draw.bits("purchase/low")),
        priceTotal=pa.array(np.sum(prices, axis=0)),
        currencyCode=constant("USD", len(count)),
    )
    return struct(bought, order=order)


def _column(pool: pa.Table, field: str, index: Integers, where: Flags | None = None) -> Array:
    return pick(pool[field].combine_chunks(), index, where)
