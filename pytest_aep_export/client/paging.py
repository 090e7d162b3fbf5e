"""Lists that come in pages: how the next page is found, and when there is none. No I/O.

The services page in four ways (divergences 60-65, 79, 80, 89, 91; facts, catalog and data-access): a `Shape` each.
A link is followed by taking its query over: that makes relative, absolute and half-written links alike, and keeps
filters that a link forgot. Items are known by a key, so that one which moved to a later page is not seen twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from pytest_aep_export.client.core import Flow
from pytest_aep_export.client.problems import read, unexpected
from pytest_aep_export.client.session import Session
from pytest_aep_export.exchange import Exchange

__all__ = ["Listing", "Shape", "linked", "member"]

T = TypeVar("T")

_BARREN: Final = 10
"""Pages in a row without a new item after which a list is taken for one without end."""


@dataclass(frozen=True, slots=True)
class Shape(Generic[T]):
    """What one service's pages look like.

    Attributes:
        noun: What a page is called in messages.
        items: The page's items with their keys, from its document.
        following: The link to the page after this one, or an empty text when it is the last.
            It is given the page's document, its number of items, and the number received so far.
        parameter: The query parameter that a link without a query stands for.
    """

    noun: str
    items: Callable[[Any], Iterable[tuple[str, T]]]
    following: Callable[[Any, int, int], str]
    parameter: str


class Listing(Generic[T]):
    """One list, read page by page.

    Attributes:
        more: Whether another page is to be read.
    """

    def __init__(self, session: Session, url: str, shape: Shape[T]) -> None:
        self._session = session
        self._shape = shape
        self._asked = [url]
        self._seen: set[str] = set()
        self._received = 0
        self._barren = 0
        self._next: tuple[str, Exchange] | None = None
        self.more = True

    def page(self) -> Flow[list[T]]:
        """Read the next page and return the items that no page had before.

        Raises:
            UnexpectedAnswerError: The page is not one, or the page before it pointed in a circle or to a foreign host.
        """
        if self._next:
            self._asked.append(self._resolved(*self._next))
        exchange = yield from self._session.call(self._session.request("GET", self._asked[-1]))
        items, link = read(exchange, self._shape.noun, self._parsed)
        new: dict[str, T] = {}
        for key, item in items:
            if key not in self._seen:
                new.setdefault(key, item)
        self._seen.update(new)
        self._barren = 0 if new else self._barren + 1
        self._next, self.more = (link, exchange), bool(link)
        return list(new.values())

    def _parsed(self, document: Any) -> tuple[list[tuple[str, T]], str]:
        items = list(self._shape.items(document))
        self._received += len(items)
        return items, self._shape.following(document, len(items), self._received)

    def _resolved(self, link: str, exchange: Exchange) -> str:
        current = urlsplit(self._asked[-1])
        query = dict(parse_qsl(current.query, keep_blank_values=True)) | self._query(link, exchange)
        url = urlunsplit(current._replace(query=urlencode(query)))
        if url in self._asked or self._barren == _BARREN:
            raise unexpected(exchange, f"its list does not advance: {link!r} leads to nothing new")
        return url

    def _query(self, link: str, exchange: Exchange) -> dict[str, str]:
        if "?" not in link and "/" not in link:
            return {self._shape.parameter: link}
        try:
            absolute = urljoin(self._asked[-1], link)
        except ValueError:
            absolute = ""
        if not self._session.owns(absolute):
            raise unexpected(exchange, f"its link to the next page leads away from {self._session.origin}: {link!r}")
        return dict(parse_qsl(urlsplit(absolute).query, keep_blank_values=True))


def member(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The object that a document holds under a name; empty when there is none."""
    value = document.get(name)
    return value if isinstance(value, Mapping) else {}


def linked(*candidates: Any) -> str:
    """The first link among values that hold one as text or as ``{"href": text}``; every form of none is passed over.

    Raises:
        TypeError: A value is neither of the documented forms of a link nor of its absence.
    """
    for candidate in candidates:
        value = candidate.get("href") if isinstance(candidate, Mapping) else candidate
        if not isinstance(value, str | None):
            raise TypeError(f"a link was expected, not {type(value).__name__}")
        if value:
            return value.strip()
    return ""
