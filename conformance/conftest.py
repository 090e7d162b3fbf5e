"""What the conformance tests share: the calls, the exports that many of them look at, and the lint of the registry."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Literal

import pytest

from pytest_aep_export.contract import Contract, load
from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.plugin import named_target
from pytest_aep_export.suite import choices, payloads, records
from pytest_aep_export.suite.api import SEGMENTS, Api
from pytest_aep_export.suite.budget import Limits
from pytest_aep_export.suite.capabilities import load_capabilities
from pytest_aep_export.suite.cleanup import clean_up
from pytest_aep_export.suite.expect import blocked, not_applicable, not_verified
from pytest_aep_export.suite.expectations import Expectations, read_expectations
from pytest_aep_export.suite.exports import Exports, Shown
from pytest_aep_export.suite.hooks import TARGET, SuiteRun, check_collection, marked
from pytest_aep_export.suite.registry import PROFILES
from pytest_aep_export.suite.registry import load as load_registry
from pytest_aep_export.suite.summary import Summary
from pytest_aep_export.suite.targets import CASSETTE, Target, is_cassette, probe, resolve


def pytest_addoption(parser: pytest.Parser) -> None:
    """What is judged, how patiently, and what it may cost."""
    group = parser.getgroup("aep-export-suite", "conformance suite of the profile-export-jobs API")
    group.addoption("--aep-profile", choices=PROFILES, default="full", help="what the run is narrowed to [full]")
    group.addoption("--aep-expect", metavar="FILE", help="what is known not to hold: tables [[expect]] of a TOML file")
    group.addoption("--aep-poll-interval", type=float, help="seconds between two looks at a job, at most")
    group.addoption("--aep-deadline", type=float, help="seconds that a job is waited for")
    group.addoption("--aep-run-deadline", type=float, help="seconds that the whole run may take")
    group.addoption("--aep-max-calls", type=int, help="how many requests the run may make")
    group.addoption("--aep-max-jobs", type=int, help="how many export jobs the run may create")
    group.addoption("--aep-allow-production", action="store_true", help="judge the live service in production")
    group.addoption("--aep-fuzz-cases", type=int, default=300, help="how many cases are tried below fuzz/ [300]")
    group.addoption("--aep-fuzz-seed", type=int, default=0, help="what they follow from [0]")
    group.addoption("--aep-fuzz-findings", metavar="FOLDER", help="findings of your own, to be tried again as well")
    with suppress(ValueError):  # the plugin has it already, where it is loaded
        group.addoption("--aep-live", action="store_true", help="let the target be Adobe's live service")


def pytest_configure(config: pytest.Config) -> None:
    """Collect the verdicts, unless ``aep-export run`` does."""
    if not any(isinstance(plugin, SuiteRun) for plugin in config.pluginmanager.get_plugins()):
        profile = config.getoption("--aep-profile", "full")
        run = SuiteRun(profile=profile, expectations=_expectations(config), whole=False)
        config.pluginmanager.register(run)
        if not (hasattr(config, "workerinput") or config.option.collectonly):
            config.pluginmanager.register(Summary(run, datetime.now(UTC).date()))


def _expectations(config: pytest.Config) -> Expectations:
    file = config.getoption("--aep-expect", None)
    try:
        return read_expectations(Path(file)) if file else Expectations()
    except ConfigurationError as error:
        raise pytest.UsageError(str(error)) from error


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Hold the tests against the registry before anything is deselected."""
    check_collection(items)


def once(fixture_name: str, config: pytest.Config) -> Literal["session", "module"]:  # noqa: ARG001 - pytest's
    """How long what was made once is used: in the whole run; of recordings, each module of the suite has its own."""
    lent = config.stash.get(TARGET, None)
    return "module" if (lent.kind == CASSETTE if lent else is_cassette(named_target(config))) else "session"


@pytest.fixture(scope="session")
def aep_target(request: pytest.FixtureRequest) -> Iterator[Target]:
    """One target for the whole session: that of ``aep-export run``, or what the options of the plugin say."""
    lent = request.config.stash.get(TARGET, None)
    if lent is not None:
        yield lent
        return
    settings, option = request.getfixturevalue("aep_settings"), request.config.getoption
    where = {name: settings.get(name) for name in ("target", "ims_url", "dialect")}
    limits = Limits(*(option(f"--aep-{name}", None) for name in ("max-calls", "max-jobs", "run-deadline")))
    with resolve(**where, credentials=os.environ, live=option("--aep-live", default=False), limits=limits) as target:
        request.config.stash[TARGET] = target
        if target.kind != "emulator":
            probe(target, allow_production=option("--aep-allow-production", default=False))
        yield target
        clean_up(target)


