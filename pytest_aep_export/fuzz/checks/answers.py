"""Checks of single answers: that there is one, that it is no crash, what the contract says of it, what was owed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pytest_aep_export.contract import DIALECTS, Violation
from pytest_aep_export.contract.media import is_json, media_type
from pytest_aep_export.fuzz.cases import REFUSED
from pytest_aep_export.fuzz.checks.breach import Breach, Judging
from pytest_aep_export.fuzz.performing import Attempt, Performance

__all__ = ["answered", "conforms", "owed", "refuses_in_json"]

_FIRST_ERROR: Final = 400
_SERVER: Final = 500
_UNAVAILABLE: Final = 503


def answered(performance: Performance, judging: Judging) -> Iterator[Breach]:
    """Every request gets an answer, and none a server's error."""
    for attempt in performance.attempts:
        status = attempt.response.status
        judging.counted["EXP-LIST-019"] += 0
        if status == 0:
            yield Breach(attempt, "an answer", performance.stopped, "the contract", about="nothing")
        elif status >= _SERVER and status != _UNAVAILABLE:
            wrong = ", ".join(mistake.name for mistake in attempt.step.mistakes)
            yield Breach(
                attempt, "no server error", f"status {status}", "the contract", about=f"{status} {wrong}".strip()
            )


def conforms(performance: Performance, judging: Judging) -> Iterator[Breach]:
    """What the contract says of an answer: its status, its headers and its body, in some documented variant."""
    for attempt in performance.attempts:
        status = attempt.response.status
        if status == 0 or status >= _SERVER or _is_elsewhere(attempt):
            continue
        for violation in _violations(attempt, judging):
            about = f"{status} {_general(violation.pointer)} {violation.source}"
            found = violation.found
            yield Breach(
                attempt,
                f"{violation.pointer or 'the answer'}: {violation.expected}",
                found,
                violation.source,
                violation.level,
                about,
            )


def _is_elsewhere(attempt: Attempt) -> bool:
    """Whether the request is for no operation of the contract, so that nothing says how it is answered."""
    return any(edit.at in {"/method", "/target"} for mistake in attempt.step.mistakes for edit in mistake.edits)


def _violations(attempt: Attempt, judging: Judging) -> list[Violation]:
    """What is wrong with an answer in the dialect of the target, or in the one that it comes closest to."""
    validate, response = judging.contract.validate_response, attempt.response
    spoken = judging.parties.dialect
    found = validate(attempt.step.operation, response, spoken or "canonical")
    if not found or spoken:
        return found
    others = (validate(attempt.step.operation, response, name) for name in DIALECTS if name != "canonical")
    return min((found, *others), key=len)


def _general(pointer: str) -> str:
    return "/".join("*" if part.isdecimal() else part for part in pointer.split("/"))


def owed(performance: Performance, judging: Judging) -> Iterator[Breach]:
    """The status and the code that a request is owed, for what it is and for what is wrong with it."""
    for attempt in performance.attempts:
        due, status = attempt.step.due, attempt.response.status
        if due is None or status == 0 or status >= _SERVER:
            continue
        judging.count(due)
        least, most = due.statuses
        wrong = ", ".join(mistake.name for mistake in attempt.step.mistakes)
        if not least <= status <= most:
            wanted = f"a status of {least} to {most}" if least != most else f"the status {least}"
            yield Breach(attempt, wanted, f"status {status}", due.source, due.level, wrong)
        elif due.codes and attempt.request.method != "HEAD":
            code = attempt.at("/error_code")
            if str(code) not in due.codes:
                yield Breach(attempt, f"error_code {' or '.join(due.codes)}", repr(code), due.source, due.level, wrong)


def refuses_in_json(performance: Performance, _: Judging) -> Iterator[Breach]:
    """A refusal is a JSON object, and called JSON."""
    for attempt in performance.attempts:
        status = attempt.response.status
        if not REFUSED[0] <= status <= REFUSED[1] or attempt.request.method == "HEAD":
            continue
        media = media_type(attempt.response.headers)
        if not is_json(media) or not isinstance(attempt.document, dict):
            found = f"{media or 'no media type'}, {attempt.response.body[:80]!r}"
            yield Breach(attempt, "a JSON object that is called so", found, "EXP-ERROR-008", "SHOULD")
