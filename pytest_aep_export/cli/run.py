"""``aep-export run``: judge a server by the conformance suite."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pytest_aep_export.cli.common import (
    INTERRUPTED,
    SECONDS,
    StoppedError,
    console_for,
    dialect_option,
    exit_codes,
    ims_url_option,
    require_writable,
    schema_option,
    stoppable,
    write,
)
from pytest_aep_export.cli.progress import progress_for
from pytest_aep_export.contract.dialects import CANONICAL
from pytest_aep_export.errors import AepError, ConfigurationError
from pytest_aep_export.report.document import Run
from pytest_aep_export.report.lines import record_schema
from pytest_aep_export.report.record import STANDARD, RecordWriter
from pytest_aep_export.report.recorder import Recorder, header_of
from pytest_aep_export.report.terminal import export_svg, print_run
from pytest_aep_export.suite.budget import Limits
from pytest_aep_export.suite.expectations import Expectations, read_expectations
from pytest_aep_export.suite.registry import PROFILES, load
from pytest_aep_export.suite.runner import INTERRUPTED as WAS_INTERRUPTED
from pytest_aep_export.suite.runner import run_suite
from pytest_aep_export.suite.targets import EMULATOR, Target, probe, resolve

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["run"]


@click.command(
    epilog="Credentials of a URL come from AEP_CLIENT_ID, AEP_CLIENT_SECRET, AEP_ORG_ID, AEP_SANDBOX_NAME [prod] and "
    "AEP_SCOPES, or from the file of aepp's that AEP_CONFIG_FILE names."
)
@click.option(
    "--target",
    default=EMULATOR,
    envvar="AEP_TARGET",
    show_default=True,
    help="'emulator', a gateway's URL, or recordings: 'cassette', or 'cassette:' and a name, a file or a folder.",
)
@ims_url_option
@dialect_option
@click.option(
    "--profile",
    type=click.Choice(PROFILES),
    default="full",
    show_default=True,
    help="Judge a handful, every MUST, or everything.",
)
@click.option(
    "-k", "select", default="", metavar="EXPR", help="Judge only these, such as 'EXP-LIST and not EXP-LIST-022'."
)
@click.option("--expect", metavar="FILE", help="What is known not to hold: tables [[expect]] of a TOML file.")
@click.option(
    "--record", metavar="FILE", help="Write what 'aep-export report' reads, as the run goes; - is standard output."
)
@click.option("--svg", "svg_path", metavar="FILE", help="Draw the summary as a picture.")
@click.option("--deadline", type=SECONDS, help="Seconds that the run may take.")
@click.option("--max-calls", type=click.IntRange(1), help="How many requests it may make.")
@click.option("--max-jobs", type=click.IntRange(0), help="How many export jobs it may create.")
@click.option("--live", is_flag=True, help="Let the target be Adobe's live service.")
@click.option("--allow-production", is_flag=True, help="Let that be a production sandbox.")
@schema_option(record_schema, "--record")
def run(  # noqa: PLR0913, PLR0917 - one parameter for each option
    target: str,
    ims_url: str,
    dialect: str,
    profile: str,
    select: str,
    expect: str | None,
    record: str | None,
    svg_path: str | None,
    deadline: float | None,
    max_calls: int | None,
    max_jobs: int | None,
    *,
    live: bool,
    allow_production: bool,
) -> None:
    """Judge a server, requirement by requirement.

    Ends with 0 when every MUST that was chosen was judged and holds, 1 when one does not hold or an expectation is
    false, 2 when the command was called wrongly, 3 when the target could not be judged, 130 when it was interrupted.
    """
    console = console_for(stderr=record == STANDARD)
    writer = RecordWriter(record) if record else None
    with exit_codes(), stoppable():
        require_writable(record, svg_path)
        if target != EMULATOR and dialect != CANONICAL.name:
            raise ConfigurationError(
                "--dialect is for the emulator only: what else is named speaks the dialect that it speaks"
            )
        choice = _Choice(
            profile, select, read_expectations(Path(expect)) if expect else Expectations(), allow_production
        )
        limits = Limits(max_calls, max_jobs, deadline)
        with resolve(
            target, ims_url=ims_url, dialect=dialect, credentials=os.environ, live=live, limits=limits
        ) as opened:
            found = _judge(opened, dialect, choice, console, writer)
        if svg_path:
            write(svg_path, export_svg(found))
        print_run(found, console)
        if writer:
            writer.require_whole()
        click.get_current_context().exit(INTERRUPTED if found.stopped == WAS_INTERRUPTED else found.exit_code)


@dataclass(frozen=True, slots=True)
class _Choice:
    """What is judged, and by what it is excused."""

    profile: str
    select: str
    expectations: Expectations
    allow_production: bool


def _judge(target: Target, dialect: str, choice: _Choice, console: Console, writer: RecordWriter | None) -> Run:
    registry, expectations, started = load(), choice.expectations, datetime.now(UTC)
    header = header_of(
        target,
        registry,
        started=started.isoformat(timespec="seconds").replace("+00:00", "Z"),
        dialect=dialect,
        profile=choice.profile,
        expectations=expectations.digest,
    )
    with progress_for(console) as progress:
        recorder = Recorder(header, registry, target, progress, writer=writer, expectations=expectations)
        return _run(target, recorder, choice, started.date())


def _run(target: Target, recorder: Recorder, choice: _Choice, today: date) -> Run:
    """Run the suite. Whatever keeps it from running, or ends it, is recorded as well."""
    begun = time.perf_counter()
    recorder.begin()
    try:
        probe(target, allow_production=choice.allow_production)
        done = run_suite(
            target, recorder, select=choice.select, profile=choice.profile, expectations=choice.expectations
        )
    except (AepError, KeyboardInterrupt) as error:
        reason = str(error).partition("\n")[0] or WAS_INTERRUPTED
        recorder.finish(time.perf_counter() - begun, today, stopped=reason)
        if isinstance(error, KeyboardInterrupt):
            raise StoppedError("interrupted") from None
        raise
    return recorder.finish(time.perf_counter() - begun, today, stopped=done.stopped, created=done.created)
