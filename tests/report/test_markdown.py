"""A run as Markdown: whatever others chose is shown, and does nothing."""

from __future__ import annotations

import re
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from pytest_aep_export.report.diff import compare, diff_markdown, diff_text
from pytest_aep_export.report.document import TargetLabel
from pytest_aep_export.report.markdown import FITTING, markdown
from pytest_aep_export.report.markup import code, fence, plain, table
from tests.report.samples import BLOCKED, HEADER, JOBS, UNMET, everything, exchange, outcome, run_of


def test_a_run_in_which_all_is_well():
    """The heading, one sentence, and the table by area."""
    assert markdown(run_of()).splitlines() == [
        "## Conformance of `http://127.0.0.1:9`",
        "",
        f"**4 of 4 requirements judged in 1.2 s: nothing failed** Suite 2026.11, registry `{HEADER.registry[:12]}`.",
        "",
        "| area | pass |",
        "| --- | --: |",
        "| LIST Lists | 3 |",
        "| JOB Jobs | 1 |",
        "| **all** | **4** |",
    ]


def test_everything_is_explained():
    """Each finding is folded up, with its account and a command to copy; then come problems and what was left."""
    text = markdown(everything())
    assert "<details><summary><b>fail</b> EXP-LIST-001 MUST: The list is a list</summary>" in text
    assert "- required: Whoever asks for the list is given one." in text
    assert "- source: The guide, Errata (divergence 16)" in text
    assert "- expected: `a list`\n- found: `reason 1`\n- also: in 1 more of its 4 tests\n- sent: `GET http" in text
    assert "\n```shell\ncurl -i -X GET" in text
    assert "<summary><b>blocked</b> EXP-JOB-001</summary>" in text
    assert "- expectation EXP-ROWS-\\* matches no requirement" in text
    assert "- Left at the target: `1 job in sandbox prod, cancelled: 7`" in text
    assert text.count("<details>") == text.count("</details>") == 4


def test_a_server_cannot_write_markup():
    """What a server says is code: it closes no block, mentions nobody and makes no element."""
    said = "</details><img src=x> @everyone `tick` ``` | #1"
    text = markdown(run_of(outcome(UNMET, found=said, shown=exchange(f"{said}\n```\n# heading".encode(), body=b"```"))))
    outside = re.sub(r"(?s)(`+)(?!`).*?(?<!`)\1(?!`)", "", text)
    assert "</details><img" in text
    for part in ("<img", "@everyone", "# heading"):
        assert part not in outside
    assert outside.count("</details>") == 1


def test_a_server_cannot_steer_a_terminal():
    """What would steer a terminal, or end a text, is shown by its number wherever it stands."""
    raw = "a\x00b\x1b[31mc\u202e"
    run = run_of(outcome(UNMET, found=raw, shown=exchange(url=f"{JOBS}?{raw}")), header=replace(HEADER, suite=raw))
    for text in (markdown(run), diff_markdown(compare(run_of(), run)), diff_text(compare(run_of(), run))):
        assert r"\x1b" in text
        assert not re.search(r"[\x00-\x08\x0b-\x1f\u202e]", text)


def test_a_name_is_no_markup():
    """The target's name is code as well."""
    header = replace(HEADER, target=TargetLabel("url", "http://x/`<b>", "0"))
    assert markdown(run_of(header=header)).startswith("## Conformance of ``http://x/`<b>``\n")


def test_it_fits_into_a_comment():
    """What would make it too long is left out, and counted."""
    long = outcome(UNMET, found="x" * (FITTING - 1_000))
    text = markdown(run_of(long, long, outcome(UNMET), BLOCKED))
    assert "3 more are left out here; the record has them." in text
    assert text.count("<details>") == 1
    assert len(text) < FITTING + 1_000


@given(text=st.text(st.sampled_from("` a\n|"), max_size=12))
def test_code_ends_where_it_should(text: str):
    """No text ends the span or the block that it stands in, nor the row of a table... which splits at bars only."""
    span = code(text)
    ticks = re.match("`+", span)[0]  # type: ignore[index]
    assert re.findall("`+", span).count(ticks) == 2
    assert "\n" not in span
    block = fence(text, "shell").split("\n")
    assert block[0].removesuffix("shell") == block[-1]
    assert block[-1] not in text


def test_running_text():
    """What would be markup is escaped, and lines are joined."""
    assert plain("a *b* _c_ [d](e) <f>\n# g | h ~i~ & `j`") == r"a \*b\* \_c\_ \[d\](e) \<f\> \# g \| h \~i\~ \& \`j\`"


def test_a_table():
    """A table has a head, a rule and rows."""
    assert table(["a", "b"], [["x", "1"]]) == ["| a | b |", "| --- | --: |", "| x | 1 |"]
