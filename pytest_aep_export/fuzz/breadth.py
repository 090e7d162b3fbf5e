"""Breadth: schemathesis on the contract, which tries every keyword of it (extra ``fuzz``).

It draws in a thread of its own, and waits there for each answer: what is sent, judged, made small and written down is
the loop's business, as with any other case. How schemathesis is set up is in ``schemathesis.toml``.
"""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Collection, Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any, Final

from pytest_aep_export.contract import Contract, load
from pytest_aep_export.errors import AepError, ConfigurationError
from pytest_aep_export.exchange import Response
from pytest_aep_export.fuzz.cases import ACCEPTED, REFUSED, Case, Owed, Step
from pytest_aep_export.fuzz.chains import Chains
from pytest_aep_export.fuzz.performing import Attempt, Performance

if TYPE_CHECKING:
    from schemathesis.engine.events import EngineEvent, ScenarioFinished
    from schemathesis.schemas import BaseSchema
    from starlette.types import ASGIApp

    from pytest_aep_export.fuzz.fuzzing import Tally

__all__ = ["Breadth", "schema"]

_MOST: Final = 60
"""Drawn for one operation in one go, or scenarios of several steps, at most."""
_SLOW: Final = 8
"""Every eighth case is drawn by each of the phases that draw, which takes ten times as long as enumerating."""
_STEPS: Final = 14
"""Requests that a scenario takes, about."""
_REQUEST_ID: Final = "#/components/parameters/RequestId"
_HELD_BACK: Final = Response(403)
"""What schemathesis is told of a request that was not sent: neither right nor wrong."""
_OWED: Final = {
    "ensure_resource_availability": Owed(ACCEPTED, "the contract's links"),
    "ignored_auth": Owed((401, 403), "EXP-AUTH-004"),
    "negative_data_rejection": Owed(REFUSED, "the contract", "SHOULD"),
    "positive_data_acceptance": Owed(ACCEPTED, "the contract", "SHOULD"),
    "unsupported_method": Owed((405, 405), "RFC 9110, section 15.5.6", "MAY"),
}
"""What schemathesis's own checks say that an answer is owed."""


def schema(target: ASGIApp | str) -> BaseSchema:
    """The contract as a schemathesis schema, to be parametrized over or walked through in tests of one's own.

    The hosts that the contract names are taken out: a case goes to the target and nowhere else.

    Args:
        target: An application to call in process, or the URL of a gateway.

    Raises:
        ConfigurationError: The extra ``fuzz`` is not installed.
    """
    result: BaseSchema = _schemathesis().openapi.from_dict(_without_hosts(load()))
    if isinstance(target, str):
        result.config.update(base_url=target)
    else:
        result.app = target
    return result


def _schemathesis() -> Any:
    try:
        import schemathesis  # noqa: PLC0415 - an extra, and costly
    except ImportError as error:
        message = "fuzzing in breadth needs schemathesis: install it with pip install 'pytest-aep-export[fuzz]'"
        raise ConfigurationError(message) from error
    return schemathesis


def _without_hosts(contract: Contract) -> dict[str, Any]:
    document: dict[str, Any] = copy.deepcopy(dict(contract.document))
    document["servers"] = [{"url": "/"}]
    for path in document["paths"].values():
        path.pop("servers", None)
    return document


def _without_request_ids(document: dict[str, Any]) -> dict[str, Any]:
    """The document without the header that every operation has and none minds: a sixth of the time goes into it."""
    for path in document["paths"].values():
        for node in (path, *path.values()):
            if isinstance(node, dict) and "parameters" in node:
                node["parameters"] = [each for each in node["parameters"] if each.get("$ref") != _REQUEST_ID]
    return document


