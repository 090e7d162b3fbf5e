"""``pytest conformance``: the suite under pytest itself, with its exit codes and the selections that users know."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pytest_aep_export.suite.registry import conformance_path, load
from pytest_aep_export.suite.sending import Target

Answer = tuple[int, dict[str, str], bytes]
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs the suite under pytest, in a process of its own, against a target or the emulator."""

    def make(
        *arguments: str, target: Target | None = None, plugins: Sequence[str] = ()
    ) -> subprocess.CompletedProcess[str]:
        loaded = [f"-p{name}" for name in ("aep_export", *plugins)]
        cache = ["-o", f"cache_dir={tmp_path}/cache"]
        command = [
            sys.executable,
            "-m",
            "pytest",
            str(conformance_path()),
            "--disable-plugin-autoload",
            *loaded,
            *cache,
        ]
        environment = {name: text for name, text in os.environ.items() if not name.startswith(("AEP_", "PYTEST"))}
        if target:
            who = target.credentials
            environment |= {"AEP_TARGET": target.base_url, "AEP_CLIENT_ID": who.client_id, "AEP_ORG_ID": who.org_id}
            environment |= {"AEP_CLIENT_SECRET": who.client_secret}
        return subprocess.run(
            [*command, "-q", *arguments], capture_output=True, text=True, cwd=tmp_path, env=environment, check=False
        )

    return make


def verdicts(done: subprocess.CompletedProcess[str]) -> str:
    """The line that counts the verdicts."""
    lines = done.stdout.splitlines()
    heading = next((n for n, line in enumerate(lines) if re.fullmatch("=+ verdicts =+", line)), None)
    assert heading is not None, done.stdout + done.stderr
    return lines[heading + 1]


def status(call: str, before: int, after: int) -> Callable[[str, Answer], Answer]:
    """Answers matching calls with another status."""

    def apply(made: str, answer: Answer) -> Answer:
        return (after, *answer[1:]) if re.search(call, made) and answer[0] == before else answer

    return apply


PACE = ("--aep-dialect", "canonical", "--aep-poll-interval", "0", "--aep-deadline", "20")


@pytest.mark.parametrize("more", [(), (*PACE, "-n", "2")], ids=["one process", "two processes"])
def test_no_order_of_the_tests_changes_a_verdict(run: Run, more: Sequence[str]):
    """In any order, and in processes of their own, every requirement is judged, and none is doubted."""
    done = run(f"--randomly-seed={len(more) + 1}", *more, plugins=["randomly", "xdist"])
    assert done.returncode == 0, done.stdout[-3000:]
    assert set(re.findall("[a-z-]+", verdicts(done))) <= {"pass", "not-applicable"}
    assert sum(map(int, re.findall(r"\d+", verdicts(done)))) == len(load().of("server"))


def test_processes_judge_together_what_one_judges_alone(run: Run):
    """With xdist the verdicts of all processes are summed up in the one that started them."""
    alone, together = (run("-k", "EXP-AUTH or EXP-LIST", *more, plugins=["xdist"]) for more in ((), ("-n", "2")))
    assert (alone.returncode, together.returncode) == (0, 0), together.stdout[-3000:]
    assert verdicts(alone) == verdicts(together)


def test_tests_are_selected_by_level_and_area(run: Run):
    """``-m`` knows the levels and the areas."""
    done = run("-m", "aep_must and aep_list")
    wanted = [r for r in load().of("server") if (r.level, r.area) == ("MUST", "LIST")]
    assert verdicts(done) == f"{len(wanted)} pass"
    assert done.returncode == 0


def test_the_profile_smoke(run: Run):
    """``--aep-profile`` narrows the run to what the registry says."""
    done = run("--aep-profile", "smoke")
    assert verdicts(done) == f"{len(load().smoke)} pass"


def test_a_should_is_no_failure(run: Run, served: Callable[..., Any]):
    """What breaks only a SHOULD is an expected failure, and the run ends well."""
    with served(lambda _, answer: (answer[0], {**answer[1], "x-location": "/7"}, answer[2])) as target:
        done = run("-k", "EXP-CREATE-015 or EXP-CREATE-004", "-rx", target=target)
    assert done.returncode == 0, done.stdout
    assert verdicts(done) == "1 pass, 1 warn"
    assert "SHOULD of EXP-CREATE-015 does not hold" in done.stdout


