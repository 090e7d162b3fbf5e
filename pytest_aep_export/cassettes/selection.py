"""Which cassettes a command is about: files, folders of them, or names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from pytest_aep_export.cassettes.library import find, library
from pytest_aep_export.errors import ConfigurationError

__all__ = ["FOLDER", "select"]

FOLDER: Final = Path("cassettes")
"""Where a project keeps its own unless its ini file says otherwise."""


def select(words: Iterable[str] = (), own: Path = FOLDER) -> dict[str, Path]:
    """Cassettes by their names.

    Args:
        words: Each a file, a folder, or a name; none for all of the project's own, or of the library's where it has
            none.
        own: The folder of the project's own.

    Raises:
        ConfigurationError: A word is none of these, or there is nothing at all.
    """
    found: dict[str, Path] = {}
    where = [*words] or [str(own if own.is_dir() else library())]
    for word in where:
        found |= _found(word, own)
    if not found:
        raise ConfigurationError(f"there is no cassette in {', '.join(where)}: record one first")
    return found


def _found(word: str, own: Path) -> dict[str, Path]:
    path = Path(word)
    if path.is_dir():
        return dict(_in_folder(path))
    if path.is_file():
        return {f"{path.resolve().parent.name}/{path.stem}": path}
    named = find(word, own) if "." not in word else path
    if not named.is_file():
        raise ConfigurationError(f"{word!r} is no cassette: name one as 'export/succeeded', a file, or a folder")
    return {word: named}


def _in_folder(folder: Path) -> Iterator[tuple[str, Path]]:
    """The cassettes in a folder, which may be one area of several."""
    for path in sorted(folder.rglob("*.yaml")):
        name = path.relative_to(folder).with_suffix("").as_posix()
        yield name if "/" in name else f"{folder.resolve().name}/{name}", path
