"""What an oracle has said is remembered for a while, and what of it is not asked for any more makes room."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pytest_aep_export.fuzz import parties
from pytest_aep_export.fuzz.parties import remembered

if TYPE_CHECKING:
    import pytest


def body(fields: str, dataset: str = "5f") -> dict[str, Any]:
    """A request for an export."""
    return {"fields": fields, "destination": {"datasetId": dataset}}


def test_an_oracle_is_asked_once_for_what_comes_again_soon(monkeypatch: pytest.MonkeyPatch):
    """Whatever the dataset; of too many answers the one goes that nobody asked for the longest."""
    monkeypatch.setattr(parties, "_REMEMBERED", 2)
    asked: list[str] = []
    known: dict[bytes, Sequence[Mapping[str, Any]]] = {}

    def oracle(request: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        asked.append(request["fields"])
        return [{"from": request["fields"]}] if request["fields"] else []

    tell = remembered(oracle, known)
    for fields in ("a", "", "a", "b", "a", ""):
        assert tell(body(fields, dataset=f"of {len(asked)}")) == ([{"from": fields}] if fields else [])
        assert len(known) <= 2
    assert asked == ["a", "", "b", ""]
