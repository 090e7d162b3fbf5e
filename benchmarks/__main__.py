"""The command line of the benchmarks."""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, cast

from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks import show
from benchmarks.measure import Benchmark, Row, Tick

NAMES: Final = (
    "startup",
    "modules",
    "first_use",
    "verdict",
    "profiles",
    "memory",
    "small_export",
    "exports",
    "serving",
    "replay",
    "proxy",
    "query",
    "fuzz",
    "suite",
    "clients",
)
README: Final = Path(__file__).parents[1] / "README.md"


def load(name: str) -> Benchmark:
    """The benchmark of that name, a module of this package."""
    return cast("Benchmark", importlib.import_module(f"benchmarks.{name}"))


def main(arguments: Sequence[str], *, find: Callable[[str], Benchmark] = load, readme: Path = README) -> int:
    """Measure, show, and say by the exit code whether the targets hold if ``--check`` asks for that.

    Args:
        arguments: The words of the command line.
        find: What gives a benchmark by its name.
        readme: The document that ``--update-readme`` writes to.
    """
    options = _options(arguments)
    rows = _measure({name: find(name) for name in options.names or NAMES})
    if options.update_readme:
        readme.write_text(show.readme(readme.read_text(), rows))
    if options.json:
        sys.stdout.write(json.dumps([row.to_json() for row in rows], indent=2) + "\n")
    elif options.markdown:
        sys.stdout.write(show.markdown(rows) + "\n")
    else:
        Console().print(show.table(rows))
    return int(options.check and not all(row.holds for row in rows))


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m benchmarks", description="Measure what the README claims about speed.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"what to measure: {', '.join(NAMES)} (default: all)")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print the rows as a JSON array")
    form.add_argument("--markdown", action="store_true", help="print the rows as a Markdown table")
    parser.add_argument("--update-readme", action="store_true", help="write the table into README.md as well")
    parser.add_argument("--check", action="store_true", help="exit with 1 when a target is missed")
    options = parser.parse_args(arguments)
    if unknown := [name for name in options.names if name not in NAMES]:
        parser.error(f"there is no benchmark called {', '.join(unknown)}: choose from {', '.join(NAMES)}")
    if options.update_readme and options.names:
        parser.error("--update-readme needs every row: leave the names out")
    return options


def _measure(chosen: dict[str, Benchmark]) -> list[Row]:
    rows: list[Row] = []
    with _bar(sum(benchmark.ROUNDS for benchmark in chosen.values())) as ticker:
        for name, benchmark in chosen.items():
            rows += benchmark.measure(ticker(name))
    return rows


@contextmanager
def _bar(total: int) -> Iterator[Callable[[str], Tick]]:
    """A progress bar on standard error, if that is a terminal; yields what makes a benchmark's tick from its name."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=total)

        def ticker(name: str) -> Tick:
            progress.update(task, description=name)
            return lambda: progress.advance(task)

        yield ticker


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
