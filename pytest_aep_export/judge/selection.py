"""Choosing by names: words joined by ``and``, ``or``, ``not`` and brackets, as ``pytest -k`` has them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final, TypeAlias

from pytest_aep_export.errors import ConfigurationError

__all__ = ["Choice", "choice"]

Choice: TypeAlias = Callable[[Iterable[str]], bool]
"""Whether something that has these names is chosen."""

_TOKEN: Final = re.compile(r"[()]|[^()\s]+")
_WORDS: Final = frozenset({"and", "or", "not", "(", ")"})


def choice(expression: str) -> Choice:
    """What an expression chooses: a word stands for whatever has it in one of its names; nothing chooses everything.

    Raises:
        ConfigurationError: It is no expression.
    """
    tokens = _TOKEN.findall(expression)
    if not tokens:
        return lambda _: True
    chosen = _either(tokens)
    if tokens:
        raise _unread(tokens)
    return lambda names: chosen([name.lower() for name in names])


def _either(tokens: list[str]) -> Choice:
    one = _each(tokens)
    while tokens[:1] == ["or"]:
        del tokens[0]
        one = _joined(one, _each(tokens), any)
    return one


def _each(tokens: list[str]) -> Choice:
    one = _single(tokens)
    while tokens[:1] == ["and"]:
        del tokens[0]
        one = _joined(one, _single(tokens), all)
    return one


def _single(tokens: list[str]) -> Choice:
    word = tokens.pop(0) if tokens else ""
    if word == "not":
        chosen = _single(tokens)
        return lambda names: not chosen(names)
    if word == "(":
        chosen = _either(tokens)
        if tokens[:1] != [")"]:
            raise _unread(tokens)
        del tokens[0]
        return chosen
    if not word or word in _WORDS:
        raise _unread([word] if word else [])
    return lambda names: any(word.lower() in name for name in names)


def _joined(one: Choice, other: Choice, how: Callable[[Iterable[bool]], bool]) -> Choice:
    return lambda names: how((one(names), other(names)))


def _unread(rest: list[str]) -> ConfigurationError:
    where = f"at {rest[0]!r}" if rest else "at its end"
    return ConfigurationError(
        f"the expression of -k cannot be read {where}: write words with 'and', 'or', 'not' and brackets between"
    )
