"""``aep-export run``: judge a server by the conformance suite."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import click
from rich.console import Console

from pytest_aep_export.cli.common import CouldNotRunError, exit_codes, schema_option
from pytest_aep_export.cli.progress import progress_for
from pytest_aep_export.contract.dialects import CANONICAL, DIALECTS
from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.report.document import Run, judge_run, run_schema
from pytest_aep_export.report.terminal import export_svg, print_run
from pytest_aep_export.suite.registry import load
from pytest_aep_export.suite.runner import run_suite
from pytest_aep_export.suite.targets import EMULATOR, Target, probe, resolve
from pytest_aep_export.suite.version import SUITE_VERSION

__all__ = ["run"]

_PLAIN_WIDTH = 120


@click.command(
    epilog="Credentials of a URL come from AEP_CLIENT_ID, AEP_CLIENT_SECRET, AEP_ORG_ID, AEP_SANDBOX_NAME [prod] and "
    "AEP_SCOPES, or from the file of aepp's that AEP_CONFIG_FILE names."
)
@click.option(
    "--target", default=EMULATOR, envvar="AEP_TARGET", show_default=True, help="'emulator', or a gateway's URL."
)
@click.option(
    "--ims-url", default="", envvar="AEP_IMS_URL", help="Token endpoint of a URL.  [default: its /ims/token/v3]"
)
@click.option(
    "--dialect",
    type=click.Choice(list(DIALECTS)),
    default=CANONICAL.name,
    show_default=True,
    help="Which documented variant the emulator speaks.",
)
@click.option(
    "-k", "select", default="", metavar="EXPR", help="Judge only these, such as 'EXP-LIST and not EXP-LIST-022'."
)
@click.option("--json", "json_path", metavar="FILE", help="Write one verdict per requirement; - is standard output.")
@click.option("--svg", "svg_path", metavar="FILE", help="Draw the summary as a picture.")
@click.option("--live", is_flag=True, help="Let the target be Adobe's live service.")
@schema_option(run_schema)
def run(
    target: str,
    ims_url: str,
    dialect: str,
    select: str,
    json_path: str | None,
    svg_path: str | None,
    *,
    live: bool,
) -> None:
    """Judge a server, requirement by requirement.

    Ends with 0 when every MUST that was chosen was judged and holds, 1 when one does not hold, 2 when the command was
    called wrongly, 3 when the target could not be judged.
    """
    console = _console(to_stderr=json_path == "-")
    with exit_codes():
        _require_writable(json_path, svg_path)
        if target != EMULATOR and dialect != CANONICAL.name:
            raise ConfigurationError("--dialect is for the emulator only: a URL speaks the dialect that it speaks")
        options = {"ims_url": ims_url, "dialect": dialect}
        with resolve(target, **options, credentials=os.environ, live=live) as opened:
            found = _judge(opened, select, console)
    print_run(found, console)
    if json_path:
        _write(json_path, f"{json.dumps(found.to_json(), indent=2, ensure_ascii=False)}\n")
    if svg_path:
        _write(svg_path, export_svg(found))
    click.get_current_context().exit(found.exit_code)


def _judge(target: Target, select: str, console: Console) -> Run:
    registry = load()
    probe(target)
    begun = time.perf_counter()
    with progress_for(console) as progress:
        done = run_suite(target, progress, select=select)
    outcomes = {name: [o.without(target.secrets) for o in found] for name, found in done.outcomes.items()}
    return Run(
        suite=SUITE_VERSION,
        registry=registry.digest,
        target=target.label,
        verdicts=judge_run(registry, outcomes, done.selected),
        areas=registry.areas,
        documents=registry.documents,
        seconds=time.perf_counter() - begun,
        stopped=done.stopped,
    )


def _console(*, to_stderr: bool) -> Console:
    console = Console(file=sys.stderr if to_stderr else sys.stdout)  # as it is now: the suite's own output goes nowhere
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = _PLAIN_WIDTH
    return console


def _require_writable(*paths: str | None) -> None:
    """Find out before the run whether its results can be kept."""
    for path in filter(None, paths):
        folder = Path(path).parent
        if path != "-" and (Path(path).is_dir() or not folder.is_dir() or not os.access(folder, os.W_OK)):
            raise ConfigurationError(f"{path} cannot be written: name a file in a folder that exists and is yours")


def _write(path: str, text: str) -> None:
    try:
        with click.open_file(path, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise CouldNotRunError(f"{path} cannot be written ({error.strerror}): name another file") from error
