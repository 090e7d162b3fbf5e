"""Records the library anew: ``python -m tests.cassettes.record [NAME ...]``.

Each scene has an emulator of its own, whose ids, times and data derive from its seed: recorded again, a file differs in
its date alone. So has each module of the conformance suite (``conformance/NAME``).
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
from pytest_aep_export.suite import recording
from pytest_aep_export.suite.api import Api
from pytest_aep_export.suite.recorded import RECORDED
from pytest_aep_export.suite.recording import find_modules, fresh_emulator
from pytest_aep_export.suite.sending import Patience, Target
from tests.cassettes.documented import DOCUMENTED, write
from tests.cassettes.refusals import REFUSALS
from tests.cassettes.scenes import SCENES, Scene, Stage

__all__ = ["MODULES", "name_in", "names", "record_module", "record_scene"]

_PROFILES: Final = 5
MODULES: Final = {f"{RECORDED}/{name}": path for name, path in find_modules().items()}
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
        if scene.data:
            tenant.load(scene.data())
        where = {"credentials": tenant.credentials, "base_url": server.url}
        with (
            record(name_in(scene, spoken), **where, folder=folder, metadata=metadata),
            AepClient(**where, pause=lambda _seconds: None) as client,
            _raw(server.url, tenant.credentials) as target,
        ):
            scene.play(Stage(client, Api(target), tenant))


def record_module(name: str, folder: Path | None = None) -> None:
    """Judge the emulator by a module of the suite, and record that."""
    with fresh_emulator(CANONICAL.name, name) as target:
        recording.record_module(name, MODULES[name], target, dialect=CANONICAL.name, folder=folder)


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
