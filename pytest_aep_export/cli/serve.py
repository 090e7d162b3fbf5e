"""``aep-export serve``: the emulator as a server of its own, for a client in any language."""

from __future__ import annotations

import json
import os
import shlex
import signal
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, get_args

import click

from pytest_aep_export.cli.common import CouldNotRunError, UsedWronglyError, exit_codes, schema_option
from pytest_aep_export.contract.dialects import CANONICAL, DIALECTS, dialect
from pytest_aep_export.credentials import environment_for
from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.lifecycle import Clock, Mode, Progression
from pytest_aep_export.model import Credentials

if TYPE_CHECKING:
    from pytest_aep_export.contract.union import Union
    from pytest_aep_export.profiles import ProfileData

__all__ = ["connection_schema", "serve"]

_PROFILES: Final = 100


def connection_schema() -> dict[str, Any]:
    """The JSON Schema of the line that ``--json`` prints."""
    schema: dict[str, Any] = json.loads((Path(__file__).parent / "connection.schema.json").read_text("utf-8"))
    return schema


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="The port.  [default: any that is free]")
@click.option("--profiles", type=click.IntRange(0), help="Fake profiles in each sandbox.  [default: 100]")
@click.option(
    "--load",
    "source",
    type=click.Path(exists=True, path_type=Path),
    help="Serve these instead: a folder that 'profiles generate' wrote, or your own .parquet, .jsonl or .json file.",
)
@click.option(
    "--union",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The tenant's own fields in what --load takes: YAML with 'profile' and 'event', as in docs/data.md.",
)
@click.option(
    "--seed", type=click.IntRange(0), default=0, show_default=True, help="What data and ids are derived from."
)
@click.option(
    "--sandbox", "sandboxes", multiple=True, default=("prod",), show_default=True, help="A sandbox; repeatable."
)
@click.option("--state", type=click.Path(file_okay=False, path_type=Path), help="Keep jobs and files in this folder.")
@click.option(
    "--dialect",
    "spoken",
    type=click.Choice(list(DIALECTS)),
    default=CANONICAL.name,
    show_default=True,
    help="Which documented variant to speak.",
)
@click.option(
    "--progression",
    type=click.Choice([mode for mode in get_args(Mode) if mode != "manual"]),
    default="per-poll",
    show_default=True,
    help="What makes jobs advance.",
)
@click.option(
    "--switch",
    "switches",
    multiple=True,
    metavar="NAME=VALUE",
    help="What to do where the sources leave a choice, such as row_order=shuffled: see docs/emulator.md; repeatable.",
)
@click.option("--persona", metavar="NAME", help="In which way to be wrong on purpose, such as drops-next-page.")
@click.option("--executor", default="", metavar="ADDRESS", help="Compute exports on a Dask cluster: dask://HOST:PORT.")
@click.option("--allow-remote", is_flag=True, help="Listen on an address that other machines reach.")
@click.option("--json", "as_json", is_flag=True, help="Say how to connect in one line of JSON.")
@schema_option(connection_schema)
def serve(  # noqa: PLR0913, PLR0917 - one parameter for each option
    host: str,
    port: int,
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
    executor: str,
    *,
    allow_remote: bool,
    as_json: bool,
) -> None:
    """Run the emulator until it is told to stop by SIGTERM or Ctrl-C."""
    from pytest_aep_export.emulator import Behaviour, Emulator  # noqa: PLC0415 - heavy, and not for --help
    from pytest_aep_export.emulator.behaviour import read_switches  # noqa: PLC0415 - the same
    from pytest_aep_export.emulator.server import is_loopback  # noqa: PLC0415 - the same
    from pytest_aep_export.exporter.executors import connect  # noqa: PLC0415 - the same

    sandboxes = tuple(dict.fromkeys(sandboxes))
    if not allow_remote and not is_loopback(host):
        raise UsedWronglyError(
            f"{host} is not a loopback address: add --allow-remote if other machines should reach it"
        )
    if source is not None and profiles is not None:
        raise UsedWronglyError("--profiles makes fake profiles and --load takes other ones: leave one of the two out")
    if union is not None and source is None:
        raise UsedWronglyError("--union says which fields the data of --load has: name that data too")
    with ExitStack() as open_:
        with exit_codes():
            data = _loaded(source, union)
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
            credentials = emulator.create_tenant(sandboxes, data=data).credentials
        _serve(emulator, host, port, lambda url: _announce(url, credentials, sandboxes, as_json=as_json))


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


def _serve(emulator: Any, host: str, port: int, ready: Any) -> None:
    from pytest_aep_export.emulator import EmulatorServer  # noqa: PLC0415 - heavy, and not for --help

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        server = EmulatorServer(emulator, host, port, allow_remote=True)
    except ConfigurationError as error:
        raise CouldNotRunError(str(error)) from error
    with server:
        ready(server.url)
        stop.wait()


def _announce(url: str, who: Credentials, sandboxes: tuple[str, ...], *, as_json: bool) -> None:
    if as_json:
        document = {"url": url, "client_id": who.client_id, "client_secret": who.client_secret, "org_id": who.org_id}
        click.echo(json.dumps(document | {"sandboxes": list(sandboxes), "pid": os.getpid()}))
        return
    click.echo(f"The emulator listens on {url} (sandboxes {', '.join(sandboxes)}; process {os.getpid()}).")
    click.echo("Stop it with Ctrl-C. To let other programs find it:\n")
    for name, value in environment_for(who, url).items():
        click.echo(f"  export {name}={shlex.quote(value)}")


def _wall_clock() -> Clock:
    return Clock(_now(), _now)


def _now() -> int:
    return time.time_ns() // 1_000_000
