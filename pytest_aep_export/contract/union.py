"""The union schemas as trees of fields: what a profile and an event may hold, and what a dotted path points at.

The fields themselves stand in ``xdm.yaml``, once; the Arrow schemas, the fake data and the export all follow from it.
Imports the standard library only, until the trees are loaded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any, Final, Literal, get_args

from pytest_aep_export.errors import AepError

__all__ = ["Field", "Kind", "Scalar", "Union", "UnknownFieldError", "load_union"]

Scalar = Literal["string", "boolean", "integer", "number", "date", "date-time"]
Kind = Literal["string", "boolean", "integer", "number", "date", "date-time", "object", "array", "map"]

_ANY_KEY: Final = "*"


class UnknownFieldError(AepError):
    """A path that points at nothing in a union schema; ``path`` is it and ``reason`` says where it goes wrong."""

    def __init__(self, path: str, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"{path!r:.80} is no field of the union schema: {reason}")


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a union schema and all that is below it.

    Attributes:
        name: Its name in its parent; ``*`` for what an array or a map holds.
        kind: What its values are.
        members: With ``object``, its fields by name, in the order of the schema.
        item: With ``array`` and ``map``, what each entry is.
    """

    name: str
    kind: Kind
    members: Mapping[str, Field] = field(default_factory=dict)
    item: Field | None = None

    def resolve(self, path: str) -> Field:
        """The field that a dotted path points at.

        A name steps into an object's member; after a map it is a key, and any key will do; an array is stepped
        through: ``identities.id`` is the ``id`` of each of its entries.

        Raises:
            UnknownFieldError: A name on the way is not there, or the way leads through a scalar.
        """
        here = self
        for name in path.split("."):
            here = here.step(name, path)
        return here

    def step(self, name: str, path: str) -> Field:
        """The field that one name of ``path`` leads to from here (see `resolve`)."""
        if not name:
            raise UnknownFieldError(path, "a name between its dots is empty")
        if self.item is not None:
            return self.item if self.kind == "map" else self.item.step(name, path)
        if self.kind != "object":
            raise UnknownFieldError(path, f"{name!r:.80} would be inside {self._label()}, which holds a {self.kind}")
        if name not in self.members:
            raise UnknownFieldError(path, f"{self._label()} has no {name!r:.80}, only {', '.join(self.members)}")
        return self.members[name]

    def _label(self) -> str:
        return repr(self.name) if self.name not in {"", _ANY_KEY} else "it"


@dataclass(frozen=True, slots=True)
class Union:
    """The union schemas of the two classes that an export reads."""

    profile: Field
    event: Field


@cache
def load_union() -> Union:
    """The union schemas of ``xdm.yaml``, read once."""
    import yaml  # noqa: PLC0415 - only who needs the fields pays for it

    text = resources.files("pytest_aep_export.contract").joinpath("xdm.yaml").read_text("utf-8")
    document = yaml.safe_load(text)
    return Union(profile=_read("", document["profile"]), event=_read("", document["event"]))


def _read(name: str, node: Any) -> Field:
    if isinstance(node, list):
        return Field(name, "array", item=_read(_ANY_KEY, node[0]))
    if isinstance(node, dict) and _ANY_KEY in node:
        return Field(name, "map", item=_read(_ANY_KEY, node[_ANY_KEY]))
    if isinstance(node, dict):
        return Field(name, "object", members={key: _read(key, value) for key, value in node.items()})
    if node not in get_args(Scalar):
        raise ValueError(f"xdm.yaml: the type {node!r} of {name!r} is unknown")
    return Field(name, node)
