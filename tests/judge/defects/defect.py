"""What a defective client is, and what such clients have in common.

Most are `AepClient` with something between it and the wire, see `bending`; the others do something else with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import httpx

from pytest_aep_export import AepClient, AepError, ExportJob
from pytest_aep_export.client import PollPolicy
from pytest_aep_export.emulator.effects import Dribble
from pytest_aep_export.judge.own import options, performed
from pytest_aep_export.judge.python import PythonSubject
from pytest_aep_export.judge.scenario import Scenario
from pytest_aep_export.judge.subject import Surroundings
from pytest_aep_export.judge.trace import Performance
from tests.judge.defects.bending import Bend, Bent, Memory, Send, operation

Act: TypeAlias = Callable[[AepClient, Scenario, Surroundings], Performance]

JOBS: Final = "/data/core/ups/export/jobs"
FILES: Final = "/data/foundation/export/files"
UNKNOWN: Final = "5b020a27e7040801dedba61b"
KNOWN: Final = {"NEW", "PROCESSING"}
DONE: Final = Performance("success")


def straight(request: httpx.Request, send: Send, _: Memory) -> httpx.Response:
    """Bend nothing."""
    return send(request)


@dataclass(frozen=True, slots=True)
class Defect:
    """A client that does one thing wrong.

    Attributes:
        breaks: The numbers of the requirements that it breaks.
        shown_by: Scenarios in which that is seen, apart from those that every client is put into.
        bend: What is between it and the wire.
        act: What it does that is asked for what a scenario asks for.
        settings: How it is made, but for where it is.
    """

    breaks: str
    shown_by: str = ""
    bend: Bend = straight
    act: Act = performed
    settings: Mapping[str, Any] = field(default_factory=dict)

    def subject(self, name: str) -> PythonSubject:
        """The client, to be judged."""

        def act(scenario: Scenario, surroundings: Surroundings) -> Performance:
            def pause(seconds: float) -> None:
                surroundings.clock.advance(seconds=seconds)

            with AepClient(
                surroundings.credentials,
                transport=Bent(self.bend, surroundings.clock, _piece(scenario)),
                pause=pause,
                **options(surroundings) | dict(self.settings),
            ) as client:
                return self.act(client, scenario, surroundings)

        return PythonSubject(name, act)


def _piece(scenario: Scenario) -> int | None:
    """How long the pieces are in which answers come; None where they come whole."""
    return next((fault.effect.bytes for fault in scenario.faults if isinstance(fault.effect, Dribble)), None)


def made(client: AepClient) -> ExportJob:
    """A new job, for a dataset of its own."""
    return client.create_export_job(client.create_dataset("Mine").id)


def waited(client: AepClient, job: ExportJob, scenario: Scenario) -> ExportJob:
    """The job when it has succeeded."""
    return client.wait_for_export_job(job, timeout=scenario.patience, poll=PollPolicy(scenario.poll, maximum=30))


def only(task: str, act: Act) -> Act:
    """A client that does one task in its own way, and the others as they should be done."""

    def chosen(client: AepClient, scenario: Scenario, surroundings: Surroundings) -> Performance:
        return (act if scenario.task == task else performed)(client, scenario, surroundings)

    return chosen


def afterwards(change: Callable[[Performance], Performance]) -> Act:
    """A client that does all as it should be done, and then something else."""

    def act(client: AepClient, scenario: Scenario, surroundings: Surroundings) -> Performance:
        return change(performed(client, scenario, surroundings))

    return act


def content_with(*kinds: type[AepError], when: Callable[[AepError], bool] = lambda _: True) -> Act:
    """A client that takes errors of some kinds for success."""

    def act(client: AepClient, scenario: Scenario, surroundings: Surroundings) -> Performance:
        try:
            return performed(client, scenario, surroundings)
        except kinds as error:
            if when(error):
                return DONE
            raise

    return act


def concerned(*names: str) -> Callable[[AepError], bool]:
    """Whether an error is about one of these operations."""

    def is_about(error: AepError) -> bool:
        exchange = getattr(error, "exchange", None)
        return exchange is not None and operation(httpx.Request(exchange.request.method, exchange.request.url)) in names

    return is_about


def needs(*path: str) -> Callable[[Any], None]:
    """Read a member, which has to be there."""

    def edit(document: Any) -> None:
        for name in path:
            document = document[name]

    return edit
