"""The cassettes of a test run: where they lie, which are made in it, and by which test."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pytest_aep_export.cassettes import find, path_of
from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.exchange import Request

__all__ = ["Claim", "Shelf", "not_made"]

_SHOWN = 5
"""Requests that are named when they were not made."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A test's right to make a cassette in this run, which no other test has as well."""

    mark: Path

    def release(self) -> None:
        """Give it up: nothing was written."""
        self.mark.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where a test finds its cassettes and puts new ones.

    Attributes:
        folder: The project's own cassettes.
        mode: Which cassettes are made in this run: none, those that are missing, or all.
        claims: A folder that the processes of this run share and no other run has.
        test: The test's node id.
    """

    folder: Path
    mode: Literal["none", "missing", "all"]
    claims: Path
    test: str

    @property
    def again(self) -> str:
        """How to make a cassette of this test's again."""
        return f"record it with: pytest --aep-record=all {shlex.quote(self.test)}"

    def makes(self, name: str) -> bool:
        """Whether a cassette is to be made.

        Raises:
            ConfigurationError: The name is not of the form ``area/name``.
        """
        return self.mode == "all" or (self.mode == "missing" and not find(name, self.folder).is_file())

    def claim(self, name: str) -> Claim:
        """The right to make a cassette.

        Raises:
            ConfigurationError: Another test has made it in this run, or is about to.
        """
        where = str(path_of(name, self.folder).resolve())
        mark = self.claims / f"aep-cassette-{hashlib.sha256(where.encode()).hexdigest()[:32]}"
        try:
            with mark.open("x", encoding="utf-8") as file:
                file.write(self.test)
        except FileExistsError:
            other = mark.read_text("utf-8")
            if other != self.test:
                raise ConfigurationError(
                    f"cassette {name} is recorded by {other or 'another test'} in this run already: "
                    "give this test a recording of its own, or record only one of them"
                ) from None
        return Claim(mark)


def not_made(name: str, requests: Sequence[Request], again: str) -> str:
    """The complaint about recorded requests that a test did not make."""
    lines = [f"{request.method} {request.url}" for request in requests[:_SHOWN]]
    if len(requests) > _SHOWN:
        lines.append(f"and {len(requests) - _SHOWN} more")
    what = "1 recorded request was" if len(requests) == 1 else f"{len(requests)} recorded requests were"
    head = f"cassette {name}: {what} not made by this test"
    ways = f"make them, or allow that with @pytest.mark.aep_cassette({name!r}, allow_unplayed=True), or {again}"
    return "\n  ".join([head, *lines, ways])
