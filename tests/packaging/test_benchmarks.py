"""The benchmarks' frame: rows, targets, medians, tables and the command line. Nothing is measured here."""

from __future__ import annotations

import itertools
import json
import sys
from pathlib import Path

import pytest

from benchmarks import __main__ as command_line
from benchmarks import show
from benchmarks.measure import Row, Target, Tick, interleave, processor_time, repeat, run_python

FAST = Row("fast", 300.0, 10.0, "jobs/s", Target(">=", 30))
SLOW = Row("slow", 0.5, 0.4, "s", Target("<", 1))


class Fixed:
    """A benchmark whose rows are given."""

    ROUNDS = 2

    def __init__(self, *rows: Row) -> None:
        self.rows = list(rows)
        self.ticks = 0

    def measure(self, tick: Tick) -> list[Row]:
        """The given rows, after two rounds."""
        for _ in range(self.ROUNDS):
            tick()
        return self.rows


def test_a_row_as_json_has_the_agreed_members():
    """A row shows both figures, their ratio and whether it keeps to its target, and nothing else."""
    assert FAST.to_json() == {
        "name": "fast",
        "ours": 300.0,
        "peer": 10.0,
        "unit": "jobs/s",
        "ratio": 30.0,
        "target": ">= 30",
        "holds": True,
    }


@pytest.mark.parametrize(
    ("target", "ratio", "met"),
    [
        (Target("<", 1.05), 1.04, True),
        (Target("<", 1.05), 1.05, False),
        (Target("<=", 1), 1.0, True),
        (Target("<=", 1), 1.01, False),
        (Target(">=", 0.7), 0.7, True),
        (Target(">=", 0.7), 0.69, False),
    ],
)
def test_a_target_draws_its_line_where_it_says(target: Target, ratio: float, met: object):
    """A strict target leaves its own value out; the others count it in."""
    assert target.met_by(ratio) is met


def test_rounds_are_interleaved_and_the_warm_up_is_left_out():
    """Ours and the peer take turns, who begins changes, the first pair does not count, and medians are given."""
    order: list[str] = []
    ours_figures, peer_figures = iter([1000.0, 1.0, 3.0, 2.0]), iter([1000.0, 30.0, 10.0, 20.0])

    def ours() -> float:
        order.append("ours")
        return next(ours_figures)

    def peer() -> float:
        order.append("peer")
        return next(peer_figures)

    ticks = itertools.count()
    medians = interleave(ours, peer, rounds=3, tick=lambda: next(ticks))

    assert medians == (2.0, 20.0)
    assert order == ["ours", "peer", "peer", "ours", "ours", "peer", "peer", "ours"]
    assert next(ticks) == 3


def test_repeated_rounds_give_their_median():
    """An outlier does not decide a repeated measurement."""
    figures = iter([1.0, 100.0, 2.0])

    assert repeat(lambda: next(figures), rounds=3, tick=lambda: None) == 2.0


def test_processor_time_counts_the_work_of_the_command(tmp_path: Path):
    """A command that computes costs more processor time than one that does not."""
    idle = processor_time([sys.executable, "-c", "pass"], cwd=tmp_path)
    busy = processor_time([sys.executable, "-c", "for _ in range(10**7): pass"], cwd=tmp_path)

    assert busy > idle > 0


def test_a_failing_command_is_no_measurement(tmp_path: Path):
    """A command that fails gives no figure, but an error that shows what it printed."""
    with pytest.raises(RuntimeError, match=r"ended with 3:\nsorry"):
        processor_time([sys.executable, "-c", "print('sorry'); raise SystemExit(3)"], cwd=tmp_path)


def test_code_is_run_by_a_fresh_interpreter():
    """What runs in a fresh interpreter sees its arguments and none of our modules."""
    assert run_python("import sys; print(sys.argv[1], 'pytest' in sys.modules)", "hello") == "hello False\n"


def test_the_markdown_table_shows_every_row_and_the_machine():
    """Each row is a line of the table, with its verdict, and the machine is described below it."""
    lines = show.markdown([FAST, SLOW]).splitlines()

    assert lines[2] == "| fast | 300 | 10 | jobs/s | 30.00 | >= 30 | holds |"
    assert lines[3] == "| slow | 0.5 | 0.4 | s | 1.25 | < 1 | missed |"
    assert lines[-1] == f"Measured on {show.machine()}."


def test_the_readme_is_rewritten_between_its_markers_only():
    """Updating the README replaces the table and nothing around it, and doing it again changes nothing."""
    text = f"before\n{show.BEGIN}\nold\n{show.END}\nafter\n"

    updated = show.readme(text, [FAST])

    assert updated == f"before\n{show.BEGIN}\n{show.markdown([FAST])}\n{show.END}\nafter\n"
    assert show.readme(updated, [FAST]) == updated


def test_a_readme_without_markers_is_refused():
    """A README with no place for the table is left alone, and the error names the markers."""
    with pytest.raises(ValueError, match="benchmarks start"):
        show.readme("no markers", [FAST])


def test_json_prints_the_rows_of_the_chosen_benchmarks(capsys: pytest.CaptureFixture[str]):
    """With names, only those benchmarks run, and ``--json`` prints their rows as an array."""
    found = {"verdict": Fixed(FAST), "suite": Fixed(SLOW)}

    assert command_line.main(["verdict", "suite", "--json"], find=found.__getitem__) == 0
    assert json.loads(capsys.readouterr().out) == [FAST.to_json(), SLOW.to_json()]


def test_check_fails_when_a_target_is_missed():
    """``--check`` turns a missed target into exit code 1, and only that."""
    assert command_line.main(["verdict", "--check"], find=lambda _: Fixed(FAST)) == 0
    assert command_line.main(["suite", "--check"], find=lambda _: Fixed(SLOW)) == 1


def test_update_readme_writes_the_table_of_all(tmp_path: Path):
    """``--update-readme`` measures everything and writes the table into the document."""
    document = tmp_path / "README.md"
    document.write_text(f"{show.BEGIN}{show.END}")

    command_line.main(["--update-readme", "--markdown"], find=lambda _: Fixed(FAST), readme=document)

    assert document.read_text().count("| fast |") == len(command_line.NAMES)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [(["nonsense"], "there is no benchmark called nonsense"), (["suite", "--update-readme"], "leave the names out")],
)
def test_wrong_words_are_refused_before_anything_is_measured(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
):
    """An unknown name, or half a README, ends with exit code 2 and a sentence that says what to do."""
    with pytest.raises(SystemExit, match="2"):
        command_line.main(arguments, find=lambda name: pytest.fail(f"{name} was measured"))

    assert complaint in capsys.readouterr().err


@pytest.mark.parametrize("name", command_line.NAMES)
def test_every_benchmark_says_what_is_compared(name: str):
    """Each benchmark is a module that says in its docstring what it compares, and that can be measured."""
    benchmark = command_line.load(name)

    assert "\n\n" in (benchmark.__doc__ or "")
    assert benchmark.ROUNDS > 0
    assert callable(benchmark.measure)
