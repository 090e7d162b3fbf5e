"""What one test found, fit for a file: its outcome, and its exchanges without their secrets."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from pytest_aep_export.exchange import Exchange
from pytest_aep_export.report.exchanges import RecordedExchange
from pytest_aep_export.report.reproduce import curl
from pytest_aep_export.suite.verdicts import Outcome

__all__ = ["Finding"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What one test found.

    Attributes:
        outcome: What it says, without its exchanges.
        exchanges: What was exchanged for it.
        shows: Which of the exchanges shows it.
    """

    outcome: Outcome
    exchanges: tuple[RecordedExchange, ...] = ()
    shows: int | None = None

    @classmethod
    def of(
        cls,
        outcome: Outcome,
        secrets: Collection[str] = (),
        variables: Mapping[str, str] | None = None,
        originals: Mapping[Exchange, Exchange] | None = None,
    ) -> Finding:
        """What is kept of an outcome.

        Args:
            outcome: What a test has said.
            secrets: What may not stand in it.
            variables: What stands for them in command lines.
            originals: By an exchange without secrets the one that was made, for the same command lines.
        """
        clean = outcome.without(secrets)
        pairs = list(zip(outcome.exchanges, clean.exchanges, strict=True))
        shows = None
        if outcome.exchange and clean.exchange:
            shown = outcome.exchange.redacted()
            shows = next((n for n, (raw, _) in enumerate(pairs) if raw.redacted() == shown), len(pairs))
            if shows == len(pairs):
                pairs.append(((originals or {}).get(shown, shown), clean.exchange))
        recorded = tuple(RecordedExchange.of(kept, curl(raw.request, variables)) for raw, kept in pairs)
        said = {name: _whole(text) for name, text in clean.to_json().items()}
        return cls(Outcome.from_json(said), recorded, shows)

    @property
    def exchange(self) -> RecordedExchange | None:
        """The exchange that shows it."""
        return None if self.shows is None else self.exchanges[self.shows]

    def to_json(self) -> dict[str, Any]:
        """As the record has it."""
        exchanges = [exchange.to_json() for exchange in self.exchanges]
        return {**self.outcome.to_json(), "shows": self.shows, "exchanges": exchanges}

    @classmethod
    def from_json(cls, node: Mapping[str, Any]) -> Finding:
        """From what the record has."""
        exchanges = tuple(RecordedExchange.from_json(exchange) for exchange in node["exchanges"])
        return cls(Outcome.from_json(node), exchanges, node["shows"])


def _whole(text: str) -> str:
    """The text without halves of characters, which JSON can hold and no file can."""
    return text.encode("utf-8", "replace").decode()
