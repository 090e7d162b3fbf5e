"""Batches: of several files, with odd entries, and downloads that are cut."""

from __future__ import annotations

from typing import Final

from pytest_aep_export.emulator import Behaviour
from pytest_aep_export.emulator.faults import Fault, Reset, Truncate
from pytest_aep_export.judge.scenario import Scenario
from pytest_aep_export.judge.scenarios.odd import BARE_FILES, FOREIGN_FILES, answering

__all__ = ["DOWNLOADS"]

_FILE: Final = "getFile"
_ROWS: Final = 8
"""Rows of a part, so few that a batch of some profiles has several."""
_MANY: Final = 80
"""Profiles that are more than a hundred rows, and so as many files of one row."""

DOWNLOADS: Final = (
    Scenario("several-files", "A batch has several files.", behaviour=Behaviour(part_rows=_ROWS)),
    Scenario(
        "one-file-of-several-parts",
        "A batch has one file, which is a directory of several parts.",
        behaviour=Behaviour(part_rows=_ROWS, files="directory"),
    ),
    Scenario(
        "more-files-than-a-page",
        "A batch has more files than a page of Data Access lists.",
        behaviour=Behaviour(part_rows=1),
        profiles=_MANY,
    ),
    Scenario(
        "entries-that-say-little",
        "Of each file only its id, its link and isValid are shown, as the live service does.",
        behaviour=Behaviour(persona=answering("bare-files", "Files are shown with three members.", BARE_FILES)),
    ),
    Scenario(
        "files-at-another-host",
        "The links of files lead to another host.",
        ending="either",
        behaviour=Behaviour(persona=answering("files-elsewhere", "Files link to another host.", FOREIGN_FILES)),
    ),
    Scenario(
        "announced-length-is-wrong",
        "A file is announced with a byte more than it has.",
        ending="failure",
        behaviour=Behaviour(persona="length-too-large"),
    ),
    Scenario(
        "download-is-cut",
        "The connection is closed in the middle of a download, and only the first time.",
        ending="either",
        faults=(Fault(_FILE, Truncate(), skip=1),),
    ),
    Scenario(
        "download-is-reset",
        "The connection is reset after 1000 bytes of a download, and only the first time.",
        ending="either",
        faults=(Fault(_FILE, Reset(after=1_000), skip=1),),
    ),
    Scenario(
        "download-is-cut-and-starts-again",
        "The connection is closed in the middle of a download, and the server ignores ranges.",
        ending="either",
        behaviour=Behaviour(persona="ignores-ranges"),
        faults=(Fault(_FILE, Truncate(), skip=1),),
    ),
    Scenario(
        "downloads-are-cut-for-good",
        "The connection is closed in the middle of every download.",
        ending="failure",
        faults=(Fault(_FILE, Truncate(), skip=1, times=None),),
        patience=4,
    ),
)
