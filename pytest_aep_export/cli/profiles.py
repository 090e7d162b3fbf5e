"""``aep-export profiles``: fake profiles in a folder of Parquet files, and what exports of them must contain."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from pytest_aep_export.cli.common import CouldNotRunError, StoppedError, console_for, exit_codes, schema_option
from pytest_aep_export.cli.counting import counted
from pytest_aep_export.cli.expected import expected_counts, expected_schema, expected_table
from pytest_aep_export.profiles.policies import DEFAULT_POLICIES

if TYPE_CHECKING:
    from pytest_aep_export.profiles import ProfileData

__all__ = ["profiles"]


@click.group()
def profiles() -> None:
    """Make profile data for 'aep-export serve --load'."""


@profiles.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--profiles", "number", type=click.IntRange(0), default=1000, show_default=True, help="How many persons.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Another seed, other data.")
@click.option(
    "--events-per-profile", type=float, default=3, show_default=True, help="How many events each has on average."
)
@click.option(
    "--fragments", type=float, default=2, show_default=True, help="How many fragments each has on average, 1 to 3."
)
@click.option("--locale", default="en_US", show_default=True, help="Where they live, as Faker names it.")
@click.option("--json", "as_json", is_flag=True, help="Print the counts as a JSON document.")
@schema_option(expected_schema)
def generate(
    folder: Path, number: int, seed: int, events_per_profile: float, fragments: float, locale: str, *, as_json: bool
) -> None:
    """Write fake profiles to FOLDER and count what exports of them must contain.

    What is there already is kept: a command that was interrupted goes on where it was when it is run again. Ends with
    0 when all is written, 2 when the command was called wrongly, 3 when it could not be done, 130 when it was
    interrupted.
    """
    from pytest_aep_export.profiles import write_parquet  # noqa: PLC0415 - heavy, and not for --help

    recipe: dict[str, Any] = {"seed": seed, "events_per_profile": events_per_profile, "fragments": fragments}
    recipe["locale"] = locale
    console = Console(stderr=True)
    with exit_codes(), _explained(folder):
        with counted(console, "writing", number, "profiles") as told:
            data = write_parquet(folder, number, **recipe, progress=told)
        expected = _expected(data, console)
    _show(folder, len(data.partitions), {"profiles": number, **recipe}, expected, as_json=as_json)


@contextmanager
def _explained(folder: Path) -> Iterator[None]:
    """Say in a sentence why the command ends early."""
    try:
        yield
    except KeyboardInterrupt:
        raise StoppedError("interrupted: the same command goes on where it was") from None
    except OSError as error:
        raise CouldNotRunError(f"{folder} cannot be written or read: {error.strerror or error}") from error


def _expected(data: ProfileData, console: Console) -> list[dict[str, Any]]:
    """The counts under the default policy and under those with an identity graph."""
    from pytest_aep_export.exporter.census import take_census  # noqa: PLC0415 - heavy, and not for --help
    from pytest_aep_export.exporter.plan import plan  # noqa: PLC0415 - the same

    policies = [policy for policy in DEFAULT_POLICIES if policy.default or policy.graph != "none"]
    with counted(console, "counting", len(data.partitions), "partitions") as told:
        found = take_census([plan({}, policy, data.union) for policy in policies], data, told)
    return [expected_counts(policy, census) for policy, census in zip(policies, found, strict=True)]


def _show(
    folder: Path, partitions: int, recipe: dict[str, Any], expected: list[dict[str, Any]], *, as_json: bool
) -> None:
    if as_json:
        document = {"folder": str(folder), "partitions": partitions, "recipe": recipe, "expected": expected}
        click.echo(json.dumps(document, indent=2))
        return
    click.echo(f"{folder} holds {recipe['profiles']:,} persons. Exports of them must contain:\n")
    console_for().print(expected_table(expected))
