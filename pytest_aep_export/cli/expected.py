"""What exports of generated data must contain: as a JSON document, and as a table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.table import Table

from pytest_aep_export.profiles.policies import DEFAULT_SEGMENTS

if TYPE_CHECKING:
    from pytest_aep_export.exporter.census import Census
    from pytest_aep_export.model import MergePolicy

__all__ = ["expected_counts", "expected_schema", "expected_table"]


def expected_schema() -> dict[str, Any]:
    """The JSON Schema of the document that ``--json`` prints."""
    schema: dict[str, Any] = json.loads((Path(__file__).parent / "expected.schema.json").read_text("utf-8"))
    return schema


def expected_counts(policy: MergePolicy, census: Census) -> dict[str, Any]:
    """What exports under a policy must contain, as JSON."""
    return {
        "merge_policy": policy.id,
        "name": policy.name,
        "graph": policy.graph,
        "profiles": census.profiles,
        "events": census.events,
        "profiles_with_events_only": census.bare_profiles,
        "events_of_those": census.bare_events,
        "by_namespace": dict(sorted(census.by_namespace.items())),
        "segments": [
            {
                "id": segment.id,
                "namespace": segment.namespace,
                "name": segment.name,
                "realized": census.by_segment[segment.namespace, segment.id, "realized"],
                "exited": census.by_segment[segment.namespace, segment.id, "exited"],
            }
            for segment in DEFAULT_SEGMENTS
        ],
    }


def expected_table(counts: list[dict[str, Any]]) -> Table:
    """The same for a person: one column for each policy."""
    table = Table("", *(f"{one['name']}\n(graph {one['graph']})" for one in counts), box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for label, numbers in _lines(counts).items():
        table.add_row(label, *(f"{number:,}" for number in numbers))
    return table


def _lines(counts: list[dict[str, Any]]) -> dict[str, list[int]]:
    """The label of each line, and its number under each policy."""
    lines = {
        "profiles": [one["profiles"] for one in counts],
        "events of these": [one["events"] for one in counts],
        "more with emptyProfiles": [one["profiles_with_events_only"] for one in counts],
        "events of those": [one["events_of_those"] for one in counts],
    }
    for namespace in sorted({namespace for one in counts for namespace in one["by_namespace"]}):
        lines[f"profiles with {namespace}"] = [one["by_namespace"].get(namespace, 0) for one in counts]
    for place, segment in enumerate(counts[0]["segments"]):
        for status in ("realized", "exited"):
            lines[f"{segment['name']}: {status}"] = [one["segments"][place][status] for one in counts]
    return lines
