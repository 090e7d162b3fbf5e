"""Finding every file of a batch: page by page, and through directories (facts, data-access sections 1 and 2)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Final

from pytest_aep_export.exchange import Exchange
from pytest_aep_export.suite.expect import array, document, not_verified, pick, status

__all__ = ["find_files", "walk"]

Ask = Callable[..., Exchange]

_PAGES: Final = 200


def find_files(list_batch: Ask, list_file: Ask, batch: str) -> list[dict[str, Any]]:
    """The files below a batch: ``name``, ``length`` and ``href`` of each, and the ``id`` that it is asked for by.

    Args:
        list_batch: Lists a batch.
        list_file: Lists what a file id stands for: itself, or the files of a directory in either documented form.
        batch: The batch's id.
    """
    found: list[dict[str, Any]] = []
    waiting = [("", partial(list_batch, batch))]
    for identifier, ask in waiting:  # which grows while it is walked
        for page, pointer in walk(ask):
            if identifier and "name" in _members(page, pointer):
                names = ("name", "length", "_links/self/href")
                name, length, href = (str(pick(page, f"{pointer}/{member}")) for member in names)
                found.append({"id": identifier, "name": name, "length": length, "href": href})
                continue
            inner = str(pick(page, f"{pointer}/dataSetFileId"))
            if inner not in {known for known, _ in waiting}:
                waiting.append((inner, partial(list_file, inner)))
    return found


def walk(ask: Ask) -> Iterator[tuple[Exchange, str]]:
    """Every item of a listing, as the answer that shows it and the pointer to it, while there is more of it."""
    received, before = 0, None
    for _ in range(_PAGES):
        page = status(ask(start=received) if received else ask(), {200}, "the files of the batch are listed")
        items = array(page, "/data")
        if items == before:  # whoever does not know `start` shows the same page for ever
            return
        yield from ((page, f"/data/{number}") for number in range(len(items)))
        received, before = received + len(items), items
        if not _goes_on(document(page), received):
            return
    not_verified(f"a listing of files has more than {_PAGES} pages")


def _members(page: Exchange, pointer: str) -> Mapping[str, Any]:
    item = pick(page, pointer)
    return item if isinstance(item, Mapping) else {}


def _goes_on(page: Mapping[str, Any], received: int) -> bool:
    """Whether a page links to the next one, or its count says that there is one (divergence 79)."""
    links, numbers = page.get("_links"), page.get("_page")
    count = numbers.get("count") if isinstance(numbers, Mapping) else None
    return bool(isinstance(links, Mapping) and links.get("next")) or (isinstance(count, int) and count > received)
