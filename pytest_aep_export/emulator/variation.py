"""Variations: ways in which an answer may differ from the one that the emulator gives by itself, as data.

A plan of them says for some places in answers which choice is taken there. The same plan does the same to the same
answers, so that one at which a client fails can be made smaller, written down and played again.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeAlias

from pytest_aep_export.emulator.choices import LEVELS, Choice, Level, choices, every_choice
from pytest_aep_export.errors import ConfigurationError

__all__ = ["Plan", "PlanLike", "Variation", "chosen", "draw", "plan_from", "plan_schema", "plan_text"]

_SHARES: Final = (0.05, 0.15, 0.3, 0.5)
"""How much of all places a plan varies: little, so that nothing hides behind something else, or much."""


@dataclass(frozen=True, slots=True, order=True)
class Variation:
    """One way in which an answer differs.

    Attributes:
        place: Where: an operation and what of its answer, such as ``getExportJob /metrics/totalTime``, or a member of
            the dialect or of the emulator's behaviour.
        choice: What it is there, such as ``absent``.
    """

    place: str
    choice: str

    def to_json(self) -> dict[str, str]:
        """The variation as JSON."""
        return {"place": self.place, "choice": self.choice}


Plan: TypeAlias = tuple[Variation, ...]
"""What is varied, each place once."""
PlanLike: TypeAlias = int | str | Path | Iterable[Variation | tuple[str, str]]
"""A plan, perhaps of plain pairs; or the seed of one; or its JSON, in a text or in a file."""
_SEEDED: Final = re.compile(r"(?:(documented|damage):)?(\d+)")


def draw(seed: int | str, level: Level = "documented") -> Plan:
    """A plan drawn by lot: the same for a seed on any machine. Of damage it has one, as little as that already is."""
    lots = random.Random(f"variation/{level}/{seed}")  # noqa: S311 - it must be predictable
    if level != "documented":
        return (_drawn(list(choices(level).values()), lots.random),)
    share = _SHARES[int(lots.random() * len(_SHARES))]
    return tuple(_drawn(offered, lots.random) for offered in _by_place(level) if lots.random() < share)


@cache
def _by_place(level: Level) -> tuple[tuple[Choice, ...], ...]:
    """The choices of each place."""
    found: dict[str, list[Choice]] = {}
    for each in choices(level).values():
        found.setdefault(each.place, []).append(each)
    return tuple(map(tuple, found.values()))


def _drawn(offered: Sequence[Choice], lot: Callable[[], float]) -> Variation:
    choice = offered[int(lot() * len(offered))]
    return Variation(choice.place, choice.name)


def plan_from(given: PlanLike, level: Level = "documented") -> Plan:
    """The plan that is given, or drawn.

    Args:
        given: The plan, its JSON, a file that holds it, or a seed; as a text that may name its level: ``damage:7``.
        level: Of which kind a plan is that is drawn.

    Raises:
        ConfigurationError: It is none, or something in it is unknown; the message says what.
    """
    if level not in LEVELS:
        raise ConfigurationError(f"vary: the level {level!r} is unknown: use {' or '.join(LEVELS)}")
    if isinstance(given, str) and (seeded := _SEEDED.fullmatch(given.strip())):
        return draw(int(seeded[2]), "damage" if seeded[1] == "damage" else level)
    if isinstance(given, int) and not isinstance(given, bool):
        return draw(given, level)
    if isinstance(given, str | Path):
        given = _read(given)
    if not isinstance(given, Iterable) or isinstance(given, Mapping):
        raise ConfigurationError(f"vary: {given!r:.80} is no plan: expected a seed, or a list of variations")
    plan = tuple(map(_variation, given))
    chosen(plan)
    return plan


def _variation(given: object) -> Variation:
    match given:
        case Variation():
            return given
        case (str(place), str(choice)):
            return Variation(place, choice)
    raise ConfigurationError(f"vary: {given!r:.80} is no variation: expected a place and a choice")


def chosen(plan: Plan) -> tuple[Choice, ...]:
    """What a plan chooses.

    Raises:
        ConfigurationError: A place or a choice is unknown, or a place is varied twice.
    """
    known, seen = every_choice(), set[str]()
    for each in plan:
        if each.place in seen:
            raise ConfigurationError(f"vary: {each.place!r} is varied twice: choose one")
        seen.add(each.place)
        if (each.place, each.choice) not in known:
            raise ConfigurationError(_unknown(each, known))
    return tuple(known[each.place, each.choice] for each in plan)


def _unknown(each: Variation, known: Iterable[tuple[str, str]]) -> str:
    offered = [choice for place, choice in known if place == each.place]
    if offered:
        return f"vary: {each.place!r} has no choice {each.choice!r}: use {' or '.join(map(repr, offered))}"
    alike = get_close_matches(each.place, dict.fromkeys(place for place, _ in known), n=2)
    hint = f"did you mean {' or '.join(map(repr, alike))}?" if alike else "docs/fuzz-your-client.md lists them"
    return f"vary: nothing varies at {each.place!r}: {hint}"


def plan_text(plan: Iterable[Variation]) -> str:
    """The plan in JSON, on one line; `plan_from` reads it."""
    return json.dumps([each.to_json() for each in plan], ensure_ascii=False)


def plan_schema() -> dict[str, Any]:
    """The JSON Schema of a plan."""
    schema: dict[str, Any] = json.loads((Path(__file__).parent / "variation.schema.json").read_text("utf-8"))
    return schema


def _read(source: str | Path) -> Plan:
    text = source if isinstance(source, str) else ""
    name = "the text" if text.lstrip().startswith("[") else str(source)
    try:
        document = json.loads(text if name == "the text" else Path(source).read_bytes())
    except OSError as error:
        raise ConfigurationError(
            f"vary: {name!r:.80} cannot be read ({error.strerror}): give a seed, a plan in JSON, or a file of one"
        ) from error
    except ValueError as error:
        raise ConfigurationError(f"vary: {name!r:.80} holds no plan: it is not JSON ({error})") from error
    import jsonschema_rs  # noqa: PLC0415 - a compiled library: only whoever reads a plan pays for it

    for problem in jsonschema_rs.validator_for(plan_schema()).iter_errors(document):
        place = "/".join(map(str, problem.instance_path)) or "the document"
        raise ConfigurationError(f"vary: {name!r:.80} holds no plan: {place}: {problem.message:.200}")
    return tuple(Variation(each["place"], each["choice"]) for each in document)
