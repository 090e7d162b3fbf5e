"""What a persona is: one named defect, and the places at which it takes hold of the emulator."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa
    from starlette.responses import Response as HttpResponse

    from pytest_aep_export.emulator.journal import Journal
    from pytest_aep_export.emulator.state import Call, State
    from pytest_aep_export.emulator.tenants import Organisation, Sandbox
    from pytest_aep_export.exchange import Exchange, Request, Response
    from pytest_aep_export.exporter import ExportResult
    from pytest_aep_export.exporter.plan import ExportPlan
    from pytest_aep_export.profiles import ProfileData

__all__ = ["Answering", "Around", "Handler", "Hearing", "Kind", "Persona", "Planning", "Reading", "Writing"]

Kind = Literal["wrong", "missing", "stale", "foreign", "reordered", "truncated", "lenient", "strict", "delayed"]
"""In which way something is not as it should be; ``lenient`` and ``strict`` are about what is accepted."""

Handler: TypeAlias = "Callable[[Call], Awaitable[HttpResponse]]"
"""What answers an admitted request."""
Hearing: TypeAlias = "Callable[[Request, Organisation, State], Request]"
"""The request that is understood instead of the one that was sent."""
Around: TypeAlias = "Callable[[Call, Handler], Awaitable[HttpResponse]]"
"""What is done with an admitted request instead of handing it to its service."""
Answering: TypeAlias = "Callable[[Exchange, Journal], Response]"
"""The answer that is sent instead of the right one, which the exchange holds; the journal holds what went before."""
Planning: TypeAlias = "Callable[[ExportPlan], ExportPlan]"
"""What is exported instead of what was asked for."""
Reading: TypeAlias = "Callable[[Sandbox, State], ProfileData]"
"""The profile data that an export reads instead of its sandbox's own."""
Writing: TypeAlias = "Callable[[pa.Table, ExportPlan], pa.Table]"
"""The rows that a part of an export holds instead of the right ones."""


@dataclass(frozen=True, slots=True, eq=False)
class Persona:
    """A way in which a server is wrong, for clients and for suites to find out.

    What it does to answers comes after they were held against the contract: it is no defect of the emulator's.

    Attributes:
        area: The area of the requirements that it breaks.
        id: What it is called: words joined by dashes.
        kind: In which way it is wrong.
        about: What it does wrong, in a sentence.
        also: Other areas whose requirements may notice.
        hear: Misunderstands every request, before it is admitted.
        around: Takes the place of a service.
        answer: Changes every answer.
        plan: Changes what a job exports.
        read: Changes which profiles it reads.
        write: Changes the rows that it writes.
    """

    area: str
    id: str
    kind: Kind
    about: str
    also: tuple[str, ...] = ()
    hear: Hearing | None = None
    around: Around | None = None
    answer: Answering | None = None
    plan: Planning | None = None
    read: Reading | None = None
    write: Writing | None = None

    def rewritten(self, result: ExportResult, folder: Path, plan: ExportPlan) -> ExportResult:
        """What an export has written, once this has changed its rows."""
        if self.write is None:
            return result
        from pytest_aep_export.emulator.personas.rewriting import rewrite  # noqa: PLC0415 - loads Arrow

        return rewrite(result, folder, plan, self.write)

    @property
    def areas(self) -> tuple[str, ...]:
        """Every area whose requirements may notice."""
        return (self.area, *self.also)
