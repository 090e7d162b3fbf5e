"""The markers of the plugin: what each takes, checked when tests are collected.

Imports the standard library and pytest only. A marker that is written wrong is a usage error: it would change
nothing, and nobody would notice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeVar, cast

import pytest

if TYPE_CHECKING:
    from pytest_aep_export.emulator.variation import PlanLike

__all__ = ["BEHAVIOUR", "MARKERS", "SURVIVES", "Marker", "aep_survives", "check", "keywords"]

_T = TypeVar("_T")

BEHAVIOUR: Final = frozenset(
    {
        "cancel_finished",
        "earlier_batches",
        "files",
        "page_limit",
        "part_rows",
        "persona",
        "policy_limit",
        "row_order",
        "sandbox_type",
        "unknown_segments",
        "unselected",
    }
)
"""The keywords of the marker ``aep_emulator`` that are members of `pytest_aep_export.Behaviour`, as they stand."""


SURVIVES: Final[dict[str, Any]] = {"variations": 200, "seed": None, "level": "documented", "only": ()}
"""The keywords of `aep_survives`, with what each is where it is not given."""
_LEVELS: Final = ("documented", "damage")
_SILENT: Final = frozenset({"aep_cassette", "aep_contract", "aep_settings"})
"""The fixtures that need no emulator."""


class Marker(NamedTuple):
    """What a marker is for and what may stand in its parentheses.

    Attributes:
        help: Its line in ``pytest --markers``.
        arguments: How many values it takes by position.
        keywords: The keywords that it takes.
    """

    help: str
    arguments: int = 0
    keywords: frozenset[str] = frozenset()


MARKERS: Final[dict[str, Marker]] = {
    "aep_emulator": Marker(
        "aep_emulator(dialect, progression, profiles, ...): how the emulator acts towards this test.",
        keywords=BEHAVIOUR | {"dialect", "faults", "progression", "profiles", "seed", "sandboxes", "vary"},
    ),
    "aep_requirement": Marker(
        "aep_requirement(id): the requirement of the conformance suite that this test judges.", arguments=1
    ),
    "aep_survives": Marker(
        "aep_survives(variations=200, seed=None, level='documented', only=()): run this test while answers vary.",
        keywords=frozenset(SURVIVES),
    ),
    "aep_cassette": Marker(
        "aep_cassette(name, allow_unplayed=False): replay this recording instead of talking to a target.",
        arguments=1,
        keywords=frozenset({"allow_unplayed"}),
    ),
}


def check(items: Iterable[pytest.Item]) -> None:
    """Refuse markers of ours that are written wrong.

    Raises:
        pytest.UsageError: A marker has another number of values, or a keyword that it does not know.
    """
    for item in items:
        for mark in item.iter_markers():
            if mark.name in MARKERS:
                _check(item, mark, MARKERS[mark.name])
        if keywords(item, "aep_survives"):
            _check_survival(item)


def _check(item: pytest.Item, mark: pytest.Mark, marker: Marker) -> None:
    where = f"{item.nodeid}: marker {mark.name}"
    unknown = sorted(set(mark.kwargs) - marker.keywords)
    if unknown:
        known = ", ".join(sorted(marker.keywords)) or "none"
        raise pytest.UsageError(f"{where} does not know {', '.join(unknown)}: the keywords that it takes are {known}")
    if len(mark.args) != marker.arguments:
        raise pytest.UsageError(f"{where} takes {marker.arguments or 'no'} value by position, found {len(mark.args)}")


def _check_survival(item: pytest.Item) -> None:
    where, terms = f"{item.nodeid}: aep_survives", keywords(item, "aep_survives")
    number, level = terms.get("variations", 1), terms.get("level", "documented")
    if type(number) is not int or number < 1:
        raise pytest.UsageError(f"{where}: variations={number!r:.80} cannot be used: expected a whole number from 1 on")
    if level not in _LEVELS:
        raise pytest.UsageError(f"{where}: level={level!r:.80} is unknown: use {' or '.join(_LEVELS)}")
    used = {name for name in getattr(item, "fixturenames", ()) if name.startswith("aep_")}
    if not used - _SILENT:
        raise pytest.UsageError(f"{where}: the test uses no emulator: let it take aep_client or aep_server")
    if "vary" in keywords(item, "aep_emulator"):
        raise pytest.UsageError(f"{where}: the marker aep_emulator varies answers as well: leave one of the two out")
    if terms.get("only"):
        _check_plan(where, terms["only"])


def _check_plan(where: str, plan: PlanLike) -> None:
    from pytest_aep_export.emulator.variation import plan_from  # noqa: PLC0415 - only where there is one
    from pytest_aep_export.errors import ConfigurationError  # noqa: PLC0415 - the same

    try:
        plan_from(plan)
    except ConfigurationError as error:
        raise pytest.UsageError(f"{where}: only: {error}") from error


def aep_survives(
    *,
    variations: int = 200,
    seed: int | None = None,
    level: Literal["documented", "damage"] = "documented",
    only: PlanLike = (),
) -> Callable[[_T], _T]:
    """Run a test under that many variations of the answers that its client gets.

    The test may be asynchronous; each run has new fixtures, and so a tenant of its own. A failure is made smaller until
    it is the one variation that breaks the client, which is reported as data, with how to run that one again.

    Args:
        variations: How many plans of variations are tried.
        seed: What they are drawn from; by default the setting ``--aep-seed``.
        level: ``documented`` for what some source documents, or ``damage`` for what none allows.
        only: One plan that is tried instead, as a report shows it.
    """
    mark = pytest.mark.aep_survives(variations=variations, seed=seed, level=level, only=only)
    return cast("Callable[[_T], _T]", mark)


def keywords(node: pytest.Item, name: str) -> dict[str, Any]:
    """The keywords of all markers of that name on a test, the nearest one's winning."""
    found: dict[str, Any] = {}
    for mark in node.iter_markers(name):
        found = {**mark.kwargs, **found}
    return found
