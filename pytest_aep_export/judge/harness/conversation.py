"""A conversation with a harness, from its start to its end.

::

    Conversation(command)         ConfigurationError    the program cannot be started
    .ask("start", ...)            ConversationError     it answers late, not at all, or in breach of the protocol
    .ask(...)                     ConversationError     the same
    .end(...)                     never                 how it ended is in what is returned
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Self

from pytest_aep_export.errors import AepError
from pytest_aep_export.exchange import redact_text
from pytest_aep_export.hosts import TOKEN_PATH
from pytest_aep_export.judge.harness.protocol import Answer, BreachError, read_answer, request
from pytest_aep_export.judge.processes import Ended, Process
from pytest_aep_export.judge.scenario import Scenario
from pytest_aep_export.judge.subject import Surroundings

__all__ = ["Conversation", "ConversationError", "start_members"]

_LAST_WORDS: Final = 200
"""How many characters are shown of what a harness wrote last to its standard error."""
_CREDENTIALS: Final = ("client_id", "client_secret", "org_id", "sandbox", "scopes")
_COLLAPSE: Final = 1.0
"""Seconds that a harness may take to end once it has closed its standard output."""


class ConversationError(AepError):
    """A harness that did not answer as it should; the message is a sentence about it, without secrets.

    Attributes:
        late: Whether its time was up.
    """

    def __init__(self, message: str, *, late: bool = False) -> None:
        self.late = late
        super().__init__(redact_text(message))


class Conversation:
    """A harness that runs. A context manager, after which neither it nor its children run any more.

    Args:
        command: The program and its arguments.
        environ: Its whole environment.

    Raises:
        ConfigurationError: It cannot be started.
    """

    def __init__(self, command: Sequence[str], environ: Mapping[str, str]) -> None:
        # It starts where we are, since its command may name files from there.
        self._process = Process(command, cwd=Path.cwd(), environ=environ, talk=True)
        self._seq = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.__exit__()

    def ask(self, cmd: str, deadline: float, *, seq: int | None = None, **members: Any) -> Answer:
        """Send a request, and wait for its answer.

        Args:
            cmd: The command.
            deadline: Until when it is waited for, by ``time.monotonic()``.
            seq: The number of the request; by default the one after the last.
            members: What goes along with the command.

        Raises:
            ConversationError: There is no answer, or it is none.
        """
        self._seq = self._seq + 1 if seq is None else seq
        self._process.say(request(self._seq, cmd, **members))
        try:
            return read_answer(self._process.line(deadline), self._seq, cmd)
        except BreachError as error:
            raise ConversationError(f"the harness cannot be understood: {error}") from error
        except TimeoutError:
            raise ConversationError(f"the harness did not answer {cmd!r} in time{self._words()}", late=True) from None
        except EOFError:
            raise ConversationError(f"{self._collapse()} before it answered {cmd!r}{self._words()}") from None

    def more(self, deadline: float) -> bytes | None:
        """The next line that nobody asked for, or None when there is none by the deadline."""
        try:
            return self._process.line(deadline)
        except (EOFError, TimeoutError):
            return None

    def end(self, deadline: float) -> Ended:
        """Close the harness's input, and wait until it ends."""
        return self._process.end(deadline)

    def _collapse(self) -> str:
        """How a harness went away that says no more."""
        status = self._process.end(time.monotonic() + _COLLAPSE).status
        if status is None:
            return "the harness closed its standard output"
        return f"the harness was ended by signal {-status}" if status < 0 else f"the harness ended with status {status}"

    def _words(self) -> str:
        words = " ".join(self._process.output.decode("utf-8", "replace").split())
        return f"; its standard error ends with: {words[-_LAST_WORDS:]}" if words else ""


def start_members(scenario: Scenario, surroundings: Surroundings) -> dict[str, Any]:
    """What ``start`` tells besides the version: what a program finds in its environment."""
    who, environ = surroundings.credentials, surroundings.environ
    return {
        "url": environ.get("AEP_BASE_URL", surroundings.url),
        "ims_url": environ.get("AEP_IMS_URL", f"{surroundings.url}{TOKEN_PATH}"),
        "credentials": {name: getattr(who, name) for name in _CREDENTIALS},
        "poll_seconds": scenario.poll,
        "timeout_seconds": scenario.patience,
        "output": str(surroundings.folder.absolute()),
    }
