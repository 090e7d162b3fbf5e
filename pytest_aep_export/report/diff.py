"""Two runs held against each other: what holds no longer, what holds now, what else has changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from pytest_aep_export.report.document import RequirementVerdict, Run
from pytest_aep_export.report.markdown import finding, fitted
from pytest_aep_export.report.markup import plain, printable
from pytest_aep_export.suite.registry import Level
from pytest_aep_export.suite.verdicts import Verdict

__all__ = ["Change", "Difference", "compare", "diff_markdown", "diff_text"]

_JUDGED: Final = frozenset({Verdict.PASS, Verdict.FAIL, Verdict.WARN, Verdict.INFO})
_GROUPS: Final = {
    "failing": "newly failing",
    "unjudged": "no longer judged",
    "passing": "newly passing",
    "changed": "changed otherwise",
    "added": "only in the second run",
    "removed": "only in the first run",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One requirement on which two runs do not say the same; None is a run that was not to judge it."""

    before: RequirementVerdict | None
    after: RequirementVerdict | None

    @property
    def kind(self) -> str:
        """Which sort of change it is."""
        if self.before is None or self.after is None:
            return "removed" if self.before else "added"
        now = self.after.verdict
        if now is Verdict.FAIL:
            return "failing"
        if now not in _JUDGED and self.before.verdict in _JUDGED:
            return "unjudged"
        return "passing" if now is Verdict.PASS else "changed"

    @property
    def shown(self) -> RequirementVerdict:
        """The newer of the verdicts there are."""
        found = self.after or self.before
        assert found is not None  # a change has at least one side
        return found

    def __str__(self) -> str:
        sides = [str(side.verdict) for side in (self.before, self.after) if side]
        return f"{self.shown.requirement.id} {self.shown.requirement.level}: {' → '.join(sides)}"


@dataclass(frozen=True, slots=True)
class Difference:
    """Between two runs.

    Attributes:
        before: The first.
        after: The second.
        changes: Every requirement on which they do not say the same, in the order of the second.
    """

    before: Run
    after: Run
    changes: tuple[Change, ...]

    @property
    def worse(self) -> bool:
        """Whether a MUST fails that did not, nobody having known of it, or is no longer judged."""
        return any(
            change.kind in {"failing", "unjudged"}
            and change.shown.expected is None
            and change.shown.requirement.level is Level.MUST
            for change in self.changes
        ) or any(change.kind == "added" and change.shown.failed for change in self.changes)

    @property
    def caveats(self) -> Iterator[str]:
        """Why the two may not be comparable."""
        old, new = self.before.header, self.after.header
        pairs = {
            "what is judged": (old.applies_to, new.applies_to),
            "suite version": (old.suite, new.suite),
            "requirements": (old.registry[:12], new.registry[:12]),
            "target": (old.target.label, new.target.label),
            "dialect": (old.dialect, new.dialect),
            "profile": (old.profile, new.profile),
            "expectations": (old.expectations[:12], new.expectations[:12]),
        }
        for name, (one, other) in pairs.items():
            if one != other:
                yield f"{name}: {one or 'none'} → {other or 'none'}"
        for position, run in (("first", self.before), ("second", self.after)):
            if run.stopped:
                yield f"the {position} run ended early: {run.stopped}"

    def of(self, kind: str) -> list[Change]:
        """The changes of one kind."""
        return [change for change in self.changes if change.kind == kind]


def compare(before: Run, after: Run) -> Difference:
    """What has changed between two runs."""
    old, new = _judged(before), _judged(after)
    names = [*new, *(name for name in old if name not in new)]
    changes = (Change(old.get(name), new.get(name)) for name in names)
    return Difference(before, after, tuple(c for c in changes if _verdict(c.before) is not _verdict(c.after)))


def diff_text(difference: Difference) -> str:
    """The difference as plain text."""
    return "".join(f"{printable(line)}\n" for line in _plain_lines(difference))


def diff_markdown(difference: Difference) -> str:
    """The difference as Markdown, fit for a comment on a pull request."""
    head = [f"## Conformance: {_summary(difference)}", ""]
    caveats = [f"- {plain(caveat)}" for caveat in difference.caveats]
    if caveats:
        head += ["The runs differ in more than their verdicts:", "", *caveats, ""]
    return fitted(head, _sections(difference))


def _judged(run: Run) -> dict[str, RequirementVerdict]:
    return {verdict.requirement.id: verdict for verdict in run.verdicts if verdict.selected}


def _verdict(side: RequirementVerdict | None) -> Verdict | None:
    return side.verdict if side else None


def _summary(difference: Difference) -> str:
    counts = {text: len(difference.of(kind)) for kind, text in _GROUPS.items()}
    return ", ".join(f"{count} {text}" for text, count in counts.items() if count) or "no change"


def _plain_lines(difference: Difference) -> Iterator[str]:
    yield from (f"note: {caveat}" for caveat in difference.caveats)
    for kind, text in _GROUPS.items():
        yield from (f"{text}: {change}, {change.shown.requirement.title}" for change in difference.of(kind))
    yield _summary(difference)


def _sections(difference: Difference) -> Iterator[str]:
    for kind, text in _GROUPS.items():
        changes = difference.of(kind)
        if changes:
            lines: Iterable[str] = (f"- {plain(f'{change}, {change.shown.requirement.title}')}" for change in changes)
            yield "\n".join([f"**{text.capitalize()}**", "", *lines])
            if kind == "failing":
                yield from (finding(change.shown, difference.after) for change in changes)
