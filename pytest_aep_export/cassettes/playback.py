"""A recording while it is played: which answers have been given, and which comes next. Knows no HTTP library.

Answers are found by key, so a request costs the same however much was recorded. What was asked for several times, such
as a job that is waited for, is answered in the order of recording, each answer once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from threading import Lock
from typing import Final

from pytest_aep_export.cassettes.matching import Blurred, Key, key_of, loosened, spelled, told
from pytest_aep_export.cassettes.mismatch import exhausted, unknown
from pytest_aep_export.cassettes.recording import Recording
from pytest_aep_export.cassettes.storage import read
from pytest_aep_export.exchange import Request, Response

__all__ = ["Playback", "Tape", "load"]

_KEPT: Final = 64
"""Recordings that are kept in memory between tests."""

Places = Mapping[Key, tuple[int, ...]]
"""Where requests stand in a recording, by their keys."""


class Tape:
    """A recording that can be looked up; never changed, so tests share it."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.keys: tuple[Key, ...] = tuple(key_of(interaction.request) for interaction in recording.interactions)
        self.places: Places = _places(self.keys)

    @cached_property
    def told(self) -> frozenset[str]:
        """The UUIDs, times and stand-ins of secrets that its answers tell."""
        return told(self.recording.interactions)

    @cached_property
    def loose_places(self) -> Places:
        """Where requests stand by their loosened keys."""
        return _places(loosened(key, self.told) for key in self.keys)

    @cached_property
    def blurred(self) -> tuple[Blurred, ...]:
        """Requests without what was secret in them, in their order."""
        return tuple(Blurred(loosened(key, self.told), self.told) for key in self.keys)


def _places(keys: Iterable[Key]) -> Places:
    found: dict[Key, list[int]] = defaultdict(list)
    for place, key in enumerate(keys):
        found[key].append(place)
    return {key: tuple(places) for key, places in found.items()}


def load(name: str, path: Path) -> Tape:
    """The recording in a file, read and indexed once in a session, unless the file changes.

    Raises:
        ConfigurationError: The file is missing or is not what was written.
    """
    return _load(name, path, _stamp(path))


def _stamp(path: Path) -> tuple[int, int] | None:
    """What changes with a file; None where there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


@lru_cache(maxsize=_KEPT)
def _load(name: str, path: Path, _stamp: tuple[int, int] | None) -> Tape:
    return Tape(read(name, path))


class Playback:
    """One run through a tape; safe to be used by several threads.

    Args:
        tape: What is played.
        clean: Takes out of a request what hygiene took out of the recorded ones.
        again: How to record it again, as a clause of its own.
    """

    def __init__(self, tape: Tape, clean: Callable[[Request], Request], again: str) -> None:
        self._tape = tape
        self._clean = clean
        self._again = again
        self._played = bytearray(len(tape.keys))
        self._next: dict[tuple[bool, Key], int] = {}
        self._lock = Lock()

    @property
    def played(self) -> int:
        """How many answers have been given."""
        return sum(self._played)

    def left(self) -> list[Request]:
        """The recorded requests that have not been made."""
        interactions = self._tape.recording.interactions
        return [one.request for one, played in zip(interactions, self._played, strict=True) if not played]

    def take(self, request: Request) -> Response | None:
        """The next answer to a request, which is then played; None where it has no further one."""
        exact = key_of(request)
        with self._lock:
            place = self._free(self._tape.places, exact, loose=False)
            if place is None:
                place = self._otherwise(request, exact)
            if place is None:
                return None
            self._played[place] = True
        return self._tape.recording.interactions[place].response

    def _otherwise(self, request: Request, exact: Key) -> int | None:
        """Where a request stands that is found only without its secrets, or without what its client made up."""
        clean = key_of(self._clean(request))
        place = None if clean == exact else self._free(self._tape.places, clean, loose=False)
        if place is None:
            loose = loosened(clean, self._tape.told)
            place = self._free(self._tape.loose_places, loose, loose=True)
            place = self._blurred(spelled(loose)) if place is None else place
        return place

    def _blurred(self, asked: str) -> int | None:
        """Where a request stands that differs only in what was secret: looked for, when all else has failed."""
        recorded = enumerate(self._tape.blurred)
        return next((place for place, one in recorded if not self._played[place] and one.like(asked)), None)

    def _free(self, places: Places, key: Key, *, loose: bool) -> int | None:
        """The first place of that key that has not been played; each is passed over once."""
        candidates = places.get(key, ())
        number = self._next.get((loose, key), 0)
        while number < len(candidates) and self._played[candidates[number]]:
            number += 1
        self._next[loose, key] = number
        return candidates[number] if number < len(candidates) else None

    def refusal(self, request: Request) -> Exception:
        """Why a request has no answer."""
        key, name = key_of(self._clean(request)), self._tape.recording.name
        loose = loosened(key, self._tape.told)
        if places := self._tape.loose_places.get(loose):
            return exhausted(name, key, len(places), self._again)
        return unknown(name, loose, [loosened(recorded, self._tape.told) for recorded in self._tape.keys], self._again)
