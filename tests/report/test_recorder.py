"""Following a run: a verdict is written once the last test of its requirement has ended, whatever happens."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from pytest_aep_export.model import Credentials
from pytest_aep_export.report.reading import read
from pytest_aep_export.report.record import RecordWriter
from pytest_aep_export.report.recorder import Recorder, header_of
from pytest_aep_export.suite.cleanup import Created
from pytest_aep_export.suite.expectations import Expectation, Expectations
from pytest_aep_export.suite.hooks import Silent
from pytest_aep_export.suite.sending import Target
from pytest_aep_export.suite.verdicts import Outcome, Verdict
from tests.report.samples import BLOCKED, HEADER, KNOWN, MET, NAMES, REGISTRY, TODAY, UNMET, UNSURE

CREDENTIALS = Credentials("the-client-id", "the-client-secret", "0123@AdobeOrg", "prod")
TESTS = [("a", "EXP-LIST-001"), ("b", "EXP-LIST-002"), ("c", "EXP-LIST-001")]


@pytest.fixture
def target() -> Iterator[Target]:
    """A target that repeats the credentials."""

    def answer(request: httpx.Request) -> httpx.Response:
        echo = request.headers.get("authorization", "")
        return httpx.Response(200, json={"access_token": "the-opaque-token", "echo": echo})

    opened = Target("http://gateway.test", CREDENTIALS, transport=httpx.MockTransport(answer))
    yield opened
    opened.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the record is written to."""
    return tmp_path / "run.ndjson"


def recorder(target: Target, path: Path, observer: Any = None, **options: Any) -> Recorder:
    """A recorder that writes to the path."""
    known = options.get("expectations", Expectations())
    header = replace(HEADER, expectations=known.digest)
    return Recorder(header, REGISTRY, target, observer or Silent(), writer=RecordWriter(str(path)), **options)


def ids(path: Path) -> list[str]:
    """What has been written so far: the type of each line, or the id of its requirement."""
    return [node.get("id", node["type"]) for node in map(json.loads, path.read_text("utf-8").splitlines())]


def test_a_verdict_is_written_when_it_is_settled(target: Target, path: Path):
    """The header comes with the first test, a verdict with the last of its tests, the rest with the footer."""
    following = recorder(target, path)
    assert not path.exists()
    following.started(TESTS)
    assert ids(path) == ["header"]
    following.judged("EXP-LIST-001", Outcome("a", MET))
    following.judged("EXP-LIST-002", Outcome("b", MET))
    assert ids(path) == ["header", "EXP-LIST-002"]
    following.judged("EXP-LIST-001", Outcome("c", UNMET, "a list", "none"))
    assert ids(path) == ["header", "EXP-LIST-002", "EXP-LIST-001"]
    run = following.finish(2.5, TODAY)
    assert ids(path)[3:] == ["EXP-LIST-003", "EXP-JOB-001", "footer"]
    assert read(str(path)) == run
    assert [str(verdict.verdict) for verdict in run.verdicts] == ["fail", "pass", "not-verified", "not-verified"]
    assert [verdict.selected for verdict in run.verdicts] == [True, True, False, False]


def test_the_observer_is_told_as_well(target: Target, path: Path):
    """Whoever shows the progress hears of everything."""
    heard: list[Any] = []

    class Hearing:
        def started(self, tests: Any) -> None:
            heard.append(tests)

        def judged(self, requirement: str, outcome: Outcome) -> None:
            heard.append((requirement, outcome))

    following = recorder(target, path, Hearing())
    following.started(TESTS)
    following.judged("EXP-LIST-002", Outcome("b", UNSURE))
    assert heard == [TESTS, ("EXP-LIST-002", Outcome("b", UNSURE))]


def test_an_observer_that_cannot_tell_ends_nothing(target: Target, path: Path):
    """A run goes on whose progress nobody can be shown."""

    class Full:
        def started(self, _tests: Any) -> None:
            raise OSError(28, "No space left on device")

        def judged(self, _requirement: str, _outcome: Outcome) -> None:
            raise OSError(28, "No space left on device")

    following = recorder(target, path, Full())
    following.started([("a", "EXP-LIST-001")])
    following.judged("EXP-LIST-001", Outcome("a", MET))
    assert following.finish(1, TODAY).verdicts[0].verdict is Verdict.PASS


def test_a_record_begins_once(target: Target, path: Path):
    """The header can be written before any test is known, and is written once."""
    following = recorder(target, path)
    following.begin()
    assert ids(path) == ["header"]
    following.started(TESTS)
    assert ids(path) == ["header"]


def test_tests_that_never_ran(target: Target, path: Path):
    """What a broken run did not come to is blocked by its end, and its record is sound."""
    following = recorder(target, path)
    following.started(TESTS)
    following.judged("EXP-LIST-001", Outcome("a", MET))
    run = following.finish(1, TODAY, stopped="the suite broke down")
    assert [verdict.verdict for verdict in run.verdicts[:2]] == [Verdict.BLOCKED] * 2
    assert [len(verdict.findings) for verdict in run.verdicts[:2]] == [2, 1]
    assert run.verdicts[0].reason == "the suite broke down"
    assert run.exit_code == 3
    assert read(str(path)) == run


