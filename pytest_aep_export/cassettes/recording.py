"""What a cassette holds: interactions, and whose evidence they are. Frozen values, in the one form that is kept."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal

from pytest_aep_export.cassettes.bodies import pretty
from pytest_aep_export.exchange import Headers, Request, Response

__all__ = ["Interaction", "Metadata", "Recording", "Source", "measured", "settled"]

Source = Literal["emulator", "documented", "live", "server"]
"""Who answered: the emulator, an example in the documentation, Adobe, or another server that claims the API."""

_NEVER_MEASURED: Final = frozenset({204, 304})
"""Statuses whose answers have no body and no length (RFC 9110, sections 8.6 and 15)."""


@dataclass(frozen=True, slots=True)
class Interaction:
    """A request and its answer, without anything secret."""

    request: Request
    response: Response


@dataclass(frozen=True, slots=True)
class Metadata:
    """Whose evidence a recording is.

    Attributes:
        source: Who answered.
        date: The day it was recorded on, as ``2026-11-24``.
        tool: What recorded it, with its version.
        contract: The version of the contract at that time.
        dialect: The dialect that the emulator spoke; empty where somebody else answered.
        persona: The persona that the emulator had; empty for one that is right in everything.
        requirements: The requirements of the conformance suite that it is evidence for.
        faults: The statuses in it that only faults have given.
        digest: What the file's content adds up to; empty before it has been written.
    """

    source: Source
    date: str
    tool: str
    contract: str
    dialect: str = ""
    persona: str = ""
    requirements: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Recording:
    """A cassette: what it is called, whose evidence it is, and what was exchanged, in that order."""

    name: str
    metadata: Metadata
    interactions: tuple[Interaction, ...]


def settled(interaction: Interaction) -> Interaction:
    """The interaction in the form that is kept, which is the form that is played.

    Headers are in lower case, sorted, each once. JSON is pretty, unless the answer offers ranges of its bytes, since
    their numbers would no longer fit. A length is kept only where it is not the body's own, as in an answer to HEAD;
    every other answer that may have one gets it when it is played (`measured`).
    """
    request, response = interaction.request, interaction.response
    headers = response.headers
    exact = "accept-ranges" in headers or "content-range" in headers
    body = response.body if exact else pretty(response.body)
    kept = [(name, value) for name, value in sorted(headers.items()) if body == b"" or name != "content-length"]
    if ("content-length", "0") in kept:
        kept.remove(("content-length", "0"))
    return Interaction(
        replace(request, headers=Headers(sorted(request.headers.items())), body=pretty(request.body)),
        replace(response, headers=Headers(kept), body=body),
    )


def measured(response: Response) -> list[tuple[str, str]]:
    """The headers of an answer as it is played: those that were kept, and the length of its body."""
    headers = list(response.headers.raw)
    if "content-length" not in response.headers and response.status not in _NEVER_MEASURED:
        headers.append(("content-length", str(len(response.body))))
    return headers
