"""The journal of a test, which can judge what it holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_aep_export.emulator.journal import Journal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_aep_export.exchange import Exchange
    from pytest_aep_export.judge.conforming import Strictness

__all__ = ["JudgedJournal"]


class JudgedJournal(Journal):
    """A journal with assertions on what a client sent, for its own tests."""

    def assert_conforms(self, level: Strictness = "MUST") -> None:
        """That everything which this test exchanged keeps to the requirements for clients.

        Only what is certain counts: what a test may have wanted so is not held against its client, and what the test
        does not lead to is not judged.

        Args:
            level: ``MUST``; ``SHOULD`` or ``MAY`` for these as well.

        Raises:
            AssertionError: It does not; or nothing was exchanged, or more than the journal keeps. The message explains
                each requirement that is broken, and shows the exchange.
        """
        from pytest_aep_export.judge import conforming  # noqa: PLC0415 - loads the rules
        from pytest_aep_export.judge.gathering import unpacked  # noqa: PLC0415 - the same
        from pytest_aep_export.judge.trace import Trace  # noqa: PLC0415 - the same
        from pytest_aep_export.judge.verdicts import judge, verdicts  # noqa: PLC0415 - the same

        __tracebackhide__ = True
        if not len(self):
            raise AssertionError(
                "there is nothing to judge, for this test exchanged nothing with the emulator: let the client call it, "
                "with base_url=aep_server.url and aep_credentials or through aep_proxy"
            )
        if self.dropped:
            raise AssertionError(
                f"this test cannot be judged, for {self.dropped} exchanges had to make room in the journal: judge a "
                "shorter one, or empty the journal in between with aep_journal.clear()"
            )
        found = conforming.unmet(verdicts(judge([Trace(tuple(map(unpacked, self.exchanges)))])), level)
        if found:
            raise AssertionError(conforming.complaint(found))

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
