"""Judging: a client is put into scenarios, and what it did is gathered and held against rules."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import httpx
import pyarrow.parquet as pq
import pytest

from pytest_aep_export.emulator import services
from pytest_aep_export.emulator.faults import Answer, Delay, Effect, Fault, Malformed
from pytest_aep_export.judge.judging import Judgement, Trial, try_subject
from pytest_aep_export.judge.rules import BASIC, RULES
from pytest_aep_export.judge.scenario import Scenario
from pytest_aep_export.judge.scenarios import SCENARIOS
from pytest_aep_export.judge.subject import Surroundings
from pytest_aep_export.judge.trace import Performance, Trace
from pytest_aep_export.proxy import Bounds
from pytest_aep_export.suite.verdicts import Outcome, Result
from tests.judge.subjects import JOBS, Does, calling, exports, lists_once

LIST = Scenario("a-list", "There are jobs.", "list", jobs=6)
EXPORT = Scenario("an-export", "All is well.")
MET = "EXP-CLI-003"
OTHER = "EXP-CLI-004"


def trial_of(act: Callable[..., Any], scenario: Scenario, **options: Any) -> Trial:
    """What a client did in one scenario."""
    return try_subject(Does(act), [scenario], **options).trials[0]


def says(*results: Result) -> Callable[[Trace], Iterator[Outcome]]:
    """A rule that says so of every trace."""

    def rule(trace: Trace) -> Iterator[Outcome]:
        assert trace.scenario
        for number, result in enumerate(results):
            yield Outcome(trace.scenario.id, result, "something", f"thing {number}")

    return rule


def test_what_is_gathered_of_an_export():
    """A trace holds what was exchanged, and what is the case: jobs, rows by the oracle, files and secrets."""
    trial = trial_of(exports, EXPORT)
    trace, truth = trial.trace, trial.trace.truth
    operations = ["requestToken", "createDataset", "createExportJob", "getExportJob", "getExportJob"]
    assert [exchange.operation for exchange in trace.exchanges] == operations
    assert (trace.scenario, trace.performance.end, trace.attempts) == (EXPORT, "success", ())
    (job,) = truth.jobs
    assert job["status"] == "SUCCEEDED"
    (rows,) = truth.rows.values()
    ((name, content),) = truth.files.items()
    assert name.partition("/")[0] == job["destination"]["batchId"]
    assert [row["identityMap"] for row in pq.read_table(io.BytesIO(content)).to_pylist()] == [
        row["identityMap"] for row in rows
    ]
    assert truth.secrets[1] == trace.exchanges[0].response.json()["access_token"]
    assert f"client_secret={truth.secrets[0]}".encode() in trace.exchanges[0].request.body
    assert {name for text, name in trial.known.items() if text in truth.secrets} == {"AEP_CLIENT_SECRET", "AEP_TOKEN"}


def test_jobs_that_were_there_before():
    """A scenario's earlier jobs are listed, newest first, succeeded and failed; they are no jobs of the client's."""
    trace = trial_of(lists_once, LIST).trace
    page = trace.exchanges[-1].response.json()
    assert [job["status"] for job in page["records"]] == ["SUCCEEDED", "FAILED"] + ["SUCCEEDED"] * 4
    times = [job["creationTime"] for job in page["records"]]
    assert times == sorted(times, reverse=True)
    assert [job["id"] for job in trace.truth.jobs] == [job["id"] for job in page["records"]]
    assert (trace.truth.rows, trace.truth.files) == ({}, {})


def test_faults_take_hold():
    """The faults of a scenario happen to its client, and the trace shows what the client saw."""
    scenario = Scenario("down", "It is down.", "list", faults=(Fault("listExportJobs", Answer(503)),))
    assert [e.response.status for e in trial_of(lists_once, scenario).trace.exchanges] == [200, 503]


def test_time_stands_still_for_a_client_in_this_process():
    """A client that waits by the tenant's clock is not made to wait by a fault that really takes time."""
    scenario = Scenario("slow", "It is slow.", "list", faults=(Fault("listExportJobs", Delay(60, wait=10)),))
    times: list[int] = []

    def act(scenario: Scenario, surroundings: Surroundings) -> None:
        before = surroundings.clock.now()
        lists_once(scenario, surroundings)
        times.append(surroundings.clock.now() - before)

    assert trial_of(act, scenario).seconds < 5
    assert times[0] >= 60_000


