"""Programs under test are heard, bounded, and ended with all their children."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.judge import children
from pytest_aep_export.judge.processes import LONGEST_LINE, Capture, Ended, Process, end_all, run
from pytest_aep_export.judge.starting import require_program

LONG = 30.0
"""Seconds for what happens at once."""


def python(code: str) -> list[str]:
    """The command that runs some Python."""
    return [sys.executable, "-I", "-S", "-c", code]


CHILD = f"subprocess.Popen({python('import signal; signal.pause()')!r}, stdout=OUT, stderr=OUT)"


def with_child(out: str, then: str = "") -> list[str]:
    """The command of a program that leaves a child behind."""
    return python(f"import subprocess; c = {CHILD.replace('OUT', out)}; print(c.pid, flush=True); {then}")


@pytest.fixture
def start(tmp_path: Path) -> Callable[..., Process]:
    """What starts a program that is talked to."""
    return lambda code: Process(python(code), cwd=tmp_path, environ=os.environ, talk=True)


def ran(command: list[str], cwd: Path, seconds: float = LONG) -> Ended:
    """A program that was run."""
    return run(command, cwd=cwd, environ=os.environ, seconds=seconds)


def deadline() -> float:
    """A moment that is far away."""
    return time.monotonic() + LONG


def is_over(pid: int) -> bool:
    """Whether a process runs no more."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_a_program_is_run_in_its_folder_with_its_environment_alone(tmp_path: Path):
    """Both outputs are captured together; nothing of our environment gets in, and nothing is on its input."""
    code = "print(os.getcwd(), 'HOME' in os.environ, sys.stdin.read(), flush=True); sys.exit(os.environ['A'])"

    ended = run(python(f"import os, sys; {code}"), cwd=tmp_path, environ={"A": "why"}, seconds=LONG)

    assert ended == Ended(1, f"{tmp_path} False \nwhy\n".encode(), 0)


def test_a_signal_is_told_from_an_exit_status(tmp_path: Path):
    """A program that a signal ends has the signal's negative number for its status."""
    assert ran(python("import os; os.abort()"), tmp_path).status == -signal.SIGABRT
    assert ran(python("raise SystemExit(3)"), tmp_path).status == 3


def test_a_program_that_hangs_is_killed_when_its_time_is_up(tmp_path: Path):
    """It has no status then, and what it said before is kept; it cannot refuse to go."""
    code = "import signal; signal.signal(15, signal.SIG_IGN); print('on it', flush=True); signal.pause()"

    assert ran(python(code), tmp_path, seconds=1) == Ended(None, b"on it\n", 0)


@pytest.mark.parametrize("out", ["None", "-3"])
def test_children_that_outlive_a_program_are_counted_and_ended(tmp_path: Path, out: str):
    """That is so whether they hold its output open, or have closed it."""
    ended = ran(with_child(out), tmp_path)

    assert (ended.status, ended.leftovers) == (0, 1)
    assert is_over(int(ended.output))


def test_a_child_that_ends_with_its_program_is_not_left_behind(tmp_path: Path):
    """A program that waits for its children leaves none."""
    assert ran(with_child("None", "c.kill(); c.wait()"), tmp_path).leftovers == 0


def test_a_killed_program_takes_its_children_along(tmp_path: Path):
    """When the time of a program is up, its children end as well."""
    ended = ran(with_child("None", "c.wait()"), tmp_path, seconds=1)

    assert ended.status is None
    assert is_over(int(ended.output))


def test_where_there_is_no_proc_a_child_that_is_left_counts_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Without a list of processes, whether the group is empty is all that can be known."""
    monkeypatch.setattr(children.Path, "exists", lambda _: False)

    assert ran(with_child("None"), tmp_path).leftovers == 1


def test_a_group_of_somebody_else_counts_as_one(monkeypatch: pytest.MonkeyPatch):
    """A child that became another user's cannot be asked, so it runs."""

    def refuse(_group: int, _signal: int) -> None:
        raise PermissionError

    monkeypatch.setattr(children.os, "killpg", refuse)

    assert children.outlive(1, "nobody's") == 1


