"""The page in a real Chromium: looked at, filtered, searched and opened, in the light and in the dark, by keyboard."""

from __future__ import annotations

import itertools
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from pytest_aep_export.report.document import Run, TargetLabel
from pytest_aep_export.report.html import BUDGET, html
from pytest_aep_export.suite.verdicts import Verdict
from tests.report.samples import (
    ABSENT,
    BLOCKED,
    BROKEN,
    HEADER,
    MET,
    NAMES,
    UNMET,
    UNSURE,
    everything,
    exchange,
    outcome,
    run_of,
)

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
WRONG = {"records": [{"id": 9007199254740993, "status": "LOST", "big": 1.50}, {}], "page": {}, "link": "none"}


class Show:
    """Opens the pages of runs without a network, and hears what goes wrong in them.

    Attributes:
        complaints: What the browser has complained of.
        asked: What the pages have asked for.
    """

    def __init__(self, browser: Browser, folder: Path) -> None:
        self.complaints: list[str] = []
        self.asked: list[str] = []
        self.path = folder / "report.html"
        self._browser = browser
        self._contexts: list[BrowserContext] = []

    def __call__(self, run: Run, place: str = "", *, budget: int = BUDGET, **options: Any) -> Page:
        """Open the page of a run."""
        self.path.write_text(html(run, budget), "utf-8")
        context = self._browser.new_context(offline=True, **options)
        context.set_default_timeout(5_000)
        self._contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: self.complaints.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self.asked.append(request.url))
        page.goto(f"{self.path.as_uri()}{place}")
        return page

    def close(self) -> None:
        """Close the pages."""
        for context in self._contexts:
            context.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium. Where it must not be missing, AEP_CHROMIUM_REQUIRED says so."""
    if CHROMIUM is None:
        missing = "no Chromium is installed: apt-get install chromium"
        pytest.fail(missing) if os.environ.get("AEP_CHROMIUM_REQUIRED") else pytest.skip(missing)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield started
        started.close()


@pytest.fixture
def show(browser: Browser, tmp_path: Path) -> Iterator[Show]:
    """Opens pages. At the end none may have complained, nor asked for anything but itself."""
    opening = Show(browser, tmp_path)
    yield opening
    opening.close()
    assert opening.complaints == []
    assert {url.partition("#")[0] for url in opening.asked} == {opening.path.as_uri()}


def seen(page: Page) -> list[str]:
    """The ids of the requirements that are shown."""
    return page.eval_on_selector_all(".requirement:not([hidden])", "found => found.map(each => each.id)")  # type: ignore[no-any-return]


def count(page: Page) -> str:
    """What the page says of how many are shown."""
    return page.locator(".filters output").inner_text()


def press(page: Page, name: str) -> None:
    """Press one of the filters' buttons."""
    page.get_by_role("button", name=name, exact=False).first.click()


# Looking, filtering, searching


def test_what_is_seen_at_first(show: Show):
    """The target, the conclusion, the table by area and every requirement are there, all closed."""
    page = show(everything())
    assert page.get_by_role("heading", level=1).inner_text() == "http://127.0.0.1:9"
    assert "Not conformant." in page.locator(".conclusion").inner_text()
    rows = [row.split() for row in page.locator(".areas tr").all_inner_texts()]
    assert rows == [
        ["Area", "Share", "fail", "warn", "blocked", "error"],
        ["LIST", "Lists", "1", "1", "1"],
        ["JOB", "Jobs", "1"],
    ]
    assert seen(page) == [*NAMES]
    assert page.locator("details[open]").count() == 0
    assert count(page) == "4 of 4 requirements"
    facts = page.locator(".facts").inner_text().split("\n")
    assert {"canonical", "7", "full", "2026-11-24 10:00:00 UTC", "1.2 s"} <= {*facts}


