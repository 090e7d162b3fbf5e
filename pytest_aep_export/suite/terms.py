"""The terms on which a target is judged: of which kind it is, how long it is waited for, who else works there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, Protocol

from pytest_aep_export.exchange import Request, Response
from pytest_aep_export.model import Credentials

__all__ = ["OWN_POLICIES", "Kind", "Neighbours", "Patience", "Recorded"]

Kind = Literal["emulator", "url", "live", "cassette"]
"""``emulator``: started for this run. ``url``: somebody else's server. ``live``: Adobe's service. ``cassette``: what
one of them was recorded to say."""


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


OWN_POLICIES: Final = "own-policies"
"""The capability of a target whose merge policies nobody else relies on."""


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Who else may be asked for, to see that tenants are kept apart.

    Attributes:
        sandbox: Another sandbox of the same organisation, in which the credentials work too; empty where there is none.
        organisation: The credentials of another organisation.
        others: Whether its profiles are known to be others than those of the organisation that is judged.
    """

    sandbox: str = ""
    organisation: Credentials | None = None
    others: bool = False

    @property
    def capabilities(self) -> frozenset[str]:
        """What a target can do that has them."""
        there = self.organisation is not None
        has = {"second-sandbox": bool(self.sandbox), "second-organisation": there, "seed-data": there and self.others}
        return frozenset(name for name, able in has.items() if able)


class Recorded(Protocol):
    """What was recorded of a target, and answers in its place.

    Attributes:
        tenant: Who was judged in the module that is played, by stand-ins; None where the recording does not tell.
    """

    tenant: Credentials | None

    def begin(self, module: str) -> Neighbours:
        """Play what was recorded of a module of the suite from its start, and tell who takes part in it."""
        raise NotImplementedError

    def answer(self, request: Request) -> Response:
        """What was answered to a request at this place.

        Raises:
            NotRecordedError: Nothing is recorded of it.
        """
        raise NotImplementedError
