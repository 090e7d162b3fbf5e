"""A client that is a program: it is run once for each scenario, and finds everything in its environment."""

from __future__ import annotations

import os
import shlex
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.exchange import redact_text
from pytest_aep_export.judge.contents import contents
from pytest_aep_export.judge.processes import Ended, run
from pytest_aep_export.judge.scenario import Scenario
from pytest_aep_export.judge.starting import require_program
from pytest_aep_export.judge.subject import Surroundings
from pytest_aep_export.judge.trace import End, Performance

__all__ = ["Program", "command_line", "surrounded"]

_OURS: Final = "AEP_"
_PROXIES: Final = frozenset({"all_proxy", "ftp_proxy", "http_proxy", "https_proxy", "no_proxy"})


@dataclass(frozen=True, slots=True)
class Program:
    """A command that is judged by what it sends and by its exit status alone: 0 is success, anything else is not.

    Attributes:
        command: The program and its arguments.
        virtual: Never: a program waits by the wall's clock.
    """

    command: tuple[str, ...]
    virtual: bool = False

    @classmethod
    def of(cls, command: Sequence[str]) -> Program:
        """The program that a command line names.

        Raises:
            ConfigurationError: It cannot be started.
        """
        if not command:
            raise ConfigurationError("there is no client to judge: name its command, as in '-- ./my-export --all'")
        require_program(command[0])
        return cls(tuple(command))

    @property
    def label(self) -> str:
        """The command line."""
        return command_line(self.command)

    def perform(self, scenario: Scenario, surroundings: Surroundings) -> Performance:  # noqa: ARG002 - it is told by its environment
        """Run the program to its end, or to the end of its time, where the caller works."""
        ended = run(
            self.command, cwd=Path.cwd(), environ=surrounded(os.environ, surroundings), seconds=surroundings.deadline
        )
        files = contents(surroundings.folder)
        return Performance(
            _end(ended), _said(ended, surroundings), ended.output, files=files, leftovers=ended.leftovers
        )


def command_line(command: Sequence[str]) -> str:
    """The words of a command as one line for a shell, without the secrets that can be told from other words."""
    return shlex.join(map(redact_text, command))


def surrounded(environ: Mapping[str, str], surroundings: Surroundings) -> dict[str, str]:
    """What a program finds in its environment: what it inherits, without anything that leads elsewhere."""
    kept = {
        name: value for name, value in environ.items() if not name.startswith(_OURS) and name.lower() not in _PROXIES
    }
    return kept | dict(surroundings.environ)


def _end(ended: Ended) -> End:
    if ended.status is None:
        return "timeout"
    if ended.status < 0:
        return "crash"
    return "failure" if ended.status else "success"


def _said(ended: Ended, surroundings: Surroundings) -> str:
    """How it ended, in words."""
    if ended.status is None:
        return f"it still ran after {surroundings.deadline:g} s, and was ended"
    if ended.status < 0:
        return f"it was ended by {_signal(-ended.status)}"
    return f"exit status {ended.status}"


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