def test_filters_narrow_the_list(show: Show):
    """By verdict, level and area, each alone and together; what is pressed twice is as before."""
    page = show(everything())
    page.locator("button[value=fail]").click()
    assert (seen(page), count(page)) == (["EXP-LIST-001"], "1 of 4 requirements")
    page.locator("button[value=warn]").click()
    assert seen(page) == ["EXP-LIST-001", "EXP-LIST-002"]
    page.locator("button[value=MUST]").click()
    assert seen(page) == ["EXP-LIST-001"]
    for button in ("fail", "warn", "MUST"):
        page.locator(f"button[value={button}]").click()
    assert seen(page) == [*NAMES]
    page.locator("select").select_option("JOB")
    assert seen(page) == ["EXP-JOB-001"]
    assert page.locator(".group:not([hidden])").count() == 1


def test_searching(show: Show):
    """Every word has to be somewhere: in the id, the statement, a source, a test, a finding, or a call's path."""
    page = show(everything())
    box = page.get_by_role("searchbox")
    for words, found in {
        "exp-job": ["EXP-JOB-001"],
        "newest SORTED": ["EXP-LIST-002"],
        "errata": ["EXP-LIST-001"],
        "test_list::test_3": ["EXP-LIST-001"],
        "KeyError": ["EXP-LIST-003"],
        "/export/jobs 500": ["EXP-JOB-001"],
        "no such words": [],
        "": [*NAMES],
    }.items():
        box.fill(words)
        assert seen(page) == found, words


def test_nothing_found(show: Show):
    """Where nothing fits, the page says so and offers to show everything again."""
    page = show(everything())
    assert page.get_by_role("button", name="Show all").first.is_disabled()
    page.get_by_role("searchbox").fill("no such words")
    assert page.locator(".none").is_visible()
    assert count(page) == "0 of 4 requirements"
    page.locator(".none button").click()
    assert seen(page) == [*NAMES]
    assert page.get_by_role("searchbox").input_value() == ""
    page.locator("button[value=fail]").click()
    page.locator("button[type=reset]").click()
    assert seen(page) == [*NAMES]
    assert page.locator("[aria-pressed=true]").count() == 0


# One requirement


def test_a_requirement_is_told(show: Show):
    """An open requirement has its statement, level, sources, tests and, already open, the exchange that shows it."""
    page = show(everything())
    page.locator("#EXP-LIST-001 > summary").click()
    body = page.locator("#EXP-LIST-001 .body")
    text = body.inner_text()
    for part in (
        "Whoever asks for the list is given one.",
        "MUST: whoever breaks it contradicts every documented variant",
        "The guide, Errata (divergence 16)",
        "aep-export run -k EXP-LIST-001",
        "4 tests",
        "Expected a list",
        "Found reason 1",
    ):
        assert part in text
    assert body.locator(".exchange[open]").count() == 2
    assert body.locator(".exchange").count() == 3
    assert page.evaluate("location.hash") == "#EXP-LIST-001"
    assert "Blocked by EXP-LIST-001. required: a list" in page.locator("#EXP-JOB-001 .about").text_content()  # type: ignore[operator]
    assert "pages are numbered" in page.locator("#EXP-LIST-002 .about").text_content()  # type: ignore[operator]


def test_an_exchange_is_laid_out(show: Show):
    """Headers are a table; JSON is set in lines without a character of it changed; a command repeats the call."""
    answer = {"status": 400, "title": 'a "b" \\ \n é', "report": {"none": [], "some": [1, {"deep": {}}]}}
    shown = exchange(answer, status=400, body=b'{"x":1.50,"big":9007199254740993}')
    page = show(run_of(outcome(UNMET, shown=shown)), "#EXP-LIST-001")
    opened = page.locator("#EXP-LIST-001 .exchange")
    sent, received = opened.locator("pre").nth(0), opened.locator("pre").nth(1)
    assert sent.inner_text() == '{\n  "x": 1.50,\n  "big": 9007199254740993\n}'
    assert received.inner_text() == json.dumps(answer, indent=2)
    assert opened.locator("th", has_text="Authorization").locator("xpath=../td").inner_text() == "REDACTED"
    assert opened.locator(".copyable pre").inner_text().startswith("curl -i -X GET 'http://127.0.0.1:9/data/")


