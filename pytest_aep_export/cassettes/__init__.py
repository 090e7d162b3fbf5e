"""Recorded API traffic: recorded from a target without its secrets, replayed without a network."""

from pytest_aep_export.cassettes.hygiene import LeakError
from pytest_aep_export.cassettes.library import find, library, path_of
from pytest_aep_export.cassettes.mismatch import MismatchError
from pytest_aep_export.cassettes.play import Cassette, describe, draft, record, replay
from pytest_aep_export.cassettes.recording import Interaction, Metadata, Recording
from pytest_aep_export.cassettes.storage import read, save

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
