"""Records the library anew: ``python -m tests.cassettes.record [NAME ...]``.

Each scene has an emulator of its own, whose ids, times and data derive from its seed: recorded again, a file differs in
its date alone. So has each module of the conformance suite (``conformance/NAME``), whose datasets are called after the
time as well.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Final
from unittest.mock import patch
from uuid import UUID

from pytest_aep_export.cassettes import describe, path_of, record
from pytest_aep_export.client import AepClient
from pytest_aep_export.contract.dialects import CANONICAL, dialect
from pytest_aep_export.emulator import Behaviour, Emulator, EmulatorServer
from pytest_aep_export.model import Credentials
from pytest_aep_export.suite.api import Api
from pytest_aep_export.suite.embedded import embedded
from pytest_aep_export.suite.hooks import Silent
from pytest_aep_export.suite.recorded import RECORDED, keep
from pytest_aep_export.suite.registry import conformance_path
from pytest_aep_export.suite.runner import run_suite
from pytest_aep_export.suite.sending import Patience, Target
from pytest_aep_export.suite.verdicts import Result
from tests.cassettes.documented import DOCUMENTED, write
from tests.cassettes.refusals import REFUSALS
from tests.cassettes.scenes import SCENES, Scene, Stage

__all__ = ["MODULES", "name_in", "names", "record_module", "record_scene"]

_PROFILES: Final = 5
_PROFILES_OF_THE_SUITE: Final = 20
"""As few as show every case that the suite looks for."""
_NOT_RECORDED: Final = ("known",)
"""Modules that judge rows by what is known of the tenant's data, which a recording does not tell."""

MODULES: Final = {
    f"{RECORDED}/{name}": path
    for path in sorted((conformance_path() / "server").glob("test_*.py"))
    if (name := path.stem.removeprefix("test_")) not in _NOT_RECORDED
}
"""The modules of the suite by the names of their recordings."""
_PATIENCE: Final = Patience(poll=0, deadline=10, busy=5)


def name_in(scene: Scene, spoken: str) -> str:
    """What the recording of a scene in a dialect is called."""
    return scene.name if spoken == CANONICAL.name else f"{scene.name}-{spoken}"


def names() -> dict[str, tuple[Scene, str]]:
    """Every recording of the emulator by its name: its scene and its dialect."""
    return {name_in(scene, spoken): (scene, spoken) for scene in (*SCENES, *REFUSALS) for spoken in scene.dialects}


def record_scene(scene: Scene, spoken: str, folder: Path | None = None) -> None:
    """Play a scene in a dialect and record it."""
    behaviour = Behaviour(dialect=dialect(spoken), progression=scene.progression, persona=scene.persona)
    metadata = describe(
        "emulator",
        dialect=spoken,
        persona=scene.persona or "",
        requirements=scene.requirements,
        faults=scene.faults,
    )
    with Emulator(profiles=_PROFILES, behaviour=behaviour) as emulator, EmulatorServer(emulator) as server, _counted():
        tenant = emulator.create_tenant()
        where = {"credentials": tenant.credentials, "base_url": server.url}
        with (
            record(name_in(scene, spoken), **where, folder=folder, metadata=metadata),
            AepClient(**where, pause=lambda _seconds: None) as client,
            _raw(server.url, tenant.credentials) as target,
        ):
            scene.play(Stage(client, Api(target), tenant))


def record_module(name: str, folder: Path | None = None) -> None:
    """Judge the emulator by a module of the suite, and record that."""
    behaviour = Behaviour()
    with (
        Emulator(profiles=_PROFILES_OF_THE_SUITE, behaviour=behaviour) as emulator,
        EmulatorServer(emulator) as server,
        embedded(server, behaviour, label=name) as target,
    ):
        found = run_suite(target, Silent(), files=[MODULES[name]]).outcomes
        met = [one for one, outcomes in found.items() if all(outcome.result is Result.MET for outcome in outcomes)]
        keep(name, target, describe("emulator", dialect=CANONICAL.name, requirements=tuple(sorted(met))), folder)


@contextmanager
def _raw(url: str, credentials: Credentials) -> Iterator[Target]:
    target = Target(url, credentials, kind="emulator", patience=_PATIENCE)
    try:
        yield target
    finally:
        target.close()


@contextmanager
def _counted() -> Iterator[None]:
    """Our client's ids of requests, which jobs repeat, are counted and not drawn by lot."""
    numbers = count(1)
    with patch("pytest_aep_export.client.session.uuid4", lambda: UUID(int=next(numbers))):
        yield


def main(chosen: list[str]) -> None:
    """Record what was chosen; all, where nothing was."""
    every = names()
    for name in chosen or (*every, *DOCUMENTED, *MODULES):
        if name in DOCUMENTED:
            write(name)
        elif name in MODULES:
            record_module(name)
        else:
            record_scene(*every[name])
        print(f"{path_of(name).stat().st_size:>8} {name}")  # noqa: T201 - the program's only output


if __name__ == "__main__":
    main(sys.argv[1:])
