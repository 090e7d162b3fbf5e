"""``aep-export judge``: judge a client in any language by what it does at servers of many kinds."""

from __future__ import annotations

import os
import shlex
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from pytest_aep_export.cli.common import SECONDS, console_for, exit_codes, require_writable, schema_option, write
from pytest_aep_export.cli.counting import counted
from pytest_aep_export.cli.scenarios import show_scenarios
from pytest_aep_export.report.clients import client_header, client_run, record_lines
from pytest_aep_export.report.document import Run
from pytest_aep_export.report.lines import header_json, record_schema
from pytest_aep_export.report.record import STANDARD, RecordWriter
from pytest_aep_export.report.terminal import export_svg, print_run
from pytest_aep_export.suite.expectations import Expectations, read_expectations
from pytest_aep_export.suite.registry import load

if TYPE_CHECKING:
    from rich.console import Console

    from pytest_aep_export.judge.choosing import Chosen
    from pytest_aep_export.judge.judging import Judgement, Trial
    from pytest_aep_export.judge.scenario import Scenario
    from pytest_aep_export.judge.subject import Subject

__all__ = ["judge"]

_TIMEOUT: Final = 30.0
_TASKS: Final = ("export", "list", "cancel")


@click.command(
    context_settings={"allow_interspersed_args": False},
    epilog="The client finds all that it needs in its environment: AEP_BASE_URL and AEP_IMS_URL, credentials in "
    "AEP_CLIENT_ID, AEP_CLIENT_SECRET, AEP_ORG_ID and AEP_SANDBOX_NAME, and in AEP_TASK what to do.",
)
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
@click.option(
    "-k",
    "select",
    default="",
    metavar="EXPR",
    help="Only scenarios and requirements that fit, as in 'job and not stuck'.",
)
@click.option("--scenario", "scenarios", multiple=True, metavar="ID", help="Only this scenario; repeatable.")
@click.option(
    "--task", "tasks", type=click.Choice(_TASKS), multiple=True, help="Only what the client is made for; repeatable."
)
@click.option("--harness", is_flag=True, help="COMMAND is a harness: it is told line by line what to do.")
@click.option("--processes", type=click.IntRange(1), help="How many run at a time.  [default: two a processor]")
@click.option(
    "--timeout",
    type=SECONDS,
    default=_TIMEOUT,
    show_default=True,
    help="Seconds that it may take for a scenario.",
)
@click.option(
    "--seed", type=click.IntRange(0), default=0, show_default=True, help="What data and ids are derived from."
)
@click.option(
    "--vary",
    metavar="PLAN",
    default="",
    help="Vary answers within what is documented: a seed, of which each scenario has a plan of its own, or one plan.",
)
@click.option("--expect", metavar="FILE", help="What is known not to hold: tables [[expect]] of a TOML file.")
@click.option("--record", metavar="FILE", help="Write what 'aep-export report' reads; - is standard output.")
@click.option("--svg", "svg_path", metavar="FILE", help="Draw the summary as a picture.")
@click.option("--list", "listing", is_flag=True, help="List the scenarios, and end.")
@click.option("--markdown", is_flag=True, help="With --list: as a page; this is how docs/scenarios.md is written.")
@schema_option(record_schema, "--record")
def judge(  # noqa: PLR0913, PLR0917 - one parameter for each option
    command: tuple[str, ...],
    select: str,
    scenarios: tuple[str, ...],
    tasks: tuple[str, ...],
    processes: int | None,
    timeout: float,
    seed: int,
    vary: str,
    expect: str | None,
    record: str | None,
    svg_path: str | None,
    *,
    harness: bool,
    listing: bool,
    markdown: bool,
) -> None:
    """Judge a client: run COMMAND once for each scenario, and hold what it does against every requirement.

    Ends with 0 when every MUST was judged and holds, 1 when one does not hold or an expectation is false, 2 when the
    command was called wrongly, 3 when something could not be judged.
    """
    console = console_for(stderr=record == STANDARD)
    with exit_codes():
        chosen = _chosen(select, scenarios, tasks)
        if listing:
            show_scenarios(chosen.scenarios, console, markdown=markdown)
            return
        require_writable(record, svg_path)
        expectations = read_expectations(Path(expect)) if expect else Expectations()
        lanes = processes or 2 * (os.cpu_count() or 1)
        terms = _Terms(command, chosen, expectations, timeout, seed, _plan(vary), lanes, harness)
        found = _judged(_subject(command, harness=harness), terms, console, RecordWriter(record) if record else None)
    if svg_path:
        write(svg_path, export_svg(found))
    click.get_current_context().exit(found.exit_code)


