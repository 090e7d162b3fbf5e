"""Faults as JSON: what a file or a text of them may hold, read with one clear sentence about what it may not."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, Final

import orjson

from pytest_aep_export.emulator.faults import Fault
from pytest_aep_export.errors import ConfigurationError

__all__ = ["faults_schema", "read_faults", "write_faults"]

_LONGEST: Final = 200
"""Characters of a schema's complaint that are shown."""


def faults_schema() -> dict[str, Any]:
    """The JSON Schema of a list of faults."""
    schema: dict[str, Any] = json.loads((Path(__file__).parent / "faults.schema.json").read_text("utf-8"))
    return schema


def read_faults(source: Path | str) -> tuple[Fault, ...]:
    """The faults of a list in JSON.

    Args:
        source: The path of a file, or the text itself.

    Raises:
        ConfigurationError: It cannot be read, or something in it is no fault; the message names the place.
    """
    name = str(source) if isinstance(source, Path) else "the text"
    document = _parsed(source, name)
    for problem in _validator().iter_errors(document):
        place = "/".join(map(str, problem.instance_path)) or "the document"
        raise ConfigurationError(f"{name} holds no faults: {place}: {problem.message:.{_LONGEST}}")
    return tuple(_fault(entry, f"{name} holds no faults: {place}") for place, entry in enumerate(document))


def write_faults(faults: Iterable[Fault]) -> str:
    """The faults as a list in JSON, one a line; to read them again gives the same."""
    return "[\n" + ",\n".join(f"  {json.dumps(fault.to_json(), ensure_ascii=False)}" for fault in faults) + "\n]\n"


def _parsed(source: Path | str, name: str) -> Any:
    try:
        return orjson.loads(source.read_bytes() if isinstance(source, Path) else source)
    except OSError as error:
        raise ConfigurationError(f"{name} cannot be read ({error.strerror}): name a file of faults") from error
    except orjson.JSONDecodeError as error:
        raise ConfigurationError(f"{name} holds no faults: it is not JSON ({error})") from error


def _fault(entry: dict[str, Any], place: str) -> Fault:
    try:
        return Fault.from_json(entry)
    except ConfigurationError as error:
        raise ConfigurationError(f"{place}: {error}") from error


@cache
def _validator() -> Any:
    import jsonschema_rs  # noqa: PLC0415 - a compiled library: only whoever reads faults pays for it

    return jsonschema_rs.validator_for(faults_schema())
