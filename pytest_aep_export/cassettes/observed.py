"""What exchanges show of the API: operations, statuses, members and types, since when, and in which recordings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from pytest_aep_export.cassettes.recording import Recording
from pytest_aep_export.contract import Contract
from pytest_aep_export.contract.bodies import UnreadableBodyError, parse
from pytest_aep_export.contract.media import is_json, media_type
from pytest_aep_export.contract.members import BYTES, Answer, Shape, answers
from pytest_aep_export.exchange import Request, Response

__all__ = ["Observed", "Place", "Sighting", "Take", "observe", "take_of"]

_NOT_ALLOWED: Final = 405
_UNKNOWN: Final = Shape()


class Place(NamedTuple):
    """A place in an answer.

    Attributes:
        operation: The contract's ``operationId``.
        status: What was answered.
        pointer: Where in the body, ``*`` for any item and any key of a map; empty for the answer as a whole.
    """

    operation: str
    status: int
    pointer: str = ""


@dataclass(frozen=True, slots=True)
class Take:
    """Exchanges that were made together.

    Attributes:
        name: What they are called: a cassette's name, or which target it was.
        date: The day on which they were made; empty for now.
        exchanges: Each request, and what was answered.
    """

    name: str
    date: str
    exchanges: tuple[tuple[Request, Response], ...]


@dataclass(frozen=True, slots=True)
class Sighting:
    """Where something was seen: the names of the takes, and the earliest of their dates that is known."""

    names: tuple[str, ...]
    first: str = ""

    def joined(self, other: Sighting) -> Sighting:
        """This and another."""
        names = tuple(sorted({*self.names, *other.names}))
        return Sighting(names, min((date for date in (self.first, other.first) if date), default=""))


@dataclass(frozen=True, slots=True)
class Observed:
    """What was seen.

    Attributes:
        takes: How many takes it comes from.
        places: Where, and of which JSON type; a bodiless answer has its place and no type.
        outside: Calls that are no operation of the contract's, as ``GET /path``.
    """

    takes: int = 0
    places: Mapping[Place, Mapping[str, Sighting]] = field(default_factory=dict)
    outside: Mapping[str, Sighting] = field(default_factory=dict)

    def at(self, place: Place) -> Sighting | None:
        """Where a place was seen, of whatever type; None where it was not."""
        sightings = self.places.get(place)
        if not sightings:
            return None
        first, *others = sightings.values()
        for other in others:
            first = first.joined(other)
        return first

    def types(self, place: Place) -> tuple[str, ...]:
        """The types that were seen there."""
        return tuple(sorted(kind for kind in self.places.get(place, ()) if kind))


def take_of(recording: Recording) -> Take:
    """A recording as a take."""
    pairs = tuple((one.request, one.response) for one in recording.interactions)
    return Take(recording.name, recording.metadata.date, pairs)


def observe(takes: Iterable[Take], contract: Contract) -> Observed:
    """What takes show; answers that never came, or not to their end, show nothing."""
    documented = answers(contract.document)
    count, places, outside = 0, dict[Place, dict[str, Sighting]](), dict[str, Sighting]()
    for count, take in enumerate(takes, 1):  # noqa: B007 - how many there were
        here = Sighting((take.name,), take.date)
        for request, response in take.exchanges:
            if not response.status or response.cut:
                continue
            operations = _operations(contract, request, response)
            if not operations:
                _add(outside, f"{request.method} {request.path}", here)
            for operation in operations:
                for place, kind in _shown(operation, response, documented[operation]):
                    _add(places.setdefault(place, {}), kind, here)
    return Observed(count, places, outside)


def _add(found: dict[str, Sighting], key: str, here: Sighting) -> None:
    found[key] = found[key].joined(here) if key in found else here


def _operations(contract: Contract, request: Request, response: Response) -> list[str]:
    """What was asked for; a method that a path does not know is refused in the name of all that it knows."""
    match = contract.match(request.method, request.path)
    if match is not None:
        return [match.operation.id]
    if response.status != _NOT_ALLOWED:
        return []
    known = (contract.match(method, request.path) for method in contract.allowed_methods(request.path))
    return [match.operation.id for match in known if match is not None]


def _shown(operation: str, response: Response, documented: Mapping[int, Answer]) -> Iterator[tuple[Place, str]]:
    """The places of an answer with their types."""
    answer = documented.get(response.status)
    for pointer, kind in _walk(response, answer.shape if answer else _UNKNOWN):
        yield Place(operation, response.status, pointer), kind


def _walk(response: Response, shape: Shape) -> Iterator[tuple[str, str]]:
    if not response.body:
        yield "", ""
        return
    if not is_json(media_type(response.headers)):
        yield "", BYTES
        return
    try:
        value = parse(response.body)
    except UnreadableBodyError:
        yield "", BYTES
        return
    yield from shape.walk(value)
