"""Verdicts: what one test says of a requirement, and how several of them become one verdict."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from pytest_aep_export.disguises import concealed, revealed
from pytest_aep_export.exchange import REDACTED, Exchange, Headers, redact_text
from pytest_aep_export.suite.registry import Level

__all__ = ["BY_WEIGHT", "Outcome", "Result", "Verdict", "combine"]


class Verdict(StrEnum):
    """What a run says of a requirement.

    Attributes:
        PASS: Judged, and it holds.
        FAIL: A MUST that does not hold.
        WARN: A SHOULD that does not hold.
        INFO: A MAY that does not hold.
        NOT_APPLICABLE: There is nothing to judge: the target lacks what the requirement speaks of.
        NOT_VERIFIED: It was not judged, or not to the end. Never counts as passed.
        BLOCKED: It could not be judged, because a prerequisite failed; the root cause is reported once.
        ERROR: The suite itself failed.
    """

    PASS = "pass"  # noqa: S105 - a verdict, no password
    FAIL = "fail"
    WARN = "warn"
    INFO = "info"
    NOT_APPLICABLE = "not-applicable"
    NOT_VERIFIED = "not-verified"
    BLOCKED = "blocked"
    ERROR = "error"


class Result(StrEnum):
    """What one test says of its requirement, whatever the level."""

    MET = "met"
    UNMET = "unmet"
    NOT_APPLICABLE = "not-applicable"
    NOT_VERIFIED = "not-verified"
    BLOCKED = "blocked"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one test found.

    Attributes:
        test: The test's name.
        result: What it says of its requirement.
        required: What it looked for, where it did not find that.
        found: What it found instead, or why it could not judge.
        exchange: The exchange that shows it.
        exchanges: Everything that the test itself exchanged, the first and the last of what was too much to keep.
        cause: What has blocked it: the id of the requirement that failed, or a name that all tests share which were
            blocked by the same.
    """

    test: str
    result: Result
    required: str = ""
    found: str = ""
    exchange: Exchange | None = None
    exchanges: tuple[Exchange, ...] = ()
    cause: str = ""

    def without(self, secrets: Collection[str]) -> Outcome:
        """The same outcome without these secrets, wherever a server has repeated them."""
        return replace(
            self,
            required=_hide(self.required, secrets),
            found=_hide(self.found, secrets),
            exchange=self.exchange and _cleaned(self.exchange.redacted(), secrets),
            exchanges=tuple(_cleaned(exchange.redacted(), secrets) for exchange in self.exchanges),
            cause=_hide(self.cause, secrets),
        )

    def to_json(self) -> dict[str, str]:
        """What one process tells another of it: all but the exchanges."""
        return {
            "test": self.test,
            "result": str(self.result),
            "required": self.required,
            "found": self.found,
            "cause": self.cause,
        }

    @classmethod
    def from_json(cls, document: Mapping[str, str]) -> Outcome:
        """What another process has told."""
        return cls(
            document["test"],
            Result(document["result"]),
            document["required"],
            document["found"],
            cause=document["cause"],
        )


def _hide(text: str, secrets: Collection[str]) -> str:
    return redact_text(concealed(text, secrets, REDACTED))


def _cleaned(exchange: Exchange, secrets: Collection[str]) -> Exchange:
    sent, got = exchange.request, exchange.response
    request = replace(
        sent,
        url=_hide(sent.url, secrets),
        headers=_without(sent.headers, secrets),
        body=_stripped(sent.body, secrets),
    )
    response = replace(got, headers=_without(got.headers, secrets), body=_stripped(got.body, secrets))
    return replace(exchange, request=request, response=response)


def _without(headers: Headers, secrets: Collection[str]) -> Headers:
    return Headers([(name, _hide(value, secrets)) for name, value in headers.raw])


def _stripped(body: bytes, secrets: Collection[str]) -> bytes:
    for secret in secrets:
        body = body.replace(secret.encode(), REDACTED.encode())
    if revealed(body, secrets):
        body = concealed(body.decode("latin-1"), secrets, REDACTED).encode("latin-1")
    return body


_UNMET: Final = {Level.MUST: Verdict.FAIL, Level.SHOULD: Verdict.WARN, Level.MAY: Verdict.INFO}
BY_WEIGHT: Final = (
    Result.UNMET,
    Result.BROKEN,
    Result.BLOCKED,
    Result.NOT_VERIFIED,
    Result.MET,
    Result.NOT_APPLICABLE,
)
"""The gravest first."""
_VERDICTS: Final = {
    Result.BROKEN: Verdict.ERROR,
    Result.BLOCKED: Verdict.BLOCKED,
    Result.NOT_VERIFIED: Verdict.NOT_VERIFIED,
    Result.MET: Verdict.PASS,
    Result.NOT_APPLICABLE: Verdict.NOT_APPLICABLE,
}


def combine(level: Level, outcomes: Iterable[Outcome]) -> Verdict:
    """The verdict on a requirement of that level, from everything that its tests found.

    One counter-example is certain, so it wins over all else. After it weighs what casts doubt: a broken test, then one
    that was blocked, then one that could not judge. What remains is a pass if any test judged. A requirement without an
    outcome is not verified.
    """
    results = {outcome.result for outcome in outcomes}
    heaviest = next((result for result in BY_WEIGHT if result in results), Result.NOT_VERIFIED)
    return _UNMET[level] if heaviest is Result.UNMET else _VERDICTS[heaviest]
