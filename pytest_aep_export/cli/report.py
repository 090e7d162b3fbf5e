"""``aep-export report``: everything that can be made of a record. What is not to be believed is never shown."""

from __future__ import annotations

import json
from collections.abc import Callable

import click

from pytest_aep_export.cli.common import console_for, exit_codes, schema_option, write
from pytest_aep_export.report.badge import badge, badge_schema
from pytest_aep_export.report.diff import compare, diff_markdown, diff_text
from pytest_aep_export.report.document import Run
from pytest_aep_export.report.html import html
from pytest_aep_export.report.junit import junit
from pytest_aep_export.report.lines import record_schema
from pytest_aep_export.report.markdown import markdown
from pytest_aep_export.report.markup import printable
from pytest_aep_export.report.reading import read
from pytest_aep_export.report.record import STANDARD, RecordError
from pytest_aep_export.report.terminal import print_run
from pytest_aep_export.report.verify import known_registry

__all__ = ["report"]

_RECORD = click.Path(exists=True, dir_okay=False, allow_dash=True)
_OUTPUT = click.option(
    "-o", "output", metavar="FILE", default=STANDARD, help="Where to write to.  [default: standard output]"
)


@click.group()
def report() -> None:
    """Read what 'aep-export run --record FILE' has written; - is standard input.

    Every reader checks the record before it says anything, and ends with 3 where it is not to be believed.
    """


@report.command()
@click.argument("record", type=_RECORD)
def summary(record: str) -> None:
    """Print the table by area, and why what does not hold does not."""
    with exit_codes():
        print_run(read(record), console_for())


@report.command("html")
@click.argument("record", type=_RECORD)
@_OUTPUT
def html_command(record: str, output: str) -> None:
    """Make one page to look at, search and filter, with every exchange. Needs the extra 'report'."""
    _render(record, output, html)


@report.command("junit")
@click.argument("record", type=_RECORD)
@_OUTPUT
def junit_command(record: str, output: str) -> None:
    """Make JUnit XML: failures are failures, what was warned of or not judged is skipped."""
    _render(record, output, junit)


@report.command("markdown")
@click.argument("record", type=_RECORD)
@_OUTPUT
def markdown_command(record: str, output: str) -> None:
    """Make Markdown for the summary of a build or for a comment."""
    _render(record, output, markdown)


@report.command("badge")
@click.argument("record", type=_RECORD)
@_OUTPUT
@schema_option(badge_schema, "this command")
def badge_command(record: str, output: str) -> None:
    """Make the JSON of a badge for shields.io's endpoint."""
    _render(record, output, lambda run: f"{json.dumps(badge(run))}\n")


@report.command()
@click.argument("before", type=_RECORD)
@click.argument("after", type=_RECORD)
@click.option("--markdown", "as_markdown", is_flag=True, help="For a comment on a pull request.")
@_OUTPUT
def diff(before: str, after: str, output: str, *, as_markdown: bool) -> None:
    """Compare two runs. Ends with 1 when a MUST newly fails or is no longer judged."""
    difference = compare(_read(before), _read(after))
    write(output, diff_markdown(difference) if as_markdown else diff_text(difference))
    click.get_current_context().exit(int(difference.worse))


@report.command()
@click.argument("record", type=_RECORD)
def verify(record: str) -> None:
    """Check that a record is whole, unedited, and says what follows from its tests. Ends with 1 when it does not."""
    try:
        run = read(record)
    except RecordError as error:
        raise click.ClickException(printable(str(error))) from error
    counts = ", ".join(f"{count} {verdict}" for verdict, count in run.counts.items() if count)
    click.echo(f"{record} is sound: {len(run.verdicts)} verdicts ({counts}), exit code {run.exit_code}")
    if known_registry(run.header) is None:
        click.echo("Its requirements are those of another version, and could not be compared with any.")


@report.command()
def schema() -> None:
    """Print the JSON Schema of a record's lines."""
    click.echo(json.dumps(record_schema(), indent=2))


def _read(record: str) -> Run:
    with exit_codes():
        return read(record)


def _render(record: str, output: str, reader: Callable[[Run], str]) -> None:
    run = _read(record)
    with exit_codes():
        write(output, reader(run))