def test_a_run_that_never_began(target: Target, path: Path):
    """Where the target could not be judged at all, every requirement is blocked, and the record is sound."""
    run = recorder(target, path).finish(1, TODAY, stopped="http://gateway.test gives no token")
    assert {verdict.verdict for verdict in run.verdicts} == {Verdict.BLOCKED}
    assert (run.stopped, run.exit_code) == ("http://gateway.test gives no token", 3)
    assert read(str(path)) == run


def test_expectations_are_compared(target: Target, path: Path):
    """A verdict says that it was known, and the footer what is wrong with the expectations."""
    known = Expectations(
        (KNOWN, replace(KNOWN, pattern="EXP-LIST-002"), Expectation("EXP-ROWS-*", "r", "i", TODAY)), "e" * 64
    )
    following = recorder(target, path, expectations=known)
    following.started(TESTS)
    for test, requirement in TESTS:
        following.judged(requirement, Outcome(test, UNMET if requirement == "EXP-LIST-001" else MET))
    run = following.finish(1, TODAY)
    assert run.verdicts[0].expected == KNOWN
    assert [problem.partition(",")[0] for problem in run.problems] == [
        "EXP-LIST-002 passes",
        "EXP-LIST-002 passes",
        "expectation EXP-ROWS-* matches no requirement: correct it",
    ]
    assert read(str(path)) == run


def test_no_secret_of_the_target_is_written(target: Target, path: Path):
    """What a server repeats is cut out, and command lines name variables."""
    exchange = target.send("GET", "/data/core/ups/export/jobs")
    assert b"the-opaque-token" in exchange.response.body
    following = recorder(target, path)
    following.started([("a", "EXP-LIST-001"), ("b", "EXP-LIST-002")])
    following.judged("EXP-LIST-001", Outcome("a", UNMET, "x", "y", exchange.redacted(), (exchange,)))
    following.judged("EXP-LIST-002", Outcome("b", UNMET, "x", "y", exchange.redacted()))
    run = following.finish(1, TODAY, created=(Created("job", "1", "prod", "left"),))
    text = path.read_text("utf-8")
    for secret in (CREDENTIALS.client_id, CREDENTIALS.client_secret, "the-opaque-token"):
        assert secret not in text
    for verdict in run.verdicts[:2]:
        shown = verdict.findings[0].exchange
        assert shown is not None
        assert '-H "authorization: Bearer $AEP_TOKEN" -H "x-api-key: $AEP_CLIENT_ID"' in shown.curl
        assert shown.curl.startswith("curl -i -X GET http://gateway.test/")
    assert run.created


def test_without_a_writer_nothing_is_written(target: Target):
    """A run that keeps no record is judged all the same."""
    following = Recorder(HEADER, REGISTRY, target, Silent())
    following.started(TESTS)
    assert following.finish(1, TODAY, stopped="why not").counts["blocked"] == 2


def test_the_header_of_a_url(target: Target):
    """A header says what was judged, by what and when; the fingerprint tells tenants apart and gives none away."""
    header = header_of(target, REGISTRY, started="2026-11-24T10:00:00Z", dialect="canonical", profile="core")
    other = Target("http://gateway.test", replace(CREDENTIALS, sandbox="dev"), transport=httpx.MockTransport(print))
    assert (header.target.kind, header.target.label) == ("url", "http://gateway.test")
    assert (header.dialect, header.seed, header.profile) == ("", None, "core")
    assert (header.registry, header.requirements) == (REGISTRY.digest, NAMES)
    assert header.target.fingerprint != header_of(other, REGISTRY, started="").target.fingerprint
    assert header.target.fingerprint == header_of(target, REGISTRY, started="later").target.fingerprint
    other.close()


def test_the_header_of_the_emulator():
    """The emulator is the same at every address; in command lines its address is a variable."""

    def at(address: str, **options: Any) -> Target:
        return Target(address, CREDENTIALS, kind="emulator", transport=httpx.MockTransport(print), **options)

    targets = [at("http://127.0.0.1:1", label="emulator"), at("http://127.0.0.1:2", label="emulator")]
    one, two = (header_of(target, REGISTRY, started="", dialect="openapi") for target in targets)
    assert one == two
    assert (one.dialect, one.seed) == ("openapi", 0)
    for target in targets:
        target.close()


def test_what_blocked_it_is_kept(target: Target, path: Path):
    """A blocked test says in the record what has blocked it."""
    following = recorder(target, path)
    following.started([("a", "EXP-LIST-001")])
    following.judged("EXP-LIST-001", Outcome("a", BLOCKED, found="why", cause="EXP-JOB-001"))
    following.finish(1, TODAY)
    assert read(str(path)).verdicts[0].cause == "EXP-JOB-001"
