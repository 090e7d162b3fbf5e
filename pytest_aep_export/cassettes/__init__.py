"""Recorded API traffic: recorded from a target without its secrets, replayed without a network."""

from typing import TYPE_CHECKING

from pytest_aep_export.cassettes.leaks import LeakError
from pytest_aep_export.cassettes.library import find, library, path_of
from pytest_aep_export.cassettes.mismatch import MismatchError
from pytest_aep_export.cassettes.recording import Interaction, Metadata, Recording
from pytest_aep_export.cassettes.storage import read, save
from pytest_aep_export.lazy import lazily

if TYPE_CHECKING:
    from pytest_aep_export.cassettes.play import Cassette, describe, draft, record, replay

__all__ = [
    "Cassette",
    "Interaction",
    "LeakError",
    "Metadata",
    "MismatchError",
    "Recording",
    "describe",
    "draft",
    "find",
    "library",
    "path_of",
    "read",
    "record",
    "replay",
    "save",
]

__getattr__, _ = lazily(__name__, dict.fromkeys(("Cassette", "describe", "draft", "record", "replay"), "play"))
"""Only who records or replays waits for vcrpy, which takes a second to import."""