def test_compressed_answers_are_shown_as_they_are_read():
    """The trace holds the JSON of an answer that was compressed on its way."""
    trace = trial_of(exports, SCENARIOS["answers-are-compressed"]).trace
    created = next(e for e in trace.exchanges if e.operation == "createExportJob")
    assert created.response.headers["content-encoding"] == "gzip"
    assert json.loads(created.response.body)["status"] == "NEW"


@pytest.mark.parametrize("effect", [Malformed(), Answer(200, body="[]")], ids=["no JSON", "no token"])
def test_a_token_that_nobody_can_read(effect: Effect):
    """An answer that holds no token adds none to the client's secrets."""
    scenario = Scenario("no-token", "No token is given.", "list", faults=(Fault("requestToken", effect),))

    def act(_: Scenario, surroundings: Surroundings) -> None:
        with pytest.raises((ValueError, TypeError)):
            calling(surroundings)

    assert len(trial_of(act, scenario).trace.truth.secrets) == 1


def test_whoever_is_led_to_another_host():
    """A request at another host is an attempt, with a note of secrets that came along, and no exchange with the API."""

    def act(_: Scenario, surroundings: Surroundings) -> None:
        with calling(surroundings) as http:
            elsewhere = surroundings.url.replace("127.0.0.1", "localhost")
            http.get(f"{elsewhere}{JOBS}")
            httpx.get(f"{elsewhere}/somewhere", trust_env=False)

    trace = trial_of(act, LIST).trace
    assert [exchange.operation for exchange in trace.exchanges] == ["requestToken"]
    assert [(each.how, each.secrets) for each in trace.attempts] == [(f"GET {JOBS}", True), ("GET /somewhere", False)]
    assert {each.host.partition(":")[0] for each in trace.attempts} == {"localhost"}


def test_whoever_shows_a_secret_to_another_host():
    """A secret is noticed in whatever is sent there, encoded or not: the client's own, and the token."""

    def asks(_: Scenario, surroundings: Surroundings) -> None:
        host = surroundings.url.replace("127.0.0.1", "localhost")
        secret = surroundings.credentials.client_secret
        with calling(surroundings) as http:
            token = http.headers["authorization"].partition(" ")[2]
            for told in (secret, base64.b64encode(secret.encode()).decode(), token.encode().hex(), "nothing"):
                httpx.post(f"{host}/somewhere", content=told, trust_env=False)

    trace = trial_of(asks, LIST).trace
    assert [each.secrets for each in trace.attempts] == [True, True, True, False]


def test_what_is_refused_is_of_one_scenario(monkeypatch: pytest.MonkeyPatch):
    """What the proxy has refused belongs to the scenario that it came in, even where no more than one is kept."""
    monkeypatch.setattr("pytest_aep_export.proxy.proxy.Bounds", lambda: Bounds(refusals=1))

    def asks(scenario: Scenario, surroundings: Surroundings) -> None:
        for number in range(2):
            proxied = httpx.Client(proxy=surroundings.environ["HTTPS_PROXY"], trust_env=False)
            with proxied as http, pytest.raises(httpx.ProxyError):
                http.get(f"https://{scenario.id}-{number}.example")

    scenarios = [replace(LIST, id=name) for name in ("one", "two")]
    judgement = try_subject(Does(asks, virtual=False), scenarios, rules={})
    assert [[each.host for each in trial.trace.attempts] for trial in judgement.trials] == [
        ["one-1.example"],
        ["two-1.example"],
    ]


