"""Faults: which requests they take hold of, what becomes of the answers, and what the journal says of it."""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from email.utils import parsedate_to_datetime

import httpx
import pytest

from pytest_aep_export.emulator import Emulator, EmulatorServer
from pytest_aep_export.emulator.fault_files import read_faults, write_faults
from pytest_aep_export.emulator.fault_plan import FaultPlan
from pytest_aep_export.emulator.faults import (
    AddJob,
    Answer,
    Delay,
    Dribble,
    Empty,
    ExpireToken,
    Fault,
    Garbage,
    Malformed,
    Reset,
    Skew,
    Truncate,
)
from pytest_aep_export.emulator.services import GUARDED, UNGUARDED
from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.exchange import Exchange, Request
from pytest_aep_export.model import MergePolicy

JOBS = "/data/core/ups/export/jobs"
DATASETS = "/data/foundation/catalog/dataSets"
LIST = "listExportJobs"


def _statuses(api, times: int) -> list[int]:
    return [api.send("GET", JOBS).response.status for _ in range(times)]


@pytest.mark.parametrize(
    ("options", "statuses"),
    [
        ({}, [503, 200, 200, 200, 200]),
        ({"skip": 2}, [200, 200, 503, 200, 200]),
        ({"skip": 1, "times": 2}, [200, 503, 503, 200, 200]),
        ({"skip": 3, "times": None}, [200, 200, 200, 503, 503]),
    ],
)
def test_a_fault_takes_hold_of_the_nth_request(api, options, statuses):
    """It counts the requests for its operations only, leaves the first ones alone, and is spent after its times."""
    api.tenant.faults.add(Fault(LIST, Answer(503), **options))
    seen = []
    for _ in statuses:
        seen += _statuses(api, 1)
        api.ask("GET", DATASETS)
    assert seen == statuses
    assert [exchange.response.status for exchange in api.tenant.journal.of(LIST)] == statuses


def test_faults_of_one_kind_take_turns(api):
    """Two answers for the same request are given one after the other; each counts for itself."""
    api.tenant.faults.add(Fault(LIST, Answer(503)), Fault(LIST, Answer(429)), Fault(LIST, Answer(500), skip=3))
    assert _statuses(api, 5) == [503, 429, 200, 500, 200]


def test_a_connection_ends_only_once(api):
    """Of several ways to end the connection each is for a request of its own."""
    faults = Fault(LIST, Garbage(5)), Fault(LIST, Truncate(0.5)), Fault(LIST, Empty())
    api.tenant.faults.add(*faults)
    for noted, fault in enumerate(faults, 1):
        with pytest.raises(httpx.TransportError):
            httpx.get(f"{api.url}{JOBS}", headers={"x-api-key": api.tenant.credentials.client_id})
        assert [fired for fired, _ in api.tenant.faults.fired][noted - 1 :] == [fault]


def test_faults_of_different_kinds_go_together(api):
    """An answer may be late, skewed and unwelcome at once, and it is reported once for each fault."""
    faults = Fault(LIST, Delay(60)), Fault(LIST, Skew(3600)), Fault(LIST, Answer(503))
    api.tenant.faults.add(*faults)
    before = api.tenant.clock.now()
    exchange = api.send("GET", JOBS)
    assert exchange.response.status == 503
    assert api.tenant.clock.now() - before == 60_100
    assert tuple(fault for fault, _ in api.tenant.faults.fired) == faults
    assert len({noted.at for _, noted in api.tenant.faults.fired}) == 1


def test_a_star_covers_all_but_tokens():
    """The wildcard is for every operation behind the gateway; the token's have to be named."""
    fault = Fault("*")
    assert all(fault.covers(operation) for operation in GUARDED)
    assert not any(fault.covers(operation) for operation in UNGUARDED)
    assert Fault("* requestToken").covers("requestToken")
    assert Fault("getFile headFile").covers("headFile")
    assert not Fault("getFile headFile").covers(LIST)


def test_faults_of_the_token_service(api):
    """A request for a token belongs to the tenant whose client id it carries, and so does what goes wrong with it."""
    api.tenant.faults.add(Fault("requestToken", Answer(503, (("Retry-After", "2"),))))
    form = {"client_id": api.tenant.credentials.client_id, "grant_type": "client_credentials"}
    answer = httpx.post(f"{api.url}/ims/token/v3", data=form)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    [exchange] = api.tenant.journal.of("requestToken")
    assert exchange.response.status == 503


def test_a_tenant_has_its_own_faults(make_api):
    """What goes wrong with one organisation leaves the others alone, but is shared by its sandboxes."""
    one, other = make_api(), make_api()
    one.tenant.faults.add(Fault(LIST, Answer(503), times=2))
    assert _statuses(other, 1) == [200]
    assert _statuses(one, 1) == [503]
    assert _statuses(one.sandbox("dev"), 1) == [503]
    assert other.tenant.faults.planned == ()


