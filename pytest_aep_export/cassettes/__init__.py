"""Recorded API traffic: recorded from a target without its secrets, replayed without a network."""

from pytest_aep_export.cassettes.hygiene import LeakError
from pytest_aep_export.cassettes.library import library, path_of
from pytest_aep_export.cassettes.play import Cassette, record, replay

__all__ = ["Cassette", "LeakError", "library", "path_of", "record", "replay"]
