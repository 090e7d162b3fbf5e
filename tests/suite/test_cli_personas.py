"""``aep-export personas``: what there is, as a table and as the page of the documentation."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from pytest_aep_export.cli import main
from pytest_aep_export.emulator.personas import PERSONAS

PAGE = Path(__file__).parents[2] / "docs" / "personas.md"


def test_the_page_is_of_today():
    """docs/personas.md is what the command writes: whoever adds a persona writes it anew."""
    done = CliRunner().invoke(main, ["personas", "--markdown"])
    assert done.stdout == PAGE.read_text("utf-8")


@pytest.mark.parametrize(
    ("word", "ids"),
    [
        ("MERGE", {name for name, each in PERSONAS.items() if each.area == "MERGE"}),
        ("delayed", {name for name, each in PERSONAS.items() if each.kind == "delayed"}),
        ("next-page", {"drops-next-page", "files-without-next-page"}),
    ],
    ids=["an area", "a kind", "part of a name"],
)
def test_some_are_listed(word: str, ids: set[str]):
    """A word chooses by area, by kind or by name."""
    done = CliRunner().invoke(main, ["personas", "-k", word], env={"COLUMNS": "300"})
    cells = {line.split("│")[1].strip() for line in done.stdout.splitlines() if "│" in line}
    assert cells == ids
