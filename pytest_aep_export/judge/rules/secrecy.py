"""Secrets: in nothing that a client prints, says or leaves behind, nor encoded. Scenarios that fail show most of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from pytest_aep_export.disguises import revealed
from pytest_aep_export.judge.rules.findings import Rule, finding
from pytest_aep_export.judge.rules.reading import issued, secrets
from pytest_aep_export.judge.trace import Trace
from pytest_aep_export.suite.verdicts import Outcome

__all__ = ["RULES"]


def _prints_none(trace: Trace) -> Iterator[Outcome]:
    told = trace.performance.output + trace.performance.said.encode("utf-8", "replace")
    if told:
        found = _kinds(trace, told)
        yield finding(trace, None, "no secret is printed", f"{found} is", met=not found)


def _leaves_none(trace: Trace) -> Iterator[Outcome]:
    for name, content in (trace.performance.files or {}).items():
        found = _kinds(trace, content)
        yield finding(trace, None, "no secret is left in a file", f"{found} is in {name}", met=not found)


def _kinds(trace: Trace, content: bytes) -> str:
    """What kind of secret the content holds; empty where it holds none. The secret itself is never told."""
    tokens = {each.token for each in issued(trace)}
    held = revealed(content, secrets(trace))
    if held - tokens:
        return "the client secret"
    return "an access token" if held else ""


RULES: Final[Mapping[str, Rule]] = {"EXP-CLI-079": _prints_none, "EXP-CLI-080": _leaves_none}
