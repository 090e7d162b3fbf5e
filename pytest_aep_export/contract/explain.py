"""Why a value is not valid: every finding of ``jsonschema``, put into our own words.

Nothing here runs unless something is wrong, and ``jsonschema`` is imported only then.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, cast

from pytest_aep_export.contract.formats import FORMATS
from pytest_aep_export.contract.values import Violation
from pytest_aep_export.exchange import redact_text

if TYPE_CHECKING:
    from jsonschema import FormatChecker
    from jsonschema.exceptions import ValidationError
    from jsonschema.protocols import Validator

__all__ = ["clause", "explain", "pointer", "reference", "show"]

_LONGEST: Final = 80
_TYPES: Final = {
    "array": "an array",
    "boolean": "true or false",
    "integer": "an integer",
    "null": "null",
    "number": "a number",
    "object": "an object",
    "string": "a string",
}
_BOUNDS: Final = {
    "maximum": "at most {0}",
    "maxItems": "at most {0} items",
    "maxLength": "at most {0} characters",
    "maxProperties": "at most {0} members",
    "minimum": "at least {0}",
    "minItems": "at least {0} items",
    "minLength": "at least {0} characters",
    "minProperties": "at least {0} members",
    "format": "a text of the format {0}",
    "pattern": "a text that matches {0}",
}


def explain(schema: dict[str, Any], value: Any, most: int | None = None) -> list[Violation]:
    """What is wrong with the value, MUST before SHOULD and then by place; each place and clause once.

    Args:
        schema: What the value should be.
        value: What it is.
        most: Stop looking after so many findings; whoever sends a large body can make any number of mistakes.
    """
    every = (violation for error in reference(schema).iter_errors(value) for violation in _translate(error, schema))
    found = list(islice(every, most))
    broken = {violation.pointer for violation in found if violation.level == "MUST"}
    kept = (v for v in dict.fromkeys(found) if v.level == "MUST" or v.pointer not in broken)
    return sorted(kept, key=lambda v: (v.level, v.pointer))


def reference(schema: Mapping[str, Any]) -> Validator:
    """The reference validator of a schema: ``jsonschema`` with our formats, and patterns as JSON Schema means them."""
    return _validator_class()(schema, format_checker=_format_checker())


@cache
def _validator_class() -> type[Validator]:
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - slow to import, and needed only to explain
    from jsonschema.validators import extend  # noqa: PLC0415 - as above

    extended = extend(Draft202012Validator, {"pattern": _pattern})  # type: ignore[no-untyped-call] # as its stubs have it
    return cast("type[Validator]", extended)


def _pattern(_validator: Validator, pattern: str, value: object, _schema: object) -> Iterator[ValidationError]:
    """The keyword ``pattern``: its ``$`` is the end of the text, where Python's also stands before a final newline."""
    from jsonschema.exceptions import ValidationError  # noqa: PLC0415 - as above

    if isinstance(value, str) and not re.search(re.sub(r"(?<!\\)\$", r"\\Z", pattern), value):
        yield ValidationError("pattern")


@cache
def _format_checker() -> FormatChecker:
    from jsonschema import FormatChecker  # noqa: PLC0415 - as above

    checker = FormatChecker(formats=())
    for name, holds in FORMATS.items():
        checker.checks(name)(_for_strings(holds))
    return checker


def _for_strings(holds: Callable[[str], bool]) -> Callable[[object], bool]:
    return lambda value: not isinstance(value, str) or holds(value)


def _translate(error: ValidationError, root: Mapping[str, Any]) -> Iterator[Violation]:
    rule: Mapping[str, Any] = error.schema if isinstance(error.schema, Mapping) else {}
    for place, expected, found in _findings(error, rule, root):
        path = [*error.absolute_path, *place]
        yield Violation(pointer(path), expected, found, rule["x-source"], rule.get("x-level", "MUST"))


def _findings(
    error: ValidationError, rule: Mapping[str, Any], root: Mapping[str, Any]
) -> Iterator[tuple[list[str], str, str]]:
    known: Mapping[str, Any] = rule.get("properties", {})
    instance: Any = error.instance
    if error.validator == "required":
        for name in rule["required"]:
            if name not in instance:
                yield [name], clause(known.get(name, {}), root), "nothing"
    elif error.validator == "additionalProperties":
        for name in instance:
            if name not in known:
                yield [name], f"only the members {', '.join(known)}", "another member"
    else:
        found = "a secret" if rule.get("format") == "password" else show(instance)
        yield [], rule.get("x-expected") or _keyword(str(error.validator), error.validator_value), found


def clause(schema: Mapping[str, Any], root: Mapping[str, Any]) -> str:
    """What a schema asks for, as a clause."""
    while "$ref" in schema and "x-expected" not in schema:
        schema = root["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
    if "x-expected" in schema:
        return str(schema["x-expected"])
    for keyword in ("const", "enum", "type"):
        if keyword in schema:
            return _keyword(keyword, schema[keyword])
    return "a value"


def _keyword(keyword: str, value: Any) -> str:
    if keyword == "type":
        return " or ".join(_TYPES[name] for name in ([value] if isinstance(value, str) else value))
    if keyword in {"const", "enum"}:
        return _choice([value] if keyword == "const" else value)
    return _BOUNDS[keyword].format(value)


def _choice(values: Iterable[Any]) -> str:
    words = [value if isinstance(value, str) else json.dumps(value) for value in values]
    return words[0] if len(words) == 1 else f"one of {', '.join(words)}"


def pointer(path: Iterable[str | int]) -> str:
    """The path as a JSON pointer (RFC 6901)."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


def show(value: Any) -> str:
    """The value as a short text without secrets."""
    if isinstance(value, Mapping):
        return f"an object with {len(value)} members"
    if isinstance(value, list):
        return f"an array with {len(value)} items"
    text = redact_text(json.dumps(value))
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
