"""What the contract documents of an answer: its members and their types, in whichever dialect names them.

Validation asks whether a value may be as it is, and most objects may have further members. Here it is asked which ones
the contract names at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Any, Final

from pytest_aep_export.contract.document import Node, operations, resolve
from pytest_aep_export.contract.media import is_json

__all__ = ["BYTES", "Answer", "Shape", "answers", "type_of"]

BYTES: Final = "bytes"
"""The type of a body that is not JSON."""

_ANY: Final = "/*"
_ALTERNATIVES: Final = ("anyOf", "oneOf")
_TYPES: Final[tuple[tuple[type, str], ...]] = (
    (bool, "boolean"),
    (int, "integer"),
    (str, "string"),
    (list, "array"),
    (dict, "object"),
)


def type_of(value: Any) -> str:
    """The JSON type of a parsed value; a number without a fraction is an integer, as in JSON Schema."""
    if value is None:
        return "null"
    if isinstance(value, float):
        return "integer" if value.is_integer() else "number"
    return next(name for kind, name in _TYPES if isinstance(value, kind))


@dataclass(frozen=True, slots=True)
class Shape:
    """What is documented of one place in a body.

    Attributes:
        types: The JSON types that it may have; empty where nothing is said.
        members: The members of an object that are named.
        each: What every value of a map is, whose keys are ids, namespaces or the like and so no members.
        items: What every item of an array is.
        partial: Whether the members are named for some of the values only, so that others may have any.
    """

    types: frozenset[str] = frozenset()
    members: Mapping[str, Shape] = field(default_factory=dict)
    each: Shape | None = None
    items: Shape | None = None
    partial: bool = False

    @property
    def free(self) -> bool:
        """Whether an object may have members of any name: of a free form, only the object itself is documented."""
        return self.partial or not (self.members or self.each)

    def allows(self, kind: str) -> bool:
        """Whether a value may have that type."""
        return not self.types or kind in self.types or (kind == "integer" and "number" in self.types)

    def walk(self, value: Any, pointer: str = "") -> Iterator[tuple[str, str]]:
        """The places of a value with their types, as JSON pointers in which ``*`` is any item and any key of a map.

        What is not documented is named and not entered; what is of a free form is not entered either.
        """
        yield pointer, type_of(value)
        if isinstance(value, dict):
            for name, item in value.items():
                yield from self._member(name, item, pointer)
        elif isinstance(value, list) and self.items is not None:
            for item in value:
                yield from self.items.walk(item, pointer + _ANY)

    def _member(self, name: str, value: Any, pointer: str) -> Iterator[tuple[str, str]]:
        known = self.members.get(name)
        if known is not None:
            yield from known.walk(value, f"{pointer}/{_escaped(name)}")
        elif self.each is not None:
            yield from self.each.walk(value, pointer + _ANY)
        elif not self.free:
            yield f"{pointer}/{_escaped(name)}", type_of(value)

    def places(self, pointer: str = "") -> Iterator[tuple[str, Shape]]:
        """Every place that is documented, a place before what is in it."""
        yield pointer, self
        for name, member in self.members.items():
            yield from member.places(f"{pointer}/{_escaped(name)}")
        for inner in (self.each, self.items):
            if inner is not None:
                yield from inner.places(pointer + _ANY)


@dataclass(frozen=True, slots=True)
class Answer:
    """What is documented of one status of one operation.

    Attributes:
        shape: Of its body.
        tolerated: Whether no dialect answers so, and it is only put up with.
    """

    shape: Shape
    tolerated: bool


def answers(document: Node) -> dict[str, dict[int, Answer]]:
    """What is documented of every answer, by operation and status."""
    reader = _Reader(document)
    return {
        operation.id: {int(status): reader.answer(response) for status, response in node["responses"].items()}
        for operation, node in operations(document)
    }


class _Reader:
    """Reads shapes from the schemas of one document."""

    def __init__(self, document: Node) -> None:
        self._document = document
        self._open: list[str] = []

    def answer(self, response: Node) -> Answer:
        node = resolve(self._document, response)
        content: Node = node.get("content", {})
        json = [self._shape(item["schema"]) for media, item in content.items() if is_json(media)]
        other = [Shape(frozenset({BYTES})) for media in content if not is_json(media)]
        return Answer(_either([*json, *other[:1]]), node.get("x-in-dialects") == [])

    def _shape(self, schema: Node) -> Shape:
        """The shape of a schema: what it says itself, made more exact by what is added to it."""
        shape = Shape(
            frozenset(_types(schema)),
            {name: self._shape(part) for name, part in schema.get("properties", {}).items() if part.get("not") != {}},
            self._part(schema.get("additionalProperties")),
            self._part(schema.get("items")),
        )
        for pattern in schema.get("patternProperties", {}).values():
            shape = replace(shape, each=_joined(shape.each, self._shape(pattern), _narrowed))
        shape = reduce(_narrowed, map(self._shape, schema.get("allOf", ())), self._referred(schema, shape))
        for keyword in _ALTERNATIVES:
            shape = _narrowed(shape, _either(map(self._shape, schema.get(keyword, ()))))
        shape = self._conditional(schema, shape)
        return _narrowed(shape, _either(map(self._shape, schema.get("x-dialects", {}).values())))

    def _part(self, schema: object) -> Shape | None:
        return self._shape(schema) if isinstance(schema, Mapping) else None

    def _referred(self, schema: Node, shape: Shape) -> Shape:
        """With what it refers to; a schema that is part of itself is not followed again."""
        name = schema.get("$ref", "")
        if not name or name in self._open:
            return shape
        self._open.append(name)
        try:
            return _narrowed(shape, self._shape(resolve(self._document, {"$ref": name})))
        finally:
            self._open.pop()

    def _conditional(self, schema: Node, shape: Shape) -> Shape:
        parts = [self._shape(schema[keyword]) for keyword in ("then", "else") if keyword in schema]
        if not parts:
            return shape
        some = len(parts) == 1 and shape.free
        return replace(_narrowed(shape, _either(parts)), partial=some)


def _types(schema: Node) -> list[str]:
    """The types that a schema names, or those of the values that it names."""
    if "type" in schema:
        return [schema["type"]] if isinstance(schema["type"], str) else list(schema["type"])
    values = [schema["const"]] if "const" in schema else schema.get("enum", ())
    return [type_of(value) for value in values]


def _either(shapes: Iterable[Shape]) -> Shape:
    """What is documented where any of these may hold."""
    found = list(shapes)
    return reduce(_united, found) if found else Shape()


def _united(one: Shape, other: Shape) -> Shape:
    return _merged(one, other, one.types | other.types, _united)


def _narrowed(base: Shape, more: Shape) -> Shape:
    """What is documented where both hold: members of either, and the types of the first that names any."""
    return _merged(base, more, base.types or more.types, _narrowed)


def _merged(one: Shape, other: Shape, types: frozenset[str], merge: Any) -> Shape:
    names = [*one.members, *(name for name in other.members if name not in one.members)]
    members = {name: _joined(one.members.get(name), other.members.get(name), merge) for name in names}
    return Shape(
        types,
        {name: member for name, member in members.items() if member is not None},
        _joined(one.each, other.each, merge),
        _joined(one.items, other.items, merge),
        one.partial or other.partial,
    )


def _joined(one: Shape | None, other: Shape | None, merge: Any) -> Shape | None:
    return merge(one, other) if one is not None and other is not None else one or other


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
