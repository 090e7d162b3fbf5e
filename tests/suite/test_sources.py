"""Sources that are pages: what their blocks are, and how a paragraph that has changed is noticed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from pytest_aep_export.cli import lint as command
from pytest_aep_export.cli import main
from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.suite.capabilities import load_capabilities, unknown_capabilities, unused_capabilities
from pytest_aep_export.suite.registry import Registry, load, parse
from pytest_aep_export.suite.sources import Block, blocks, drifted, undigested

PAGE = """---
title: Orders
---

Words before any heading.

# Orders

An order is placed
by a customer.

## Placing an order {#placing}

It is answered with a number.

| Member | Meaning |
| --- | --- |
| `id` | its number |
| `at` | its time |

>[!NOTE]
>
>A note of two lines,
>as one block.

```shell
# no heading

curl \\
| no row |
```
## Placing an order again
It gets another number.
"""


SECTION = 'section = "A section"'


@pytest.fixture
def registry_with(registry_text: Callable[..., bytes]) -> Callable[[str], Registry]:
    """A registry of one requirement, whose source is the section "A section" of a page; the argument is its digest."""

    def make(digest: str) -> Registry:
        raw = registry_text({"id": "EXP-LIST-001"}).decode()
        source = f'{SECTION}, sha256 = "{digest}"' if digest else SECTION
        return parse(f'{raw.replace(SECTION, source)}\n[pages]\nguide = "guide.md"\n'.encode())

    return make


def test_the_blocks_of_a_page():
    """Paragraphs, rows and samples stand each for itself below their heading; what is only layout is left out."""
    assert list(blocks(PAGE)) == [
        Block("", "Words before any heading."),
        Block("Orders", "An order is placed by a customer."),
        Block("Placing an order", "It is answered with a number."),
        Block("Placing an order", "| Member | Meaning |"),
        Block("Placing an order", "| `id` | its number |"),
        Block("Placing an order", "| `at` | its time |"),
        Block("Placing an order", ">[!NOTE] > >A note of two lines, >as one block."),
        Block("Placing an order", "# no heading curl \\ | no row |"),
        Block("Placing an order again", "It gets another number."),
    ]


def test_a_page_without_anything():
    """An empty page, and one of headings only, have no blocks."""
    assert list(blocks("")) == list(blocks("# One\n\n## Two")) == []


@pytest.mark.parametrize("text", ["two words", " two\twords  ", "two\nwords\n", "two\r\nwords"])
def test_a_digest_does_not_depend_on_blanks(text: str):
    """A page that is wrapped anew has the same digests."""
    (block,) = blocks(text)
    assert block.digest == hashlib.sha256(b"two words").hexdigest()


def page_in(folder: Path, text: str) -> Path:
    """A folder that holds the page."""
    (folder / "guide.md").write_text(text)
    return folder


def test_a_paragraph_that_is_there_has_not_drifted(registry_with: Callable[[str], Registry], tmp_path: Path):
    """A requirement rests on the block of that digest, wherever it stands below its heading."""
    text = "# A section\n\nAnother paragraph.\n\nWhat it rests on.\n"
    digest = Block("", "What it rests on.").digest
    assert drifted(registry_with(digest), page_in(tmp_path, text)) == []


@pytest.mark.parametrize(
    "text",
    [
        "# A section\n\nWhat it rests upon.\n",
        "# Another section\n\nWhat it rests on.\n",
        "# A section\n\n## Another section\n\nWhat it rests on.\n",
        "",
    ],
)
def test_a_paragraph_that_has_changed_is_named(registry_with: Callable[[str], Registry], tmp_path: Path, text: str):
    """One word that changed, or a paragraph that moved to another heading, is told with the requirement."""
    (problem,) = drifted(registry_with(Block("", "What it rests on.").digest), page_in(tmp_path, text))
    assert problem.startswith("EXP-LIST-001 rests on a paragraph of guide, A section that is no longer there")


def test_a_source_without_a_digest_is_named(registry_with: Callable[[str], Registry], tmp_path: Path):
    """A source in a page has to name its paragraph; one that does not has nothing to drift."""
    assert undigested(registry_with("")) == [
        "EXP-LIST-001 names no paragraph of guide, A section: give the source a sha256"
    ]
    assert undigested(registry_with("0" * 64)) == []
    assert drifted(registry_with(""), page_in(tmp_path, "")) == []


@pytest.mark.parametrize(("raw", "said"), [(None, "No such file or directory"), (b"\xff", "it is no UTF-8")])
def test_a_page_that_cannot_be_read(
    registry_with: Callable[[str], Registry], tmp_path: Path, raw: bytes | None, said: str
):
    """A missing page is one sentence that says where it was looked for."""
    if raw is not None:
        (tmp_path / "guide.md").write_bytes(raw)
    with pytest.raises(ConfigurationError, match=rf"guide.md cannot be read \({said}\): --sources names a folder"):
        drifted(registry_with("0" * 64), tmp_path)


def test_the_registry_that_ships_names_every_paragraph():
    """Every guide is a page of a file of its own, and each source in one has the digest of its paragraph."""
    registry = load()
    assert {document for document in registry.documents if document.endswith("guide")} <= set(registry.pages)
    assert len(set(registry.pages.values())) == len(registry.pages)
    assert undigested(registry) == []


def test_the_registry_that_ships_rests_on_each_of_its_pages():
    """No page has to be kept for the sake of no requirement."""
    registry = load()
    named = {source.document for requirement in registry.requirements.values() for source in requirement.sources}
    assert set(registry.pages) <= named


def test_the_capabilities_that_ship_are_those_that_are_needed():
    """Every capability is described, and none in vain."""
    assert list(unknown_capabilities(load(), load_capabilities())) == []
    assert list(unused_capabilities(load(), load_capabilities())) == []


def test_the_lint_of_what_ships():
    """Without pages the registry and the capabilities are checked; each cassette has a test of its own elsewhere."""
    done = CliRunner().invoke(main, ["lint", "auth/token"])
    assert done.exit_code == 0, done.output
    assert done.output.endswith(", 1 cassettes with 1 interactions: all is well\n")


def _well(pages: str) -> str:
    """What is said of one requirement and no cassette."""
    uncovered = "no cassette covers 1 of 1 requirements of servers: EXP-LIST-001\n"
    return (
        f"{uncovered}1 requirements, 0 capabilities, {pages} read again, 0 cassettes with 0 interactions: all is well\n"
    )


def test_the_lint_with_pages(registry_with: Callable[[str], Registry], tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """With pages a paragraph that has changed fails the command, and is named."""
    monkeypatch.setattr(command, "load", lambda: registry_with(Block("", "What it rests on.").digest))
    monkeypatch.setattr(command, "load_capabilities", dict)
    monkeypatch.setattr(command, "_chosen", dict)
    good = CliRunner().invoke(main, ["lint", "--sources", str(page_in(tmp_path, "# A section\nWhat it rests on."))])
    assert (good.exit_code, good.output) == (0, _well("1 page"))
    bad = CliRunner().invoke(main, ["lint", "--sources", str(page_in(tmp_path, "# A section\nWhat it rested on."))])
    assert bad.exit_code == 1
    assert bad.output.startswith("EXP-LIST-001 rests on a paragraph of guide")


def test_the_lint_reads_each_page(
    registry_with: Callable[[str], Registry], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """A folder has to hold every page, and the command tells how many it has read."""
    one = registry_with(Block("", "What it rests on.").digest)
    monkeypatch.setattr(command, "load", lambda: replace(one, pages={**one.pages, "tutorial": "tutorial.md"}))
    monkeypatch.setattr(command, "load_capabilities", dict)
    monkeypatch.setattr(command, "_chosen", dict)
    folder = page_in(tmp_path, "# A section\nWhat it rests on.")
    missing = CliRunner().invoke(main, ["lint", "--sources", str(folder)])
    assert missing.exit_code == 2
    assert "tutorial.md cannot be read" in missing.output
    (folder / "tutorial.md").write_text("# Elsewhere\n")
    read = CliRunner().invoke(main, ["lint", "--sources", str(folder)])
    assert (read.exit_code, read.output) == (0, _well("2 pages"))


def test_the_lint_of_pages_that_are_not_there(tmp_path: Path):
    """A folder without the pages is a wrong call."""
    done = CliRunner().invoke(main, ["lint", "--sources", str(tmp_path)])
    assert done.exit_code == 2
    assert "profile-guide.md cannot be read" in done.output
