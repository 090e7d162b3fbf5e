"""``aep-export lint``: for those who maintain the requirements."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from pytest_aep_export.cli.common import exit_codes
from pytest_aep_export.suite.capabilities import load_capabilities, unknown_capabilities, unused_capabilities
from pytest_aep_export.suite.registry import Registry, load
from pytest_aep_export.suite.sources import drifted, undigested

__all__ = ["lint"]


@click.command()
@click.option(
    "--sources",
    metavar="DIR",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder with the pages that requirements.toml lists under [pages]: has any paragraph changed?",
)
def lint(sources: Path | None) -> None:
    """Check the requirements, their capabilities and, given the pages, what they rest on.

    Ends with 0 when nothing is wrong and 1 when something is; each is one sentence that names the requirement.
    """
    with exit_codes():
        registry = load()
        problems = list(_problems(registry, sources))
    for problem in problems:
        click.echo(problem)
    if problems:
        click.get_current_context().exit(1)
    read = f", {len(registry.pages)} page{'s' * (len(registry.pages) != 1)} read again" if sources else ""
    click.echo(f"{len(registry.requirements)} requirements, {len(load_capabilities())} capabilities{read}: all is well")


def _problems(registry: Registry, sources: Path | None) -> Iterator[str]:
    capabilities = load_capabilities()
    yield from unknown_capabilities(registry, capabilities)
    yield from unused_capabilities(registry, capabilities)
    yield from undigested(registry)
    if sources:
        yield from drifted(registry, sources)
