"""What the judge finds of Adobe's own client, `aepp`, as the table of docs/test-your-client.md.

``python -m tests.clients.aepp_judged`` writes it there. `aepp` takes longer to be imported than to do what a scenario
asks for, keeps its settings in its modules, and waits by the wall's clock, as it would in a process of its own for each
scenario: a few processes take turns instead, and wait at the same time.
"""

from __future__ import annotations

import contextlib
import io
import sys
import traceback
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from typing import Final

from pytest_aep_export.judge import SCENARIOS, Performance, PythonSubject, Scenario, Surroundings, try_subject
from pytest_aep_export.judge.judging import Judgement, Trial
from pytest_aep_export.judge.trace import Trace
from pytest_aep_export.judge.verdicts import Found, verdicts
from pytest_aep_export.suite.verdicts import Result, Verdict
from tests.clients import aepp_export

PAGE: Final = Path(__file__).parents[2] / "docs" / "test-your-client.md"
BEGIN: Final = "<!-- what python -m tests.clients.aepp_judged has found -->\n"
END: Final = "<!-- to here -->\n"
_PROCESSES: Final = 4
_LONGEST: Final = "looks-are-cut-json"
"""The scenario that `aepp` does not come to an end in."""
_DEADLINE: Final = 8.0
"""Seconds for a scenario: what `aepp` ever ends by itself it ends sooner."""


def act(_: Scenario, surroundings: Surroundings) -> Performance:
    """Do what a process would do, and print what it would print."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        try:
            aepp_export.main(surroundings.environ)
        except Exception:  # noqa: BLE001 - as Python ends a program
            traceback.print_exc()
            return Performance("failure", "exit status 1", printed.getvalue().encode())
    return Performance("success", "exit status 0", printed.getvalue().encode())


def judged() -> Judgement:
    """What `aepp` does in every scenario."""
    names = sorted(SCENARIOS, key=lambda name: name != _LONGEST)
    with ProcessPoolExecutor(_PROCESSES, get_context("spawn")) as pool:
        shares = pool.map(_tried, [names[first::_PROCESSES] for first in range(_PROCESSES)])
        found = {name: shown for share in shares for name, shown in share.items()}
    scenes = ((scenario, *found[name]) for name, scenario in SCENARIOS.items())
    return Judgement(tuple(Trial(scene, replace(trace, scenario=scene), said) for scene, trace, said in scenes))


def _tried(names: Sequence[str]) -> dict[str, tuple[Trace, Found]]:
    """What `aepp` does in some of them, in a process of its own, and what the rules say; a scenario cannot be sent."""
    subject = PythonSubject("aepp", act, virtual=False)
    trials = try_subject(subject, [SCENARIOS[name] for name in names], deadline=_DEADLINE).trials
    return {trial.scenario.id: (replace(trial.trace, scenario=None), trial.found) for trial in trials}


def table(judgement: Judgement) -> str:
    """What was found: a sentence of counts, and a line for each requirement that does not hold."""
    return "".join(_lines(judgement))


def _lines(judgement: Judgement) -> Iterator[str]:
    found = verdicts(judgement.outcomes)
    counts = {each: sum(one.verdict is each for one in found) for each in Verdict}
    told = ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
    yield f"`aepp` {version('aepp')}, {len(judgement.trials)} scenarios, {len(found)} requirements: {told}.\n\n"
    yield "| verdict | requirement | |\n|---|---|---|\n"
    for each in found:
        if each.verdict in {Verdict.FAIL, Verdict.WARN, Verdict.INFO}:
            scenarios = [outcome.test for outcome in each.outcomes if outcome.result is Result.UNMET]
            more = f" and {len(scenarios) - 1} more" if scenarios[1:] else ""
            requirement = each.requirement
            yield f"| {each.verdict} | {requirement.id}: {requirement.title} | `{scenarios[0]}`{more} |\n"


def shown(page: str) -> str:
    """What a page says of it."""
    return _parts(page)[1]


def _parts(page: str) -> tuple[str, str, str]:
    """What is before the table, the table, and what is after it."""
    before, _, rest = page.partition(BEGIN)
    found, _, after = rest.partition(END)
    return before + BEGIN, found, END + after


def main() -> None:
    """Write the table anew, and print it."""
    before, _, after = _parts(PAGE.read_text("utf-8"))
    found = table(judged())
    PAGE.write_text(before + found + after, "utf-8")
    sys.stdout.write(found)


if __name__ == "__main__":
    main()
