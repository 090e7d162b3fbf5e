"""A run as JUnit XML."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from pytest_aep_export.report.document import Run
from pytest_aep_export.report.junit import junit
from pytest_aep_export.suite.expectations import Expectations
from pytest_aep_export.suite.verdicts import Outcome, Result
from tests.report.samples import ABSENT, BLOCKED, BROKEN, KNOWN, MET, UNMET, UNSURE, everything, outcome, run_of

ALLOWED = {
    "testsuites": {"name", "time", "tests", "failures", "errors", "skipped"},
    "testsuite": {"name", "timestamp", "tests", "failures", "errors", "skipped"},
    "properties": set(),
    "property": {"name", "value"},
    "testcase": {"name", "classname"},
    "failure": {"type", "message"},
    "error": {"type", "message"},
    "skipped": {"type", "message"},
}
"""The elements and attributes that the schema which build servers agree on knows."""


def parsed(run: Run) -> ET.Element:
    """The document, parsed."""
    return ET.fromstring(junit(run))


def case(run: Run, name: str) -> ET.Element:
    """The test case of a requirement."""
    [found] = [element for element in parsed(run).iter("testcase") if element.attrib["name"].startswith(name)]
    return found


@pytest.mark.parametrize("run", [everything(), run_of()])
def test_only_what_build_servers_know(run: Run):
    """The document has no element and no attribute that the common schema does not know."""
    for element in parsed(run).iter():
        assert element.attrib.keys() <= ALLOWED[element.tag]


def test_a_suite_for_each_area_and_a_case_for_each_requirement():
    """Areas are suites, requirements cases, and the counts of both add up."""
    root = parsed(everything())
    suites = root.findall("testsuite")
    assert [suite.attrib["name"] for suite in suites] == ["LIST: Lists", "JOB: Jobs"]
    for element, cases in [(root, root.findall(".//testcase")), *((s, s.findall("testcase")) for s in suites)]:
        assert element.attrib["tests"] == str(len(cases))
        for count, tag in {"failures": "failure", "errors": "error", "skipped": "skipped"}.items():
            assert element.attrib[count] == str(sum(c.find(tag) is not None for c in cases))
    assert [c.attrib["name"] for c in suites[1].iter("testcase")] == ["EXP-JOB-001 MUST: A job has an id"]


@pytest.mark.parametrize(
    ("result", "tag", "kind", "message"),
    [
        (UNMET, "failure", "fail", "expected a list; found reason 0"),
        (outcome(UNMET, required=""), "failure", "fail", "found reason 0"),
        (BROKEN, "error", "error", "reason 0"),
        (BLOCKED, "skipped", "blocked", "blocked by EXP-LIST-001; reason 0"),
        (UNSURE, "skipped", "not-verified", "reason 0"),
        (ABSENT, "skipped", "not-applicable", "reason 0"),
        (None, "skipped", "not-verified", "no test of it has run"),
    ],
)
def test_what_each_verdict_becomes(result: Result | Outcome | None, tag: str, kind: str, message: str):
    """Nothing that is no pass looks like one, and each says why."""
    [element] = case(run_of(result), "EXP-LIST-001")
    assert (element.tag, element.attrib) == (tag, {"type": kind, "message": message})


def test_a_pass_is_a_pass():
    """A requirement that holds has nothing in its case."""
    assert list(case(run_of(MET), "EXP-LIST-001")) == []


def test_a_warning_breaks_no_build():
    """A SHOULD or a MAY that does not hold is skipped, and says so."""
    run = run_of(MET, UNMET, UNMET)
    assert [case(run, name)[0].attrib["type"] for name in ("EXP-LIST-002", "EXP-LIST-003")] == ["warn", "info"]
    assert parsed(run).attrib["failures"] == "0"


def test_what_somebody_knew_breaks_no_build():
    """A known failure is skipped, and says why."""
    [element] = case(run_of(UNMET, expectations=Expectations((KNOWN,))), "EXP-LIST-001")
    assert (element.tag, element.attrib["type"]) == ("skipped", "fail")
    assert element.attrib["message"].startswith("known: pages are numbered, https://example.org/42, until 2026-12-31; ")


def test_a_failure_explains_itself():
    """The text of a failure is the whole account of it."""
    text = case(everything(), "EXP-LIST-001")[0].text or ""
    for part in ("required: Whoever asks", "source: The guide, Lists", "expected: a list", "reproduce with: curl"):
        assert part in text


def test_what_xml_cannot_hold():
    """Characters that XML has no way to write are replaced."""
    run = run_of(outcome(UNMET, found="\x00\x1b]]>&<\ufffe\x85"))
    [element] = case(run, "EXP-LIST-001")
    assert "found ��]]>&<�\x85" in element.attrib["message"]
