"""A run as JUnit XML, which most build servers read: a test case for each requirement, a suite for each area.

JUnit knows nothing between passed and failed, and no levels. A MUST that does not hold is a failure, a fault of the
suite's an error. Everything else that is no pass is skipped, with its verdict as the type: so a warning is seen and
breaks no build, and what was not judged never looks as if it had passed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from pytest_aep_export.report.account import account, excuse
from pytest_aep_export.report.document import RequirementVerdict, Run
from pytest_aep_export.suite.verdicts import Verdict

__all__ = ["junit"]

_NO_XML: Final = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ELEMENTS: Final = {"failures": "failure", "errors": "error", "skipped": "skipped"}


def junit(run: Run) -> str:
    """The document."""
    about_all = {"name": "pytest-aep-export", "time": f"{run.seconds:.3f}"}
    root = Element("testsuites", about_all | _counts(run.verdicts))
    for area, about in run.header.areas.items():
        verdicts = [verdict for verdict in run.verdicts if verdict.requirement.area == area]
        if verdicts:
            about_one = {"name": _sound(f"{area}: {about}"), "timestamp": run.header.started}
            suite = SubElement(root, "testsuite", about_one | _counts(verdicts))
            _add_properties(suite, run)
            for verdict in verdicts:
                _add_case(suite, verdict, run)
    indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{tostring(root, encoding="unicode")}\n'


def _counts(verdicts: Sequence[RequirementVerdict]) -> dict[str, str]:
    kinds = [_element(verdict) for verdict in verdicts]
    return {"tests": str(len(kinds)), **{name: str(kinds.count(kind)) for name, kind in _ELEMENTS.items()}}


def _element(verdict: RequirementVerdict) -> str:
    """Which element a test case gets; empty for a pass."""
    if verdict.verdict is Verdict.PASS:
        return ""
    if verdict.verdict is Verdict.ERROR:
        return "error"
    return "failure" if verdict.failed else "skipped"


def _add_properties(suite: Element, run: Run) -> None:
    header = run.header
    values = {"suite": header.suite, "registry": header.registry, "target": header.target.label}
    properties = SubElement(suite, "properties")
    for name, value in values.items():
        SubElement(properties, "property", name=name, value=_sound(value))


def _add_case(suite: Element, verdict: RequirementVerdict, run: Run) -> None:
    requirement = verdict.requirement
    name = f"{requirement.id} {requirement.level}: {requirement.title}"
    case = SubElement(suite, "testcase", classname=requirement.area, name=_sound(name))
    if kind := _element(verdict):
        why = SubElement(case, kind, type=str(verdict.verdict), message=_sound(_message(verdict)))
        why.text = _sound("\n".join(f"{label}: {text}" for label, text in account(verdict, run)))


def _message(verdict: RequirementVerdict) -> str:
    return "; ".join(_parts(verdict)) or str(verdict.verdict)


def _parts(verdict: RequirementVerdict) -> Iterator[str]:
    if verdict.expected:
        yield f"known: {excuse(verdict.expected)}"
    if verdict.cause:
        yield f"blocked by {verdict.cause}"
    if verdict.reason:
        yield verdict.reason
    else:
        said = verdict.grounds[0].outcome
        yield from ([f"expected {said.required}"] if said.required else [])
        yield f"found {said.found}"


def _sound(text: str) -> str:
    """The text without what XML cannot hold."""
    return _NO_XML.sub("\N{REPLACEMENT CHARACTER}", text)
