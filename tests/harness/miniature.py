"""A harness of no client: its answers are made up, and its first argument names the one way in which it is wrong."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import Any

RESULTS: dict[str, dict[str, Any]] = {
    "start": {"name": "miniature", "language": "Python", "version": "1"},
    "create_dataset": {"id": "5b020a27e7040801dedba61b"},
    "create_job": {"id": 24115},
    "get_job": {"id": 24115, "status": "NEW"},
    "list_jobs": {"jobs": [{"id": 2, "status": "NEW"}, {"id": "1", "status": "FAILED"}]},
    "wait_for_job": {"id": 24115, "status": "SUCCEEDED"},
    "cancel_job": {},
    "read_rows": {"rows": [{"_id": "a"}, {"_id": "b"}]},
    "stop": {},
}
FAILURE = {"message": "job 24115 ended as FAILED", "errors": [{"code": "unknown", "message": "Job aborted."}]}
OUTCOMES: dict[str, tuple[str, dict[str, Any]]] = {
    "fails": ("wait_for_job", {"failed": FAILURE}),
    "shows-failure": (
        "wait_for_job",
        {"result": {"id": 1, "status": "FAILED", "errors": [{"message": "Job aborted."}]}},
    ),
    "skips": ("read_rows", {"skipped": {"message": "it reads no Parquet"}}),
    "errors": ("create_job", {"errored": {"message": "KeyError: 'id'", "traceback": "line 7"}}),
    "fails-to-start": ("start", {"failed": {"message": "no"}}),
    "breaks-in-stop": ("stop", {"errored": {"message": "it cannot"}}),
    "names-no-file": ("read_rows", {"result": {"files": ["part.parquet"]}}),
    "leaves-the-folder": ("read_rows", {"result": {"files": ["../harness-secret"]}}),
    "without-id": ("create_job", {"result": {"status": "NEW"}}),
    "two-outcomes": ("create_job", {"result": {"id": 1}, "skipped": {"message": "no"}}),
    "empty-message": ("create_job", {"failed": {"message": ""}}),
}
LINES: dict[str, bytes] = {
    "prints-text": b"Creating a job...\n",
    "prints-binary": b"\xff\xfe\x00\n",
    "invalid-json": b'{"seq": 3, "result": {\n',
    "long-line": b'"' + b"x" * (1 << 24) + b'"\n',
    "deep-json": b"[" * 100_000 + b"\n",
}
"""What is written before the answer to ``create_job``."""


def put(line: bytes) -> None:
    """Write to standard output, whatever it is."""
    sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()


def misbehave(wrong: str) -> None:
    """Do what is wrong at ``create_job``."""
    if wrong in LINES:
        put(LINES[wrong])
    elif wrong == "dies":
        sys.stderr.write("Traceback:\n  cannot go on\n")
        sys.exit(3)
    elif wrong == "aborts":
        os.kill(os.getpid(), signal.SIGKILL)
    elif wrong == "falls-silent":
        os.close(1)
        signal.pause()
    elif wrong == "floods-stderr":
        os.write(2, b"first")
        for _ in range(500):
            sys.stderr.write("warning! " * 1000)
        os.write(2, b"last")


def answer(request: dict[str, Any], wrong: str) -> dict[str, Any]:
    """What comes of a request."""
    cmd = request["cmd"]
    if wrong == "late":
        signal.pause()
    if cmd == "create_job":
        misbehave(wrong)
    if wrong in OUTCOMES and OUTCOMES[wrong][0] == cmd:
        return OUTCOMES[wrong][1]
    if cmd not in RESULTS and wrong != "knows-everything":
        return {"errored": {"message": f"there is no command {cmd}"}}
    if wrong == "strict" and "no_such_thing" in request:
        return {"errored": {"message": "there is a member too many"}}
    return {"result": RESULTS.get(cmd, {})}


def main(wrong: str) -> None:
    """Answer until the end."""
    for number, line in enumerate(sys.stdin, start=1):
        request = json.loads(line)
        seq = {"wrong-seq": request["seq"] + (request["cmd"] == "create_job"), "counts": number}
        put(json.dumps({"seq": seq.get(wrong, request["seq"]), **answer(request, wrong)}).encode() + b"\n")
        if request["cmd"] == "stop":
            break
    finish(wrong)


def finish(wrong: str) -> None:
    """End, or do not."""
    if wrong == "never-ends":
        signal.pause()
    elif wrong == "leaves-a-child":
        subprocess.Popen(
            [sys.executable, "-c", "import signal; signal.pause()"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
    elif wrong == "says-goodbye":
        put(b"bye\n")
    elif wrong == "ends-badly":
        sys.exit(7)


if __name__ == "__main__":
    main(sys.argv[1] if sys.argv[1:] else "")
