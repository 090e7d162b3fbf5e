"""The judge of clients: scenarios, what a client did in them, and the rules that it is held to.

The public names are imported from here; each is loaded when it is first used. `try_subject` puts a client into
scenarios; a `PythonSubject` is a client that a function drives; `assert_conforms` makes a test of what was found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_aep_export.lazy import lazily

if TYPE_CHECKING:
    from pytest_aep_export.judge.conforming import assert_conforms
    from pytest_aep_export.judge.journal import JudgedJournal
    from pytest_aep_export.judge.judging import Judgement, try_subject
    from pytest_aep_export.judge.python import PythonSubject
    from pytest_aep_export.judge.scenario import Scenario
    from pytest_aep_export.judge.scenarios import SCENARIOS
    from pytest_aep_export.judge.subject import Subject, Surroundings
    from pytest_aep_export.judge.trace import Performance

__all__ = [
    "SCENARIOS",
    "JudgedJournal",
    "Judgement",
    "Performance",
    "PythonSubject",
    "Scenario",
    "Subject",
    "Surroundings",
    "assert_conforms",
    "try_subject",
]

__getattr__, __dir__ = lazily(
    __name__,
    {
        "SCENARIOS": "scenarios",
        "JudgedJournal": "journal",
        "Judgement": "judging",
        "Performance": "trace",
        "PythonSubject": "python",
        "Scenario": "scenario",
        "Subject": "subject",
        "Surroundings": "subject",
        "assert_conforms": "conforming",
        "try_subject": "judging",
    },
)
