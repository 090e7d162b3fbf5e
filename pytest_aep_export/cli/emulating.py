"""What the commands share that serve an emulator: its options, the emulator that they make, how others find it."""

from __future__ import annotations

import shlex
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Final, TypeVar, get_args

import click

from pytest_aep_export.cli.common import UsedWronglyError, exit_codes
from pytest_aep_export.contract.dialects import CANONICAL, DIALECTS, dialect
from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.lifecycle import Clock, Mode, Progression
from pytest_aep_export.model import Credentials

if TYPE_CHECKING:
    from pytest_aep_export.contract.union import Union
    from pytest_aep_export.emulator import Emulator, Tenant
    from pytest_aep_export.profiles import ProfileData

__all__ = ["Opened", "emulator_options", "opened", "say_exports", "told_to_stop"]

_Command = TypeVar("_Command", bound=Callable[..., object])
_PROFILES: Final = 100
_OPTIONS: Final = (
    click.option("--profiles", type=click.IntRange(0), help="Fake profiles in each sandbox.  [default: 100]"),
    click.option(
        "--load",
        "source",
        type=click.Path(exists=True, path_type=Path),
        help="Serve these instead: a folder that 'profiles generate' wrote, or a .parquet, .jsonl or .json file.",
    ),
    click.option(
        "--union",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="The tenant's own fields in what --load takes: YAML with 'profile' and 'event', as in docs/data.md.",
    ),
    click.option(
        "--seed", type=click.IntRange(0), default=0, show_default=True, help="What data and ids are derived from."
    ),
    click.option(
        "--sandbox", "sandboxes", multiple=True, default=("prod",), show_default=True, help="A sandbox; repeatable."
    ),
    click.option(
        "--state", type=click.Path(file_okay=False, path_type=Path), help="Keep jobs and files in this folder."
    ),
    click.option(
        "--dialect",
        "spoken",
        type=click.Choice(list(DIALECTS)),
        default=CANONICAL.name,
        show_default=True,
        help="Which documented variant to speak.",
    ),
    click.option(
        "--progression",
        type=click.Choice([mode for mode in get_args(Mode) if mode != "manual"]),
        default="per-poll",
        show_default=True,
        help="What makes jobs advance.",
    ),
    click.option(
        "--switch",
        "switches",
        multiple=True,
        metavar="NAME=VALUE",
        help="What to do where sources leave a choice, such as row_order=shuffled: see docs/emulator.md; repeatable.",
    ),
    click.option("--persona", metavar="NAME", help="In which way to be wrong on purpose, such as drops-next-page."),
    click.option(
        "--faults",
        type=click.Path(dir_okay=False, path_type=Path),
        help="A file of what goes wrong on the way, in JSON: see docs/faults.md.",
    ),
    click.option(
        "--vary",
        metavar="PLAN",
        default="",
        help="Vary answers within what is documented: a seed, or a plan in JSON: see docs/fuzz-your-client.md.",
    ),
    click.option(
        "--executor", default="", metavar="ADDRESS", help="Compute exports on a Dask cluster: dask://HOST:PORT."
    ),
)


@dataclass(frozen=True, slots=True)
class Opened:
    """An emulator that is ready to be served.

    Attributes:
        emulator: The emulator.
        tenant: Its one organisation, in the first of its sandboxes.
        sandboxes: What the sandboxes are called.
    """

    emulator: Emulator
    tenant: Tenant
    sandboxes: tuple[str, ...]

    @property
    def credentials(self) -> Credentials:
        """What a client needs to work in that sandbox."""
        return self.tenant.credentials


def emulator_options(command: _Command) -> _Command:
    """Give a command the options that `opened` takes."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@contextmanager
def opened(  # noqa: PLR0913 - one parameter for each option
    *,
    profiles: int | None,
    source: Path | None,
    union: Path | None,
    seed: int,
    sandboxes: tuple[str, ...],
    state: Path | None,
    spoken: str,
    progression: Mode,
    switches: tuple[str, ...],
    persona: str | None,
    faults: Path | None,
    vary: str,
    executor: str,
) -> Iterator[Opened]:
    """The emulator that options ask for, with one tenant, while the context lasts.

    Raises:
        UsedWronglyError: They contradict each other, or one cannot be used.
        CouldNotRunError: What they name is not there.
    """
    from pytest_aep_export.emulator import Behaviour, Emulator  # noqa: PLC0415 - heavy, and not for --help
    from pytest_aep_export.emulator.behaviour import read_switches  # noqa: PLC0415 - the same
    from pytest_aep_export.emulator.fault_files import read_faults  # noqa: PLC0415 - the same
    from pytest_aep_export.exporter.executors import connect  # noqa: PLC0415 - the same

    sandboxes = tuple(dict.fromkeys(sandboxes))
    if source is not None and profiles is not None:
        raise UsedWronglyError("--profiles makes fake profiles and --load takes other ones: leave one of the two out")
    if union is not None and source is None:
        raise UsedWronglyError("--union says which fields the data of --load has: name that data too")
    with ExitStack() as open_:
        with exit_codes():
            data = _loaded(source, union)
            wrong = () if faults is None else read_faults(faults)
            chosen: dict[str, Any] = {**read_switches(switches), "persona": persona}
            emulator = Emulator(
                seed=seed,
                behaviour=Behaviour(dialect=dialect(spoken), progression=Progression(progression), **chosen),
                state=state,
                profiles=_PROFILES if profiles is None else profiles,
                clock=_wall_clock,
                executor=open_.enter_context(connect(executor)),
            )
            open_.enter_context(emulator)
            emulator.vary(vary or ())
            tenant = emulator.create_tenant(sandboxes, data=data)
            tenant.faults.add(*wrong)
        yield Opened(emulator, tenant, sandboxes)


@contextmanager
def told_to_stop() -> Iterator[Callable[[], object]]:
    """What waits for SIGTERM or Ctrl-C, which for a while do nothing but end that."""
    told: SimpleQueue[int] = (
        SimpleQueue()
    )  # an event cannot be set by a signal that meets whoever begins to wait for it
    before = {
        number: signal.signal(number, lambda number, _: told.put(number)) for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        yield told.get
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def say_exports(variables: Mapping[str, str]) -> None:
    """Print what a shell has to be told."""
    click.echo("Stop it with Ctrl-C. To let other programs find it:\n")
    for name, value in variables.items():
        click.echo(f"  export {name}={shlex.quote(value)}")


def _loaded(source: Path | None, union: Path | None) -> Callable[[], ProfileData] | None:
    """What gives every sandbox the data of a file or folder, read once."""
    if source is None:
        return None
    from pytest_aep_export.profiles import load_profiles  # noqa: PLC0415 - heavy, and not for --help

    data = load_profiles(source, union=None if union is None else _union(union))
    return lambda: data


def _union(path: Path) -> Union:
    """The union with the fields that a file adds to it.

    Raises:
        ConfigurationError: The file cannot be read, or holds no such fields.
    """
    import yaml  # noqa: PLC0415 - only where there is such a file

    from pytest_aep_export.contract.union import load_union  # noqa: PLC0415 - heavy, and not for --help

    try:
        more = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise ConfigurationError(f"{path} cannot be read as YAML: {' '.join(str(error).split())}") from error
    if not isinstance(more, dict) or not more or not more.keys() <= {"profile", "event"}:
        raise ConfigurationError(f"{path} adds no fields: expected a mapping with 'profile', 'event' or both")
    return load_union().extended(**more)


def _wall_clock() -> Clock:
    return Clock(_now(), _now)


def _now() -> int:
    return time.time_ns() // 1_000_000
