"""The terms on which a target is judged: of which kind it is, how long it is waited for, who else works there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pytest_aep_export.model import Credentials

__all__ = ["Kind", "Neighbours", "Patience"]

Kind = Literal["emulator", "url", "live"]
"""``emulator``: started for this run. ``url``: somebody else's server. ``live``: Adobe's service."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a target is waited for, in seconds.

    Attributes:
        poll: Between two looks at a job, at most.
        deadline: For a job to end.
        answer: For an answer, to its last byte.
        busy: Over a whole run, while the target is too busy to answer.
    """

    poll: float = 5.0
    deadline: float = 1800.0
    answer: float = 60.0
    busy: float = 300.0


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Who else may be asked for, to see that tenants are kept apart.

    Attributes:
        sandbox: Another sandbox of the same organisation, in which the credentials work too; empty where there is none.
        organisation: The credentials of another organisation.
    """

    sandbox: str = ""
    organisation: Credentials | None = None
