"""Which tests judge a requirement, read from the suite's source code; nothing of it is run."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["JudgingTest", "tests_of"]

_MARKS: Final = frozenset({"requirement", "aep_requirement"})


@dataclass(frozen=True, slots=True)
class JudgingTest:
    """A test that judges a requirement.

    Attributes:
        name: What reports call it, before its parameters.
        path: The file, from the folder of the suite on.
        line: Where it begins in the file.
        about: The behaviour that it looks for.
    """

    name: str
    path: str
    line: int
    about: str


def tests_of(requirement: str, folder: Path) -> Iterator[JudgingTest]:
    """The tests below a folder that are marked with a requirement's id."""
    for path in sorted((folder / "server").glob("test_*.py")):
        source = path.read_text("utf-8")
        if requirement in source:
            for node in ast.walk(ast.parse(source)):
                if isinstance(node, ast.FunctionDef) and requirement in _ids(node):
                    about = (ast.get_docstring(node) or "").partition("\n")[0]
                    yield JudgingTest(
                        f"{path.stem}::{node.name}", f"{folder.name}/server/{path.name}", node.lineno, about
                    )


def _ids(function: ast.FunctionDef) -> Iterator[object]:
    """The ids in the marks of a function."""
    for mark in function.decorator_list:
        if isinstance(mark, ast.Call) and _name(mark.func) in _MARKS:
            yield from (argument.value for argument in mark.args if isinstance(argument, ast.Constant))


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
