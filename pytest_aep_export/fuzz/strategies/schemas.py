"""What a schema of the contract describes, as a strategy: members that are there or not, and values of each kind.

The keywords that the contract uses for requests and jobs are known; those of conditions are not. Whoever draws a
document says for some of its places what stands there, where a schema alone does not know: ids that exist, paths that
lead somewhere, times in their order.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from hypothesis import strategies as st

from pytest_aep_export.contract import load
from pytest_aep_export.contract.document import Node, resolve
from pytest_aep_export.fuzz.strategies.texts import instants, texts
from pytest_aep_export.model import UNION_SCHEMA

__all__ = ["Given", "Json", "flat", "members", "part", "values"]

Json: TypeAlias = st.SearchStrategy[Any]
"""Draws JSON values."""

Given: TypeAlias = Mapping[str, Json]
"""What stands at some places of a document, by JSON pointer; ``*`` is any item of an array."""

_MOST: Final = 2
"""So many items has an array or a map at most, unless more are asked for: one, another, and none."""
_LARGEST: Final = 2**31 - 1
_PLAIN: Final[Mapping[str, Json]] = {"boolean": st.booleans(), "null": st.none()}
_FORMATS: Final[Mapping[str, Json]] = {
    "date-time": instants(),
    "uri": st.sampled_from((UNION_SCHEMA, "https://ns.adobe.com/acme/schemas/a", "urn:a")),
}


def values(schema: Node, given: Given | None = None, at: str = "") -> Json:
    """Values that satisfy a flat schema (see `flat`), and with them what is given."""
    given = given or {}
    if at in given:
        return given[at]
    if "anyOf" in schema:
        base = {name: value for name, value in schema.items() if name != "anyOf"}
        return st.one_of([values(_joined(base, each), given, at) for each in schema["anyOf"]])
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    kinds = schema.get("type", "object")
    return st.one_of([_of_type(kind, schema, given, at) for kind in ([kinds] if isinstance(kinds, str) else kinds)])


def _of_type(kind: str, schema: Node, given: Given, at: str) -> Json:
    if kind == "object":
        return _objects(schema, given, at)
    if kind == "array":
        least = schema.get("minItems", 0)
        items = values(schema.get("items", {"type": "string"}), given, f"{at}/*")
        return st.lists(items, min_size=least, max_size=schema.get("maxItems", max(least, _MOST)))
    if kind == "string":
        return _strings(schema)
    if kind in _PLAIN:
        return _PLAIN[kind]
    least, most = schema.get("minimum", -_LARGEST), schema.get("maximum", _LARGEST)
    return st.integers(least, max(least, most))


def _objects(schema: Node, given: Given, at: str) -> Json:
    """Objects with every member that is required, and some of the others."""
    known = {name: part for name, part in schema.get("properties", {}).items() if "not" not in part}
    made = {name: values(part, given, f"{at}/{name}") for name, part in known.items()}
    if not made and isinstance(schema.get("additionalProperties"), Mapping):
        return st.dictionaries(texts(1), values(schema["additionalProperties"], given, f"{at}/*"), max_size=_MOST)
    return members(made, frozenset(schema.get("required", ())))


@st.composite
def members(draw: st.DrawFn, made: Mapping[str, Json], needed: frozenset[str] = frozenset()) -> dict[str, Any]:
    """An object of these members, in their order; without those that are not needed it is simpler."""
    return {name: draw(value) for name, value in made.items() if name in needed or draw(st.booleans())}


def _strings(schema: Node) -> Json:
    if schema.get("format") in _FORMATS:
        return _FORMATS[schema["format"]]
    if "pattern" in schema:
        return st.from_regex(str(schema["pattern"])).filter(_is_one_line)
    return texts(schema.get("minLength", 0))


def _is_one_line(text: str) -> bool:
    """Whether a pattern means the same of a text in every language: Python's ``$`` is also before a final newline."""
    return text.isascii() and "\n" not in text


def part(schema: Node, at: str) -> Node:
    """The flat schema of a place in a document."""
    for name in at.split("/")[1:]:
        schema = schema["items"] if name == "*" else schema["properties"][name]
    return schema


def flat(name: str, dialect: str | None = None) -> Node:
    """A schema that the contract names, in a dialect, without references: all that it says of a place is in one place.

    Raises:
        KeyError: The contract has no such schema.
    """
    bundle = load().schema(name, dialect)
    return _flat(bundle, bundle)


def _flat(schema: Node, document: Node) -> dict[str, Any]:
    """The schema with what it refers to and what a dialect adds to it, the more exact over the less exact."""
    own = {keyword: value for keyword, value in schema.items() if keyword not in {"$ref", "allOf", "components"}}
    own |= {name: _flat(own[name], document) for name in ("items", "additionalProperties") if _is_schema(own, name)}
    if "properties" in own:
        own["properties"] = {name: _flat(member, document) for name, member in own["properties"].items()}
    if "anyOf" in own:
        own["anyOf"] = [_flat(each, document) for each in own["anyOf"]]
    if "$ref" in schema:
        own = _joined(_flat(resolve(document, {"$ref": schema["$ref"]}), document), own)
    for more in schema.get("allOf", ()):
        own = _joined(own, _flat(more, document))
    return own


def _is_schema(owner: Node, name: str) -> bool:
    return isinstance(owner.get(name), Mapping)


def _joined(base: Node, more: Node) -> dict[str, Any]:
    """What two schemas of a place say together; where both name a bound, the second is the narrower."""
    result = {**base, **more}
    if "required" in base and "required" in more:
        result["required"] = list(dict.fromkeys([*base["required"], *more["required"]]))
    if "properties" in base and "properties" in more:
        both = {name: _joined(base["properties"].get(name, {}), part) for name, part in more["properties"].items()}
        result["properties"] = {**base["properties"], **both}
    if _is_schema(base, "items") and _is_schema(more, "items"):
        result["items"] = _joined(base["items"], more["items"])
    return result
