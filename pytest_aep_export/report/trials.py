"""What a report keeps of one scenario that a client was put into: how it ended, and what it printed."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from pytest_aep_export.disguises import concealed
from pytest_aep_export.exchange import REDACTED, redact_text
from pytest_aep_export.suite.verdicts import Result

if TYPE_CHECKING:
    from pytest_aep_export.judge.judging import Trial

__all__ = ["RecordedTrial"]

_HEAD: Final = 4_000
_TAIL: Final = 12_000
"""Characters of an output that are kept: so many of its beginning, and so many of its end."""
_GAP: Final = re.compile(r"\S*\n(\[\d+ bytes are left out here\])\n\S*")
_SHOWN: Final = 8
"""Lines of an output that are shown with what does not hold."""
_LONGEST: Final = 200


@dataclass(frozen=True, slots=True)
class RecordedTrial:
    """One scenario, fit for a file.

    Attributes:
        scenario: Its id.
        about: What the server was like.
        task: What the client was asked to do.
        due: What it had to report at the end.
        end: How it ended.
        said: How it ended, in its own words or in those of the system.
        calls: How many requests it sent to the server.
        attempts: What it tried at other hosts.
        leftovers: How many processes it left behind.
        seconds: How long it took.
        output: What it printed, where something does not hold; otherwise empty.
    """

    scenario: str
    about: str
    task: str
    due: str
    end: str
    said: str
    calls: int
    attempts: tuple[str, ...]
    leftovers: int
    seconds: float
    output: str = ""

    @classmethod
    def of(cls, trial: Trial, secrets: Collection[str]) -> RecordedTrial:
        """What is kept of a trial."""
        scenario, did = trial.scenario, trial.trace.performance
        unmet = any(each.result is Result.UNMET for said in trial.found.values() for each in said)
        shown = unmet or not trial.trace.as_due
        return cls(
            scenario=scenario.id,
            about=scenario.about,
            task=scenario.task,
            due=scenario.ending,
            end=did.end,
            said=_clean(did.said, secrets),
            calls=len(trial.trace.exchanges),
            attempts=tuple(_clean(f"{each.host}: {each.how}", secrets) for each in trial.trace.attempts),
            leftovers=did.leftovers,
            seconds=round(trial.seconds, 3),
            output=_clipped(_clean(did.output.decode("utf-8", "replace"), secrets)) if shown else "",
        )

    @property
    def ended(self) -> str:
        """How it ended, in a few words."""
        return f"{self.end}{f', {self.said}' if self.said else ''}"

    @property
    def last_words(self) -> str:
        """The last lines of what it printed."""
        lines = self.output.rstrip().splitlines()
        shown = [line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…" for line in lines[-_SHOWN:]]
        return "\n".join(["…", *shown] if lines[_SHOWN:] else shown)

    def to_json(self) -> dict[str, Any]:
        """As the record has it."""
        return asdict(self) | {"attempts": list(self.attempts)}

    @classmethod
    def from_json(cls, node: Mapping[str, Any]) -> RecordedTrial:
        """From what the record has."""
        members: dict[str, Any] = {name: node[name] for name in cls.__slots__}
        members["attempts"] = tuple(node["attempts"])
        return cls(**members)


def _clean(text: str, secrets: Collection[str]) -> str:
    return redact_text(_GAP.sub(r"\n\1\n", concealed(text, secrets, REDACTED)))


def _clipped(text: str) -> str:
    """The beginning and the end of a text that is too long, cut between words."""
    if len(text) <= _HEAD + _TAIL:
        return text
    head, tail = re.sub(r"\S*\Z", "", text[:_HEAD]), re.sub(r"\A\S*", "", text[-_TAIL:])
    return f"{head}\n[{len(text) - len(head) - len(tail)} characters are left out here]\n{tail}"