@pytest.mark.parametrize("what", ["gone", "empty"])
def test_a_process_that_vanishes_while_it_is_looked_at_has_ended(monkeypatch: pytest.MonkeyPatch, what: str):
    """Its file may be gone, or empty, by the time that it is read."""

    def read(_: Path, *_words: str) -> str:
        if what == "gone":
            raise FileNotFoundError
        return ""

    monkeypatch.setattr(children.Path, "read_text", read)

    assert children.outlive(os.getpgid(0), "nobody's") == 0


STRAYS = {
    "a session of its own": "os.setsid()",
    "a daemon": "os.setsid(); os.fork() and os._exit(0)",
    "a group of its own": "os.setpgid(0, 0)",
}


@pytest.mark.parametrize("leave", STRAYS.values(), ids=STRAYS)
@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="there is no /proc")
@pytest.mark.parametrize("end", ["0", "signal.pause()"], ids=["in time", "hanging"])
def test_children_that_leave_their_group_are_counted_and_ended(tmp_path: Path, leave: str, end: str):
    """A child that goes into a session or group of its own is found by what it has inherited, as are its children."""
    child = f"{leave}; open('pid', 'w').write(str(os.getpid())); os.rename('pid', 'told'); signal.pause()"
    wait = "while not os.path.exists('told'): time.sleep(.01)"
    code = f"import os, signal, time\nif os.fork() == 0:\n  {child}\n{wait}\n{end}"

    ended = ran(python(code), tmp_path, seconds=LONG if end == "0" else 2)

    assert (ended.status, ended.leftovers) == ((0, 1) if end == "0" else (None, 0))
    assert is_over(int((tmp_path / "told").read_text()))


def test_a_flood_is_kept_at_both_ends(tmp_path: Path):
    """The beginning and the end of too much output are kept, and what is missing between them is counted."""
    ended = ran(python("print('first'); print('x' * 3_000_000); print('last')"), tmp_path)

    assert ended.output.startswith(b"first\nx")
    assert ended.output.endswith(b"x\nlast\n")
    assert len(ended.output) < 140_000
    assert b" bytes are left out here]" in ended.output


@pytest.mark.parametrize("cuts", [(1,), (3,), (4, 4), (1, 2, 3, 4), (8,), (5, 5)])
def test_what_is_captured_does_not_depend_on_how_it_comes(cuts: tuple[int, ...]):
    """However the output is cut into chunks: the first and the last 4 bytes stay, and the rest is counted."""
    text = bytes(range(ord("a"), ord("a") + sum(cuts)))
    capture = Capture(4)
    at = 0
    for cut in cuts:
        capture.add(text[at : at + cut])
        at += cut

    lost = len(text) - 8
    gap = b"\n[%d bytes are left out here]\n" % lost if lost > 0 else b""
    assert bytes(capture) == text[:4] + gap + text[4:][-4:]


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (["/no/such/program"], "'/no/such/program' cannot be started, for there is no such file: look where it is"),
        (["no-such-program"], "(No such file or directory): name one that is on the PATH"),
        (["nul\0"], "(embedded null byte): name one that is on the PATH"),
        ([], "the program '' cannot be started (list index out of range): name one that is on the PATH"),
        (["."], "'.' cannot be started, for it is a folder: name a program in it"),
        (["{}/plain"], "for it is not executable: chmod +x it, or name what runs it, as in '-- python "),
        (["{}/odd"], "(No such file or directory): look whether its first line is #! and a program that is there"),
    ],
)
def test_a_program_that_cannot_be_started_is_a_mistake_of_who_named_it(tmp_path: Path, command: list[str], reason: str):
    """The sentence names the program and the reason, and says what to do."""
    (tmp_path / "plain").write_text("#!/bin/sh\n")
    (tmp_path / "odd").write_text("#!/no/such/shell\n")
    (tmp_path / "odd").chmod(0o755)

    with pytest.raises(ConfigurationError) as refused:
        ran([word.format(tmp_path) for word in command], tmp_path)

    assert reason in str(refused.value)