def test_requests_that_say_nothing_of_who_sends_them():
    """A request that carries no credential at all is the client's as well."""
    trace = trial_of(lambda _, where: httpx.get(f"{where.url}{JOBS}", trust_env=False) and None, LIST).trace
    assert [exchange.response.status for exchange in trace.exchanges] == [403]


def test_a_scenario_is_the_same_alone_and_among_others():
    """Ids follow from the seed and the scenario, whatever was played before."""
    orgs: list[str] = []

    def act(scenario: Scenario, surroundings: Surroundings) -> None:
        lists_once(scenario, surroundings)
        if scenario is LIST:
            orgs.append(surroundings.credentials.org_id)

    try_subject(Does(act), [EXPORT, LIST], rules={})
    try_subject(Does(act), [LIST], rules={})
    try_subject(Does(act), [LIST], rules={}, seed=1)
    assert orgs[0] == orgs[1] != orgs[2]


def test_several_scenarios_at_a_time():
    """Side by side the same is found as one after the other, and the trials have the scenarios' order."""
    scenarios = [SCENARIOS[name] for name in ("pages-of-jobs", "list", "no-job", "links-without-slash")]
    alone, together = (try_subject(Does(lists_once), scenarios, lanes=lanes) for lanes in (1, 3))
    assert [trial.scenario for trial in together.trials] == scenarios
    assert {name: [o.result for o in said] for name, said in together.outcomes.items()} == {
        name: [o.result for o in said] for name, said in alone.outcomes.items()
    }


class Refuses:
    """A listener that cannot go on."""

    def started(self, scenarios: object) -> None:
        """Let it begin."""

    def ended(self, trial: Trial) -> None:
        """Fail."""
        raise RuntimeError(f"no more than {trial.scenario.id}")


@pytest.mark.parametrize("lanes", [1, 2])
@pytest.mark.parametrize("listener", [None, Refuses()], ids=["the client", "the listener"])
def test_an_error_ends_it_all(listener: Refuses | None, lanes: int):
    """An error reaches the caller, however many scenarios are still to be played; none of them is begun any more."""
    begun: list[str] = []

    def act(scenario: Scenario, surroundings: Surroundings) -> None:
        begun.append(scenario.id)
        if listener is None:
            raise RuntimeError("no more")
        lists_once(scenario, surroundings)

    scenarios = [Scenario(f"list-{number}", "There is a list.", "list") for number in range(40)]
    with pytest.raises(RuntimeError, match="no more"):
        try_subject(Does(act), scenarios, listener, lanes=lanes, rules={})
    assert 0 < len(begun) < len(scenarios)


def test_a_rule_that_breaks():
    """A rule that raises is broken in that scenario, with the reason, and the others judge all the same."""

    def breaks(trace: Trace) -> Iterator[Outcome]:
        yield from says(Result.MET)(trace)
        raise KeyError("oops")

    found = trial_of(lists_once, LIST, rules={MET: breaks, OTHER: says(Result.MET)}).found
    assert [outcome.result for outcome in found[MET]] == [Result.MET, Result.BROKEN]
    assert "bug of pytest-aep-export: KeyError('oops')" in found[MET][1].found
    assert [outcome.result for outcome in found[OTHER]] == [Result.MET]


def test_the_emulators_own_fault(monkeypatch: pytest.MonkeyPatch):
    """Where the emulator crashes nothing that rules say counts, and the reason is told."""

    async def crash(call: Any) -> Any:
        raise RuntimeError(call.operation.id)

    monkeypatch.setitem(services.GUARDED, "listExportJobs", crash)
    found = trial_of(lists_once, LIST, rules={MET: says(Result.UNMET), OTHER: says()}).found
    assert found.keys() == {MET}
    assert found[MET][0].result is Result.BROKEN
    assert f"the emulator went wrong, which is a bug of pytest-aep-export: GET {JOBS} crashed" in found[MET][0].found


