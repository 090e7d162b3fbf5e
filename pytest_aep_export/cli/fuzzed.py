"""What fuzzing tells: a paragraph for each finding, or JSON; and how far it has come."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from rich.text import Text

from pytest_aep_export.report.markup import printable

if TYPE_CHECKING:
    from rich.console import Console

    from pytest_aep_export.fuzz.findings import Finding
    from pytest_aep_export.fuzz.fuzzing import Tally
    from pytest_aep_export.fuzz.performing import Performance

__all__ = ["Progress", "fuzz_schema", "print_findings", "print_json", "summary"]

_STYLES: Final = {"MUST": "bold red", "SHOULD": "yellow", "MAY": "cyan"}


def fuzz_schema() -> dict[str, Any]:
    """The JSON Schema of what ``--json`` prints."""
    schema: dict[str, Any] = json.loads((Path(__file__).parent / "fuzz.schema.json").read_text("utf-8"))
    return schema


class Progress:
    """A listener that tells how many cases were tried, and keeps what they have come to.

    Args:
        tell: Is told the number.
        before: How many were tried by another generator.
        also: Who else hears of each case.
    """

    def __init__(
        self,
        tell: Callable[[int], None],
        before: int = 0,
        also: Callable[[Tally, Performance], None] = lambda _tally, _performance: None,
    ) -> None:
        self.tally: Tally | None = None
        self._tell = tell
        self._before = before
        self._also = also

    def tried(self, tally: Tally, performance: Performance) -> None:
        """A case was tried."""
        self.tally = tally
        self._also(tally, performance)
        self._tell(self._before + tally.cases)

    def found(self, finding: Finding) -> None:
        """Findings are told of at the end, the gravest first."""


def print_findings(findings: Sequence[Finding], console: Console, files: dict[str, Path]) -> None:
    """A paragraph for each, the gravest first."""
    order = list(_STYLES)
    for finding in sorted(findings, key=lambda each: order.index(each.level)):
        console.print(Text.assemble((finding.level, _STYLES[finding.level]), " ", (finding.id, "bold")), soft_wrap=True)
        for line in _told(finding, files.get(finding.id)):
            console.print(Text(f"  {line}"), soft_wrap=True)
        console.print()


def _told(finding: Finding, file: Path | None) -> Iterator[str]:
    from pytest_aep_export.report.fuzzing import commands  # noqa: PLC0415 - heavy, and not for --help

    yield printable(f"{finding.operation}: expected {finding.required}, found {finding.found}")
    often = f" and in {finding.times - 1} more" if finding.times > 1 else ""
    yield printable(
        f"by {finding.source}, check {finding.check}, in case {finding.number} ({finding.case.name}){often}"
    )
    yield from (printable(line) for line in commands(finding))
    if file:
        yield printable(f"again: aep-export fuzz --replay {file}")


def print_json(target: str, tally: Tally) -> None:
    """All of it on standard output."""
    document = {
        "target": target,
        "seed": tally.seed,
        "cases": tally.cases,
        "requests": tally.requests,
        "seconds": round(tally.seconds, 3),
        "ended": tally.ended,
        "findings": [finding.to_json() for finding in tally.findings],
    }
    click.echo(json.dumps(document))


def summary(label: str, tally: Tally) -> str:
    """One sentence."""
    count = len(tally.findings)
    found = f"{count} finding{'s' * (count != 1)}" if count else "nothing found"
    rate = f", {tally.cases / tally.seconds:,.0f} a second" if tally.seconds else ""
    size = f"{tally.cases:,} cases of seed {tally.seed} ({tally.requests:,} requests{rate})"
    return printable(f"{label}: {found} in {size}; {tally.ended}")
