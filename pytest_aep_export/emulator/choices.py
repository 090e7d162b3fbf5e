"""What there is to vary in answers: every place, what may be chosen there, and where that comes from.

What is documented is read from the contract, from its dialects and from the emulator's switches: none of it is written
down here again. How JSON and HTTP may write the same thing is theirs (RFC 8259, RFC 9110 and 9112). Damage is what no
source allows, made from the same places.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cache
from typing import Any, Final, Literal, TypeAlias, get_args

from pytest_aep_export.contract import load
from pytest_aep_export.contract.dialects import CANONICAL, DIALECTS, Dialect
from pytest_aep_export.contract.variants import Open, open_answers
from pytest_aep_export.emulator.alterations import Change, damages, variants
from pytest_aep_export.emulator.behaviour import FEW, Behaviour, switches

__all__ = ["LEVELS", "Choice", "Edit", "Form", "Level", "Switch", "choices", "every_choice"]

Level: TypeAlias = Literal["documented", "damage"]
"""Whether an answer stays within what is documented, or is damaged."""
LEVELS: Final[tuple[Level, ...]] = get_args(Level)

_JSON: Final = {
    "members": ("reversed", "sorted"),
    "spaces": ("indented", "many"),
    "letters": ("escaped",),
    "media type": ("with charset", "of xdm"),
    "encoding": ("gzip",),
}
"""How the same JSON may be written and sent."""
_HTTP: Final = {"framing": ("chunked", "in pieces"), "headers": ("Capitals", "CAPITALS", "more")}
"""How the same answer may be sent."""
_PRIVATE: Final = "requestToken"
"""A token whose letters are escaped would not be found by whoever takes secrets out of what is shown."""
_BROKEN: Final = {
    "body": ("truncated", "empty", "page of HTML", "array", "null"),
    "status": ("502 with HTML", "500 without body"),
}
"""What may become of a whole answer in JSON."""
_CLOCK: Final = {"header date": ("a day ago", "in a year", "no date")}
_NO_ANSWER: Final = frozenset({"sandbox_type"})
"""Switches that say what there is, and not how it is answered."""


@dataclass(frozen=True, slots=True)
class Switch:
    """A member of the dialect, or of the emulator's behaviour, that has another value."""

    member: str
    value: Any
    of_dialect: bool


@dataclass(frozen=True, slots=True)
class Edit:
    """A change of what the JSON of an answer holds at a place."""

    operation: str
    refusal: bool
    pointer: str
    change: Change


@dataclass(frozen=True, slots=True)
class Form:
    """A change of how an answer is written, or of what is beside its body."""

    operation: str
    refusal: bool
    aspect: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing that can be chosen at a place.

    Attributes:
        place: The place.
        name: What is chosen.
        level: Whether that is documented.
        source: Where that comes from.
        act: What is done.
    """

    place: str
    name: str
    level: Level
    source: str
    act: Switch | Edit | Form


Key: TypeAlias = tuple[str, str]


@cache
def choices(level: Level) -> Mapping[Key, Choice]:
    """All that can be chosen at a level, by place and name."""
    if level == "documented":
        return {(each.place, each.name): each for each in (*_switches(), *_documented())}
    found = {(each.place, each.name): each for each in _damage()}
    return {key: each for key, each in found.items() if key not in choices("documented")}


@cache
def every_choice() -> Mapping[Key, Choice]:
    """All that can be chosen, at whatever level."""
    return {**choices("documented"), **choices("damage")}


def _switches() -> Iterator[Choice]:
    for member in (field.name for field in fields(Dialect) if field.name != "name"):
        usual = getattr(CANONICAL, member)
        for value in dict.fromkeys(getattr(each, member) for each in DIALECTS.values()):
            if value != usual:
                speakers = ", ".join(name for name, each in DIALECTS.items() if getattr(each, member) == value)
                name = str(value).lower() if isinstance(value, bool) else str(value)
                yield Choice(f"dialect {member}", name, "documented", speakers, Switch(member, value, of_dialect=True))
    for member, words in switches().items():
        if member in _NO_ANSWER:
            continue
        usual = getattr(Behaviour(), member)
        for value in (*(word for word in words if word != usual), *FEW.get(member, ())):
            act = Switch(member, value, of_dialect=False)
            yield Choice(f"behaviour {member}", str(value), "documented", "left open by every source", act)


def _documented() -> Iterator[Choice]:
    for each in open_answers(load().document):
        prefix = _prefix(each)
        for place in each.places:
            for name, change in variants(place):
                act = Edit(each.operation, each.refusal, place.pointer, change)
                yield Choice(f"{prefix} {place.pointer or '/'}", name, "documented", place.source, act)
        for header in each.headers:
            names = [*["absent"] * header.optional, *["relative"] * header.reference]
            yield from _forms(each, {f"header {header.name}": tuple(names)}, header.source)
        if each.bodiless:
            yield from _forms(each, {"body": ("empty",)}, "D-7; D-19")
        if each.json:
            yield from _forms(each, _JSON, "RFC 8259, section 2; RFC 9110, sections 8.3 and 8.4; D-13")
        yield from _forms(each, _HTTP, "RFC 9110, section 5.1; RFC 9112, section 7.1")


def _damage() -> Iterator[Choice]:
    for each in open_answers(load().document):
        if each.refusal:
            continue
        for place in each.places:
            for name, change in damages(place):
                act = Edit(each.operation, each.refusal, place.pointer, change)
                yield Choice(f"{_prefix(each)} {place.pointer or '/'}", name, "damage", "no source", act)
        yield from _forms(each, {**(_BROKEN if each.json else {}), **_CLOCK}, "no source", "damage")


def _forms(
    each: Open, aspects: Mapping[str, tuple[str, ...]], source: str, level: Level = "documented"
) -> Iterator[Choice]:
    for aspect, names in aspects.items():
        if aspect == "letters" and each.operation.startswith(_PRIVATE):
            continue
        for name in names:
            act = Form(each.operation, each.refusal, aspect)
            yield Choice(f"{_prefix(each)} {aspect}", name, level, source, act)


def _prefix(each: Open) -> str:
    return f"{each.operation} refusal" if each.refusal else each.operation
