"""``aep-export profiles generate``: what it writes, what it says exports must contain, and how it goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator
from rich.console import Console

from pytest_aep_export.cli import main
from pytest_aep_export.cli.counting import counted
from pytest_aep_export.cli.expected import expected_schema
from pytest_aep_export.exporter.plan import EventPlan, ExportPlan, Segment, plan
from pytest_aep_export.exporter.reference import rows
from pytest_aep_export.profiles import ProfileData, generate, generation
from pytest_aep_export.profiles.policies import DEFAULT_POLICIES, DEFAULT_SEGMENTS

SMALL = """
from pytest_aep_export.cli import main
from pytest_aep_export.profiles import generation
generation.PARTITION_ROWS = 200
main()
"""
"""The command, with partitions of 40 profiles."""


def invoke(*arguments: str | Path) -> Result:
    """The command in this process."""
    return CliRunner().invoke(main, ["profiles", "generate", *map(str, arguments)])


@pytest.fixture(autouse=True)
def _small_partitions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generation, "PARTITION_ROWS", 200)


def test_the_folder_holds_what_the_options_say(tmp_path: Path):
    """Each option is one of `generate`, and what is written reads back as that."""
    options = ["--seed", "7", "--events-per-profile", "1", "--fragments", "2.5", "--locale", "de_DE"]
    done = invoke(tmp_path / "new" / "data", "--profiles", "100", *options)
    made = generate(100, seed=7, events_per_profile=1, fragments=2.5, locale="de_DE")
    back = ProfileData.read(tmp_path / "new" / "data")

    assert done.exit_code == 0, done.output
    assert back.fragments.equals(made.fragments)
    assert back.events.equals(made.events)


def test_the_counts_are_those_of_the_oracle(tmp_path: Path):
    """The JSON document says how many rows an export has under each policy, and its form is published."""
    done = invoke(tmp_path, "--profiles", "120", "--seed", "3", "--json")
    document = json.loads(done.stdout)
    Draft202012Validator(expected_schema()).validate(document)

    recipe = {"profiles": 120, "seed": 3, "events_per_profile": 3.0, "fragments": 2.0, "locale": "en_US"}
    assert {**document, "expected": None} == {
        "folder": str(tmp_path),
        "partitions": 3,
        "recipe": recipe,
        "expected": None,
    }
    assert [counts["graph"] for counts in document["expected"]] == ["none", "pdg"]
    for counts in document["expected"]:
        (policy,) = [policy for policy in DEFAULT_POLICIES if policy.id == counts["merge_policy"]]
        assert counts == oracle(plan({}, policy), generate(120, seed=3)) | {
            "merge_policy": policy.id,
            "name": policy.name,
            "graph": policy.graph,
        }


def oracle(asked: ExportPlan, data: ProfileData) -> dict[str, Any]:
    """The counts under a plan, row by row."""

    def exported(**options: Any) -> list[dict[str, Any]]:
        return rows(ExportPlan(graph=asked.graph, order=asked.order, **options), data)

    everything = exported(events=EventPlan(("_id",)))
    with_bare = exported(events=EventPlan(("_id",)), empty_profiles=True)
    events, all_events = (sum(len(row["timeSeriesEvents"] or ()) for row in some) for some in (everything, with_bare))
    namespaces = [namespace for row in everything for namespace, _ in row["identityMap"]]
    return {
        "profiles": len(everything),
        "events": events,
        "profiles_with_events_only": len(with_bare) - len(everything),
        "events_of_those": all_events - events,
        "by_namespace": {namespace: namespaces.count(namespace) for namespace in sorted(set(namespaces))},
        "segments": [
            {"id": known.id, "namespace": known.namespace, "name": known.name}
            | {
                status: len(exported(segments=(Segment(known.id, known.namespace, frozenset({status})),)))
                for status in ("realized", "exited")
            }
            for known in DEFAULT_SEGMENTS
        ],
    }


def test_a_person_reads_the_counts_in_a_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Without --json there is a column for each policy and a line for each number, and progress goes elsewhere."""
    monkeypatch.setenv("COLUMNS", "120")  # where others made it narrow, words would stand below each other
    counts = json.loads(invoke(tmp_path, "--profiles", "120", "--json").stdout)["expected"]
    done = invoke(tmp_path, "--profiles", "120")
    lines = [line.split() for line in done.stdout.splitlines()]

    assert done.stdout.startswith(f"{tmp_path} holds 120 persons.")
    assert ["profiles", *(str(one["profiles"]) for one in counts)] in lines
    for segment in counts[0]["segments"]:
        label = f"{segment['name']}: exited".split()
        assert [line[:-2] for line in lines if line[:-2] == label] == [label]
    assert "writing: 40 of 120 profiles" in done.stderr
    assert "counting: 3 of 3 partitions" in done.stderr


