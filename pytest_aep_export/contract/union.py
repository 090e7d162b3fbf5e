"""The union schemas as trees of fields: what a profile and an event may hold, and what a dotted path points at.

The fields themselves stand in ``xdm.yaml``, once; the Arrow schemas, the fake data and the export all follow from it.
`Union.extended` adds fields to them, in the notation of that file: a text names a scalar, a mapping is an object,
``{"*": x}`` a map from text to x, and ``[x]`` an array. Imports the standard library only, until the trees are loaded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources
from typing import Any, Final, Literal, get_args

from pytest_aep_export.errors import AepError, ConfigurationError

__all__ = ["Field", "Kind", "Scalar", "Union", "UnknownFieldError", "load_union"]

Scalar = Literal["string", "boolean", "integer", "number", "date", "date-time"]
Kind = Literal["string", "boolean", "integer", "number", "date", "date-time", "object", "array", "map"]

_ANY_KEY: Final = "*"
_NAME: Final = re.compile(r"[A-Za-z0-9_-]+")

_RESERVED: Final[Mapping[str, str]] = {
    "timeSeriesEvents": "an export makes it of the events",
    "identities": "an export derives it from identityMap",
    "identityMap": "its form is fixed",
    "timestamp": "it is what tells an event from a profile record",
    **dict.fromkeys(("datasetId", "ingestTime", "identityNamespace", "identityId"), "it says where a row comes from"),
}
"""Top-level names that no extension may use, and why: a choice of ours."""


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

    def extended(self, profile: Mapping[str, Any] | None = None, event: Mapping[str, Any] | None = None) -> Union:
        """The union with more fields: ``extended(profile={"_acme": {"loyaltyTier": "string"}})``.

        A tenant's own fields live below ``_`` and its id (facts, union-schema-and-xdm section 4); any other new name
        will do too, for the standard knows more fields than ``xdm.yaml``. What is there already may get more members,
        but keeps its kind.

        Args:
            profile: Fields of the profile class by name, in the notation that this module describes.
            event: The same for the event class.

        Raises:
            ConfigurationError: A field is not written in the notation, or cannot have that name or kind.
        """
        return Union(_extended(self.profile, profile, "profile"), _extended(self.event, event, "event"))


def _extended(tree: Field, more: Mapping[str, Any] | None, label: str) -> Field:
    if not more:
        return tree
    for name in _RESERVED:
        if name in _mapping(more, label):
            raise ConfigurationError(f"{label}.{name} cannot be extended: {_RESERVED[name]}")
    return _merged(tree, _read("", more, label), label)


def _merged(old: Field, new: Field, path: str) -> Field:
    """A field with all that two trees say of it."""
    if old.kind != new.kind:
        raise ConfigurationError(f"{path} is of kind {old.kind} and cannot be extended as {new.kind}: use another name")
    if old.item is not None and new.item is not None:
        return replace(old, item=_merged(old.item, new.item, f"{path}.{_ANY_KEY}"))
    both = {
        name: _merged(old.members[name], member, f"{path}.{name}") if name in old.members else member
        for name, member in new.members.items()
    }
    return replace(old, members={**old.members, **both})


@cache
def load_union() -> Union:
    """The union schemas of ``xdm.yaml``, read once."""
    import yaml  # noqa: PLC0415 - only who needs the fields pays for it

    text = resources.files("pytest_aep_export.contract").joinpath("xdm.yaml").read_text("utf-8")
    document = yaml.safe_load(text)
    return Union(*(_read("", document[name], name) for name in ("profile", "event")))


def _read(name: str, node: Any, path: str) -> Field:
    """The field that a node of the notation describes.

    Raises:
        ConfigurationError: It describes none; the message names the path.
    """
    if isinstance(node, list):
        if len(node) != 1:
            raise ConfigurationError(f"{path} is a list of {len(node)}: an array is written as a list of its one item")
        return Field(name, "array", item=_read(_ANY_KEY, node[0], f"{path}.{_ANY_KEY}"))
    if isinstance(node, str):
        return Field(name, _scalar(node, path))
    members = _mapping(node, path)
    if _ANY_KEY in members:
        if len(members) > 1:
            raise ConfigurationError(f"{path} mixes '*' with other names: a map has '*' alone, an object has no '*'")
        return Field(name, "map", item=_read(_ANY_KEY, members[_ANY_KEY], f"{path}.{_ANY_KEY}"))
    return Field(name, "object", members={key: _member(key, value, path) for key, value in members.items()})


def _scalar(text: str, path: str) -> Scalar:
    for scalar in get_args(Scalar):
        if text == scalar:
            return scalar  # type: ignore[no-any-return]  # what a Literal lists is untyped
    raise ConfigurationError(f"{path} has the unknown type {text!r}: use one of {', '.join(get_args(Scalar))}")


def _mapping(node: Any, path: str) -> Mapping[str, Any]:
    if isinstance(node, Mapping) and node:
        return node
    raise ConfigurationError(f"{path} is {node!r:.80}: write a type's name, an object with members, or a list of one")


def _member(name: Any, node: Any, path: str) -> Field:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ConfigurationError(f"{path} has a member {name!r:.80}: names are of letters, digits, dashes and _")
    return _read(name, node, f"{path}.{name}")