class Breadth:
    """Cases that schemathesis draws, and a listener of the loop that tries them: it has to hear of each.

    Args:
        seed: What the cases follow from.
        cases: About how many are wanted, which its phases share.
        operations: The ``operationId`` of those to try; none for all.

    Raises:
        ConfigurationError: The extra ``fuzz`` is not installed.
    """

    def __init__(self, seed: int, cases: int, operations: Collection[str] = ()) -> None:
        self._module = _schemathesis()
        self._contract = load()
        self._seed = seed
        self._wanted = cases
        self._operations = operations
        self._chains = Chains()
        self._asked: SimpleQueue[_Asked | Performance | Exception | None] = SimpleQueue()
        self._answers: SimpleQueue[Response | None] = SimpleQueue()
        self._tried: Performance | None = None
        self._known: dict[str, Performance] = {}
        self._stopping = False

    def tried(self, tally: Tally, performance: Performance) -> None:  # noqa: ARG002 - a listener is told both
        """Hear how a case went."""
        self._tried = performance

    def __iter__(self) -> Iterator[Performance]:
        thread = Thread(target=self._draw, name="schemathesis", daemon=True)
        thread.start()
        try:
            while (asked := self._asked.get()) is not None:
                if isinstance(asked, Exception):
                    raise asked
                if isinstance(asked, Performance):
                    yield asked
                else:
                    yield from self._try(asked)
        finally:
            self._stopping = True
            self._answers.put(None)
            thread.join()

    def _try(self, asked: _Asked) -> Iterator[Performance]:
        begun = self._chains.begin(asked.step, "drawn by schemathesis")
        yield begun
        done = self._tried or begun
        self._chains.end(done)
        sent = len(done.attempts) > len(begun.attempts)
        if sent:
            self._known[asked.id] = done
        self._answers.put(done.attempts[-1].response if sent else _HELD_BACK)

    # In schemathesis's own threads

    def _ask(self, name: str, step: Step) -> Response:
        """Wait until a step was tried."""
        if not self._stopping:
            self._asked.put(_Asked(name, step))
            if (answer := self._answers.get()) is not None:
                return answer
        raise KeyboardInterrupt  # which is how schemathesis is told to stop

    def _draw(self) -> None:
        """Draw until nobody asks for more."""
        try:
            for turn in count():
                stream = self._engine(turn).execute()
                for event in stream:
                    if self._stopping:
                        stream.stop()
                    self._hear(event)
                if self._stopping:
                    break
        except Exception as error:  # noqa: BLE001 - whatever it is, the other thread has to hear of it
            self._asked.put(AepError(f"schemathesis has failed: {type(error).__name__}: {error}"))
        self._asked.put(None)

    def _engine(self, turn: int) -> Any:
        from schemathesis.engine import from_schema  # noqa: PLC0415 - an extra
        from schemathesis.specs.openapi.schemas import OpenApiSchema  # noqa: PLC0415 - the same

        from pytest_aep_export.fuzz.carrying import PLACEHOLDERS, Carrier  # noqa: PLC0415 - the same

        carrier = Carrier(self._contract, self._ask)

        class Carried(OpenApiSchema):
            """The contract whose requests go to the loop: schemathesis has no other place to say so."""

            @property
            def transport(self) -> Carrier:
                return carrier

        settings = tomllib.loads((Path(__file__).parent / "schemathesis.toml").read_text("utf-8"))
        settings["seed"] = self._seed + turn
        config = self._module.Config.from_dict(settings)
        found = self._module.openapi.from_dict(_without_request_ids(_without_hosts(self._contract)), config=config)
        if self._operations:
            found = found.exclude(
                operation_id=[name for name in self._contract.operations if name not in self._operations]
            )
        found.__class__ = Carried
        found.config.update(headers=PLACEHOLDERS, base_url="http://target")
        part = self._wanted // _SLOW
        count = len(self._operations or self._contract.operations)
        shares = {"fuzzing": part // count, "stateful": part // _STEPS}
        for name in ("examples", "coverage", "fuzzing", "stateful"):
            phase = found.config.phases.get_by_name(name=name)
            phase.enabled = turn == 1 if name == "coverage" else turn == 0 if name == "examples" else turn != 1
            if name in shares:
                phase.generation.update(max_examples=max(1, min(shares[name], _MOST)))
        found.config.phases.stateful.enabled &= bool(found.statistic.transitions.selected)
        return from_schema(found)

    def _hear(self, event: EngineEvent) -> None:
        """What schemathesis's own checks have found is judged as what an answer was owed."""
        from schemathesis.engine.events import FatalError, NonFatalError, ScenarioFinished  # noqa: PLC0415 - an extra

        if isinstance(event, FatalError):
            raise event.exception
        if isinstance(event, NonFatalError) and not isinstance(event.value, OSError):  # such as no answer
            raise event.value
        if isinstance(event, ScenarioFinished):
            for performance in self._blamed(event):
                self._asked.put(performance)
            for name in event.recorder.cases:
                self._known.pop(name, None)

    def _blamed(self, event: ScenarioFinished) -> Iterator[Performance]:
        for name, checks in event.recorder.checks.items():
            known = self._known.get(name)
            for check in checks:
                if known and check.failure_info and _is_clear(check.name, event.recorder.cases[name].value):
                    yield _owing(known, _OWED[check.name], check.name)


class _Asked:
    """A step that is to be tried, under the id of the case that it was made of."""

    __slots__ = ("id", "step")

    def __init__(self, name: str, step: Step) -> None:
        self.id = name
        self.step = step


def _is_clear(check: str, drawn: Any) -> bool:
    """Whether what schemathesis blames is one thing: of a refusal that is missing, that the body is wrong."""
    from schemathesis.core.parameters import ParameterLocation  # noqa: PLC0415 - an extra

    if check != "negative_data_rejection":
        return check in _OWED
    return drawn.meta is not None and drawn.meta.phase.data.parameter_location == ParameterLocation.BODY


def _owing(known: Performance, owed: Owed, check: str) -> Performance:
    """The case whose last answer is owed something."""
    *before, last = known.attempts
    mistakes = tuple(replace(mistake, owed=owed) for mistake in last.step.mistakes)
    step = replace(last.step, owed=owed, mistakes=mistakes)
    case = Case(f"{check} of schemathesis", (*known.case.steps[: last.place], step))
    return Performance(case, {}, [*before, Attempt(last.place, step, last.request, last.response)])
