"""The harness protocol: JSON Schemas, and lines that are made and read by them.

A harness is a program that drives a client. It reads requests from its standard input and writes answers to its
standard output, a JSON object a line each, every answer before the next request. ``protocol.schema.json`` defines both.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, cast, get_args

from pytest_aep_export.errors import AepError
from pytest_aep_export.judge.processes import LONGEST_LINE

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

__all__ = [
    "COMMANDS",
    "VERSION",
    "Answer",
    "BreachError",
    "Command",
    "Kind",
    "protocol_schema",
    "read_answer",
    "request",
]

VERSION: Final = 1
"""The version of the protocol, which ``start`` names."""

Command: TypeAlias = Literal[
    "start",
    "create_dataset",
    "create_job",
    "get_job",
    "list_jobs",
    "wait_for_job",
    "cancel_job",
    "read_rows",
    "stop",
]
"""What a harness is asked for."""
COMMANDS: Final[tuple[Command, ...]] = get_args(Command)

Kind: TypeAlias = Literal["result", "failed", "skipped", "errored"]
"""What an answer is: what the client gave back, an error that it reports, that it has no such thing, or a failure of
the harness itself."""
_KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
_LONGEST: Final = 300
"""How many characters of an offending line are shown."""
_LONGEST_VALUE: Final = 60


class BreachError(AepError):
    """A line that breaks the protocol; the message shows it, and says what was demanded."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a harness answered.

    Attributes:
        kind: Which of the four it is.
        content: What comes with it, as the schema of the command's answer has it.
    """

    kind: Kind
    content: Mapping[str, Any]

    @property
    def message(self) -> str:
        """What it says, with the reasons that the API gave; empty for a result."""
        reasons = [": ".join(filter(None, (e.get("code"), e["message"]))) for e in self.content.get("errors", ())]
        text = str(self.content.get("message", ""))
        return f"{text} ({'; '.join(reasons)})" if reasons else text


@cache
def protocol_schema() -> Mapping[str, Any]:
    """The JSON Schema of every line; its ``$defs`` hold one for the answer to each command."""
    document: dict[str, Any] = json.loads(Path(__file__).with_name("protocol.schema.json").read_text("utf-8"))
    return document


def request(seq: int, cmd: str, **members: Any) -> bytes:
    """A request as a line, without its end."""
    return json.dumps({"seq": seq, "cmd": cmd, **members}, separators=(",", ":")).encode()


def read_answer(line: bytes, seq: int, cmd: str) -> Answer:
    """The answer that a line is.

    Args:
        line: The line, without its end.
        seq: The number of the request that it should answer.
        cmd: The command of that request; an answer to one that the protocol does not know only has to be an answer.

    Raises:
        BreachError: It is no answer to that request.
    """
    try:
        return _answer(_parsed(line), seq, f"answer_to_{cmd}" if cmd in COMMANDS else "answer")
    except BreachError as error:
        shown = line[: _LONGEST * 4].decode("utf-8", "backslashreplace")
        shown = shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}…"
        raise BreachError(f"its answer to {cmd!r} breaks the protocol: {error}; the line is: {shown}") from None


def _parsed(line: bytes) -> Any:
    if len(line) > LONGEST_LINE:
        raise BreachError(f"a line of at most {LONGEST_LINE} bytes was expected, found a longer one")
    try:
        return json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise BreachError(f"one JSON object in UTF-8 was expected, found no JSON ({error})") from error


def _answer(node: Any, seq: int, name: str) -> Answer:
    if not _validator(name).is_valid(node):
        raise BreachError(_demand(node, name))
    if node["seq"] != seq:
        raise BreachError(f"at /seq {seq} was expected, the number of the request, found {node['seq']}")
    kind: Kind = next(kind for kind in _KINDS if kind in node)
    return Answer(kind, node[kind])


def _schema(name: str) -> dict[str, Any]:
    """One of the schemas, with all that it refers to."""
    document = protocol_schema()
    return {"$schema": document["$schema"], "$ref": f"#/$defs/{name}", "$defs": document["$defs"]}


@cache
def _validator(name: str) -> Any:
    import jsonschema_rs  # noqa: PLC0415 - a compiled library: only whoever validates pays for it

    return jsonschema_rs.validator_for(_schema(name))


def _demand(node: Any, name: str) -> str:
    """What the schema demands where the value first breaks it, and what is there."""
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - slow to import, and needed only to explain
    from jsonschema.exceptions import relevance  # noqa: PLC0415 - as above

    error = max(Draft202012Validator(_schema(name)).iter_errors(node), key=relevance)
    place = "/".join(("", *map(str, error.absolute_path))) or "its top"
    missing = [name for name in error.validator_value if name not in error.instance] if _lacks(error) else []
    found = f"nothing under {missing[0]!r}" if missing else _shown(error.instance)
    return f"at {place} {_described(error)} was expected, found {found}"


def _lacks(error: ValidationError) -> bool:
    return error.validator == "required"


def _described(error: ValidationError) -> str:
    schema = cast("Mapping[str, Any]", error.schema)
    return str(schema.get("description", "another value"))


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"
