"""The page before a browser sees it: one file, within its bound, that says what it may do."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.report import html as module
from pytest_aep_export.report.html import html
from tests.report.samples import ABSENT, MET, UNMET, everything, exchange, outcome, run_of


class Elements(HTMLParser):
    """Every element of a page, with its attributes, and the text of scripts and styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.raw: dict[str, list[str]] = {"script": [], "style": []}
        self._in = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep an element."""
        self.found.append((tag, dict(attrs)))
        self._in = tag

    def handle_data(self, data: str) -> None:
        """Keep what a script or a style holds."""
        if self._in in self.raw:
            self.raw[self._in].append(data)

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 - whichever it is
        """A script has ended."""
        self._in = ""

    def of(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of every such element."""
        return [attributes for name, attributes in self.found if name == tag]


def bodies(page: str) -> list[dict[str, object]]:
    """The bodies of the answers that the page holds."""
    return [entry["response"]["body"] for entry in json.loads(Elements(page).raw["script"][0])]


def test_one_file_that_needs_no_other():
    """Nothing is loaded from anywhere: no element refers to another file."""
    elements = Elements(html(everything()))
    assert elements.of("link") == [{"rel": "icon", "href": "data:,"}]
    for tag, attributes in elements.found:
        assert "src" not in attributes
        assert "style" not in attributes
        assert not any(name.startswith("on") for name in attributes), tag
        assert (attributes.get("href") or "#").startswith(("#", "data:,"))
    assert not re.search(r"url\(|@import|https?://(?!127)", "".join(elements.raw["style"]))


def test_the_policy_allows_its_own_script_and_style_only():
    """The page declares what it may run and wear, by digest, and nothing else."""
    [policy] = [m["content"] or "" for m in Elements(html(everything())).of("meta") if "http-equiv" in m]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    assert re.fullmatch(r"'sha256-[\w+/]{43}='", rules["script-src"])
    assert re.fullmatch(r"'sha256-[\w+/]{43}='", rules["style-src"])
    assert rules["require-trusted-types-for"] == "'script'"


def test_hostile_content_makes_no_element():
    """However hostile a server's answers are, the page has the elements that it would have without them."""
    hostile = "</script><script>pwned=1</script><img src=x onerror=pwned=1>\u2028<!--<script>{{ 7*7 }}"
    tame = "x" * len(hostile)
    pages = [
        html(run_of(outcome(UNMET, required=said, found=said, shown=exchange(said.encode(), media=said)), stopped=said))
        for said in (hostile, tame)
    ]
    found, expected = ([tag for tag, _ in Elements(page).found] for page in pages)
    assert found == expected
    assert bodies(pages[0])[0]["text"] == hostile
    assert "49" not in Elements(pages[0]).raw["script"][0]


@pytest.mark.parametrize("result", [MET, ABSENT])
def test_the_heading_follows_the_exit_code(result: object):
    """Only a run that ends with 0 is said to be well."""
    assert "Nothing failed." in html(run_of(result))  # type: ignore[arg-type]
    assert "Not conformant." in html(run_of(UNMET))
    assert "Not decided." in html(run_of(stopped="no answer"))


def test_every_id_is_there_once():
    """Each requirement and area can be linked to, and no id is given twice."""
    ids = [attributes["id"] for _, attributes in Elements(html(everything())).found if "id" in attributes]
    assert {"EXP-LIST-001", "EXP-JOB-001", "area-LIST", "area-JOB"} <= {*ids}
    assert len(ids) == len({*ids})


def test_the_page_is_bounded():
    """Beyond its budget a page leaves bodies out, those last that show a finding, and says so."""
    shown, other = exchange(b"s" * 900), exchange(b"o" * 900)
    run = run_of([outcome(MET, shown=other), outcome(UNMET, 1, shown=shown)])
    page = html(run, budget=1000)
    assert bodies(page)[:2] == [{"bytes": 900, "left_out": True}, {"bytes": 900, "text": "s" * 900}]
    assert {"bytes": 900, "left_out": True} not in bodies(html(run))


def test_a_large_run_stays_within_its_bound():
    """Two hundred requirements with six exchanges of 2,000 characters each make a page of less than five megabytes."""
    several = [outcome(MET, number, shown=exchange(b"x" * 2000)) for number in range(300)]
    assert len(html(run_of(several, several, several, several))) < 5_000_000


def test_the_picture_of_the_documentation():
    """The guide shows a picture of a page that is small enough to be loaded with it."""
    picture = (Path(__file__).parents[2] / "docs" / "report.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert len(picture) < 150_000


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch):
    """Where jinja2 is missing, one sentence says how to get it."""
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(ConfigurationError, match=r"a page needs jinja2: install it with pip install '.*\[report\]'"):
        html(run_of())


def test_jinja2_is_for_pages_only():
    """Nothing but a page imports the extra."""
    code = "import sys, pytest_aep_export.cli.commands; print('jinja2' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "False\n"


def test_places_have_no_host():
    """A call is shown by its path and query; what is no URL as it is."""
    assert module._place("https://h:1/a?b=c") == "/a?b=c"
    assert module._place("http://[/a") == "/a"
    assert module._place("/a") == "/a"
