"""Where something stands in the text of a cassette's file, in the words that a reviewer needs: line and JSON pointer.

Lines are followed as they are laid out, without reading the whole, so that a file which is cut off or was edited has
places, too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import unquote_plus

__all__ = ["Place", "places"]

_MEMBER: Final = re.compile(r'("(?:[^"\\]|\\.)*"): ?(.*)')
_ENTRY: Final = re.compile(r"[\s-]*([\w-]+): ?(.*)")
_BLOCK: Final = " " * 6
_STARTS: Final = frozenset({"|", "|-", "|+", ">", ">-"})
_OPENS: Final = ("{", "[")
_CLOSES: Final = ("}", "]")


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a file.

    Attributes:
        line: The line, from 1 on; 0 in a file that has none.
        what: What stands there, such as ``response of interaction 3``; empty for none of that.
        pointer: The JSON pointer into a body; empty where there is none.
    """

    line: int = 0
    what: str = ""
    pointer: str = ""

    def inside(self, pointer: str) -> Place:
        """A place in the JSON that stands at this one."""
        return replace(self, pointer=self.pointer + pointer)

    def __str__(self) -> str:
        line = f"line {self.line}" if self.line else ""
        return ", ".join(filter(None, (line, f"{self.what} {self.pointer}".strip())))


Value = tuple[Place, str, str]
"""A place, the name of what stands there, and its text."""


def places(text: str) -> Iterator[Value]:
    """Every value of a file, with its place and its name: of a member, a header, a key; empty for none."""
    interaction, what, block = 0, "", _Block("")
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("- request:"):
            interaction, what = interaction + 1, f"request of interaction {interaction + 1}"
        elif line.startswith("  response:"):
            what = f"response of interaction {interaction}"
        place = Place(number, what)
        if block.kind and line.startswith(_BLOCK):
            yield from block.values(place, line.removeprefix(_BLOCK))
            continue
        name, value = _entry(line)
        block = _Block(name if value in _STARTS else "")
        yield place, name, _scalar(value)


def _entry(line: str) -> tuple[str, str]:
    """The key and the value of a line; no key where it has none."""
    entry = _ENTRY.fullmatch(line)
    return (entry[1], entry[2]) if entry else ("", line)


def _scalar(text: str) -> str:
    """What a quoted text says; any other is as it is."""
    bare = text.strip().removesuffix(",")
    try:
        return str(json.loads(bare)) if bare.startswith('"') else bare
    except ValueError:
        return bare


class _Block:
    """A body over several lines, while it is followed.

    Args:
        kind: What it is: ``json``, ``form`` or text; empty for no body.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._path: list[str] = []
        self._names: list[str] = []
        self._counts: dict[int, int] = {}

    def values(self, place: Place, line: str) -> Iterator[Value]:
        """What a line of it says."""
        if self.kind == "json":
            yield from self._json(place, line)
        elif self.kind == "form":
            name, _, value = line.removeprefix("&").partition("=")
            yield place, "", name
            yield place, unquote_plus(name), unquote_plus(value)
        else:
            yield place, "", line

    def _json(self, place: Place, line: str) -> Iterator[Value]:
        """A line of JSON that is laid out: how far it is indented tells how deep it is."""
        content = line.strip()
        if not content.startswith(_CLOSES):
            member = _MEMBER.fullmatch(content)
            key, value = (_scalar(member[1]), member[2]) if member else ("", content)
            self._go((len(line) - len(line.lstrip())) // 2, key, is_member=member is not None)
            here = place.inside("".join(f"/{part}" for part in self._path))
            yield from [(place.inside("".join(f"/{part}" for part in self._path[:-1])), "", key)] if member else []
            if value in _OPENS:
                self._counts[len(self._path)] = 0
            else:
                yield here, self._names[-1] if self._names else "", _scalar(value)

    def _go(self, depth: int, key: str, *, is_member: bool) -> None:
        """Go to the value at that depth: the one of a key, or the next of a list."""
        parent = max(depth - 1, 0)
        del self._path[parent:], self._names[parent:]
        if depth and is_member:
            self._path.append(key.replace("~", "~0").replace("/", "~1"))
            self._names.append(key)
        elif depth:
            number = self._counts[parent] = self._counts.get(parent, 0) + 1
            self._path.append(str(number - 1))
            self._names.append(self._names[-1] if self._names else "")