def test_the_table_is_as_wide_as_it_may_be(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """COLUMNS says how wide, also where there is no terminal."""
    monkeypatch.setenv("COLUMNS", "70")
    lines = invoke(tmp_path, "--profiles", "3").stdout.splitlines()

    assert max(map(len, lines[2:])) <= 70
    assert any(line.startswith("profiles ") for line in lines)


def test_no_profiles_are_counted_too(tmp_path: Path):
    """Of nobody there is nothing to expect."""
    document = json.loads(invoke(tmp_path, "--profiles", "0", "--json").stdout)
    Draft202012Validator(expected_schema()).validate(document)

    assert [counts["profiles"] for counts in document["expected"]] == [0, 0]


def test_it_goes_on_where_it_was_interrupted(tmp_path: Path):
    """Ctrl-C ends with 130 and a sentence, keeps what is whole, and the same command does the rest."""
    command = [sys.executable, "-c", SMALL, "profiles", "generate", str(tmp_path), "--profiles", "6000"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    with process:
        assert process.stderr is not None
        assert process.stderr.readline().startswith("writing: 600 ")
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=60)
    there = {path: path.stat().st_mtime_ns for path in tmp_path.glob("*.parquet")}

    assert (process.returncode, out) == (130, "")
    assert errors.splitlines()[-1] == "Error: interrupted: the same command goes on where it was"
    assert 30 <= len(there) < 300
    assert not list(tmp_path.glob("*.partial"))
    done = invoke(tmp_path, "--profiles", "6000")
    assert done.exit_code == 0, done.output
    assert {path: path.stat().st_mtime_ns for path in there} == there
    assert ProfileData.read(tmp_path).fragments.equals(generate(6000).fragments)


def test_an_interruption_while_counting_is_one_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Whatever the command is doing, Ctrl-C is no traceback."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("pytest_aep_export.exporter.census.take_census", interrupt)
    done = invoke(tmp_path, "--profiles", "10")

    assert done.exit_code == 130
    assert "interrupted: the same command goes on where it was" in done.output


def _other_data(folder: Path) -> Path:
    assert invoke(folder, "--profiles", "5").exit_code == 0
    return folder


def _file(folder: Path) -> Path:
    (folder / "file").write_text("")
    return folder / "file" / "data"


@pytest.mark.parametrize(
    ("arguments", "where", "code", "said"),
    [
        (["--profiles", "-1"], Path, 2, "-1 is not in the range"),
        (["--fragments", "4"], Path, 2, "fragments=4.0 is not between 1 and 3"),
        (["--events-per-profile", "-1"], Path, 2, "events_per_profile=-1.0 is not between 0 and 2500"),
        (["--locale", "xx_YY"], Path, 2, "locale 'xx_YY' is unknown to Faker"),
        (["--profiles", "6"], _other_data, 2, "holds other profile data: choose another folder, or remove it"),
        ([], _file, 3, "cannot be written or read: Not a directory"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(
    arguments: list[str], where: Callable[[Path], Path], code: int, said: str, tmp_path: Path
):
    """A wrong option ends with 2, a folder that cannot be written with 3, each with one sentence."""
    done = invoke(where(tmp_path), *arguments)

    assert done.exit_code == code
    assert said in done.output


def test_the_schema_is_published():
    """--schema prints the JSON Schema of what --json writes, which is one."""
    printed = json.loads(CliRunner().invoke(main, ["profiles", "generate", "--schema"]).output)

    assert printed == expected_schema()
    Draft202012Validator.check_schema(printed)
    assert not Draft202012Validator(printed).is_valid({"folder": "x", "partitions": 1, "recipe": {}, "expected": []})


def test_a_terminal_shows_a_bar():
    """On a terminal the count is part of a bar that vanishes."""
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        console = Console(file=nowhere, force_terminal=True, width=80, record=True)
        with counted(console, "writing", 50, "profiles") as told:
            told(20)
            told(50)

    assert "writing profiles" in console.export_text()


def test_elsewhere_each_tenth_is_a_line(capsys: pytest.CaptureFixture[str]):
    """Without a terminal a line is printed when a tenth is passed, and none where nothing has changed."""
    with counted(Console(width=80), "writing", 1000, "profiles") as told:
        for done in (50, 150, 199, 200, 1000):
            told(done)

    assert capsys.readouterr().out.splitlines() == [
        "writing: 150 of 1,000 profiles",
        "writing: 200 of 1,000 profiles",
        "writing: 1,000 of 1,000 profiles",
    ]
