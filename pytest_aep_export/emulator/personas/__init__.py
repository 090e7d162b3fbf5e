"""Personas: named ways in which the emulator is wrong, so that clients and suites can show that they notice.

One module holds the table of each area; `persona` says what one is, and `answers`, `requests` and `exports` are what
they are put together from. Nothing here is imported before somebody asks for a persona.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import Final

from pytest_aep_export.emulator.personas.auth import AUTH
from pytest_aep_export.emulator.personas.cancel import CANCEL
from pytest_aep_export.emulator.personas.columns import COLUMNS
from pytest_aep_export.emulator.personas.create import CREATE
from pytest_aep_export.emulator.personas.dataset import DATASET
from pytest_aep_export.emulator.personas.downloads import DOWNLOADS
from pytest_aep_export.emulator.personas.errors import ERROR
from pytest_aep_export.emulator.personas.files import FILES
from pytest_aep_export.emulator.personas.filters import FILTER
from pytest_aep_export.emulator.personas.isolation import ISO
from pytest_aep_export.emulator.personas.job import JOB
from pytest_aep_export.emulator.personas.leniency import LENIENCY
from pytest_aep_export.emulator.personas.listing import LIST
from pytest_aep_export.emulator.personas.merging import MERGE
from pytest_aep_export.emulator.personas.persona import Kind, Persona
from pytest_aep_export.emulator.personas.policies import POLICY
from pytest_aep_export.emulator.personas.rows import ROWS
from pytest_aep_export.emulator.personas.sandboxes import SANDBOX
from pytest_aep_export.emulator.personas.segments import SEGMENT
from pytest_aep_export.emulator.personas.watch import WATCH
from pytest_aep_export.errors import ConfigurationError

__all__ = ["PERSONAS", "Kind", "Persona", "persona"]

_TABLES: Final = (
    AUTH,
    DATASET,
    CREATE,
    JOB,
    LIST,
    WATCH,
    CANCEL,
    FILES,
    DOWNLOADS,
    ROWS,
    COLUMNS,
    FILTER,
    MERGE,
    POLICY,
    SEGMENT,
    SANDBOX,
    ISO,
    ERROR,
    LENIENCY,
)

PERSONAS: Final[dict[str, Persona]] = {each.id: each for table in _TABLES for each in table}
"""Every persona by its id, area by area."""


def persona(named: str | Persona) -> Persona:
    """The persona of that name, or the one that is given.

    Raises:
        ConfigurationError: No persona is called so.
    """
    if isinstance(named, Persona):
        return named
    if named not in PERSONAS:
        alike = get_close_matches(named, PERSONAS, n=3, cutoff=0.4)
        hint = f"did you mean {' or '.join(alike)}?" if alike else "docs/personas.md lists them"
        raise ConfigurationError(f"persona {named!r} is unknown: {hint}")
    return PERSONAS[named]
