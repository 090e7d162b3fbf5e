"""Servers that do everything right, in each documented variant, and the three tasks.

A scenario that is called like its task has no peculiarity: how a client ends in another is held against that.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, get_args

from pytest_aep_export.contract.dialects import CANONICAL, DIALECTS
from pytest_aep_export.emulator import Behaviour
from pytest_aep_export.judge.scenario import Scenario, Task

__all__ = ["PLAIN"]

_ABOUT: Final = {
    "export": "A new job has succeeded at the second look.",
    "list": "Twelve jobs are on one page.",
    "cancel": "A job runs, and may be cancelled.",
}
_JOBS: Final = {"export": 0, "list": 12, "cancel": 0}


def _each(name: str, about: str, behaviour: Behaviour) -> Iterator[Scenario]:
    tasks: tuple[Task, ...] = get_args(Task)
    for task in tasks:
        yield Scenario(name.format(task), f"{_ABOUT[task]}{about}", task, behaviour=behaviour, jobs=_JOBS[task])


PLAIN: Final = (
    *_each("{}", "", Behaviour()),
    *(
        scenario
        for name, dialect in DIALECTS.items()
        if dialect is not CANONICAL
        for scenario in _each(f"{{}}-as-in-{name}", f" Answers look as in {name}.", Behaviour(dialect=dialect))
    ),
)