def test_what_has_fired(api):
    """The plan tells which fault took hold of which exchange, and which have not yet."""
    first, second = Fault(LIST, Answer(503)), Fault("getFile", Empty())
    api.tenant.faults.add(first, second)
    assert (api.tenant.faults.unfired, api.tenant.faults.armed) == ((first, second), True)
    _statuses(api, 1)
    [(fault, exchange)] = api.tenant.faults.fired
    assert (fault, exchange) == (first, api.tenant.journal.exchanges[-1])
    assert api.tenant.faults.unfired == (second,)
    assert api.tenant.faults.planned == (first, second)


def test_a_plan_that_is_cleared_does_nothing(api):
    """Nothing goes wrong any more, and nothing is known of what went wrong before."""
    api.tenant.faults.add(Fault(LIST, Answer(503), times=None))
    assert _statuses(api, 1) == [503]
    api.tenant.faults.clear()
    plan = api.tenant.faults
    assert (_statuses(api, 1), plan.fired, plan.unfired, plan.armed) == ([200], (), (), False)


def test_a_plan_is_disarmed_when_it_is_spent(api):
    """Once every fault has done its work, requests are not even looked at."""
    api.tenant.faults.add(Fault(LIST, Answer(503), times=2))
    armed = []
    for _ in range(2):
        _statuses(api, 1)
        armed.append(api.tenant.faults.armed)
    assert armed == [True, False]
    api.tenant.faults.take = None
    assert _statuses(api, 1) == [200]


def test_no_request_is_hit_twice_by_the_same_turn():
    """Of requests that come at once, exactly as many are hit as the fault says."""
    plan = FaultPlan()
    plan.add(Fault(LIST, Answer(503), skip=100, times=50))
    start = threading.Barrier(4)

    def ask(_: int) -> int:
        start.wait()
        return sum(len(plan.take(LIST)) for _ in range(100))

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(ask, range(4))) == 50


@pytest.mark.parametrize(
    ("status", "code"), [(429, "429050"), (401, "401013"), (503, "503000"), (500, "500001"), (599, "599000")]
)
def test_an_error_without_a_body_has_the_gateway_s(api, status, code):
    """By default an error is in the gateway's form, with its documented code where there is one."""
    api.tenant.faults.add(Fault(LIST, Answer(status)))
    response = api.send("GET", JOBS).response
    assert (response.status, response.json()["error_code"]) == (status, code)
    assert response.json()["message"]
    assert response.headers["content-type"] == "application/json"


def test_an_answer_is_as_it_is_told(api):
    """Status, headers and body are the fault's, and every answer has a date and the request's id."""
    html = Answer(502, (("Content-Type", "text/html"), ("x-served-by", "a")), "<html>é")
    api.tenant.faults.add(Fault(LIST, html), Fault(LIST, Answer(204)))
    sent = api.send("GET", JOBS, headers={"x-request-id": "mine"}).response
    assert (sent.status, sent.body) == (502, "<html>é".encode())
    assert {"content-type": "text/html", "x-served-by": "a", "x-request-id": "mine"}.items() <= sent.headers.items()
    assert sent.headers["date"]
    empty = api.send("GET", JOBS).response
    assert (empty.status, empty.body, "content-length" in empty.headers) == (204, b"", False)
    assert [e.response.body for e in api.tenant.journal.of(LIST)] == [sent.body, b""]


@pytest.mark.parametrize(("after", "made"), [(False, 0), (True, 1)])
def test_an_answer_comes_before_or_after_the_service(api, after, made):
    """Unless the fault says otherwise the request does nothing; served first, its effect is there all the same."""
    api.tenant.faults.add(Fault("createExportJob", Answer(500, after=after)))
    assert api.send("POST", JOBS, json=api.payload()).response.status == 500
    assert len(api.numbers()) == made
    [exchange] = api.tenant.journal.of("createExportJob")
    assert exchange.request.json() == api.payload()
    assert {"date", "x-request-id"} <= set(exchange.response.headers)


@pytest.mark.parametrize("seed", range(20))
def test_a_malformed_body_is_no_json(api, seed):
    """It says that it is JSON, is complete, and cannot be parsed; where it is cut depends on the seed alone."""
    whole = api.send("GET", JOBS).response.body
    api.tenant.faults.add(Fault(LIST, Malformed(), seed=seed), Fault(LIST, Malformed(), seed=seed))
    first, second = (api.send("GET", JOBS).response for _ in range(2))
    assert first.body == second.body
    assert whole.startswith(first.body)
    assert int(first.headers["content-length"]) == len(first.body) > 0
    assert (first.headers["content-type"], first.cut) == ("application/json", False)
    with pytest.raises(ValueError):  # noqa: PT011 - whatever the parser finds wrong
        first.json()


