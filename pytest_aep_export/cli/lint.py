"""``aep-export lint``: for those who maintain the requirements, and those who keep cassettes."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import click

from pytest_aep_export.cassettes.library import library
from pytest_aep_export.cassettes.lint import Inspected, Problem, Rules, inspect, orphans
from pytest_aep_export.cassettes.persons import told_of_persons
from pytest_aep_export.cassettes.selection import select
from pytest_aep_export.cassettes.usage import named_in
from pytest_aep_export.cli.common import exit_codes, schema_option
from pytest_aep_export.cli.project import cassettes_of_project
from pytest_aep_export.contract import load as load_contract
from pytest_aep_export.report.markup import printable
from pytest_aep_export.suite.capabilities import load_capabilities, unknown_capabilities, unused_capabilities
from pytest_aep_export.suite.recorded import UNSHOWN
from pytest_aep_export.suite.registry import Registry, Requirement, load
from pytest_aep_export.suite.sources import drifted, undigested

__all__ = ["lint"]

_FEW: Final = 8
"""Requirements that are named where they are counted."""


def _schema() -> dict[str, Any]:
    schema: dict[str, Any] = json.loads((Path(__file__).parent / "lint.schema.json").read_text("utf-8"))
    return schema


@dataclass(frozen=True, slots=True)
class _Found:
    """What a lint has found."""

    registry: tuple[str, ...]
    cassettes: tuple[Inspected, ...]
    orphans: tuple[Problem, ...]
    uncovered: tuple[Requirement, ...]

    @property
    def problems(self) -> list[Problem]:
        """What is wrong with cassettes."""
        return [problem for one in self.cassettes for problem in one.problems] + list(self.orphans)

    @property
    def coverable(self) -> list[Requirement]:
        """The requirements that no cassette covers, and that one could."""
        return [one for one in self.uncovered if one.capability not in UNSHOWN]

    @property
    def interactions(self) -> int:
        """How many there are in the cassettes that can be read."""
        return sum(len(one.recording.interactions) for one in self.cassettes if one.recording)


@click.command()
@click.argument("cassettes", nargs=-1, metavar="[PATH|NAME]...")
@click.option(
    "--sources",
    metavar="DIR",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder with the pages that requirements.toml lists under [pages]: has any paragraph changed?",
)
@click.option(
    "--tests",
    metavar="PATH",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Tests, or a folder of them: a cassette that none of them uses is a problem. May be given again.",
)
@click.option("--max-age", metavar="DAYS", type=click.IntRange(0), help="How old a cassette may be.  [default: any]")
@click.option("--strict", is_flag=True, help="Let a requirement that no cassette covers be a problem, if one could.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@schema_option(_schema)
def lint(
    cassettes: tuple[str, ...],
    sources: Path | None,
    tests: tuple[Path, ...],
    max_age: int | None,
    *,
    strict: bool,
    as_json: bool,
) -> None:
    """Check the requirements, their capabilities and, given the pages, what they rest on; and check cassettes.

    Cassettes are files, folders or names; by default the project's own, and those that this package ships. Each has
    to be as it was written, to keep to the contract, to hold no secret, and to be evidence for what there is.

    Ends with 0 when nothing is wrong and 1 when something is; each is one sentence that names the requirement, or the
    file and the place in it.
    """
    with exit_codes():
        registry = load()
        chosen = _chosen(cassettes)
        inspected, lone = _inspected(registry, chosen, max_age), _orphans(chosen, tests, shipped=bool(cassettes))
        found = _Found(tuple(_problems(registry, sources)), inspected, lone, _uncovered(registry, inspected))
    wrong = bool(found.registry or found.problems or (strict and found.coverable))
    if as_json:
        click.echo(json.dumps(_document(registry, found, well=not wrong), indent=2, ensure_ascii=False))
    else:
        remarks = [*_warnings(found), *_coverage(registry, found, strict or not cassettes)]
        for sentence in (*found.registry, *map(str, found.problems), *remarks):
            click.echo(printable(sentence))
        if not wrong:
            click.echo(f"{_counts(registry, found, sources)}: all is well")
    click.get_current_context().exit(int(wrong))


def _chosen(words: tuple[str, ...]) -> dict[Path, str]:
    """The names of the cassettes that are looked at, by their files."""
    own = cassettes_of_project()
    if words:
        return {path: name for name, path in select(words, own).items()}
    folders = {folder.resolve(): folder for folder in (library(), own)}.values()
    filled = [folder for folder in folders if any(folder.rglob("*.yaml"))]
    return {path: name for folder in filled for name, path in select([str(folder)]).items()}


def _inspected(registry: Registry, chosen: dict[Path, str], max_age: int | None) -> tuple[Inspected, ...]:
    today = dt.datetime.now(dt.UTC).date()
    rules = Rules(load_contract(), registry.requirements.keys(), today, max_age)
    return tuple(inspect(name, path, rules) for path, name in chosen.items())


def _orphans(chosen: dict[Path, str], tests: Sequence[Path], *, shipped: bool) -> tuple[Problem, ...]:
    """Cassettes that no test uses; those that this package ships are there for other tests, unless they are meant."""
    own = ((name, path) for path, name in chosen.items() if shipped or not path.is_relative_to(library()))
    return tuple(orphans(own, named_in(tests))) if tests else ()


def _uncovered(registry: Registry, inspected: Sequence[Inspected]) -> tuple[Requirement, ...]:
    covered = {one for it in inspected if it.recording for one in it.recording.metadata.requirements}
    return tuple(requirement for requirement in registry.of("server") if requirement.id not in covered)


def _problems(registry: Registry, sources: Path | None) -> Iterator[str]:
    capabilities = load_capabilities()
    yield from unknown_capabilities(registry, capabilities)
    yield from unused_capabilities(registry, capabilities)
    yield from undigested(registry)
    if sources:
        yield from drifted(registry, sources)


def _document(registry: Registry, found: _Found, *, well: bool) -> dict[str, Any]:
    of_registry = [{"path": "", "kind": "registry", "place": "", "message": sentence} for sentence in found.registry]
    return {
        "well": well,
        "requirements": len(registry.requirements),
        "capabilities": len(load_capabilities()),
        "cassettes": len(found.cassettes),
        "interactions": found.interactions,
        "problems": [*of_registry, *map(asdict, found.problems)],
        "uncovered": _ids(found.coverable),
        "uncoverable": _ids(one for one in found.uncovered if one.capability in UNSHOWN),
    }


def _warnings(found: _Found) -> Iterator[str]:
    """What cassettes of the live service should be looked through for; no problem: nothing tells whose data it is."""
    for one in found.cassettes:
        if one.recording and one.recording.metadata.source == "live":
            warning = told_of_persons(one.path.read_text("utf-8"))
            yield from [f"{one.path} {warning}"] if warning else []


def _coverage(registry: Registry, found: _Found, whole: bool) -> Iterator[str]:  # noqa: FBT001 - what there is to tell
    """Which requirements no cassette covers; or, of some cassettes only, how many they cover, if they say so."""
    every = len(registry.of("server"))
    if not whole:
        covered = every - len(found.uncovered)
        yield from [f"evidence for {covered} of {every} requirements of servers"] if covered else []
        return
    if missing := found.coverable:
        names = f": {', '.join(_ids(missing))}" if len(missing) <= _FEW else " (--json names them)"
        yield f"no cassette covers {len(missing)} of {every} requirements of servers{names}"
    for capability in UNSHOWN:
        if beyond := [one for one in found.uncovered if one.capability == capability]:
            yield f"no cassette can cover {', '.join(_ids(beyond))}: no recording has the capability {capability}"


def _ids(requirements: Iterable[Requirement]) -> list[str]:
    return [requirement.id for requirement in requirements]


def _counts(registry: Registry, found: _Found, sources: Path | None) -> str:
    read = f", {len(registry.pages)} page{'s' * (len(registry.pages) != 1)} read again" if sources else ""
    counts = f"{len(registry.requirements)} requirements, {len(load_capabilities())} capabilities{read}"
    return f"{counts}, {len(found.cassettes)} cassettes with {found.interactions} interactions"
