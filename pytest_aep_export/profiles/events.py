"""The events of the default data: visits to a web shop, by a logged-in customer, a known device, or an unknown one.

Event times fall into the second half of 2018. Each event is ingested minutes to hours after it happened; one in seven
is late by days. One person in twenty also browsed with a device that no record knows: a profile of events only.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from pytest_aep_export.profiles.columns import Array, lists, pick, record, spread, struct
from pytest_aep_export.profiles.persons import CUSTOMER, DEVICE, UNKNOWN, Persons, identity_map, ms, times
from pytest_aep_export.profiles.policies import WEB
from pytest_aep_export.profiles.pools import BROWSERS, IP_ADDRESSES, PAGES, PRODUCTS
from pytest_aep_export.profiles.randomness import Integers, Stream
from pytest_aep_export.profiles.schema import EVENTS
from pytest_aep_export.profiles.texts import Pool, everywhere, uuid_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["MOST_EVENTS", "events_of"]

MOST_EVENTS: Final = 5000
"""No profile has more events than this (facts, union-schema-and-xdm section 6)."""

_FIRST: Final = ms(2018, 7, 1)
_LAST: Final = ms(2018, 12, 1)
_MINUTE: Final = 60_000
_DAY: Final = 1440 * _MINUTE
_VIEW, _LINK, _PRODUCT, _ADD, _PURCHASE = range(5)
_TYPES: Final = Pool.of(
    [
        "web.webpagedetails.pageViews",
        "web.webinteraction.linkClicks",
        "commerce.productViews",
        "commerce.productListAdds",
        "commerce.purchases",
    ]
)
_MIX: Final = np.array([_VIEW] * 10 + [_LINK] * 4 + [_PRODUCT] * 4 + [_ADD, _PURCHASE])
_NAMESPACES: Final = Pool.of(["ECID", "CRMID"])
_CLIENTS: Final = Pool.of(["application", "browser"])


@dataclass(frozen=True)  # without slots, as it keeps what it has made once
class _Rows:
    """The events to fill.

    Attributes:
        persons: All persons.
        counts: How many events each has.
        place: Which of the persons each event is of.
        rank: How many events the person had before.
    """

    persons: Persons
    counts: Integers
    place: Integers
    rank: Integers

    def __len__(self) -> int:
        return len(self.place)

    @cached_property
    def draw(self) -> Stream:
        """The random numbers of each event."""
        own = self.of(self.persons.draw.index) * np.uint64(MOST_EVENTS) + self.rank.astype(np.uint64)
        return self.persons.draw.at(own, "event")

    @cached_property
    def kind(self) -> Integers:
        """What happened, by its place in `_TYPES`."""
        return _MIX.take(self.draw.below("kind", len(_MIX)))

    @cached_property
    def by(self) -> Integers:
        """The kind of identity that each event carries."""
        unknown = self.of(self.persons.has_unknown_device) & self.draw.chance("with unknown device", 0.5)
        known = self.of(self.persons.on_web) & self.draw.chance("logged out", 0.5)
        return np.where(unknown, UNKNOWN, np.where(known, DEVICE, CUSTOMER))

    @cached_property
    def ids(self) -> Array:
        """The id that each event carries."""
        return self.persons.ids(self.by, self.place)

    @cached_property
    def happened(self) -> Integers:
        """When each event happened: within its own share of the time that its person was active."""
        start = self.of(self.persons.draw.between("first visit", _FIRST, _LAST))
        active = self.of(self.persons.draw.between("active for", _DAY, 90 * _DAY) / np.maximum(self.counts, 1))
        happened: Integers = start + ((self.rank + self.draw.unit("moment")) * active).astype(np.int64)
        return happened

    @cached_property
    def product(self) -> Integers:
        """The first product that each event is about, if it is about any."""
        return self.draw.below("product", len(PRODUCTS["SKU"]))

    @cached_property
    def bought(self) -> Integers:
        """How many products are bought, if any are."""
        return self.draw.between("bought", 1, 4)

    def of(self, values: NDArray[Any]) -> NDArray[Any]:
        """What belongs to persons, for the events of each."""
        return values.take(self.place)


def events_of(persons: Persons, per_person: float, names: Collection[str] | None = None) -> pa.RecordBatch:
    """The events of these persons: each person's together and in order of time.

    Args:
        persons: The persons.
        per_person: About how many events each has.
        names: The columns to make; by default all.
    """
    counts = (persons.draw.unit("events") * (2 * per_person + 1)).astype(np.int64)
    rows = _Rows(persons, counts, *spread(counts))
    chosen = [name for name in EVENTS.names if names is None or name in names]
    return record(EVENTS, {name: _COLUMNS[name](rows) for name in chosen})


def _dataset(rows: _Rows) -> Array:
    return everywhere(WEB, len(rows))


def _namespace(rows: _Rows) -> Array:
    return _NAMESPACES.at((rows.by == CUSTOMER).view(np.uint8))


def _identity(rows: _Rows) -> Array:
    return rows.ids


def _identity_map(rows: _Rows) -> Array:
    return identity_map(np.ones_like(rows.by), rows.by, rows.ids, np.ones(len(rows), dtype=bool))


def _timestamp(rows: _Rows) -> Array:
    return times(rows.happened)


def _ingested(rows: _Rows) -> Array:
    late = np.where(rows.draw.chance("late", 0.15), rows.draw.between("late by", _DAY, 30 * _DAY), 0)
    return times(rows.happened + late + rows.draw.between("delay", 2 * _MINUTE, 180 * _MINUTE))


def _id(rows: _Rows) -> Array:
    return uuid_text(rows.draw.bits("_id"), rows.draw.bits("_id/low"))


def _type(rows: _Rows) -> Array:
    return _TYPES.at(rows.kind)


def _environment(rows: _Rows) -> Array:
    index = rows.draw.below("browser", len(BROWSERS["name"]))
    browser = rows.draw.chance("in a browser", 0.85)
    width = rows.draw.below("width", 8)
    details = struct(
        browser,
        name=BROWSERS["name"].at(index, browser),
        version=BROWSERS["version"].at(index, browser),
        acceptLanguage=rows.persons.pools.language.at(np.zeros_like(index), browser),
        userAgent=BROWSERS["userAgent"].at(index, browser),
        viewportHeight=pa.array(600 + 90 * width, mask=~browser),
        viewportWidth=pa.array(800 + 160 * width, mask=~browser),
    )
    return struct(
        type=_CLIENTS.at(browser.view(np.uint8)),
        browserDetails=details,
        operatingSystem=BROWSERS["operatingSystem"].at(index),
        ipV4=IP_ADDRESSES.at(rows.draw.below("address", len(IP_ADDRESSES))),
    )


def _web(rows: _Rows) -> Array:
    index = rows.draw.below("page", len(PAGES["URL"]))
    viewed = rows.kind == _VIEW
    referred = viewed & rows.draw.chance("referred", 0.3)
    page = struct(
        name=PAGES["name"].at(index),
        URL=PAGES["URL"].at(index),
        pageViews=struct(viewed, value=pa.array(viewed.astype(np.float64), mask=~viewed)),
    )
    origin = rows.draw.below("referrer", len(PAGES["URL"]))
    return struct(webPageDetails=page, webReferrer=struct(referred, URL=PAGES["URL"].at(origin, referred)))


def _products(rows: _Rows) -> Array:
    counts = np.where(rows.kind >= _PRODUCT, np.where(rows.kind == _PURCHASE, rows.bought, 1), 0)
    places, rank = spread(counts)
    index = (rows.product.take(places) + rank) % len(PRODUCTS["SKU"])
    items = struct(
        SKU=PRODUCTS["SKU"].at(index),
        name=PRODUCTS["name"].at(index),
        quantity=pa.array(1 + index % 3),
        priceTotal=pa.array(_price(index)),
        currencyCode=everywhere("USD", len(index)),
    )
    return lists(counts, items)


def _price(product: Integers) -> NDArray[np.float64]:
    """What a product costs, times the quantity in which it is bought."""
    price: NDArray[np.float64] = (1 + product % 3) * (4.99 + product)
    return price


def _commerce(rows: _Rows) -> Array:
    """Orders, made of the purchases alone: they are few, and all others have none."""
    bought = rows.kind == _PURCHASE
    places = np.flatnonzero(bought)
    draw, product, count = rows.draw.at(rows.draw.index[places]), rows.product[places], rows.bought[places]
    prices = [np.where(rank < count, _price((product + rank) % len(PRODUCTS["SKU"])), 0.0) for rank in range(3)]
    total = np.zeros(len(rows))
    total[places] = np.sum(prices, axis=0)
    ids = uuid_text(draw.bits("purchase"), draw.bits("purchase/low"))
    order = struct(
        bought,
        purchaseID=pick(ids, np.cumsum(bought) - 1, bought),
        priceTotal=pa.array(total),
        currencyCode=everywhere("USD", len(rows)),
    )
    return struct(bought, order=order)


_COLUMNS: Final[dict[str, Callable[[_Rows], Array]]] = {
    "datasetId": _dataset,
    "ingestTime": _ingested,
    "identityNamespace": _namespace,
    "identityId": _identity,
    "_id": _id,
    "timestamp": _timestamp,
    "eventType": _type,
    "identityMap": _identity_map,
    "environment": _environment,
    "web": _web,
    "productListItems": _products,
    "commerce": _commerce,
}
