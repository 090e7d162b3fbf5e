"""What the contract leaves open in an answer: for each place what it may be instead, by every documented variant.

Validation asks whether an answer may be as it is. Here it is asked what else it could have been, so that answers can be
varied on purpose. It is read from the schemas, of which each is the union of all documented variants.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from pytest_aep_export.contract.dialects import DIALECTS
from pytest_aep_export.contract.document import Node, operations, resolve
from pytest_aep_export.contract.media import is_json

__all__ = ["Header", "Open", "Place", "open_answers"]

_ANY: Final = "/*"
_REFUSAL: Final = 400
_Spoken: TypeAlias = tuple[Node, str]
"""A schema, and whose word it is: the union's, or a dialect's."""
_UNION: Final = "the union"
_BINDING: Final = frozenset({_UNION, "every"})
"""Whose word holds for every dialect."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the body of an answer.

    Attributes:
        pointer: Where it is, as a JSON pointer in which ``*`` is any item and any key of a map.
        types: The JSON types that its value may have, the usual one first; empty where nothing is said.
        optional: Whether it may be absent.
        extensible: Whether its value may have members that nobody names.
        words: The only values that are documented; empty where there are others.
        variants: Values that are as good as any.
        pattern: The pattern of a text.
        source: Where all this comes from.
    """

    pointer: str
    types: tuple[str, ...]
    optional: bool
    extensible: bool
    words: tuple[Any, ...]
    variants: tuple[str, ...]
    pattern: str
    source: str


@dataclass(frozen=True, slots=True)
class Header:
    """A header of an answer.

    Attributes:
        name: Its name, in lower case.
        optional: Whether it may be absent.
        reference: Whether it refers to something, and so may be absolute or relative.
        source: Where this comes from.
    """

    name: str
    optional: bool
    reference: bool
    source: str


@dataclass(frozen=True, slots=True)
class Open:
    """What an operation leaves open in its answers, or in its refusals.

    Attributes:
        operation: Its ``operationId``.
        refusal: Whether it is about refusals.
        json: Whether there are bodies in JSON.
        bodiless: Whether a body may be missing; that of a refusal is only put up with if it is.
        places: What there is in bodies, a place before what is in it.
        headers: What there is beside them.
    """

    operation: str
    refusal: bool
    json: bool
    bodiless: bool
    places: tuple[Place, ...]
    headers: tuple[Header, ...]


def open_answers(document: Node) -> Iterator[Open]:
    """What every operation leaves open, first in its answers, then in its refusals.

    Statuses that are only put up with are no variant.
    """
    reader = _Reader(document)
    for operation, node in operations(document):
        shown = [
            (int(status), resolve(document, response))
            for status, response in node["responses"].items()
            if response.get("x-in-dialects") != []
        ]
        for refusal in (False, True):
            chosen = [response for status, response in shown if (status >= _REFUSAL) is refusal]
            yield reader.open(operation.id, chosen, node["x-source"], refusal=refusal)


class _Reader:
    """Reads what is open in the schemas of one document."""

    def __init__(self, document: Node) -> None:
        self._document = document

    def open(self, operation: str, responses: list[Node], source: str, *, refusal: bool) -> Open:
        bodies = [
            item["schema"]
            for response in responses
            for media, item in response.get("content", {}).items()
            if is_json(media)
        ]
        places: dict[str, Place] = {}
        for body in bodies:
            for place in self._places("", [(body, _UNION)], source, optional=False):
                known = places.setdefault(place.pointer, place)
                if len(known.types) < len(place.types):  # of one status more is open than of another
                    places[place.pointer] = place
        headers: dict[str, Header] = {}
        for response in responses:
            for name, node in response.get("headers", {}).items():
                headers.setdefault(name.lower(), self._header(name.lower(), node))
        bodiless = not refusal and any(response.get("x-body-optional") for response in responses)
        return Open(operation, refusal, bool(bodies), bodiless, tuple(places.values()), tuple(headers.values()))

    def _header(self, name: str, node: Node) -> Header:
        node = resolve(self._document, node)
        is_reference = node["schema"].get("format") == "uri-reference"
        certain = node.get("required", False) or set(node.get("x-in-dialects", ())) == set(DIALECTS)
        return Header(name, not certain, is_reference, node.get("x-source", ""))

    def _places(self, pointer: str, spoken: Iterable[_Spoken], source: str, *, optional: bool) -> Iterator[Place]:
        """A place and what is in it, by the schemas that speak of it."""
        layers = [layer for schema, by in spoken for layer in self._layers(schema, by)]
        every = [layer for layer, _ in layers]
        said = [layer for layer, by in layers if by == _UNION] or every
        source = next((layer["x-source"] for layer in said if "x-source" in layer), source)
        echo = any("x-echo" in layer for layer in every)
        yield Place(
            pointer=pointer,
            types=_types(said),
            optional=optional,
            extensible=_is_extensible(every) and not echo,
            words=next((tuple(layer["enum"]) for layer in said if "enum" in layer), ()),
            variants=next((tuple(layer["x-variants"]) for layer in every if "x-variants" in layer), ()),
            pattern=next((layer["pattern"] for layer in said if "pattern" in layer), ""),
            source=source,
        )
        if not echo:
            yield from self._inner(pointer, layers, source)

    def _inner(self, pointer: str, layers: list[_Spoken], source: str) -> Iterator[Place]:
        """What is in a place."""
        required = {name for layer, by in layers if by in _BINDING for name in layer.get("required", ())}
        for name, spoken in _members(layers).items():
            marks = (schema["x-optional"] for schema, _ in spoken if "x-optional" in schema)
            optional = next(marks, name not in required)
            yield from self._places(f"{pointer}/{_escaped(name)}", spoken, source, optional=optional)
        for keyword in ("items", "additionalProperties"):
            inner = [(layer[keyword], by) for layer, by in layers if isinstance(layer.get(keyword), dict)]
            if inner:
                yield from self._places(pointer + _ANY, inner, source, optional=False)

    def _layers(self, schema: Node, by: str) -> Iterator[_Spoken]:
        """A schema and all that it is put together from, each with whose word it is: the union's, or a dialect's."""
        yield schema, by
        if "$ref" in schema:
            yield from self._layers(resolve(self._document, {"$ref": schema["$ref"]}), by)
        for keyword in ("allOf", "anyOf", "oneOf"):
            for part in schema.get(keyword, ()):
                yield from self._layers(part, by)
        if "then" in schema:
            yield from self._layers(schema["then"], by)
        for name, part in schema.get("x-dialects", {}).items():
            yield from self._layers(part, name if by == _UNION else by)


def _types(said: Iterable[Node]) -> tuple[str, ...]:
    kinds = next((layer["type"] for layer in said if "type" in layer), ())
    return (kinds,) if isinstance(kinds, str) else tuple(kinds)


def _is_extensible(every: list[Node]) -> bool:
    """Whether an object may have more members: a map's keys mean something, and an object without any named is free."""
    named = any("properties" in layer for layer in every)
    return named and not any("additionalProperties" in layer or layer.get("not") == {} for layer in every)


def _members(layers: Iterable[_Spoken]) -> dict[str, list[_Spoken]]:
    """The schemas of each named member; of one that a dialect forbids nothing is said by that."""
    found: dict[str, list[_Spoken]] = {}
    for layer, by in layers:
        for name, schema in layer.get("properties", {}).items():
            if schema.get("not") != {}:
                found.setdefault(name, []).append((schema, by))
    return found


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