def test_white_space_makes_nothing_malformed(api):
    """A body that is cut before the white space at its end would still be JSON: it is cut before that."""
    answer = Fault(LIST, Answer(200, body="[]" + " " * 20), times=None)
    api.tenant.faults.add(answer, *(Fault(LIST, Malformed(), seed=seed) for seed in range(10)))
    assert [api.send("GET", JOBS).response.body for _ in range(10)] == [b"["] * 10


def test_places_drawn_by_lot_differ(api):
    """Another seed cuts at another place, and so does the next time of the same fault."""
    api.create()
    api.tenant.faults.add(*(Fault(LIST, Malformed(), seed=seed, times=2) for seed in range(5)))
    assert len({len(api.send("GET", JOBS).response.body) for _ in range(10)}) > 5


def test_what_had_no_body_is_malformed_too(api):
    """A cancel that is answered with nothing gets a body that is no JSON."""
    job = api.create()["id"]
    api.tenant.faults.add(Fault("cancelExportJob", Malformed()))
    assert api.cancel(job).response.body == b"{"
    assert [(e.response.status, e.response.body) for e in api.tenant.journal.of("cancelExportJob")] == [(200, b"{")]


@pytest.mark.parametrize("seconds", [86_400, -90])
def test_a_skewed_date(api, seconds):
    """The date of the answer is wrong by so much, and nothing else is."""
    right = api.send("GET", JOBS).response
    api.tenant.faults.add(Fault(LIST, Skew(seconds)))
    wrong = api.send("GET", JOBS).response
    before, after = (parsedate_to_datetime(answer.headers["date"]).timestamp() for answer in (right, wrong))
    assert after - before == seconds
    assert sorted(right.headers) == sorted(wrong.headers)
    assert wrong.body == right.body


def test_a_delay_moves_the_clock(api):
    """The tenant's time has passed when the answer comes; the exchange is as old as its request."""
    api.tenant.faults.add(Fault(LIST, Delay(3600)))
    before = api.tenant.clock.now()
    assert _statuses(api, 1) == [200]
    assert api.tenant.clock.now() == before + 100 + 3_600_000
    assert api.tenant.journal.exchanges[-1].at == before + 100


def test_a_token_that_expires_in_the_middle(api):
    """The request is refused as any with an expired token is, and a token asked for at once is good."""
    assert _statuses(api, 1) == [200]
    api.tenant.faults.add(Fault(LIST, ExpireToken()))
    refused = api.send("GET", JOBS).response
    assert (refused.status, refused.json()["error_code"]) == (401, "401013")
    assert _statuses(api, 1) == [401]


def test_the_next_token_is_good(api):
    """Only the tokens that there were have expired, although hardly any time has passed."""
    old = api.target.token()
    api.tenant.faults.add(Fault(LIST, ExpireToken()))
    assert _statuses(api, 1) == [401]
    credentials = api.tenant.credentials
    form = {"client_id": credentials.client_id, "client_secret": credentials.client_secret}
    form |= {"grant_type": "client_credentials", "scope": "openid"}
    new = httpx.post(f"{api.url}/ims/token/v3", data=form).json()["access_token"]
    headers = {"x-api-key": credentials.client_id, "x-gw-ims-org-id": credentials.org_id, "x-sandbox-name": "prod"}

    def status(token: str) -> int:
        return httpx.get(f"{api.url}{JOBS}", headers=headers | {"authorization": f"Bearer {token}"}).status_code

    assert [status(old), status(new), status(old)] == [401, 200, 401]


def test_somebody_else_creates_a_job(api):
    """The list has a job that the client did not create, in the place of the newest."""
    mine = api.create()["id"]
    api.tenant.faults.add(Fault(LIST, AddJob(), skip=1))
    assert api.numbers() == [mine]
    numbers = api.numbers()
    assert (len(numbers), numbers[1]) == (2, mine)
    assert len(api.tenant.journal.of("createExportJob")) == 1
    assert api.finish(numbers[0])["status"] == "SUCCEEDED"


def test_nobody_creates_a_job_where_nobody_can(api):
    """Where no merge policy can be used there is no other job, and the request is answered as always."""
    policy = MergePolicy("mine", method="dataSetPrecedence", order=("gone",), default=True)
    api.tenant.add_merge_policy(policy)
    api.tenant.faults.add(Fault(LIST, AddJob()))
    assert api.numbers() == []
    assert len(api.tenant.faults.fired) == 1


def test_nobody_creates_a_job_where_there_is_no_sandbox(api):
    """A request for a sandbox that is not there is refused as always."""
    api.tenant.faults.add(Fault(LIST, AddJob()))
    assert api.send("GET", JOBS, headers={"x-sandbox-name": "nowhere"}).response.status == 404
    assert api.numbers() == []


