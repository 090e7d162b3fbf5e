"""``aep-export explain``: everything that is known of one requirement."""

from __future__ import annotations

import json

import click
from rich.text import Text

from pytest_aep_export.cli.common import console_for, exit_codes, schema_option
from pytest_aep_export.report.explanation import Explanation, explanation_schema
from pytest_aep_export.report.explanation import explain as explanation_of
from pytest_aep_export.suite.capabilities import load_capabilities
from pytest_aep_export.suite.registry import conformance_path, load

__all__ = ["explain"]


@click.command()
@click.argument("requirement", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@schema_option(explanation_schema)
def explain(requirement: str, *, as_json: bool) -> None:
    """Tell what a requirement such as EXP-JOB-001 asks for, where that is written down, and what judges it."""
    with exit_codes():
        found = explanation_of(requirement, load(), load_capabilities(), conformance_path())
    if as_json:
        click.echo(json.dumps(found.to_json(), indent=2, ensure_ascii=False))
    else:
        _print(found)


def _print(found: Explanation) -> None:
    console = console_for()
    name, level = found.requirement.id, found.requirement.level
    console.print(Text.assemble((name, "bold"), f" {level}: {found.requirement.title}"), soft_wrap=True)
    for label, text in found.lines():
        console.print(Text.assemble((f"  {label}: ", "dim"), text), soft_wrap=True)
