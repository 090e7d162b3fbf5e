"""Smoke: whether a harness keeps to the protocol. How good its client is, is not asked here.

The harness meets a sound emulator and is sent every command once; an error that its client reports is an answer as good
as any. The first breach of the protocol ends the conversation, for nothing that comes after it could be understood.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, Self, TypeAlias

from pytest_aep_export.emulator import Emulator, EmulatorServer
from pytest_aep_export.judge.harness.conversation import Conversation, ConversationError, start_members
from pytest_aep_export.judge.harness.protocol import VERSION, Answer
from pytest_aep_export.judge.program import surrounded
from pytest_aep_export.judge.scenario import Scenario
from pytest_aep_export.judge.subject import Surroundings
from pytest_aep_export.lifecycle import Clock

__all__ = ["CHECKS", "SECONDS", "Check", "Smoke", "smoke_schema"]

SECONDS: Final = 30.0
"""How long a harness may take for an answer."""
_FAREWELL: Final = 5.0
"""Seconds that it may take to end."""
_NOBODY: Final = "0"
"""The id of a dataset or job that there is not."""
_SEQ: Final = 4711
_UNKNOWN: Final = "no_such_thing"

_Status: TypeAlias = Literal["pass", "fail", "not-reached"]


class _UnfitError(Exception):
    """A harness that does not keep to the protocol; the message is a sentence about it."""


@dataclass(frozen=True, slots=True)
class Check:
    """What came of one check.

    Attributes:
        name: What was tried: a command, or a rule of the protocol.
        status: Whether the harness kept to it; ``not-reached`` if it broke before.
        message: What was seen.
    """

    name: str
    status: _Status
    message: str

    def to_json(self) -> dict[str, str]:
        """As `smoke_schema` has it."""
        return {"check": self.name, "status": self.status, "message": self.message}


@dataclass(slots=True)
class Smoke:
    """A harness that is tried.

    Attributes:
        command: The program and its arguments.
        seconds: How long it may take for an answer.
        checks: What was checked so far.
        implementation: What it says that it drives, once it has said so.
    """

    command: Sequence[str]
    seconds: float = SECONDS
    checks: list[Check] = field(default_factory=list)
    implementation: Mapping[str, Any] | None = None

    @property
    def fit(self) -> bool:
        """Whether every check passed."""
        return [check.name for check in self.checks if check.status == "pass"] == list(CHECKS)

    def to_json(self) -> dict[str, Any]:
        """As `smoke_schema` has it."""
        return {
            "command": list(self.command),
            "fit": self.fit,
            "implementation": None if self.implementation is None else dict(self.implementation),
            "checks": [check.to_json() for check in self.checks],
        }

    def run(self) -> Iterator[Check]:
        """Try the harness; each check is given as soon as it is done, and kept.

        Raises:
            ConfigurationError: The harness cannot be started.
        """
        with (
            Emulator(profiles=3, clock=_wall_clock) as emulator,
            EmulatorServer(emulator) as server,
            tempfile.TemporaryDirectory(prefix="aep-smoke-", ignore_cleanup_errors=True) as folder,
        ):
            tenant = emulator.create_tenant()
            environ = server.env(tenant.credentials)
            where = Surroundings(server.url, tenant.credentials, tenant.clock, Path(folder), environ)
            for check in self._checks(where):
                self.checks.append(check)
                yield check

    def _checks(self, where: Surroundings) -> Iterator[Check]:
        with _Trial.of(self, where) as trial:
            rest = iter(CHECKS.items())
            for name, check in rest:
                done, broken = _tried(name, check, trial)
                yield done
                if broken:
                    break
            for name, _ in rest:
                yield Check(name, "not-reached", "the conversation was over before")


@dataclass(slots=True)
class _Trial:
    """A conversation, and what has come of it so far."""

    smoke: Smoke
    where: Surroundings
    talk: Conversation
    dataset: str = _NOBODY
    job: str = _NOBODY

    @classmethod
    def of(cls, smoke: Smoke, where: Surroundings) -> _Trial:
        return cls(smoke, where, Conversation(smoke.command, surrounded(os.environ, where)))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.talk.__exit__()

    def ask(self, cmd: str, **members: Any) -> Answer:
        return self.talk.ask(cmd, time.monotonic() + self.smoke.seconds, **members)

    def start(self) -> Answer:
        return self.ask("start", version=VERSION, **start_members(Scenario("smoke", "a sound server"), self.where))


_Checking: TypeAlias = Callable[[_Trial], str]
"""Makes a check, and says what was seen; raises `_UnfitError` or `ConversationError` where that breaks the protocol."""


def smoke_schema() -> dict[str, Any]:
    """The JSON Schema of what came of it."""
    schema: dict[str, Any] = json.loads(Path(__file__).with_name("smoke.schema.json").read_text("utf-8"))
    return schema


def _tried(name: str, check: _Checking, trial: _Trial) -> tuple[Check, bool]:
    """A check, and whether the conversation is over with it."""
    try:
        return Check(name, "pass", check(trial)), False
    except _UnfitError as error:
        return Check(name, "fail", str(error)), False
    except ConversationError as error:
        return Check(name, "fail", str(error)), True


def _said(answer: Answer) -> str:
    """What an answer is, of any kind but ``errored``."""
    if answer.kind == "errored":
        raise _UnfitError(f"the harness itself broke: {answer.message}")
    return "answered with a result" if answer.kind == "result" else f"answered with {answer.kind!r}: {answer.message}"


def _start(trial: _Trial) -> str:
    answer = trial.start()
    if answer.kind != "result":
        raise _UnfitError(
            f"a result was expected, since nothing is to be sent yet; found {answer.kind!r}: {answer.message}"
        )
    trial.smoke.implementation = answer.content
    return "the client is {name} {version} in {language}".format(**answer.content)


def _create_dataset(trial: _Trial) -> str:
    answer = trial.ask("create_dataset", name="Smoke")
    trial.dataset = answer.content.get("id", _NOBODY)
    return _said(answer)


def _create_job(trial: _Trial) -> str:
    answer = trial.ask("create_job", dataset=trial.dataset)
    trial.job = str(answer.content.get("id", _NOBODY))
    return _said(answer)


def _of_a_job(cmd: str) -> _Checking:
    return lambda trial: _said(trial.ask(cmd, job=trial.job))


def _list_jobs(trial: _Trial) -> str:
    return _said(trial.ask("list_jobs"))


def _read_rows(trial: _Trial) -> str:
    answer = trial.ask("read_rows", job=trial.job)
    if answer.kind != "result":
        return _said(answer)
    if "rows" in answer.content:
        return f"answered with {len(answer.content['rows'])} rows"
    names = answer.content["files"]
    lost = [name for name in names if not (trial.where.folder / name).is_file()]
    if lost:
        raise _UnfitError(f"the file {lost[0]!r} that it names is not in the output folder")
    return f"answered with {len(names)} files"


def _seq(trial: _Trial) -> str:
    trial.ask("get_job", seq=_SEQ, job=trial.job)
    return "an answer has the number of its request, whichever that is"


def _unknown_member(trial: _Trial) -> str:
    _said(trial.ask("get_job", job=trial.job, **{_UNKNOWN: True}))
    return "a member that the harness does not know is ignored"


def _unknown_command(trial: _Trial) -> str:
    answer = trial.ask(_UNKNOWN)
    if answer.kind != "errored":
        raise _UnfitError(f"a command that does not exist should be answered with 'errored', found {answer.kind!r}")
    return "a command that does not exist is answered with 'errored'"


def _stop(trial: _Trial) -> str:
    _said(trial.ask("stop"))
    return _over(trial.talk, "it was told to stop")


def _end_of_input(trial: _Trial) -> str:
    with _Trial.of(trial.smoke, trial.where) as another:
        _said(another.start())
        return _over(another.talk, "its input ended")


def _over(talk: Conversation, when: str) -> str:
    """How a harness ends."""
    deadline = time.monotonic() + _FAREWELL
    ended = talk.end(deadline)
    if ended.status is None:
        raise _UnfitError(f"the harness still ran {_FAREWELL:g} s after {when}")
    if ended.status:
        raise _UnfitError(f"the harness ended with status {ended.status} when {when}, and 0 was expected")
    if ended.leftovers:
        raise _UnfitError(f"the harness left processes behind when {when}: {ended.leftovers}")
    if (line := talk.more(time.monotonic())) is not None:
        raise _UnfitError(f"the harness wrote a line that nobody had asked for: {line.decode('utf-8', 'replace'):.80}")
    return f"the harness ends when {when}"


CHECKS: Final[Mapping[str, _Checking]] = {
    "start": _start,
    "create_dataset": _create_dataset,
    "create_job": _create_job,
    "get_job": _of_a_job("get_job"),
    "list_jobs": _list_jobs,
    "wait_for_job": _of_a_job("wait_for_job"),
    "read_rows": _read_rows,
    "cancel_job": _of_a_job("cancel_job"),
    "seq": _seq,
    "unknown member": _unknown_member,
    "unknown command": _unknown_command,
    "stop": _stop,
    "end of input": _end_of_input,
}
"""Every check, in the order in which they are made."""


def _wall_clock() -> Clock:
    return Clock(_now(), _now)


def _now() -> int:
    return time.time_ns() // 1_000_000
