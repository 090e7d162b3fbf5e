"""The group of commands."""

from __future__ import annotations

import click

from pytest_aep_export.cli.cassette import cassette
from pytest_aep_export.cli.drift import drift
from pytest_aep_export.cli.explain import explain
from pytest_aep_export.cli.fuzz import fuzz
from pytest_aep_export.cli.harness import harness
from pytest_aep_export.cli.judge import judge
from pytest_aep_export.cli.lifecycle import lifecycle
from pytest_aep_export.cli.lint import lint
from pytest_aep_export.cli.mutants import mutants
from pytest_aep_export.cli.personas import personas
from pytest_aep_export.cli.profiles import profiles
from pytest_aep_export.cli.proxy import proxy
from pytest_aep_export.cli.report import report
from pytest_aep_export.cli.run import run
from pytest_aep_export.cli.serve import serve
from pytest_aep_export.version import SUITE_VERSION

__all__ = ["main"]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="pytest-aep-export", message=f"%(package)s %(version)s, suite {SUITE_VERSION}")
def main() -> None:
    """Adobe Experience Platform's profile-export-jobs API in a box, and the proof that code is right about it."""


main.add_command(lint)
main.add_command(cassette)
main.add_command(drift)
main.add_command(explain)
main.add_command(fuzz)
main.add_command(harness)
main.add_command(judge)
main.add_command(lifecycle)
main.add_command(mutants)
main.add_command(personas)
main.add_command(profiles)
main.add_command(proxy)
main.add_command(report)
main.add_command(run)
main.add_command(serve)
