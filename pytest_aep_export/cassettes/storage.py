"""Recordings on a disk: written as a whole or not at all, and read only as they were written.

The binary bodies of ``export/succeeded.yaml`` lie in the folder ``export/succeeded``, each called after its content.
They are written first and the text last, by a single rename: whatever interrupts that, the earlier recording holds.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Container, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

from pytest_aep_export.cassettes.layout import UnreadableError, compose, file_name, parse
from pytest_aep_export.cassettes.recording import Recording, settled
from pytest_aep_export.errors import ConfigurationError

__all__ = ["LARGEST", "check_writable", "files_of", "read", "save"]

LARGEST: Final = 64 * 2**20
"""The bytes of a file that are read, at most. A choice of ours: what is reviewed and replayed is far smaller."""

Check = Callable[[str, Mapping[str, bytes]], object]
"""A look at the text of a recording, and at the files beside by their names."""

_FILE: Final = re.compile(r"[0-9a-f]{32}\.(?:parquet|bin)")


def files_of(path: Path) -> Path:
    """The folder of a recording's binary bodies."""
    return path.with_suffix("")


def read(name: str, path: Path) -> Recording:
    """The recording in a file.

    Raises:
        ConfigurationError: The file is missing or is not what was written; the sentence says which and why.
    """

    def beside(file: str) -> bytes:
        if not _FILE.fullmatch(file):
            raise UnreadableError(f"names {file!r}, which is no file of a cassette's")
        content = _bytes(name, files_of(path) / file)
        if file_name(content) != file:
            raise UnreadableError(f"does not hold what was written: the file {files_of(path) / file} has changed")
        return content

    try:
        text = _bytes(name, path).decode().replace("\r\n", "\n")
        metadata, interactions = parse(text, beside)
    except UnreadableError as error:
        raise _unusable(name, path, str(error)) from error
    except ValueError as error:  # bytes that are no text, a scalar that is none
        raise _unusable(name, path, "is no cassette") from error
    return Recording(name, metadata, interactions)


def _bytes(name: str, path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except FileNotFoundError as error:
        raise ConfigurationError(f"cassette {name} does not exist: there is no file {path}") from error
    except OSError as error:
        raise ConfigurationError(f"cassette {name} cannot be read: {path}: {error.strerror}") from error
    if len(content) > LARGEST:
        raise ConfigurationError(
            f"cassette {name} cannot be read: {path} is larger than {LARGEST >> 20} MiB; record less in one cassette"
        )
    return content


def _unusable(name: str, path: Path, reason: str) -> ConfigurationError:
    return ConfigurationError(f"cassette {name} cannot be used: {path} {reason}; restore it, or record it again")


def check_writable(name: str, path: Path) -> None:
    """Find out that a recording could not be written before anything is recorded.

    Raises:
        ConfigurationError: It could not.
    """
    folder = next(parent for parent in path.parents if parent.exists())
    if not (folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)):
        raise _unwritable(name, path, f"{folder} is not a folder that can be written to")


def save(recording: Recording, path: Path, check: Check | None = None) -> Recording:
    """Write a recording, and give it as it will be read.

    Args:
        recording: The recording; its interactions are brought into the form that is kept.
        path: Where to; an earlier recording there is replaced.
        check: Looks at the finished text and the files beside, and refuses them by an exception.

    Raises:
        ConfigurationError: It holds nothing, or could not be written; what was there is as it was.
    """
    if not recording.interactions:
        raise ConfigurationError(f"cassette {recording.name} was not written: it would hold nothing")
    interactions = tuple(settled(interaction) for interaction in recording.interactions)
    text, files = compose(recording.metadata, interactions)
    if check:
        check(text, files)
    try:
        for file, content in files.items():
            _replace(files_of(path) / file, content)
        _replace(path, text.encode())
        _tidy(files_of(path), files.keys())
    except OSError as error:
        raise _unwritable(recording.name, path, error.strerror or type(error).__name__) from error
    digest = text.split("\n", 2)[1].removeprefix("digest: ")
    return replace(recording, metadata=replace(recording.metadata, digest=digest), interactions=interactions)


def _unwritable(name: str, path: Path, reason: str) -> ConfigurationError:
    return ConfigurationError(f"cassette {name} was not written: {path}: {reason}; nothing was changed")


def _replace(path: Path, content: bytes) -> None:
    """Write a file as a whole: a reader finds the old one or the new one, and never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(draft).chmod(0o644)
        Path(draft).replace(path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise


def _tidy(folder: Path, kept: Container[str]) -> None:
    """Remove the files of an earlier recording that this one does not have, and the folder if it is empty."""
    for path in folder.glob("*") if folder.is_dir() else ():
        if _FILE.fullmatch(path.name) and path.name not in kept:
            path.unlink()
    with suppress(OSError):
        folder.rmdir()
