"""Capabilities: what not every target has, and how it is known whether one has it.

A requirement names at most one. It is not applicable to a target that lacks it, which is never a pass.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.suite.registry import Registry, conformance_path

__all__ = ["Capability", "load_capabilities", "parse_capabilities", "unknown_capabilities", "unused_capabilities"]

_MEMBERS: Final = frozenset({"name", "meaning", "found"})


@dataclass(frozen=True, slots=True)
class Capability:
    """One capability.

    Attributes:
        name: What requirements call it.
        meaning: What a target that has it can do.
        found: How it is declared or probed, and what to do about a target that seems to lack it.
    """

    name: str
    meaning: str
    found: str


@cache
def load_capabilities() -> Mapping[str, Capability]:
    """The capabilities that ship with this package, by name.

    Raises:
        ConfigurationError: They cannot be read.
    """
    path = conformance_path() / "capabilities.toml"
    try:
        return parse_capabilities(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigurationError(
            f"the capabilities cannot be read from {path}: {error.strerror}; reinstall the package"
        ) from error


def parse_capabilities(text: str) -> Mapping[str, Capability]:
    """The capabilities that a TOML text holds, by name.

    Raises:
        ConfigurationError: It is not TOML, or a capability lacks a member or is there twice.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"the capabilities are not valid TOML: {error}") from error
    found: dict[str, Capability] = {}
    for entry in document.get("capability", []):
        capability = _capability(entry)
        if capability.name in found:
            raise ConfigurationError(f"the capability {capability.name} is defined twice")
        found[capability.name] = capability
    return found


def unknown_capabilities(registry: Registry, capabilities: Mapping[str, Capability]) -> Iterator[str]:
    """A sentence for each requirement whose capability nobody has described."""
    for requirement in registry.requirements.values():
        name = requirement.capability
        if name and name not in capabilities:
            yield f"{requirement.id} needs the capability {name}, which capabilities.toml does not list"


def unused_capabilities(registry: Registry, capabilities: Mapping[str, Capability]) -> Iterator[str]:
    """A sentence for each capability that no requirement needs."""
    used = {requirement.capability for requirement in registry.requirements.values()}
    yield from (f"no requirement needs the capability {name}: take it out" for name in capabilities if name not in used)


def _capability(entry: Mapping[str, Any]) -> Capability:
    if entry.keys() != _MEMBERS or not all(isinstance(value, str) and value for value in entry.values()):
        raise ConfigurationError(
            f"a capability has the texts {', '.join(sorted(_MEMBERS))} and nothing else; found {dict(entry)!r:.200}"
        )
    return Capability(**entry)
