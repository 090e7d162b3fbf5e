"""What the suite's own tests share: small registries, small suites, and servers that are wrong in one thing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from pytest_aep_export.emulator import Behaviour, Emulator, EmulatorServer
from pytest_aep_export.exchange import Exchange, Headers, Request, Response
from pytest_aep_export.model import Credentials
from pytest_aep_export.suite import collection, hooks, runner
from pytest_aep_export.suite.courtesy import Courtesy
from pytest_aep_export.suite.registry import Registry, parse
from pytest_aep_export.suite.targets import Patience, Target
from pytest_aep_export.suite.verdicts import Outcome

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

Answer = tuple[int, dict[str, str], bytes]
"""Status, headers (names in lower case) and body."""
Change = Callable[[str, Answer], Answer]
"""From a call (method and path with query) and its answer, the answer to send instead."""

CREDENTIALS = Credentials("the-key", "the-secret", "0123@AdobeOrg", "prod")
ENTRY = """
[[requirement]]
id = "{id}"
area = "{area}"
title = "{title}"
level = "{level}"
statement = "A statement that is long enough."
evidence = "{evidence}"
{more}
sources = [{{ document = "{document}", section = "A section" }}]
"""
DEFAULTS = {
    "area": "LIST",
    "title": "The list is a list",
    "level": "MUST",
    "evidence": "documented",
    "document": "guide",
    "more": "",
}


@pytest.fixture(scope="session")
def registry_text() -> Callable[..., bytes]:
    """Writes a registry: each argument changes one requirement of it."""

    def write(*entries: dict[str, str]) -> bytes:
        head = '[areas]\nLIST = "Lists"\nJOB = "Jobs"\n[documents]\nguide = "The guide"\n'
        return (head + "".join(ENTRY.format(**{**DEFAULTS, **entry}) for entry in entries)).encode()

    return write


@pytest.fixture(scope="session")
def small_registry(registry_text: Callable[..., bytes]) -> Registry:
    """A registry with one requirement of each level."""
    levels = {"EXP-LIST-001": "MUST", "EXP-LIST-002": "SHOULD", "EXP-LIST-003": "MAY"}
    return parse(registry_text(*({"id": name, "level": level} for name, level in levels.items())))


@pytest.fixture(scope="session")
def exchange() -> Exchange:
    """An exchange that holds secrets."""
    headers = Headers({"Authorization": "Bearer very-secret", "x-api-key": "very-secret"})
    request = Request("GET", "http://127.0.0.1:9/data/core/ups/export/jobs?limit=2", headers)
    body = json.dumps({"records": [{"id": 7}], "page": {"pageSize": 1}, "link": {"next": ""}}).encode()
    return Exchange(request, Response(200, Headers({"Content-Type": "application/json"}), body), "listExportJobs")


@pytest.fixture
def idle() -> Iterator[Target]:
    """A target that answers everything with an empty object, for suites that judge nothing."""
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json={"access_token": "a-token"}))
    target = Target("http://gateway.test", CREDENTIALS, kind="emulator", transport=transport)
    yield target
    target.close()


@pytest.fixture
def dead() -> Iterator[Target]:
    """A target that answers nothing."""

    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    target = Target("http://gateway.test", CREDENTIALS, kind="emulator", transport=httpx.MockTransport(refuse))
    yield target
    target.close()


class Watcher:
    """An observer that remembers."""

    def __init__(self) -> None:
        self.tests: list[tuple[str, str]] = []
        self.outcomes: list[tuple[str, Outcome]] = []

    def started(self, tests: Any) -> None:
        """Remember what will run."""
        self.tests = list(tests)

    def judged(self, requirement: str, outcome: Outcome) -> None:
        """Remember what was found."""
        self.outcomes.append((requirement, outcome))


@pytest.fixture
def watcher() -> Watcher:
    """An observer that remembers."""
    return Watcher()


@pytest.fixture
def small_suite(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small_registry: Registry
) -> Callable[[str], Callable[..., hooks.SuiteRun]]:
    """Makes a suite of one file against the small registry, and gives what runs it."""

    def make(source: str) -> Callable[..., hooks.SuiteRun]:
        (tmp_path / "server").mkdir()
        (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers --import-mode=importlib\n")
        head = "import pytest\nfrom pytest_aep_export.suite.hooks import check_collection\n"
        hook = (
            "@pytest.hookimpl(tryfirst=True)\ndef pytest_collection_modifyitems(items):\n    check_collection(items)\n"
        )
        (tmp_path / "conftest.py").write_text(head + hook)
        (tmp_path / "server" / "test_small.py").write_text(
            f"import pytest\nreq = pytest.mark.aep_requirement\n{source}"
        )
        for module in (collection, runner):
            monkeypatch.setattr(module, "conformance_path", lambda: tmp_path)
        monkeypatch.setattr(collection, "load", lambda: small_registry)
        return runner.run_suite

    return make


class Corrupted:
    """An application whose answers are changed on their way out."""

    def __init__(self, application: ASGIApp, change: Change) -> None:
        self._application = application
        self._change = change

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the application answer, and send something else."""
        sent: list[Message] = []

        async def keep(message: Message) -> None:
            sent.append(message)

        await self._application(scope, receive, keep)
        start, body = sent[0], b"".join(message.get("body", b"") for message in sent[1:])
        headers = {name.decode().lower(): value.decode() for name, value in start["headers"]}
        query = f"?{scope['query_string'].decode()}" if scope["query_string"] else ""
        length = headers.get("content-length")
        call = f"{scope['method']} {scope['path']}{query}"
        status, headers, body = self._change(call, (start["status"], headers, body))
        if length and headers.get("content-length") == length and scope["method"] != "HEAD":
            headers["content-length"] = str(len(body))
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({**start, "status": status, "headers": raw})
        await send({"type": "http.response.body", "body": body})


@pytest.fixture(scope="session")
def served() -> Callable[..., Any]:
    """Opens a URL target on an emulator, whose answers may be changed."""

    @contextmanager
    def serve(
        change: Change | None = None, *, profiles: int = 40, behaviour: Behaviour | None = None
    ) -> Iterator[Target]:
        with Emulator(profiles=profiles, behaviour=behaviour) as emulator:
            if change:
                emulator.app = Corrupted(emulator.app, change)
            with EmulatorServer(emulator) as server:
                credentials = emulator.create_tenant().credentials
                target = Target(server.url, credentials, patience=Patience(poll=0, deadline=5, answer=20))
                target.courtesy = Courtesy(5, pause=lambda _: None)
                yield target
                target.close()

    return serve