def test_a_must_is_a_failure_and_is_the_first_to_run_again(run: Run, served: Callable[..., Any]):
    """What breaks a MUST fails the run; ``--lf`` then runs those tests alone, and is content with that."""
    with served(status("DELETE .*2000000000", 404, 204)) as target:
        first = run("-k", "EXP-CANCEL", target=target)
        again = run("--lf", target=target)
    assert (first.returncode, again.returncode) == (1, 1)
    others = sum(requirement.area == "CANCEL" for requirement in load().of("server")) - 1
    assert verdicts(first) == f"{others} pass, 1 fail"
    assert verdicts(again) == "1 fail"
    assert "Interrupted" not in again.stdout


def test_what_blocks_a_must_leaves_the_run_undecided(run: Run, served: Callable[..., Any]):
    """Without a dataset nothing else is judged: the cause is told once, with what it blocks, and the end is 3."""
    with served(status("POST .*/dataSets", 201, 400)) as target:
        done = run("-k", "EXP-JOB or EXP-CREATE", target=target)
    assert done.returncode == 3, done.stdout
    assert re.fullmatch(r"\d+ blocked", verdicts(done))
    (cause,) = [line for line in done.stdout.splitlines() if line.startswith("blocked by ")]
    assert cause.startswith("blocked by EXP-DATASET-001: EXP-")
    assert cause.endswith("(required: the dataset is created; found: status 400)")


EXPECTATION = '[[expect]]\npattern = "EXP-CANCEL-008"\nreason = "to be mended"\nissue = "#1"\nexpires = 2999-12-31\n'


def test_what_is_expected_fails_no_run(run: Run, served: Callable[..., Any], tmp_path: Path):
    """With an expectation a MUST may fail, for the reason given; once it holds the expectation fails the run."""
    (tmp_path / "known.toml").write_text(EXPECTATION)
    options = ["-k", "EXP-CANCEL-008", "--aep-expect", "known.toml", "-rx"]
    with served(status("DELETE .*2000000000", 404, 204)) as target:
        wrong = run(*options, target=target)
    right = run(*options)
    assert (wrong.returncode, right.returncode) == (0, 1), wrong.stdout + right.stdout
    assert "expected: to be mended" in wrong.stdout
    assert "EXP-CANCEL-008 passes, although expectation EXP-CANCEL-008 says that it does not" in right.stdout


def test_a_run_that_may_cost_nothing_says_so(run: Run):
    """When the budget is used up the run ends, and tells how to give it more."""
    done = run("--aep-max-calls", "5", "-k", "EXP-AUTH")
    assert done.returncode != 0
    assert "the run has used up its 5 calls: allow more with --max-calls" in done.stdout.splitlines()


def test_an_expectation_that_cannot_be_read_is_a_wrong_call(run: Run):
    """A file that is not there is one sentence, before anything is judged."""
    done = run("--aep-expect", "nowhere.toml")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "ERROR: the expectations nowhere.toml cannot be read" in done.stderr


def test_listing_the_tests_judges_nothing(run: Run):
    """``--collect-only`` ends well and knows of no verdicts."""
    done = run("--collect-only", "-k", "EXP-AUTH-001")
    assert done.returncode == 0
    assert "verdicts" not in done.stdout


def test_wrong_credentials_block_everything_at_once(run: Run, served: Callable[..., Any]):
    """Credentials that are refused are tried once, and told once."""
    tokens: list[str] = []

    def count(call: str, answer: Answer) -> Answer:
        tokens.append(call)
        return answer

    with served(count) as target:
        target.credentials = replace(target.credentials, client_secret="wrong")
        done = run("-k", "EXP-AUTH", target=target)
    assert done.returncode == 3, done.stdout
    assert verdicts(done) == "15 blocked"
    assert tokens == ["POST /ims/token/v3"]
    assert "check AEP_CLIENT_ID, AEP_CLIENT_SECRET and --ims-url" in done.stdout
