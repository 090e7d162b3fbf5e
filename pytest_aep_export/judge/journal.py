"""The journal of a test, which can judge what it holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_aep_export.emulator.journal import Journal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_aep_export.exchange import Exchange
    from pytest_aep_export.judge.conforming import Strictness

__all__ = ["JudgedJournal"]


class JudgedJournal(Journal):
    """A journal with assertions on what a client sent, for its own tests."""

    def __init__(self) -> None:
        super().__init__()
        self._stray: Journal = Journal()
        self._from = 0

    def watch(self, stray: Journal) -> None:
        """Judge from now on what comes into another journal as well: requests that do not say whose they are."""
        self._stray, self._from = stray, stray.recorded

    def clear(self) -> None:
        """Forget what was recorded so far."""
        super().clear()
        self._from = self._stray.recorded

    @property
    def strays(self) -> tuple[Exchange, ...]:
        """What this test exchanged that belongs to no tenant: there is no token of one, and no organisation."""
        return self._stray.since(self._from)

    def assert_conforms(self, level: Strictness = "MUST") -> None:
        """That everything which this test exchanged keeps to the requirements for clients.

        Only what is certain counts: what a test may have wanted so is not held against its client, and what the test
        does not lead to is not judged.

        Args:
            level: ``MUST``; ``SHOULD`` or ``MAY`` for these as well.

        Raises:
            AssertionError: It does not; or nothing was exchanged, or more than the journal keeps. The message explains
                each requirement that is broken, and shows the exchange.
            ConfigurationError: There is no such level.
        """
        from pytest_aep_export.judge import conforming  # noqa: PLC0415 - loads the rules
        from pytest_aep_export.judge.gathering import unpacked  # noqa: PLC0415 - the same
        from pytest_aep_export.judge.trace import Trace  # noqa: PLC0415 - the same
        from pytest_aep_export.judge.verdicts import judge, verdicts  # noqa: PLC0415 - the same

        __tracebackhide__ = True
        strays = self.strays
        if not (len(self) or strays):
            raise AssertionError(
                "there is nothing to judge, for this test exchanged nothing with the emulator: let the client call it, "
                "with base_url=aep_server.url and aep_credentials or through aep_proxy"
            )
        if self.dropped:
            raise AssertionError(
                f"this test cannot be judged, for {self.dropped} exchanges had to make room in the journal: judge a "
                "shorter one, or empty the journal in between with aep_journal.clear()"
            )
        every = tuple(map(unpacked, (*self.exchanges, *strays)))
        found = conforming.unmet(verdicts(judge([Trace(every)])), level)
        if found:
            raise AssertionError(conforming.complaint(found))
        if not len(self):
            raise AssertionError(_nobodys(strays))

    def assert_exchanged(
        self,
        operation: str,
        times: int | None = None,
        *,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> tuple[Exchange, ...]:
        """That a request was made, and the exchanges that show it.

        Args:
            operation: Its ``operationId``; or its method and path, of which ``*`` stands for anything.
            times: How often; by default at least once.
            query: Parameters that it has, perhaps among others.
            body: Members that its JSON or form has, perhaps among others, at any depth.

        Raises:
            AssertionError: It was not, or not as often. The message shows what came nearest, and where that differs.
            ConfigurationError: There is no such operation.
        """
        from pytest_aep_export.judge.expecting import Expected  # noqa: PLC0415 - loads the contract

        __tracebackhide__ = True
        return Expected(operation, times, query, body).among(self)


def _nobodys(strays: Sequence[Exchange]) -> str:
    """What is said where no request tells whose it is, and none is wrong in itself."""
    first = strays[0]
    return (
        f"there is nothing to judge, for none of this test's {len(strays)} requests belongs to its tenant, such as "
        f"{first.request.method} {first.request.path}, answered with {first.response.status}: give the client "
        "aep_credentials, and let it send the token and the headers of EXP-CLI-003 with every call"
    )
