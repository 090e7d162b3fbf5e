"""The markers of the plugin: what each takes, checked when tests are collected.

Imports the standard library and pytest only. A marker that is written wrong is a usage error: it would change
nothing, and nobody would notice.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

import pytest

__all__ = ["BEHAVIOUR", "MARKERS", "Marker", "check", "keywords"]

BEHAVIOUR: Final = frozenset(
    {
        "cancel_finished",
        "earlier_batches",
        "files",
        "page_limit",
        "part_rows",
        "persona",
        "row_order",
        "unknown_segments",
        "unselected",
    }
)
"""The keywords of the marker ``aep_emulator`` that are members of `pytest_aep_export.Behaviour`, as they stand."""


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
        keywords=BEHAVIOUR | {"dialect", "faults", "progression", "profiles", "seed", "sandboxes"},
    ),
    "aep_requirement": Marker(
        "aep_requirement(id): the requirement of the conformance suite that this test judges.", arguments=1
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


def _check(item: pytest.Item, mark: pytest.Mark, marker: Marker) -> None:
    where = f"{item.nodeid}: marker {mark.name}"
    unknown = sorted(set(mark.kwargs) - marker.keywords)
    if unknown:
        known = ", ".join(sorted(marker.keywords)) or "none"
        raise pytest.UsageError(f"{where} does not know {', '.join(unknown)}: the keywords that it takes are {known}")
    if len(mark.args) != marker.arguments:
        raise pytest.UsageError(f"{where} takes {marker.arguments or 'no'} value by position, found {len(mark.args)}")


def keywords(node: pytest.Item, name: str) -> dict[str, Any]:
    """The keywords of all markers of that name on a test, the nearest one's winning."""
    found: dict[str, Any] = {}
    for mark in node.iter_markers(name):
        found = {**mark.kwargs, **found}
    return found
