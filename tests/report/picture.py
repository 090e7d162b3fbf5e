"""Draws the picture of a report that the documentation shows: ``python -m tests.report.picture docs/report.png``.

The run is a real one, against the emulator with a few of its answers changed. Needs Chromium.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from pytest_aep_export.emulator import Emulator, EmulatorServer
from pytest_aep_export.report.document import Run
from pytest_aep_export.report.html import html
from pytest_aep_export.report.recorder import Recorder, header_of
from pytest_aep_export.suite.hooks import Silent
from pytest_aep_export.suite.registry import load
from pytest_aep_export.suite.runner import run_suite
from pytest_aep_export.suite.targets import Patience, Target, probe
from tests.report.samples import TODAY
from tests.report.test_page import CHROMIUM, QUIET
from tests.suite.conftest import Corrupted

STARTED = "2026-11-24T10:00:00Z"
SIZE = {"width": 1180, "height": 1000}


def wrong(call: str, answer: Any) -> Any:
    """Pages without a size, negative timers, HTML for what is not there."""
    status, headers, content = answer
    if "/catalog/" in call and status == 404:
        return 500, {**headers, "content-type": "text/html"}, b"<html>Something went wrong</html>"
    if "/export/jobs" not in call or status != 200 or not content:
        return answer
    body = json.loads(content)
    body.get("page", {}).pop("pageSize", None)
    for timer in (m for m in body.get("metrics", {}).values() if isinstance(m, dict) and "totalTimeInMs" in m):
        timer["totalTimeInMs"] = -timer["totalTimeInMs"] - 1
    return status, headers, json.dumps(body).encode()


@contextmanager
def target() -> Iterator[Target]:
    """The emulator, wrong in a few things."""
    with Emulator() as emulator:
        emulator.app = Corrupted(emulator.app, wrong)
        with EmulatorServer(emulator) as server:
            who = emulator.create_tenant().credentials
            patience = Patience(poll=0, deadline=5, answer=20)
            opened = Target(server.url, who, label="http://127.0.0.1:8080", patience=patience)
            yield opened
            opened.close()


def judged() -> Run:
    """The run that is shown."""
    registry, begun = load(), time.perf_counter()
    with target() as opened:
        probe(opened)
        recorder = Recorder(header_of(opened, registry, started=STARTED), registry, opened, Silent())
        done = run_suite(opened, recorder)
    return recorder.finish(time.perf_counter() - begun, TODAY, stopped=done.stopped)


def draw(run: Run, picture: str) -> None:
    """Take the picture of the run's page."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        page = Path(folder) / "report.html"
        page.write_text(html(run), "utf-8")
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        shown = browser.new_page(viewport=SIZE)  # type: ignore[arg-type]
        shown.goto(page.as_uri())
        shown.screenshot(path=picture)
        browser.close()


if __name__ == "__main__":
    draw(judged(), sys.argv[1])
