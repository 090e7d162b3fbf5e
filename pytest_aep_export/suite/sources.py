"""Sources that are Markdown pages: which paragraph a requirement rests on, known by its digest and quoted nowhere.

A page is a sequence of headings; below each stand blocks: a paragraph, a row of a table, a sample between fences.
The digest of a block is the SHA-256 of its text with every run of blanks made one, so that a page may be wrapped anew.
A digest both finds the block below its heading and tells, once the page has changed, that the block is no longer there.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.suite.registry import Registry, Requirement, Source

__all__ = ["Block", "blocks", "drifted", "undigested"]

_FRONT_MATTER: Final = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
_HEADING: Final = re.compile(r"#{1,6}\s+(.*?)\s*(?:\{#[^}]*\})?\s*#*")
_RULE: Final = re.compile(r"\|?[\s:|-]+\|?")
"""The line below the head of a table."""


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, a row of a table or a sample.

    Attributes:
        heading: What it stands below.
        text: What it says, every run of blanks made one.
    """

    heading: str
    text: str

    @property
    def digest(self) -> str:
        """The SHA-256 of the text."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def blocks(page: str) -> Iterator[Block]:
    """The blocks of a Markdown page, in order."""
    heading, paragraph, fence = "", list[str](), ""
    for line in [*_FRONT_MATTER.sub("", page.replace("\r\n", "\n")).splitlines(), ""]:
        stripped = line.strip()
        found = None if fence else _HEADING.fullmatch(stripped)
        ends = stripped == fence if fence else not stripped or stripped.startswith(("```", "|")) or found
        if not ends:
            paragraph.append(line)
            continue
        yield from _block(heading, paragraph)
        paragraph = []
        heading = _plain(found[1]) if found else heading
        fence = "```" if stripped.startswith("```") and not fence else ""
        if stripped.startswith("|") and not _RULE.fullmatch(stripped):
            yield from _block(heading, [line])


def drifted(registry: Registry, folder: Path) -> list[str]:
    """What no longer stands in the pages of a folder, a sentence for each requirement; nothing when all does.

    Raises:
        ConfigurationError: A page cannot be read.
    """
    pages = {document: _read(folder / name) for document, name in registry.pages.items()}
    return [
        f"{requirement.id} rests on a paragraph of {source} that is no longer there: "
        "read the section again, adapt the requirement, and give it the digest of what it rests on now"
        for requirement, source in _digested(registry)
        if source.sha256 and source.sha256 not in pages[source.document].get(_plain(source.section), frozenset())
    ]


def undigested(registry: Registry) -> list[str]:
    """The requirements that rest on a page without saying on which paragraph of it, a sentence each."""
    return [
        f"{requirement.id} names no paragraph of {source}: give the source a sha256"
        for requirement, source in _digested(registry)
        if not source.sha256
    ]


def _digested(registry: Registry) -> Iterator[tuple[Requirement, Source]]:
    for requirement in registry.requirements.values():
        yield from ((requirement, source) for source in requirement.sources if source.document in registry.pages)


def _read(path: Path) -> Mapping[str, frozenset[str]]:
    """The digests below each heading of a page."""
    try:
        found = list(blocks(path.read_text("utf-8")))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8"
        raise ConfigurationError(
            f"the page {path} cannot be read ({reason}): --sources names a folder that holds the pages which "
            "requirements.toml lists"
        ) from error
    headings = {block.heading for block in found}
    return {heading: frozenset(b.digest for b in found if b.heading == heading) for heading in headings}


def _block(heading: str, lines: list[str]) -> Iterator[Block]:
    text = _plain(" ".join(lines))
    if text:
        yield Block(heading, text)


def _plain(text: str) -> str:
    """The text with every run of blanks made one, in Unicode's composed form."""
    return " ".join(unicodedata.normalize("NFC", text).split())
