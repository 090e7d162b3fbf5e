"""Which operation a request is for: a tree of path segments, because every request of the emulator asks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import unquote

from pytest_aep_export.contract.values import Match, Operation

__all__ = ["Routes"]

_ANY: Final = "/"
_HERE: Final = ""


class Routes:
    """Operations by method and path.

    A node of the tree maps a segment to the node below it. A slash, which no segment holds, stands for any segment that
    is not empty; the empty segment holds the node's operations by method.
    """

    def __init__(self, operations: Iterable[Operation]) -> None:
        self._root: dict[str, Any] = {}
        for operation in operations:
            self._add(operation)

    def _add(self, operation: Operation) -> None:
        node, names = self._root, []
        for segment in operation.path.split("/")[1:]:
            if segment.startswith("{"):
                names.append(segment[1:-1])
            node = node.setdefault(_ANY if segment.startswith("{") else segment, {})
        node.setdefault(_HERE, {})[operation.method] = (operation, tuple(names))

    def _find(self, path: str) -> tuple[dict[str, tuple[Operation, tuple[str, ...]]], list[str]] | None:
        node, values = self._root, []
        for segment in path.removesuffix("/").split("/")[1:]:
            below = node.get(segment) if segment else None
            if below is None:
                below = node.get(_ANY) if segment else None
                if below is None:
                    return None
                values.append(unquote(segment) if "%" in segment else segment)
            node = below
        return (node[_HERE], values) if _HERE in node else None

    def match(self, method: str, path: str) -> Match | None:
        """The operation for a method and a path, or None; one trailing slash makes no difference (D-3)."""
        found = self._find(path)
        if found is None or method not in found[0]:
            return None
        operation, names = found[0][method]
        return Match(operation, dict(zip(names, found[1], strict=True)))

    def allowed_methods(self, path: str) -> tuple[str, ...]:
        """The methods that a path knows; none when the path is unknown."""
        found = self._find(path)
        return tuple(found[0]) if found else ()
