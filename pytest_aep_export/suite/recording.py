"""The suite's own traffic, recorded module by module: each is a run of its own, at a target that it finds as it is."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Final

from pytest_aep_export.cassettes import Recording, describe
from pytest_aep_export.cassettes.recording import Source
from pytest_aep_export.contract.dialects import CANONICAL
from pytest_aep_export.contract.dialects import dialect as named
from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.suite.budget import Budget, Limits
from pytest_aep_export.suite.recorded import NOT_RECORDED, keep
from pytest_aep_export.suite.registry import conformance_path
from pytest_aep_export.suite.runner import SuiteError, run_suite
from pytest_aep_export.suite.targets import EMULATOR, Target, is_cassette, probe, resolve
from pytest_aep_export.suite.verdicts import Outcome, Result

__all__ = ["Origin", "find_modules", "fresh_emulator", "record_module", "record_modules"]

_PROFILES: Final = 20
"""As few as show every case that the suite looks for."""
_LONG_AGO: Final = 10 * 365 * 24 * 3600 * 1000
"""By how many ms names are older than they are: a time that the server tells too is not taken for one made up."""
_SOURCES: Final[dict[str, Source]] = {"emulator": "emulator", "live": "live", "url": "server"}


def find_modules(chosen: tuple[str, ...] = ()) -> dict[str, Path]:
    """The files of the suite's modules that can be recorded, by their names.

    Args:
        chosen: Names of some; none for all.

    Raises:
        ConfigurationError: There is no such module.
    """
    files = sorted((conformance_path() / "server").glob("test_*.py"))
    every = {path.stem.removeprefix("test_"): path for path in files}
    every = {name: path for name, path in every.items() if name not in NOT_RECORDED}
    if unknown := [name for name in chosen if name not in every]:
        raise ConfigurationError(f"there is no module {unknown[0]!r} to record: choose among {', '.join(every)}")
    return {name: every[name] for name in chosen or every}


@contextmanager
def fresh_emulator(dialect: str, label: str) -> Iterator[Target]:
    """An emulator that nobody has asked anything: what it answers to a module is the same whenever it is asked."""
    from pytest_aep_export.emulator import Behaviour, Emulator, EmulatorServer  # noqa: PLC0415 - heavy
    from pytest_aep_export.suite.embedded import embedded  # noqa: PLC0415 - the same

    behaviour = Behaviour(dialect=named(dialect))
    with (
        Emulator(profiles=_PROFILES, behaviour=behaviour) as emulator,
        EmulatorServer(emulator) as server,
        embedded(server, behaviour, label=label) as target,
    ):
        yield target


@dataclass(frozen=True, slots=True)
class Origin:
    """What is recorded from.

    Attributes:
        target: ``emulator``, or the URL of a gateway.
        ims_url: The token endpoint of a URL.
        dialect: The dialect that the emulator speaks.
        live: Whether a host of Adobe's is meant on purpose.
        allow_production: Whether that may be a production sandbox.
        personal_data: Whether files of profiles may be kept though they are from there.
        limits: What all of it may cost together.
    """

    target: str = EMULATOR
    ims_url: str = ""
    dialect: str = CANONICAL.name
    live: bool = False
    allow_production: bool = False
    personal_data: bool = False
    limits: Limits | None = None


def record_modules(
    area: str, files: Mapping[str, Path], origin: Origin, folder: Path
) -> Iterator[tuple[Recording, int]]:
    """Record modules of the suite one by one, as `record_module` does.

    Args:
        area: What the recordings are called together.
        files: The modules by their names, as `find_modules` gives them.
        origin: What is recorded from; each module finds an emulator of its own, and a server as others have left it.
        folder: The folder of recordings.

    Raises:
        ConfigurationError: The target is none, or a recording could not be written.
        AepError: It could not be judged; what was recorded before that stays.
    """
    if is_cassette(origin.target):
        raise ConfigurationError(f"{origin.target} is recorded already: name 'emulator', or the URL of a server")
    opened = _emulators(origin) if origin.target == EMULATOR else _server(origin)
    for (name, file), opening in zip(files.items(), opened, strict=False):
        with opening as target:
            spoken = origin.dialect if target.kind == "emulator" else ""
            options: dict[str, Any] = {"dialect": spoken, "folder": folder, "personal_data": origin.personal_data}
            yield record_module(f"{area}/{name}", file, target, **options)


def _emulators(origin: Origin) -> Iterator[AbstractContextManager[Target]]:
    while True:
        yield fresh_emulator(origin.dialect, EMULATOR)


def _server(origin: Origin) -> Iterator[AbstractContextManager[Target]]:
    """The same server again and again, with one budget for all; a token is asked for each time."""
    where: dict[str, Any] = {"ims_url": origin.ims_url, "live": origin.live, "limits": origin.limits}
    with resolve(origin.target, credentials=os.environ, **where) as first:
        probe(first, allow_production=origin.allow_production)
    while True:
        yield _counted(resolve(origin.target, credentials=os.environ, **where), first.budget)


@contextmanager
def _counted(opening: AbstractContextManager[Target], budget: Budget) -> Iterator[Target]:
    with opening as target:
        target.budget, target.moment = budget, count(target.moment() - _LONG_AGO).__next__
        yield target


class _UntilTheEnd:
    """An observer that knows how much was exchanged when the last test had ended: what follows is tidying up."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self.exchanged = 0

    def started(self, tests: Sequence[tuple[str, str]]) -> None:
        """Do nothing."""

    def judged(self, requirement: str, outcome: Outcome) -> None:  # noqa: ARG002 - an observer's
        """Count."""
        self.exchanged = len(self._target.exchanges)


def record_module(
    name: str, file: Path, target: Target, *, dialect: str = "", folder: Path | None = None, personal_data: bool = False
) -> tuple[Recording, int]:
    """Judge a target by a module of the suite, and write what was exchanged.

    What the recording names are the requirements that hold by all that the module has tried; the number that is given
    along is that of all which it judges.

    Args:
        name: What to call the recording, ``area/name``.
        file: The module.
        target: What is judged; nothing was exchanged with it before.
        dialect: The dialect that the emulator speaks; empty for another target.
        folder: The folder of recordings; by default the library.
        personal_data: Whether files of profiles may be kept though they are from Adobe's live service.

    Raises:
        ConfigurationError: The recording could not be written.
        LeakError: It still holds a secret; nothing was written.
        SuiteError: The run has ended early; nothing was written.
    """
    until = _UntilTheEnd(target)
    run = run_suite(target, until, files=[file])
    if run.stopped:
        raise SuiteError(f"{name} was not recorded: {run.stopped}")
    met = [one for one, found in run.outcomes.items() if all(outcome.result is Result.MET for outcome in found)]
    metadata = describe(_SOURCES[target.kind], dialect=dialect, requirements=tuple(sorted(met)))
    del target.exchanges[until.exchanged :]
    return keep(name, target, metadata, folder, personal_data=personal_data), len(run.outcomes)
