"""``aep-export fuzz``: look for what a server makes wrong of requests that nobody would send."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from pytest_aep_export.cli.common import (
    INTERRUPTED,
    SECONDS,
    console_for,
    dialect_option,
    exit_codes,
    ims_url_option,
    require_writable,
    schema_option,
    stoppable,
)
from pytest_aep_export.cli.fuzz_asked import GENERATORS, STANDARD, Asked
from pytest_aep_export.cli.fuzz_generators import STOPPED, patience, tried
from pytest_aep_export.cli.fuzzed import fuzz_schema, print_findings, print_json, summary
from pytest_aep_export.errors import AepError, ConfigurationError
from pytest_aep_export.suite.budget import Limits
from pytest_aep_export.suite.registry import Level, load
from pytest_aep_export.suite.targets import EMULATOR, probe, resolve

if TYPE_CHECKING:
    from rich.console import Console

    from pytest_aep_export.fuzz.findings import Finding
    from pytest_aep_export.fuzz.fuzzing import Tally
    from pytest_aep_export.report.record import RecordWriter
    from pytest_aep_export.suite.fuzzing import Ground

__all__ = ["fuzz"]

_CASES: Final = 2_000


@click.command(
    epilog="Credentials of a URL come from AEP_CLIENT_ID, AEP_CLIENT_SECRET, AEP_ORG_ID, AEP_SANDBOX_NAME and "
    "AEP_SCOPES, or from the file of aepp's that AEP_CONFIG_FILE names."
)
@click.option(
    "--target", default=EMULATOR, envvar="AEP_TARGET", show_default=True, help="'emulator', or a gateway's URL."
)
@ims_url_option
@dialect_option
@click.option(
    "--generator",
    type=click.Choice(GENERATORS),
    default=GENERATORS[0],
    show_default=True,
    help="Mistakes and sequences of ours, schemathesis on the contract, both, or walks through a job's states.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="What the cases follow from.")
@click.option("--cases", type=click.IntRange(1), default=_CASES, show_default=True, help="How many are tried.")
@click.option("--seconds", type=SECONDS, help="For how long, at most.")
@click.option(
    "--operation", "operations", multiple=True, metavar="ID", help="Only this operation of the contract; repeatable."
)
@click.option("--findings", metavar="FOLDER", help="Write each finding into a file of this folder.")
@click.option(
    "--replay", multiple=True, metavar="FILE", help="Try findings again, of a file or of a folder; repeatable."
)
@click.option("--record", metavar="FILE", help="Write what 'aep-export report' reads; - is standard output.")
@click.option("--strict", is_flag=True, help="Fail for what breaks a SHOULD, too.")
@click.option("--live", is_flag=True, help="Others work at the target: keep to one sandbox, a budget and a rate.")
@click.option("--max-calls", type=click.IntRange(1), help="With a URL: how many requests it may take.")
@click.option("--max-jobs", type=click.IntRange(0), help="With a URL: how many export jobs it may create.")
@click.option(
    "--rate", type=click.FloatRange(0, min_open=True), help="With --live: requests a second, at most.  [default: 2]"
)
@click.option("--prefix", default="", help="With --live: how the names of datasets begin.  [default: aep-export fuzz]")
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
@schema_option(fuzz_schema)
def fuzz(**options: Any) -> None:
    """Fuzz a server: try cases that follow from a seed, and hold every answer against the contract.

    Ends with 0 when nothing was found, 1 when something was that breaks a MUST, 2 when the command was called wrongly,
    3 when the target is of no use, 130 when it was interrupted.
    """
    asked = Asked(**options)
    console = console_for(stderr=asked.as_json or asked.record == STANDARD)
    with exit_codes(), stoppable():
        asked.check()
        require_writable(asked.record)
        with _ground(asked) as ground:
            code = _replayed(asked, ground, console) if asked.replay else _fuzzed(asked, ground, console)
        click.get_current_context().exit(code)


@contextmanager
def _ground(asked: Asked) -> Iterator[Ground]:
    """The target, once it is known to be fit for it."""
    from pytest_aep_export.fuzz.safety import PREFIX  # noqa: PLC0415 - heavy, and not for --help
    from pytest_aep_export.suite.fuzzing import RATE, at_emulator, at_live, at_url  # noqa: PLC0415 - the same

    if asked.target == EMULATOR:
        with at_emulator(asked.dialect) as ground:
            yield ground
        return
    limits = Limits(asked.max_calls, asked.max_jobs, asked.seconds)
    with resolve(asked.target, ims_url=asked.ims_url, credentials=os.environ, live=asked.live, limits=limits) as target:
        probe(target, allow_production=True)  # whose sandboxes are refused below, for better reasons
        if asked.live:
            sandbox = os.environ.get("AEP_SANDBOX_NAME", "")
            yield at_live(target, sandbox=sandbox, rate=asked.rate or RATE, prefix=asked.prefix or PREFIX)
        else:
            yield at_url(target)


def _fuzzed(asked: Asked, ground: Ground, console: Console) -> int:
    """Fuzz, write down what was found, and print it."""
    from pytest_aep_export.report.fuzzing import fuzz_header, fuzz_run, record_lines  # noqa: PLC0415 - not for --help
    from pytest_aep_export.report.record import RecordWriter  # noqa: PLC0415 - the same
    from pytest_aep_export.suite.cleanup import clean_up  # noqa: PLC0415 - the same

    started = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    writer: RecordWriter | None = RecordWriter(asked.record) if asked.record else None
    tally, error = tried(asked, ground, console)
    ground.target.exchanges.extend(ground.created)
    created = clean_up(ground.target) if ground.created else ()
    registry, dialect = load(), asked.dialect if asked.target == EMULATOR else ""
    if writer:
        header = fuzz_header(
            ground.target, registry, started=started, seed=asked.seed, dialect=dialect, again=asked.again
        )
        stopped = (str(error) or STOPPED) if error else ""
        for line in record_lines(fuzz_run(header, tally, registry, ground.target, stopped=stopped, created=created)):
            writer.write(line)
    _tell(asked, ground, tally, console)
    if writer:
        writer.require_whole()
    if isinstance(error, AepError):
        raise error
    return INTERRUPTED if error else _code(asked, tally.findings)


def _tell(asked: Asked, ground: Ground, tally: Tally, console: Console) -> None:
    from pytest_aep_export.fuzz.findings import write_finding  # noqa: PLC0415 - heavy, and not for --help

    files = {}
    if asked.findings:
        files = {each.id: write_finding(each, Path(asked.findings)) for each in tally.findings}
    if asked.as_json:
        print_json(ground.target.label, tally)
    else:
        print_findings(tally.findings, console, files)
    console.print(summary(ground.target.label, tally), soft_wrap=True, highlight=False)


def _code(asked: Asked, findings: Sequence[Finding]) -> int:
    grave = {Level.MUST, Level.SHOULD} if asked.strict else {Level.MUST}
    return int(any(finding.level in grave for finding in findings))


def _replayed(asked: Asked, ground: Ground, console: Console) -> int:
    """Try findings again, and tell which are still to be seen."""
    from pytest_aep_export.fuzz.findings import read_finding  # noqa: PLC0415 - heavy, and not for --help
    from pytest_aep_export.fuzz.fuzzing import Tally, replay  # noqa: PLC0415 - the same

    files = _files(asked.replay)
    tally, places = Tally(asked.seed), {}
    for path in files:
        finding = read_finding(path)
        again = replay(finding, ground.send, ground.parties, patience(asked))
        tally.cases += 1
        places[finding.id] = path
        if again:
            tally.findings.append(again)
        elif not asked.as_json:
            console.print(f"{path}: not to be seen any more", highlight=False, soft_wrap=True)
    if asked.as_json:
        print_json(ground.target.label, tally)
    else:
        print_findings(tally.findings, console, places)
    shown = len(tally.findings)
    console.print(f"{shown} of {len(files)} findings are still to be seen", highlight=False)
    return int(bool(shown))


def _files(named: Sequence[str]) -> list[Path]:
    """The files of findings: those that are named, and those of folders that are."""
    files = []
    for path in map(Path, named):
        found = sorted(path.glob("*.json")) if path.is_dir() else [path]
        if not found:
            raise ConfigurationError(f"{path} holds no finding: name a folder that --findings has written")
        files += found
    return files