def test_violations_are_marked(show: Show):
    """What contradicts the contract is listed, and marked where it stands, or where it should."""
    page = show(run_of(outcome(UNMET, shown=exchange(WRONG))), "#EXP-LIST-001")
    shown = page.locator("#EXP-LIST-001 .exchange")
    places = shown.locator(".violations code").all_inner_texts()
    assert "/link" in places
    assert f"{len(places)} against the contract" in shown.locator("summary").inner_text()
    marked = shown.locator(".line.wrong").all_inner_texts()
    assert any(line.startswith('  "link": "none"  ← expected ') for line in marked)
    assert sum(line.count("←") for line in marked) == len([place for place in places if place.startswith("/")])


def test_a_header_that_is_wrong(show: Show):
    """A header that contradicts the contract is marked in the table."""
    page = show(run_of(outcome(UNMET, shown=exchange(b"<p>", media="text/html"))), "#EXP-LIST-001")
    assert page.locator(".headers .wrong").inner_text() == "Content-Type\ttext/html"
    assert page.locator(".violations code").all_inner_texts() == ["/header/content-type"]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b"", "No body."),
        (b"x", "1 byte"),
        (b"PAR1\xff", "5 bytes that are no text. SHA-256 "),
        (b'{"a": "' + b"x" * 20_000 + b'"}', "The beginning of 20,009 bytes."),
        (b"[" * 9_000 + b"]" * 7_000, "16,000 bytes"),
        (b"[" * 6_000 + b"]" * 6_000, "12,000 bytes"),
        (b"not {json}", "10 bytes"),
    ],
)
def test_any_body(show: Show, answer: bytes, told: str):
    """What is missing, no text, cut, nested too deeply or no JSON is shown as well as it can be."""
    page = show(run_of(outcome(UNMET, shown=exchange(answer))), "#EXP-LIST-001")
    assert page.locator("#EXP-LIST-001 .exchange .size").last.inner_text().startswith(told)
    if answer.startswith(b"["):
        assert page.locator("#EXP-LIST-001 .exchange pre").first.inner_text().count("[") == answer.count(b"[")


def test_bodies_that_were_left_out(show: Show):
    """A body that the page had no room for says where it is."""
    page = show(run_of(UNMET), "#EXP-LIST-001", budget=10)
    shown = page.locator("#EXP-LIST-001 .exchange").inner_text()
    assert "left out to keep this page small; the record has them" in shown


def test_the_command_is_copied(show: Show):
    """The button puts the command on the clipboard, and says so to those who cannot see it."""
    page = show(run_of(UNMET), "#EXP-LIST-001", permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy").click()
    page.get_by_role("button", name="Copied").wait_for()
    command = page.locator(".copyable pre").inner_text()
    assert page.evaluate("navigator.clipboard.readText()") == command
    assert page.locator("#said").inner_text() == "Copied."


def test_the_command_is_copied_without_permission(show: Show):
    """Where a page may not use the clipboard, the older way is taken."""
    page = show(run_of(UNMET), "#EXP-LIST-001")
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('refused')); }")
    page.evaluate("() => { document.execCommand = name => { window.did = [name, document.activeElement.value]; }; }")
    page.get_by_role("button", name="Copy").click()
    page.get_by_role("button", name="Copied").wait_for()
    assert page.evaluate("window.did") == ["copy", page.locator(".copyable pre").inner_text()]
    assert page.locator("textarea").count() == 0


# Links


def test_a_deep_link_opens_its_requirement(show: Show):
    """The address of a requirement opens it and takes the keyboard there, even if a filter has hidden it."""
    page = show(everything(), "#EXP-JOB-001")
    assert page.locator("#EXP-JOB-001").get_attribute("open") is not None
    assert page.evaluate("document.activeElement.parentElement.id") == "EXP-JOB-001"
    page.get_by_role("searchbox").fill("no such words")
    page.evaluate("location.hash = '#EXP-LIST-002'")
    page.locator("#EXP-LIST-002[open]").wait_for()
    assert seen(page) == [*NAMES]


@pytest.mark.parametrize("place", ["#nothing", "#area-JOB", "#", "#said", "#%"])
def test_other_links_open_nothing(show: Show, place: str):
    """An address that is no requirement's is only followed."""
    assert show(everything(), place).locator("details[open]").count() == 0


