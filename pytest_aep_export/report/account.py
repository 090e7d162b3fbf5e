"""Why a requirement does not hold, told alike by every reader of a run.

What is required and where that is documented, what was sent, what came back, what was expected instead, and one line
that shows it again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from pytest_aep_export.report.document import RequirementVerdict, Run
from pytest_aep_export.report.findings import Finding
from pytest_aep_export.suite.expectations import Expectation
from pytest_aep_export.suite.registry import Level, Source
from pytest_aep_export.suite.verdicts import Verdict

__all__ = [
    "EXPLAINED",
    "MEANINGS",
    "REPRODUCE",
    "account",
    "again",
    "conclusion",
    "excuse",
    "leftovers",
    "noun_of",
    "orphans",
    "source_text",
    "unjudged",
]

EXPLAINED: Final = (Verdict.FAIL, Verdict.ERROR, Verdict.WARN, Verdict.INFO)
"""The verdicts that call for an account, the gravest first."""
MEANINGS: Final = {
    Level.MUST: "whoever breaks it contradicts every documented variant",
    Level.SHOULD: "whoever breaks it follows at best a contradictory or outdated source",
    Level.MAY: "worth knowing",
}
"""What the levels mean."""
REPRODUCE: Final = "reproduce with"
"""The label of the command line."""


def account(verdict: RequirementVerdict, run: Run) -> Iterator[tuple[str, str]]:
    """Label and text of each line of an account; the command line, if there is one, comes last.

    Args:
        verdict: Of a requirement that does not hold, or could not be judged.
        run: The run in which it was reached.
    """
    yield "required", verdict.requirement.statement
    yield from (("source", source_text(source, run.header.documents)) for source in verdict.requirement.sources)
    grounds, noun = verdict.grounds, noun_of(run)
    if grounds:
        yield from _said(grounds[0], run)
    if len(grounds) > 1:
        yield "also", f"in {len(grounds) - 1} more of its {len(verdict.findings)} {noun}s"
    if verdict.expected:
        yield "known", excuse(verdict.expected)
    if grounds:
        yield from _shown(grounds[0], run)


def noun_of(run: Run) -> str:
    """What a finding comes from: a ``test`` of a server, or a ``scenario`` that a client was put into."""
    return "scenario" if run.header.applies_to == "client" else "test"


def again(run: Run, which: str) -> str:
    """The command line that judges once more by what an option chooses; empty where there is none."""
    if run.header.applies_to == "server" and not run.header.again:
        return f"aep-export run {which}"
    return run.header.again.replace("WHICH", which, 1)


def excuse(expected: Expectation) -> str:
    """Why something is known not to hold, where that is worked on, and until when."""
    until = f"until {expected.expires}" if expected.expires else ""
    return ", ".join(filter(None, (expected.reason, expected.issue, until)))


def source_text(source: Source, documents: Mapping[str, str]) -> str:
    """Where something is documented, in words."""
    text = f"{documents.get(source.document, source.document)}, {source.section}"
    return f"{text} (divergence {source.divergence})" if source.divergence else text


def unjudged(run: Run) -> Iterator[tuple[tuple[RequirementVerdict, ...], list[tuple[str, str]]]]:
    """What was meant to be judged and was not: the verdicts that share a cause, and label and text of why, once."""
    shared: dict[tuple[Verdict, str], list[RequirementVerdict]] = {}
    for verdict in run.verdicts:
        if verdict.selected and verdict.verdict in {Verdict.BLOCKED, Verdict.NOT_VERIFIED}:
            shared.setdefault((verdict.verdict, verdict.cause or verdict.reason), []).append(verdict)
    for verdicts in shared.values():
        yield tuple(verdicts), list(_why(verdicts[0], run))


def leftovers(run: Run) -> Iterator[str]:
    """What the run has left at its target, in a sentence for each sort of thing."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for created in run.created:
        found.setdefault((created.kind, created.state, created.sandbox), []).append(created.id)
    for (kind, state, sandbox), ids in found.items():
        yield f"{len(ids)} {kind}{'s' if len(ids) > 1 else ''} in sandbox {sandbox}, {state}: {', '.join(ids)}"


def orphans(run: Run) -> Iterator[str]:
    """Which processes a client has left behind, in a sentence; nothing where it has not."""
    left = {trial.scenario: trial.leftovers for trial in run.trials if trial.leftovers}
    if left:
        yield f"{sum(left.values())} of the client's processes, which were ended: in {', '.join(left)}"


def conclusion(run: Run) -> str:
    """The run in one sentence."""
    where = f"{len(run.trials)} scenario{'s' * (len(run.trials) > 1)} and " if run.trials else ""
    text = f"{run.judged} of {len(run.verdicts)} requirements judged in {where}{run.seconds:.1f} s: "
    failed, known = run.counts[Verdict.FAIL], sum(v.verdict is Verdict.FAIL and not v.failed for v in run.verdicts)
    if run.stopped:
        return f"{text}{run.stopped}"
    if failed:
        excused = f", {known} of which {'was' if known == 1 else 'were'} known" if known else ""
        return f"{text}{failed} MUST {'requirement does' if failed == 1 else 'requirements do'} not hold{excused}"
    if run.undecided:
        return f"{text}nothing failed, but {len(run.undecided)} could not be judged"
    return f"{text}nothing failed"


def _why(verdict: RequirementVerdict, run: Run) -> Iterator[tuple[str, str]]:
    if verdict.cause:
        yield "by", verdict.cause
    if verdict.reason != verdict.cause:
        yield "why", verdict.reason
    if verdict.grounds:
        yield from _shown(verdict.grounds[0], run)


def _said(finding: Finding, run: Run) -> Iterator[tuple[str, str]]:
    trial = run.trial(finding.outcome.test)
    yield noun_of(run), f"{trial.scenario}: {trial.about}" if trial else finding.outcome.test
    if finding.outcome.required:
        yield "expected", finding.outcome.required
    yield "found", finding.outcome.found


def _shown(finding: Finding, run: Run) -> Iterator[tuple[str, str]]:
    """The exchange, what a client made of it, and how to see it again."""
    exchange, trial = finding.exchange, run.trial(finding.outcome.test)
    if exchange:
        yield "sent", exchange.sent_line
        yield "answer", exchange.answer_line
    if trial:
        yield "ended", trial.ended
        yield from [("printed", trial.last_words)] if trial.last_words else []
        yield from [(REPRODUCE, again(run, f"--scenario {trial.scenario}"))] if run.header.again else []
    elif exchange:
        yield REPRODUCE, exchange.curl
