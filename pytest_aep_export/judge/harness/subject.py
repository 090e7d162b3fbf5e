"""The subject that is reached through a harness: started once for each scenario, told what to do step by step."""

from __future__ import annotations

import os
import shlex
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, TypeAlias

from pytest_aep_export.exchange import redact_text
from pytest_aep_export.judge.contents import contents
from pytest_aep_export.judge.harness.conversation import Conversation, ConversationError, start_members
from pytest_aep_export.judge.harness.protocol import VERSION, Answer, Command
from pytest_aep_export.judge.processes import Ended
from pytest_aep_export.judge.program import Program, surrounded
from pytest_aep_export.judge.scenario import Scenario, Task
from pytest_aep_export.judge.subject import Surroundings
from pytest_aep_export.judge.trace import End, Performance

__all__ = ["HarnessSubject", "harness_subject"]

_FAREWELL: Final = 5.0
"""Seconds that a harness may take to end when it was told to stop."""
_UNBROKEN: Final[frozenset[End]] = frozenset({"success", "failure", "unknown"})
_SUCCEEDED: Final = "SUCCEEDED"
_ENDS: Final[Mapping[str, End]] = {"failed": "failure", "skipped": "unknown", "errored": "crash"}

_Ask: TypeAlias = Callable[..., Mapping[str, Any]]
"""Sends a command with its members, and gives the result; raises `_OverError` where there is none."""


class _OverError(Exception):
    """A step without a result: the task is over."""

    def __init__(self, end: End, said: str) -> None:
        self.performance = Performance(end, said)


class HarnessSubject:
    """A client that a harness drives.

    An error that the client reports ends the task as ``failure``; where it has no such thing, nobody can tell how it
    ended; where the harness breaks, the protocol or itself, that is a ``crash``.

    Args:
        command: The harness and its arguments; it starts in our own folder.

    Attributes:
        label: What reports call it: the command.
        virtual: No; it waits by the wall clock.
        implementation: What it says that it drives, once it was started.
    """

    virtual = False

    def __init__(self, command: Sequence[str]) -> None:
        self._command = tuple(command)
        self.label = redact_text(shlex.join(command))
        self.implementation: Mapping[str, Any] = {}

    def perform(self, scenario: Scenario, surroundings: Surroundings) -> Performance:
        """Do what the scenario asks for, and tell what came of it.

        Raises:
            ConfigurationError: The harness cannot be started.
        """
        with Conversation(self._command, surrounded(os.environ, surroundings)) as talk:
            performance = self._performed(talk, scenario, surroundings)
            farewell, ended = _farewell(talk) if performance.end in _UNBROKEN else ("", talk.end(time.monotonic()))
        said = "; ".join(filter(None, (performance.said, farewell)))
        files = contents(surroundings.folder)
        return replace(performance, said=said, output=ended.output, files=files, leftovers=ended.leftovers)

    def _performed(self, talk: Conversation, scenario: Scenario, surroundings: Surroundings) -> Performance:
        deadline = time.monotonic() + surroundings.deadline

        def ask(cmd: Command, **members: Any) -> Mapping[str, Any]:
            return _result(cmd, talk.ask(cmd, deadline, **members))

        try:
            self.implementation = ask("start", version=VERSION, **start_members(scenario, surroundings))
            return _TASKS[scenario.task](ask, surroundings.folder)
        except _OverError as over:
            return over.performance
        except ConversationError as error:
            return Performance("timeout" if error.late else "crash", str(error))


def harness_subject(command: Sequence[str]) -> HarnessSubject:
    """The client that a harness drives, to be judged.

    Raises:
        ConfigurationError: There is no program of that name.
    """
    return HarnessSubject(Program.of(command).command)


def _farewell(talk: Conversation) -> tuple[str, Ended]:
    """Tell a harness to stop; what is to be said of how it did so, and how it ended."""
    deadline = time.monotonic() + _FAREWELL
    try:
        talk.ask("stop", deadline)
    except ConversationError as error:
        return str(error), talk.end(deadline)
    ended = talk.end(deadline)
    if ended.status is None:
        return "the harness did not end when it was told to stop", ended
    return f"processes that the harness left behind were ended: {ended.leftovers}" if ended.leftovers else "", ended


def _result(cmd: Command, answer: Answer) -> Mapping[str, Any]:
    if answer.kind == "result":
        return answer.content
    prefix = {"skipped": f"the client has no {cmd}: ", "errored": f"the harness broke at {cmd!r}: "}
    raise _OverError(_ENDS[answer.kind], prefix.get(answer.kind, "") + answer.message)


def _export(ask: _Ask, folder: Path) -> Performance:
    job = _new_job(ask)
    waited = ask("wait_for_job", job=job)
    if (status := waited.get("status", _SUCCEEDED)) != _SUCCEEDED:
        return Performance("failure", Answer("result", {**waited, "message": f"job {job} ended as {status}"}).message)
    read = ask("read_rows", job=job)
    rows = tuple(read["rows"]) if "rows" in read else _rows_of(read["files"], folder)
    return Performance("success", rows=rows)


def _list(ask: _Ask, _: Path) -> Performance:
    return Performance("success", jobs=tuple(str(job["id"]) for job in ask("list_jobs")["jobs"]))


def _cancel(ask: _Ask, _: Path) -> Performance:
    ask("cancel_job", job=_new_job(ask))
    return Performance("success")


_TASKS: Final[Mapping[Task, Callable[[_Ask, Path], Performance]]] = {
    "export": _export,
    "list": _list,
    "cancel": _cancel,
}


def _new_job(ask: _Ask) -> str:
    dataset = ask("create_dataset", name="Profile export")
    return str(ask("create_job", dataset=dataset["id"])["id"])


def _rows_of(names: Sequence[str], folder: Path) -> tuple[Mapping[str, Any], ...]:
    """The rows of downloaded files; what cannot be read as Parquet holds none.

    Raises:
        _OverError: A file is not there.
    """
    import pyarrow as pa  # noqa: PLC0415 - heavy, and only for a harness that downloads
    import pyarrow.parquet as pq  # noqa: PLC0415 - the same

    rows: list[Mapping[str, Any]] = []
    for name in names:
        path = (folder / name).resolve()
        if not (path.is_relative_to(folder.resolve()) and path.is_file()):
            raise _OverError("crash", f"the harness says that it downloaded {name!r}, which is no file in {folder}")
        try:
            rows += pq.ParquetFile(path).read().to_pylist()
        except (pa.ArrowException, OSError):
            continue
    return tuple(rows)