def test_findings_lead_to_their_requirements(show: Show):
    """What does not hold is listed first, and each entry leads to its requirement."""
    page = show(everything())
    listed = page.locator(".findings")
    assert listed.locator("a").all_inner_texts() == ["EXP-LIST-001", "EXP-LIST-003", "EXP-LIST-002", "EXP-JOB-001"]
    for part in (
        "Expected: a list. Found: reason 1",
        "By: EXP-LIST-001. Why: required",
        "Left at the target: 1 dataset",
    ):
        assert part in listed.inner_text()
    listed.get_by_role("link", name="EXP-LIST-002").click()
    page.locator("#EXP-LIST-002[open]").wait_for()
    assert page.locator("#findings").count() == 1
    assert show(run_of()).locator("#findings").count() == 0


# Everybody


def test_the_keyboard_is_enough(show: Show):
    """Search, open a requirement and an exchange, and copy its command, without a pointer."""
    page = show(run_of([outcome(MET), outcome(UNMET, 1)]), permissions=["clipboard-read", "clipboard-write"])
    keys = page.keyboard
    keys.press("/")
    keys.type("list-001")
    assert seen(page) == ["EXP-LIST-001"]

    def tab_to(selector: str) -> None:
        for _ in range(30):
            keys.press("Tab")
            if page.evaluate("selector => document.activeElement.matches(selector)", selector):
                outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
                assert outline not in {"none", ""}
                return
        pytest.fail(f"Tab does not lead to {selector}")

    tab_to("button[value=fail]")
    keys.press("Space")
    assert page.locator("button[value=fail]").get_attribute("aria-pressed") == "true"
    tab_to("#EXP-LIST-001 > summary")
    keys.press("Enter")
    tab_to(".exchange > summary")
    keys.press("Enter")
    assert page.locator(".exchange").first.get_attribute("open") is not None
    tab_to("button.copy")
    keys.press("Enter")
    page.get_by_role("button", name="Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()").startswith("curl ")


def test_the_first_link_skips_the_summary(show: Show):
    """Whoever tabs can go straight to the requirements."""
    page = show(everything())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.innerText") == "Skip to the requirements"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "requirements"


def test_a_slash_is_a_slash_where_one_types(show: Show):
    """In the search box the shortcut is a character, and with Ctrl it is the browser's."""
    page = show(everything())
    page.keyboard.press("Control+/")
    assert page.evaluate("document.activeElement.tagName") == "BODY"
    page.get_by_role("searchbox").press("/")
    assert page.get_by_role("searchbox").input_value() == "/"
    page.get_by_role("searchbox").press("Enter")
    assert seen(page) == ["EXP-LIST-001", "EXP-LIST-002", "EXP-LIST-003", "EXP-JOB-001"]


def test_the_outline(show: Show):
    """Headings descend without a gap, regions and fields have names, the count is announced."""
    page = show(everything(), "#EXP-LIST-001")
    levels = page.eval_on_selector_all("h1,h2,h3,h4,h5", "all => all.map(each => Number(each.tagName[1]))")
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later <= earlier + 1 for earlier, later in itertools.pairwise(levels))
    assert page.locator(".filters output").get_attribute("aria-live") == "polite"
    unnamed = "all => all.filter(each => !(each.textContent.trim() || each.ariaLabel || each.labels?.length)).length"
    assert page.eval_on_selector_all("button, input, select, a", unnamed) == 0
    assert page.locator("html").get_attribute("lang") == "en"


CONTRAST = """() => {
  const channels = text => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = element => {
    for (let each = element; each; each = each.parentElement) {
      const colour = channels(getComputedStyle(each).backgroundColor);
      if (colour.length < 4 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const found = [];
  for (const element of document.body.querySelectorAll("*")) {
    const said = [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim());
    if (!said || !element.checkVisibility() || element.closest("script, :disabled, .unseen")) continue;
    const [a, b] = [light(channels(getComputedStyle(element).color)), light(behind(element))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) found.push(`${element.tagName}.${element.className} ${element.innerText}: ${ratio.toFixed(2)}`);
  }
  return found;
}"""


