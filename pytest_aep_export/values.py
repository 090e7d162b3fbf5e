"""Values of JSON as answers have them: what names lead to, and one id in its spellings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["job_key", "member"]


def member(value: object, *names: str) -> Any:
    """What is found below these names, one in the other; None where it is not there."""
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def job_key(identifier: object) -> str:
    """A job's id as a path has it: 100, written as a text, or as 100.0 like in Adobe's OpenAPI (divergence 39)."""
    return str(int(identifier) if isinstance(identifier, float) and identifier.is_integer() else identifier)