@pytest.fixture(scope="module", autouse=True)
def module(request: pytest.FixtureRequest, aep_target: Target) -> str:
    """The module of the suite that runs: where the target is a recording, that of the module is played."""
    name: str = request.path.stem.removeprefix("test_")
    aep_target.begin(name)
    return name


@pytest.fixture(autouse=True)
def able(request: pytest.FixtureRequest, aep_target: Target) -> None:
    """What a requirement needs that not every target has is there."""
    needed = load_registry()[marked(request.node)[0]].capability
    if needed and needed not in aep_target.capabilities:
        if aep_target.kind == CASSETTE:
            not_verified(f"the cassette does not show the capability {needed}")
        not_applicable(f"the target lacks the capability {needed}: {load_capabilities()[needed].meaning}")


@pytest.fixture(scope="session")
def contract() -> Contract:
    """The contract that answers are judged by."""
    return load()


@pytest.fixture(scope=once)
def api(aep_target: Target, pytestconfig: pytest.Config) -> Api:
    """The workflow's calls on the target."""
    return _api(aep_target, pytestconfig)


def _api(target: Target, config: pytest.Config) -> Api:
    poll, deadline = config.getoption("--aep-poll-interval", None), config.getoption("--aep-deadline", None)
    return Api(target, poll=poll, deadline=deadline)


@pytest.fixture
def next_door(aep_target: Target, pytestconfig: pytest.Config) -> Api:
    """The calls of the same integration in another sandbox."""
    elsewhere = replace(aep_target.credentials, sandbox=aep_target.neighbours.sandbox)
    return _api(aep_target.as_tenant(elsewhere), pytestconfig)


@pytest.fixture
def stranger(aep_target: Target, pytestconfig: pytest.Config) -> Api:
    """The calls of another organisation."""
    who = aep_target.neighbours.organisation
    assert who is not None
    return _api(aep_target.as_tenant(who), pytestconfig)


@pytest.fixture(scope=once)
def exports(api: Api) -> Exports:
    """The exports that many tests look at."""
    return Exports(api)


@pytest.fixture(params=["created", "looked at", "finished", "listed"])
def shown(request: pytest.FixtureRequest, exports: Exports) -> Shown:
    """The same job, as each answer shows it that shows jobs."""
    ways: dict[str, Callable[[], Shown]] = {
        "created": lambda: Shown(exports.accepted("full")),
        "looked at": lambda: Shown(exports.looks("full")[0]),
        "finished": lambda: Shown(exports.finished("full")),
        "listed": lambda: exports.listed("full"),
    }
    return ways[request.param]()


@pytest.fixture(scope=once)
def finished(exports: Exports) -> Shown:
    """A job that has succeeded."""
    return Shown(exports.finished("full"))


@pytest.fixture(scope=once)
def in_segments(exports: Exports, aep_target: Target) -> bool | None:
    """Whether profiles of the tenant are in segments, by their rows or anything else; None where nothing tells."""
    if any(record.memberships for record in exports.known()):
        return True
    if aep_target.known is not None:
        wanted = records.of(aep_target.known(exports.payloads["everything"]))
        return any(record.memberships for record in wanted)
    listed = aep_target.send("GET", SEGMENTS, query={"limit": 1})
    shown = Shown(listed).get("segments") if listed.response.status == HTTPStatus.OK else None
    if not shown or not isinstance(shown, list):
        return False if shown == [] else None
    entry = {"segmentId": Shown(listed, "/segments/0").get("id"), "status": ["realized"]}
    exports.ask({"of a listed segment": exports.request(filter={"segments": [entry]})})
    return exports.count("of a listed segment") > 0 or None


@pytest.fixture(scope=once)
def segments(exports: Exports, in_segments: bool | None) -> list[choices.Segment]:  # noqa: FBT001 - a fixture
    """One or two segments that some profiles of the tenant are in and some are not."""
    found = choices.segments(exports.known())
    if found:
        return found
    if any(record.memberships for record in exports.known()):
        not_applicable("no segment has some profiles of the tenant in it and some not")
    if in_segments:
        blocked("EXP-ROWS-026", "no row has a segmentMembership, although profiles of the tenant are in segments")
    if in_segments is None:
        not_verified("no row has a segmentMembership, and nothing tells whether profiles of the tenant are in segments")
    return not_applicable("no profile of the tenant is in a segment")


@pytest.fixture(scope=once)
def cuts(exports: Exports) -> tuple[str, str]:
    """Two times that share the tenant's events out in three parts, by when they happened."""
    exports.ask({"timeline": exports.request(fields="identityMap", additionalFields=payloads.timeline())})
    happened = (event.moment for record in exports.records("timeline") for event in record.events)
    found = choices.cuts(moment for moment in happened if moment is not None)
    return found or not_applicable("the tenant has no events of different times")
