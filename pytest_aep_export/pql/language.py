"""What an expression in Profile Query Language says, as a tree, and its reading from text.

The part that is read: ``= != < <= > >=``, ``in`` a list, ``and``, ``or``, ``not``, ``exists E from xEvent where …``,
round brackets, paths of names, and texts, numbers, ``true`` and ``false`` (the PQL guide: literals, comparison, boolean
and logical quantifier functions). Everything else is refused with its place.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, cast

from pytest_aep_export.errors import AepError

__all__ = ["All", "Compare", "Constant", "Either", "Exists", "Expression", "InvalidPqlError", "Not", "Path", "parse"]

Constant: TypeAlias = str | bool | int | float
Operator = Literal["=", "!=", "<", "<=", ">", ">=", "in"]

_TOKEN: Final = re.compile(
    r"""(?P<text>"(?:[^"\\]|\\.)*")|(?P<number>-?\d+(?:\.\d+)?)|(?P<name>[A-Za-z_$][A-Za-z0-9_]*)"""
    r"""|(?P<sign><=|>=|!=|[=<>().,:\[\]])"""
)
_BLANK: Final = re.compile(r"\s*")
_COMPARISONS: Final = frozenset({"=", "!=", "<", "<=", ">", ">="})
_WORDS: Final = frozenset({"and", "or", "not", "in", "exists", "from", "where", "true", "false"})
_EVENTS: Final = "xEvent"
_DEEPEST: Final = 100
_DIGITS: Final = 15
"""As long as a number may be that every double holds exactly."""
_LONGEST: Final = 10_000


class InvalidPqlError(AepError):
    """An expression that cannot be read; ``position`` is where, in characters from 0, and ``reason`` says why."""

    def __init__(self, position: int, reason: str) -> None:
        self.position = position
        self.reason = reason
        super().__init__(f"at character {position}: {reason}")


@dataclass(frozen=True, slots=True)
class Path:
    """A value of the profile, or of the event that is looked at.

    Attributes:
        names: The names that lead to it.
        event: Whether they lead there from the event.
    """

    names: tuple[str, ...]
    event: bool = False