def _story(faults: tuple[Fault, ...]) -> list[Exchange]:
    """What the journal of a new emulator says after a number of requests, with these faults on their way."""
    with Emulator(seed=5) as emulator, EmulatorServer(emulator) as server:
        tenant = emulator.create_tenant()
        tenant.faults.add(*faults)
        with httpx.Client(base_url=server.url, trust_env=False) as client:
            token = emulator.state.tokens.issue(tenant.credentials.client_id, "openid", tenant.clock.now())
            headers = {"authorization": f"Bearer {token}", "x-api-key": tenant.credentials.client_id}
            headers |= {"x-gw-ims-org-id": tenant.credentials.org_id, "x-sandbox-name": "prod", "host": "emulator"}
            for _ in range(8):
                with contextlib.suppress(httpx.TransportError):
                    client.get(JOBS, headers=headers)
        return [_told(exchange) for exchange in tenant.journal]


def _told(exchange: Exchange) -> Exchange:
    """An exchange without what no seed decides: the token."""
    return replace(exchange, request=Request(exchange.request.method, exchange.request.url))


def test_a_printed_plan_makes_the_same_journal():
    """The same seed and the plan read from what was printed do the same, byte by byte; another plan does not."""
    faults = (
        Fault("*", AddJob(), skip=1, times=3),
        Fault(LIST, Malformed(), skip=2, times=2, seed=3),
        Fault(LIST, Garbage(), skip=4, seed=9),
        Fault(LIST, Reset(after=17), skip=5),
        Fault(LIST, Delay(30), skip=6),
    )
    story = _story(faults)
    assert len(story) == 8
    assert _story(read_faults(write_faults(faults))) == story
    assert _story((*faults[:2], Fault(LIST, Garbage(), skip=4, seed=10), *faults[3:])) != story
    assert _story(()) != story


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Fault("getExportJobs"), "Fault.on: 'getExportJobs' is no operation: did you mean getExportJob"),
        (lambda: Fault(""), "Fault.on: '' is no operation: use *, cancelExportJob"),
        (lambda: Fault("* 4711"), "Fault.on: '4711' is no operation"),
        (lambda: Fault(LIST, 503), "Fault.effect: 503 is none: use one such as Malformed()"),
        (lambda: Fault(LIST, Malformed), "is none"),
        (lambda: Fault(LIST, skip=-1), "Fault.skip: -1 cannot be used: expected a whole number from 0 on"),
        (lambda: Fault(LIST, times=0), "Fault.times: 0 cannot be used: expected a whole number from 1 on"),
        (lambda: Fault(LIST, seed=True), "Fault.seed: True cannot be used"),
        (lambda: Answer(101), "Answer.status: 101 cannot be used: expected a whole number from 200 to 599"),
        (lambda: Answer(204, body="x"), "Answer.body: an answer of status 204 has none: leave it out"),
        (lambda: Answer(503, {"Retry-After": "2"}), 'Answer.headers: expected pairs, such as (("Retry-After", "2"),)'),
        (lambda: Answer(503, ("Retry-After", "2")), "Answer.headers: expected pairs"),
        (lambda: Answer(503, (("Retry After", "1"),)), "Answer.headers: Retry After: '1' is no header"),
        (lambda: Answer(503, (("a", "b\r\nc"),)), "is no header"),
        (lambda: Answer(503, (("a", "€"),)), "is no header"),
        (lambda: Answer(503, (("Content-Length", "1"),)), "Content-Length is set by the emulator: leave it out"),
        (lambda: Delay(-1), "Delay.seconds: -1 cannot be used: expected a number from 0"),
        (lambda: Delay(float("nan")), "Delay.seconds: nan cannot be used"),
        (lambda: Delay(60, wait=11), "Delay.wait: 11 cannot be used: expected a number from 0 to 10"),
        (lambda: Dribble(0), "Dribble.bytes: 0 cannot be used"),
        (lambda: Reset(after=-1), "Reset.after: -1 cannot be used"),
        (lambda: Reset(after=1, served=False), "Reset.after: a request that is not served has no answer"),
        (lambda: Truncate(1), "Truncate.share: 1 is the whole body: expected less than 1"),
        (lambda: Truncate(share=True), "Truncate.share: True cannot be used"),
        (lambda: Garbage(0), "Garbage.bytes: 0 cannot be used: expected a whole number from 1 to 1048576"),
        (lambda: Skew(1e10), "Skew.seconds: 10000000000.0 cannot be used"),
        (lambda: FaultPlan().add("boom"), "'boom' is no fault: expected one such as Fault('getExportJob')"),
    ],
)
def test_what_cannot_go_wrong_is_refused(make: Callable[[], object], said: str):
    """A fault that could not happen says so when it is made, in one sentence."""
    with pytest.raises(ConfigurationError, match=re.escape(said)):
        make()