def test_one_outcome_for_each_scenario():
    """Of what a rule says of a scenario the gravest is told, with how often, and with what was exchanged."""

    def act(_: Scenario, surroundings: Surroundings) -> None:
        with calling(surroundings) as http:
            for _number in range(14):
                http.get(JOBS)

    rules = {MET: says(Result.MET, Result.UNMET, Result.UNMET, Result.UNMET), OTHER: says(Result.MET, Result.MET)}
    judged = try_subject(Does(act), [LIST], rules=rules)
    (gravest,) = judged.outcomes[MET]
    assert (gravest.result, gravest.found) == (Result.UNMET, "thing 1, and 2 times more")
    every = judged.trials[0].trace.exchanges
    assert len(every) == 15
    assert gravest.exchanges == (every[0], *every[-9:])
    assert [(each.result, each.exchanges) for each in judged.outcomes[OTHER]] == [(Result.MET, ())]


@pytest.mark.parametrize(
    ("act", "result", "found"),
    [
        (lambda *_: None, Result.NOT_VERIFIED, "the client never called the server"),
        (exports, Result.NOT_APPLICABLE, "nothing that the client did calls for it"),
        (
            lambda *about: (exports(*about), Performance("timeout"))[1],
            Result.NOT_VERIFIED,
            "nothing that the client did shows it, and 1 of 1 scenarios did not end as due: an-export",
        ),
    ],
    ids=["it never called", "it did all as due", "it did not end as due"],
)
def test_what_no_scenario_shows(act: Callable[..., Any], result: Result, found: str):
    """Where no rule says anything of a requirement it is told why; that is never a pass."""
    trials = try_subject(Does(act), [EXPORT], rules={}).trials
    (outcome,) = Judgement(trials, whole=True).outcomes[MET]
    assert outcome.result is result
    assert outcome.found.startswith(found)


def test_a_selection_leaves_out_what_it_does_not_show():
    """With some scenarios only, nothing is said of requirements that these do not show."""
    outcomes = try_subject(Does(exports), [EXPORT], rules={MET: says(Result.MET)}).outcomes
    assert [len(outcomes[name]) for name in (MET, OTHER)] == [1, 0]
    assert outcomes.keys() >= RULES.keys()


def test_a_client_that_never_calls_has_shown_nothing():
    """Of a scenario in which nothing was sent no rule can say anything, whatever the client reports."""
    found = trial_of(lambda *_: None, EXPORT, rules={MET: says(Result.MET)}).found
    assert {name: said[0].result for name, said in found.items()} == dict.fromkeys((MET, BASIC), Result.NOT_VERIFIED)


def test_ctrl_c_keeps_what_was_found():
    """An interruption ends it, and what was found before stays."""

    def act(scenario: Scenario, surroundings: Surroundings) -> None:
        if scenario is EXPORT:
            raise KeyboardInterrupt
        lists_once(scenario, surroundings)

    judged = try_subject(Does(act), [LIST, EXPORT], rules={MET: says(Result.MET)})
    assert [trial.scenario for trial in judged.trials] == [LIST]
    assert (judged.whole, judged.stopped) == (False, "it was interrupted")


class Remembers:
    """A listener."""

    def __init__(self) -> None:
        self.began: list[Scenario] = []
        self.done: list[Scenario] = []

    def started(self, scenarios: Any) -> None:
        """Remember what begins."""
        self.began = list(scenarios)

    def ended(self, trial: Trial) -> None:
        """Remember what has ended."""
        self.done.append(trial.scenario)


def test_a_listener_hears_of_everything():
    """A listener is told of all scenarios first, and then of each that has ended."""
    listener = Remembers()
    try_subject(Does(lists_once), [LIST, EXPORT], listener, rules={})
    assert listener.began == listener.done == [LIST, EXPORT]
