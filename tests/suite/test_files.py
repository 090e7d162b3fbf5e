"""Finding the files of a batch: every page, every directory, each file once, and an end to it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pytest_aep_export.exchange import Exchange, Request, Response
from pytest_aep_export.suite import files as module
from pytest_aep_export.suite.expect import UnmetError
from pytest_aep_export.suite.files import find_files

Skipped = pytest.skip.Exception


class Lake:
    """A batch ``B`` and what each of its ids stands for, listed in pages of two."""

    def __init__(self, listings: dict[str, list[Any]], *, linked: bool = True, pages: bool = True) -> None:
        self.listings = listings
        self.linked = linked
        self.pages = pages
        self.asked: list[tuple[str, int]] = []

    def ask(self, key: str, *, start: int = 0) -> Exchange:
        """A page of a listing, with a link to the next one, or only with the count of all."""
        self.asked.append((key, start))
        items = self.listings[key]
        start = start if self.pages else 0
        end = start + 2
        page: dict[str, Any] = {"data": items[start:end], "_page": {"count": len(items)}}
        if self.linked:
            page["_page"] = {}
            page["_links"] = {"page": {}} | ({"next": {"href": "x"}} if end < len(items) else {})
        return Exchange(Request("GET", "http://h/x"), Response(200, body=json.dumps(page).encode()))

    def find(self) -> list[str]:
        """The files that are found, each as its id and name."""
        return [f"{file['id']}/{file['name']}" for file in find_files(self.ask, self.ask, "B")]


def directory(*ids: str) -> list[Any]:
    """Entries that lead on."""
    return [{"dataSetFileId": name, "_links": {"self": {"href": f"http://h/{name}"}}} for name in ids]


def parts(*names: str) -> list[Any]:
    """Entries that have bytes."""
    return [{"name": name, "length": "1", "_links": {"self": {"href": f"http://h/{name}"}}} for name in names]


@pytest.mark.parametrize("means", ["link", "count"])
def test_every_page_of_every_listing_is_read(means: str):
    """Of the batch and of each file, as long as a link or the count says that there is more."""
    listings = {"B": directory("a", "b", "c"), "a": parts("1", "2", "3"), "b": parts("1"), "c": []}
    lake = Lake(listings, linked=means == "link")
    assert lake.find() == ["a/1", "a/2", "a/3", "b/1"]
    assert lake.asked == [("B", 0), ("B", 2), ("a", 0), ("a", 2), ("b", 0), ("c", 0)]


def test_directories_are_opened_once():
    """A directory lists files of its own, in the form of the guide; one that holds itself is no trap."""
    lake = Lake({"B": directory("d"), "d": directory("d", "a"), "a": parts("1")})
    assert lake.find() == ["a/1"]


def test_a_server_that_does_not_page_is_read_once():
    """Where every page is the same one, it is read no further."""
    lake = Lake({"B": directory("a"), "a": parts("1", "2", "3", "4")}, linked=False, pages=False)
    assert lake.find() == ["a/1", "a/2"]


def test_a_listing_without_end_is_not_verified(monkeypatch: pytest.MonkeyPatch):
    """After so many pages the suite gives up without a verdict."""
    monkeypatch.setattr(module, "_PAGES", 3)
    with pytest.raises(Skipped, match="a listing of files has more than 3 pages"):
        Lake({"B": directory(*(str(number) for number in range(9)))}).find()


@pytest.mark.parametrize("item", [{}, "a", {"name": "1"}, {"name": "1", "length": "1"}])
def test_what_is_neither_a_file_nor_a_directory_is_unmet(item: Any):
    """The message says what is missing."""
    with pytest.raises(UnmetError, match="the body has a value at /data/0/"):
        Lake({"B": directory("a"), "a": [item]}).find()