def every_verdict() -> Run:
    """A run with every verdict there is."""
    results = [[outcome(UNMET, shown=exchange(WRONG))], UNMET, UNMET, MET]
    run = run_of(*results)
    more = [run_of(result).verdicts[0] for result in (ABSENT, UNSURE, BLOCKED, BROKEN)]
    renamed = [
        replace(v, requirement=replace(v.requirement, id=f"EXP-LIST-{number}")) for number, v in enumerate(more, 101)
    ]
    return replace(run, verdicts=(*run.verdicts, *renamed))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_can_be_read(show: Show, scheme: str):
    """In the light and in the dark all text has a contrast of at least 4.5 (WCAG 2.2, AA)."""
    run = every_verdict()
    assert {verdict.verdict for verdict in run.verdicts} == {*Verdict}
    page = show(run, "#EXP-LIST-001", color_scheme=scheme)
    page.eval_on_selector_all(".requirement", "all => all.forEach(each => { each.open = true; })")
    assert page.evaluate(CONTRAST) == []
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (int(background[4:].partition(",")[0]) > 128) == (scheme == "light")


@pytest.mark.parametrize("width", [320, 768, 1280])
def test_any_width(show: Show, width: int):
    """On a narrow screen nothing but tables and code scrolls sideways."""
    page = show(every_verdict(), "#EXP-LIST-001", viewport={"width": width, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_on_paper(show: Show):
    """Printed, even from the dark, the page is black on white, and has no filters and no buttons."""
    page = show(everything(), "#EXP-LIST-001", color_scheme="dark")
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    for selector in (".filters", "button.copy", ".permalink"):
        assert not page.locator(selector).first.is_visible()
    assert page.locator("#EXP-LIST-001 .statement").is_visible()
    assert page.pdf().startswith(b"%PDF")


def test_without_javascript(show: Show):
    """Where scripts are off, everything but filters and exchanges is there, and the page says so."""
    page = show(everything(), java_script_enabled=False)
    assert page.locator("noscript").first.inner_text().startswith("Filters and exchanges need JavaScript")
    assert not page.locator(".filters").is_visible()
    page.locator("#EXP-LIST-001 > summary").click()
    assert page.locator("#EXP-LIST-001 .statement").is_visible()


# Hostile servers


def test_a_hostile_server_runs_nothing(show: Show):
    """Whatever a server sends, in bodies, headers or names, is text: nothing of it runs, nothing is loaded."""
    said = "</script><script>pwned=1</script><img src=x onerror=pwned=1>\u2028\u2029]]><!--<svg onload=pwned=1>{{7*7}}"
    answers = [said, {said: [said]}, {"__proto__": {"a": said}}]
    made = [exchange(each if isinstance(each, dict) else each.encode(), media=said) for each in answers]
    run = run_of(
        [outcome(UNMET, number, required=said, found=said, shown=each) for number, each in enumerate(made)],
        [outcome(BLOCKED, cause=said, found=said)],
        header=replace(HEADER, target=TargetLabel("url", said, said)),
        stopped=said,
    )
    page = show(run, "#EXP-LIST-001")
    assert page.evaluate("typeof pwned") == "undefined"
    assert page.locator("img").count() == 0
    assert page.locator("body svg:not([viewBox])").count() == 0
    assert said in page.locator("#EXP-LIST-001 .exchange pre").first.text_content()  # type: ignore[operator]
    assert page.locator("#EXP-LIST-001 .exchange pre").last.is_visible()


def test_the_page_cannot_be_made_to_run_anything(show: Show):
    """Even a script that found a way in could neither write markup nor reach a network."""
    page = show(run_of())
    refused = page.evaluate("""async () => {
      const tried = [
        () => { document.body.innerHTML = "<img>"; },
        () => fetch("http://127.0.0.1:9/"),
      ];
      const found = [];
      for (const attempt of tried) {
        try { await attempt(); found.push("allowed"); } catch (error) { found.push(error.name); }
      }
      return found;
    }""")
    assert refused == ["TypeError", "TypeError"]
    assert len(show.complaints) == 3
    assert all("TrustedHTML" in each or "Content Security Policy" in each for each in show.complaints)
    show.complaints.clear()
