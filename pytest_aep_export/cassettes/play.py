"""Recording and replaying with vcrpy: requests are matched by method, path, query and body, whatever the host."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import vcr
from vcr.serializers import yamlserializer

from pytest_aep_export.cassettes.hygiene import GATEWAY, PLACEHOLDER, Cleaner, refuse_leaks
from pytest_aep_export.cassettes.library import path_of
from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.model import Credentials

__all__ = ["Cassette", "record", "replay"]

_MATCH_ON: Final = ("method", "path", "query", "json")


@dataclass(frozen=True, slots=True)
class Cassette:
    """A recording while it is replayed.

    Attributes:
        name: What it is called.
        base_url: The gateway that a client should be pointed at; nothing is ever sent there.
        credentials: Placeholders that a client should use.
        unplayed: How many of its interactions have not been asked for yet.
    """

    name: str
    base_url: str
    credentials: Credentials
    unplayed: Callable[[], int]


@contextmanager
def record(name: str, *, credentials: Credentials, base_url: str, folder: Path | None = None) -> Iterator[None]:
    """Record what is exchanged with the host at ``base_url``, and write it when all went well.

    An earlier recording of that name stays as it is until then.

    Args:
        name: What to call the recording: ``area/name``.
        credentials: Whose secrets must not get into it.
        base_url: The host that is asked.
        folder: The folder of recordings; by default the library.

    Raises:
        ConfigurationError: The name is not one, or nothing was exchanged.
        LeakError: The recording still holds a secret; nothing was written.
    """
    path = path_of(name, folder)
    draft = path.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    recorder = _vcr(Cleaner(credentials, base_url), refuse_leaks(credentials))
    with recorder.use_cassette(str(draft), record_mode="once", record_on_exception=False):
        yield
    if not draft.is_file():
        raise ConfigurationError(f"cassette {name} was not written: nothing was exchanged while it recorded")
    draft.replace(path)


@contextmanager
def replay(name: str, folder: Path | None = None) -> Iterator[Cassette]:
    """Answer every request from the recording; one that it does not hold fails, and none leaves this process.

    Raises:
        ConfigurationError: There is no such recording.
    """
    path = path_of(name, folder)
    if not path.is_file():
        raise ConfigurationError(f"cassette {name} does not exist: there is no file {path}")
    player = _vcr(Cleaner(PLACEHOLDER, GATEWAY), str)
    with player.use_cassette(str(path), record_mode="none") as tape:
        yield Cassette(name, GATEWAY, PLACEHOLDER, lambda: len(tape) - tape.play_count)


class _Serializer:
    """vcrpy's YAML, its text checked before it is written."""

    def __init__(self, check: Callable[[str], str]) -> None:
        self._check = check

    def serialize(self, cassette: dict[str, Any]) -> str:
        return self._check(yamlserializer.serialize(cassette))

    def deserialize(self, text: str) -> Any:
        return yamlserializer.deserialize(text)


def _vcr(cleaner: Cleaner, check: Callable[[str], str]) -> vcr.VCR:
    recorder = vcr.VCR(
        before_record_request=cleaner.request,
        before_record_response=cleaner.response,
        decode_compressed_response=True,
        serializer="checked",
        match_on=_MATCH_ON,
    )
    recorder.register_serializer("checked", _Serializer(check))
    recorder.register_matcher("json", _same_body)
    return recorder


def _same_body(one: Any, other: Any) -> bool:
    """Whether two bodies say the same: as JSON where they are JSON, to the byte elsewhere."""
    try:
        return bool(json.loads(one.body or b"null") == json.loads(other.body or b"null"))
    except ValueError:
        return bool(one.body == other.body)