@dataclass(frozen=True, slots=True)
class _Terms:
    """What is judged, by what, and how."""

    command: Sequence[str]
    chosen: Chosen
    expectations: Expectations
    timeout: float
    seed: int
    vary: str
    lanes: int
    harness: bool

    @property
    def again(self) -> str:
        """The command line that judges the client again, by what takes the place of ``WHICH``."""
        options = {"--harness": self.harness, f"--timeout {self.timeout:g}": self.timeout != _TIMEOUT}
        options |= {f"--seed {self.seed}": bool(self.seed), f"--vary {shlex.quote(self.vary)}": bool(self.vary)}
        from pytest_aep_export.judge.program import command_line  # noqa: PLC0415 - heavy, and not for --help

        words = ["aep-export judge", *(option for option, given in options.items() if given), "WHICH --"]
        return f"{' '.join(words)} {command_line(self.command)}"


def _chosen(select: str, scenarios: Sequence[str], tasks: Sequence[str]) -> Chosen:
    from pytest_aep_export.judge.choosing import choose  # noqa: PLC0415 - heavy, and not for --help

    return choose(select, scenarios, tasks)


def _plan(vary: str) -> str:
    """The plan, once it is known that it is one.

    Raises:
        ConfigurationError: It is none.
    """
    if vary:
        from pytest_aep_export.emulator.variation import plan_from  # noqa: PLC0415 - heavy, and not for --help

        plan_from(vary)
    return vary


def _subject(command: Sequence[str], *, harness: bool) -> Subject:
    if harness:
        from pytest_aep_export.judge.harness import harness_subject  # noqa: PLC0415 - only for a harness

        return harness_subject(command)
    from pytest_aep_export.judge.program import Program  # noqa: PLC0415 - heavy, and not for --help

    return Program.of(command)


def _judged(subject: Subject, terms: _Terms, console: Console, writer: RecordWriter | None) -> Run:
    """Judge the client, write the record as far as there is something to write, and print what was found."""
    begun, started = time.perf_counter(), datetime.now(UTC)
    header = client_header(
        subject.label,
        load(),
        kind="harness" if terms.harness else "program",
        started=started.isoformat(timespec="seconds").replace("+00:00", "Z"),
        profile=terms.chosen.profile,
        seed=terms.seed,
        expectations=terms.expectations.digest,
        again=terms.again,
    )
    if writer:
        writer.write(header_json(header))
    run = client_run(
        header,
        _tried(subject, terms, console),
        load(),
        seconds=time.perf_counter() - begun,
        today=started.date(),
        chosen=terms.chosen.requirements,
        expectations=terms.expectations,
    )
    if writer:
        for line in record_lines(run):
            writer.write(line)
    print_run(run, console)
    if writer:
        writer.require_whole()
    return run


def _tried(subject: Subject, terms: _Terms, console: Console) -> Judgement:
    from pytest_aep_export.judge.judging import try_subject  # noqa: PLC0415 - heavy, and not for --help

    scenarios = terms.chosen.scenarios
    with _ended_alike(), counted(console, "tried", len(scenarios), "scenarios") as tell:
        return try_subject(
            subject,
            scenarios,
            _Count(tell),
            seed=terms.seed,
            deadline=terms.timeout,
            lanes=terms.lanes,
            vary=terms.vary,
        )


@contextmanager
def _ended_alike() -> Iterator[None]:
    """Whoever is told to stop ends the client's programs first, and keeps what was found, as after Ctrl-C."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class _Count:
    """Tells how many scenarios have ended."""

    def __init__(self, tell: Callable[[int], None]) -> None:
        self._tell = tell
        self._ended = 0

    def started(self, scenarios: Sequence[Scenario]) -> None:
        """None has ended yet."""

    def ended(self, trial: Trial) -> None:  # noqa: ARG002 - it only counts
        """One more has ended."""
        self._ended += 1
        self._tell(self._ended)
