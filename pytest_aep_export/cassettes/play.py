"""Recording and replaying, for whatever HTTP client a test uses."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from pytest_aep_export.cassettes.hygiene import PLACEHOLDER, Cleaner
from pytest_aep_export.cassettes.interception import answer_from, keep
from pytest_aep_export.cassettes.leaks import refuse_leaks
from pytest_aep_export.cassettes.library import find, path_of
from pytest_aep_export.cassettes.playback import Playback, load
from pytest_aep_export.cassettes.recording import Interaction, Metadata, Recording, Source
from pytest_aep_export.cassettes.storage import check_writable, save
from pytest_aep_export.contract import load as load_contract
from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.exchange import Request
from pytest_aep_export.hosts import GATEWAY, TOKEN_PATH
from pytest_aep_export.model import Credentials

__all__ = ["Cassette", "Draft", "describe", "draft", "record", "replay"]

_BEYOND: Final = 10**9
"""More stand-ins than any recording has."""
_AGAIN: Final = "record it with pytest_aep_export.cassettes.record"


@dataclass(frozen=True, slots=True)
class Cassette:
    """A recording while it is replayed or made.

    Attributes:
        name: What it is called.
        base_url: The gateway that a client should be pointed at; in a replay, nothing is ever sent there.
        ims_url: Where a client should ask for tokens.
        credentials: What a client should use; in a replay, placeholders.
        left: The recorded requests that have not been made yet; none while it is made.
        recording: Whether it is being made.
    """

    name: str
    base_url: str
    ims_url: str
    credentials: Credentials
    left: Callable[[], Sequence[Request]]
    recording: bool = False

    def unplayed(self) -> int:
        """How many of the recorded requests have not been made yet."""
        return len(self.left())


class Draft:
    """A recording that is being made; nothing of it reaches the disk before it is saved.

    Attributes:
        cassette: What a client needs to be recorded.
    """

    def __init__(self, cassette: Cassette, path: Path, metadata: Metadata, *, personal_data: bool = False) -> None:
        self.cassette = cassette
        self._path = path
        self._metadata = metadata
        self._personal_data = personal_data
        self._cleaner = Cleaner(cassette.credentials, cassette.base_url)
        self._interactions: list[Interaction] = []

    def add(self, interaction: Interaction) -> None:
        """Keep an interaction, without what must not be kept."""
        self._interactions.append(self._cleaner.interaction(interaction))

    def save(self) -> Recording:
        """Write it, in place of an earlier one.

        Raises:
            ConfigurationError: Nothing was exchanged, or it could not be written.
            LeakError: It still holds a secret. Whatever is raised, an earlier recording is as it was.
        """
        name = self.cassette.name
        if not self._interactions:
            raise ConfigurationError(f"cassette {name} was not written: nothing was exchanged while it recorded")
        recording = Recording(name, self._metadata, self._cleaner.finish(self._interactions))
        check = refuse_leaks(self.cassette.credentials, self._metadata.source, personal_data=self._personal_data)
        return save(recording, self._path, check)


def describe(
    source: Source,
    *,
    dialect: str = "",
    persona: str = "",
    requirements: tuple[str, ...] = (),
    faults: tuple[str, ...] = (),
    date: str = "",
) -> Metadata:
    """Whose evidence a recording is that is made now, or on that date, by this version of the package."""
    return Metadata(
        source,
        date or dt.datetime.now(dt.UTC).date().isoformat(),
        f"pytest-aep-export {version('pytest-aep-export')}",
        str(load_contract().document["info"]["version"]),
        dialect,
        persona,
        requirements,
        faults,
    )


@contextmanager
def draft(
    name: str,
    *,
    credentials: Credentials,
    base_url: str,
    ims_url: str = "",
    folder: Path | None = None,
    metadata: Metadata | None = None,
    personal_data: bool = False,
) -> Iterator[Draft]:
    """Listen to what is exchanged with a target, without writing it.

    Other requests go where they are meant to and are not kept. One recording is made at a time: threads of another test
    would be recorded too.

    Args:
        name: What to call the recording: ``area/name``.
        credentials: Whose secrets must not get into it.
        base_url: The gateway that is asked.
        ims_url: Where tokens are asked for; by default the gateway's own token service.
        folder: The folder of recordings; by default the library.
        metadata: Whose evidence it is; by default that of a server nobody knows.
        personal_data: Whether files of profiles may be kept though they are from Adobe's live service.

    Raises:
        ConfigurationError: The name is not one, or the folder cannot be written to.
    """
    path = path_of(name, folder)
    check_writable(name, path)
    tokens = ims_url or f"{base_url}{TOKEN_PATH}"
    cassette = Cassette(name, base_url, tokens, credentials, tuple, recording=True)
    made = Draft(cassette, path, metadata or describe("server"), personal_data=personal_data)
    with keep({urlsplit(url).netloc for url in (base_url, tokens)}, made.add):
        yield made


@contextmanager
def record(
    name: str,
    *,
    credentials: Credentials,
    base_url: str,
    ims_url: str = "",
    folder: Path | None = None,
    metadata: Metadata | None = None,
    personal_data: bool = False,
) -> Iterator[Cassette]:
    """Record what is exchanged with a target, and write it when all went well; see `draft` for the arguments.

    An earlier recording of that name stays as it is until then.

    Raises:
        ConfigurationError: The name is not one, nothing was exchanged, or the recording cannot be written.
        LeakError: The recording still holds a secret; nothing was written.
    """
    with draft(
        name,
        credentials=credentials,
        base_url=base_url,
        ims_url=ims_url,
        folder=folder,
        metadata=metadata,
        personal_data=personal_data,
    ) as made:
        yield made.cassette
    made.save()


@contextmanager
def replay(name: str, folder: Path | None = None, *, again: str = _AGAIN) -> Iterator[Cassette]:
    """Answer every request from the recording; one that it does not hold fails, and none reaches the network.

    Left alone are requests that a client sends to an app in this process, and requests to a server of this machine that
    are none of the API's.

    Args:
        name: What the recording is called.
        folder: The folder of recordings; what it does not have is looked for in the library.
        again: How to record it again, for the message to somebody whose request finds no answer.

    Raises:
        ConfigurationError: There is no such recording, or it is not what was written.
    """
    path = find(name, folder)
    if not path.is_file():
        raise ConfigurationError(f"cassette {name} does not exist: there is no file {path}; {again}")
    playback = Playback(load(name, path), Cleaner(PLACEHOLDER, GATEWAY, first=_BEYOND).request, again)
    with answer_from(playback):
        yield Cassette(name, GATEWAY, f"{GATEWAY}{TOKEN_PATH}", PLACEHOLDER, playback.left)
