"""Which cassettes tests name, as their source tells without being run."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from pytest_aep_export.errors import ConfigurationError

__all__ = ["named_in"]

_NAMING: Final = frozenset({"aep_cassette", "replay"})
"""The marker, and the function for whoever replays without pytest."""


def named_in(paths: Iterable[Path]) -> frozenset[str]:
    """The names that ``aep_cassette("…")`` and ``replay("…")`` are given in files of Python, and in folders of them.

    A name may be a text or a constant of the same file. What is put together only when the test runs is not seen.

    Raises:
        ConfigurationError: A file cannot be read, or is no Python.
    """
    return frozenset(name for path in paths for file in _files(path) for name in _named(file))


def _files(path: Path) -> list[Path]:
    if not path.exists():
        raise ConfigurationError(f"tests cannot be read: there is no {path}")
    return sorted(path.rglob("*.py")) if path.is_dir() else [path]


def _named(file: Path) -> Iterator[str]:
    try:
        tree = ast.parse(file.read_bytes(), str(file))
    except (OSError, SyntaxError, ValueError) as error:
        raise ConfigurationError(f"tests cannot be read: {file} is no Python: {error}") from error
    constants = dict(pair for node in tree.body for pair in _constants(node))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args and _called(node.func) in _NAMING:
            name = _text(node.args[0], constants)
            yield from [name] if name else []


def _called(function: ast.expr) -> str:
    """The last part of what is called."""
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _constants(node: ast.stmt) -> Iterator[tuple[str, str]]:
    """The names that a statement gives to a text."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    value = getattr(node, "value", None)
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield from ((target.id, value.value) for target in targets if isinstance(target, ast.Name))


def _text(node: ast.expr, constants: dict[str, str]) -> str:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    return constants.get(node.id, "") if isinstance(node, ast.Name) else ""