@pytest.mark.parametrize(
    ("mode", "hint"),
    [
        (0o644, "for it is not executable: chmod +x it and call it ./export, or name what runs it, as in "),
        (0o755, "for it is not on the PATH: call it ./export"),
    ],
)
def test_a_program_that_is_here_is_told_from_one_that_is_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int, hint: str
):
    """Whoever names a file of this folder as if it were on the PATH is told how to call it."""
    (tmp_path / "export").write_text("#!/bin/sh\n")
    (tmp_path / "export").chmod(mode)
    monkeypatch.chdir(tmp_path)

    with pytest.raises(ConfigurationError) as refused:
        require_program("export")

    assert hint in str(refused.value)
    require_program("sh")


def test_lines_go_to_and_fro(start: Callable[..., Process]):
    """What is said arrives, and lines come back one by one, without their ends."""
    with start("import sys; [print(line, end='\\r\\n') for line in sys.stdin.read().split()]") as process:
        assert process.say(b"one two")
        assert process.end(deadline()).status == 0
        assert [process.line(deadline()) for _ in range(2)] == [b"one", b"two"]
        assert not process.say(b"three")


def test_a_last_line_without_an_end_is_a_line(start: Callable[..., Process]):
    """After the last line, whole or not, there is none."""
    with start("print('whole'); print('half', end='')") as process:
        assert [process.line(deadline()), process.line(deadline())] == [b"whole", b"half"]
        with pytest.raises(EOFError):
            process.line(deadline())


def test_nobody_listens_after_the_end(start: Callable[..., Process]):
    """Saying something to a program that has ended is no error."""
    with start("pass") as process:
        with pytest.raises(EOFError):
            process.line(deadline())
        process._popen.wait()
        assert not process.say(b"hello")


def test_a_line_that_does_not_come_is_waited_for_until_the_deadline(start: Callable[..., Process]):
    """The program goes on, and may still say it later; what it says to the user does not count."""
    with start("import sys; sys.stderr.write('thinking'); input(); print('here')") as process:
        with pytest.raises(TimeoutError):
            process.line(time.monotonic() + 0.1)
        process.say(b"")
        assert process.line(deadline()) == b"here"
        assert process.output == b"thinking"


def test_a_line_without_an_end_is_cut(start: Callable[..., Process]):
    """More than the longest line is never held in memory."""
    code = "import sys; [sys.stdout.write('x' * (1 << 20)) for _ in range(40)]"
    with start(code) as process:
        assert len(process.line(deadline())) == LONGEST_LINE + 1
        process.end(deadline())
        assert len(process._heard) <= LONGEST_LINE + (1 << 16)


def test_a_program_that_closes_its_outputs_is_waited_for(start: Callable[..., Process]):
    """Silence is not the end: the status is that of the program."""
    with start("import os, sys; os.close(1); os.close(2); sys.stdin.read(); os._exit(4)") as process:
        with pytest.raises(EOFError):
            process.line(deadline())
        assert process.end(deadline()).status == 4


def test_a_program_ends_with_its_block(start: Callable[..., Process]):
    """Whoever leaves the block without a word leaves nothing running."""
    with start("import os, signal; print(os.getpid(), flush=True); signal.pause()") as process:
        pid = int(process.line(deadline()))

    assert is_over(pid)


def test_every_program_can_be_ended_at_once(start: Callable[..., Process]):
    """Whoever waits for one sees it ended by a signal."""
    with start("import signal; signal.pause()") as one, start("import signal; signal.pause()") as another:
        end_all()

        assert [process.end(deadline()).status for process in (one, another)] == [-signal.SIGKILL] * 2