@dataclass(frozen=True, slots=True)
class Compare:
    """A value beside a constant; what is not there compares as false, with ``!=`` too (our choice).

    Attributes:
        operator: How they are compared.
        path: Where the value is.
        values: The constant, or with ``in`` all of them.
    """

    operator: Operator
    path: Path
    values: tuple[Constant, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite."""

    part: Expression


@dataclass(frozen=True, slots=True)
class All:
    """Every part holds."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """At least one part holds."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Exists:
    """Some event of the profile is so, or with None there is any; what follows ``where`` reaches as far as it can."""

    part: Expression | None


Expression: TypeAlias = Compare | Not | All | Either | Exists


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    position: int


def parse(text: str) -> Expression:
    """Read an expression.

    Raises:
        InvalidPqlError: It is none, or one of those that are not emulated.
    """
    if len(text) > _LONGEST:
        raise InvalidPqlError(_LONGEST, f"expected at most {_LONGEST} characters")
    return _Parser(_tokens(text)).whole()


def _tokens(text: str) -> list[_Token]:
    tokens, place = [], _end(text, 0)
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise InvalidPqlError(place, f"{text[place]!r} is not emulated")
        tokens.append(_Token(match.lastgroup or "", match[0], place))
        place = _end(text, match.end())
    return [*tokens, _Token("end", "", len(text))]


def _end(text: str, place: int) -> int:
    match = _BLANK.match(text, place)
    return match.end() if match else place


class _Parser:
    """Recursive descent, one method for each level; ``or`` binds weakest, then ``and``, then ``not``."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._place = 0
        self._variable = ""
        self._depth = 0

    def whole(self) -> Expression:
        found = self._either()
        if self._next.kind != "end":
            raise self._unexpected("and, or, or the end")
        return found

    @property
    def _next(self) -> _Token:
        return self._tokens[self._place]

    def _take(self) -> _Token:
        self._place += 1
        return self._tokens[self._place - 1]

    def _is(self, *words: str) -> bool:
        kind = self._next.kind
        return (self._next.text.lower() if kind == "name" else self._next.text) in words and kind in {"name", "sign"}

    def _skip(self, *words: str) -> bool:
        there = self._is(*words)
        self._place += there
        return there

    def _need(self, *words: str) -> None:
        if not self._skip(*words):
            raise self._unexpected(" or ".join(words))

    def _unexpected(self, expected: str) -> InvalidPqlError:
        found = f"found {self._next.text!r:.80}" if self._next.text else "found the end"
        return InvalidPqlError(self._next.position, f"expected {expected}, {found}; nothing else is emulated")

    def _either(self) -> Expression:
        parts = [self._all()]
        while self._skip("or"):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def _all(self) -> Expression:
        parts = [self._not()]
        while self._skip("and"):
            parts.append(self._not())
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _not(self) -> Expression:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise InvalidPqlError(self._next.position, f"expected at most {_DEEPEST} levels")
        found = Not(self._not()) if self._skip("not") else self._single()
        self._depth -= 1
        return found

    def _single(self) -> Expression:
        if self._skip("("):
            found = self._either()
            self._need(")")
            return found
        return self._exists() if self._is("exists") else self._compare()

    def _exists(self) -> Expression:
        start = self._take().position
        if self._variable:
            raise InvalidPqlError(start, "exists inside of exists is not emulated")
        variable = self._name("a name for the event")
        self._need("from")
        if self._next.text != _EVENTS:
            raise self._unexpected(_EVENTS)
        self._take()
        if not self._skip("where", ":"):
            return Exists(None)
        self._variable = variable
        found = self._either()
        self._variable = ""
        return Exists(found)

    def _name(self, expected: str) -> str:
        if self._next.kind != "name" or self._is(*_WORDS):
            raise self._unexpected(expected)
        return self._take().text

    def _compare(self) -> Expression:
        start = self._next.position
        path = self._path()
        if self._skip("in"):
            return Compare("in", path, self._list())
        if self._next.text not in _COMPARISONS or self._next.kind != "sign":
            raise self._unexpected("one of = != < <= > >= in")
        operator = cast("Operator", self._take().text)
        value = self._constant()
        if operator not in {"=", "!="} and isinstance(value, bool):
            raise InvalidPqlError(start, f"true and false cannot be compared by {operator}")
        return Compare(operator, path, (value,))

    def _path(self) -> Path:
        start = self._next.position
        names = [self._name("the name of a field")]
        while self._skip("."):
            names.append(self._name("the name of a field"))
        if self._is("("):
            raise InvalidPqlError(start, f"the function {names[-1]} is not emulated")
        event = names[0] == self._variable
        if names[0] == "$1" or event:
            names = names[1:]
        if not names or names[0] == _EVENTS:
            raise InvalidPqlError(start, "expected the name of a field behind it")
        return Path(tuple(names), event)

    def _list(self) -> tuple[Constant, ...]:
        self._need("[")
        values = [self._constant()]
        while self._skip(","):
            values.append(self._constant())
        self._need("]")
        if len({_sort(value) for value in values}) > 1:
            raise InvalidPqlError(
                self._tokens[self._place - 1].position, "expected texts alone, or numbers, or booleans"
            )
        return tuple(values)

    def _constant(self) -> Constant:
        token = self._next
        if token.kind == "text":
            self._place += 1
            return re.sub(r"\\(.)", r"\1", token.text[1:-1])
        if token.kind == "number":
            if len(token.text) > _DIGITS:
                raise InvalidPqlError(token.position, f"expected a number of at most {_DIGITS} characters")
            self._place += 1
            return float(token.text) if "." in token.text else int(token.text)
        if self._is("true", "false"):
            return self._take().text.lower() == "true"
        raise self._unexpected("a text, a number, true or false")


def _sort(value: Constant) -> str:
    return "text" if isinstance(value, str) else "boolean" if isinstance(value, bool) else "number"
