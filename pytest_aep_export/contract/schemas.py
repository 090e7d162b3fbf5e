"""The contract's schemas, put into one dialect and compiled where they are first needed.

A verdict comes from ``jsonschema-rs``; the reasons, where one is needed, from ``jsonschema``. Both get the same schema:
self-contained, with the dialect's fragments added under ``allOf`` and every part marked with its source and its level.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from pytest_aep_export.contract.document import Node
from pytest_aep_export.contract.explain import explain, show
from pytest_aep_export.contract.formats import FORMATS
from pytest_aep_export.contract.values import Violation

__all__ = ["Checker", "Schemas"]

_SELF: Final = "the contract"
_PREFIX: Final = "#/components/schemas/"
_ONE: Final = frozenset({"items", "additionalProperties", "propertyNames", "not", "if", "then", "else"})
_SEVERAL: Final = frozenset({"allOf", "anyOf", "oneOf"})
_ANNOTATIONS: Final = frozenset({"x-dialects", "description", "examples", "default"})


class Checker:
    """One schema in one dialect, ready to judge values.

    Attributes:
        schema: The schema, self-contained.
        is_valid: Whether a value satisfies it.
    """

    __slots__ = ("is_valid", "schema")

    def __init__(self, schema: dict[str, Any]) -> None:
        import jsonschema_rs  # noqa: PLC0415 - a compiled library: only whoever validates pays for it

        self.schema = schema
        compiled = jsonschema_rs.validator_for(schema, formats=dict(FORMATS), validate_formats=True)
        self.is_valid: Callable[[Any], bool] = compiled.is_valid

    def violations(self, value: Any, most: int | None = None) -> list[Violation]:
        """What is wrong with the value, or the ``most`` that is found first; nothing when it is valid."""
        if self.is_valid(value):
            return []
        try:
            return explain(self.schema, value, most) or [
                Violation("", "a value that the schema allows", show(value), _SELF)
            ]
        except RecursionError:
            return [Violation("", "values that can be shown", "values nested too deeply", _SELF)]


class Schemas:
    """The schemas of one document."""

    def __init__(self, document: Node) -> None:
        self._named: Node = document["components"]["schemas"]
        self._checkers: dict[tuple[int | str, str | None], Checker] = {}

    def named(self, name: str, dialect: str | None = None) -> Checker:
        """The checker of a schema that the document names."""
        checker = self._checkers.get((name, dialect))
        if checker is None:
            checker = self._checkers[name, dialect] = Checker(self.bundle(self._named[name], dialect))
        return checker

    def checker(self, schema: Node, dialect: str | None = None) -> Checker:
        """The checker of a schema that is part of the document."""
        key = (id(schema), dialect)
        checker = self._checkers.get(key)
        if checker is None:
            checker = self._checkers[key] = Checker(self.bundle(schema, dialect))
        return checker

    def bundle(self, schema: Node, dialect: str | None = None) -> dict[str, Any]:
        """The schema with all that it refers to, in one JSON Schema of draft 2020-12."""
        spoken = _Translation(dialect)
        root = spoken.put(schema, _SELF, None)
        parts: dict[str, Any] = {}
        while spoken.references:
            name = spoken.references.pop()
            if name not in parts:
                parts[name] = spoken.put(self._named[name], _SELF, None)
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            **root,
            "components": {"schemas": parts},
        }


class _Translation:
    """Puts schemas into a dialect, and gathers the names that they refer to."""

    def __init__(self, dialect: str | None) -> None:
        self._dialect = dialect
        self.references: set[str] = set()

    def put(self, schema: Any, source: str, level: str | None) -> Any:
        """The schema in the dialect; a part without a source of its own has that of the part around it."""
        if not isinstance(schema, Mapping):
            return schema
        source = schema.get("x-source", source)
        if "$ref" in schema:
            self.references.add(schema["$ref"].removeprefix(_PREFIX))
        marks = {"x-source": source} | ({"x-level": level} if level else {})
        result = {k: self._member(k, v, source, level) for k, v in schema.items() if k not in _ANNOTATIONS} | marks
        fragments = [self.put(fragment, source, "SHOULD") for fragment in self._fragments(schema)]
        return result | {"allOf": [*result.get("allOf", ()), *fragments]} if fragments else result

    def _member(self, keyword: str, value: Any, source: str, level: str | None) -> Any:
        if keyword in _ONE:
            return self.put(value, source, level)
        if keyword in _SEVERAL:
            return [self.put(item, source, level) for item in value]
        if keyword == "properties":
            return {name: self.put(item, source, level) for name, item in value.items()}
        return value

    def _fragments(self, schema: Node) -> list[Node]:
        offered = schema.get("x-dialects", {}) if self._dialect else {}
        return [offered[name] for name in ("every", self._dialect) if name in offered]
