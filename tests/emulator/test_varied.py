"""Answers that vary: within the contract whatever the plan, as the plan says, on a socket and in process."""

from __future__ import annotations

import asyncio
import gzip
import http.client
import json
from collections.abc import Callable, Iterable
from itertools import zip_longest
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from pytest_aep_export import AepError, AsyncAepClient
from pytest_aep_export.contract import load
from pytest_aep_export.emulator import Emulator, EmulatorServer, Fault, Tenant
from pytest_aep_export.emulator.choices import choices
from pytest_aep_export.emulator.faults import Answer, Malformed
from pytest_aep_export.emulator.variation import Variation, draw, plan_text
from pytest_aep_export.exchange import Exchange
from pytest_aep_export.judge.gathering import unpacked
from pytest_aep_export.report.document import verdict_on
from pytest_aep_export.report.findings import Finding
from pytest_aep_export.suite.embedded import embedded
from pytest_aep_export.suite.registry import load as registry
from pytest_aep_export.suite.runner import run_suite
from tests.emulator.conftest import JOBS, Api
from tests.emulator.journeys import JOURNEYS, Stage, script

Journey = Callable[[AsyncAepClient], Any]


async def workflow(client: AsyncAepClient) -> None:
    """The whole way of our client: it must get where it wants to, however answers vary."""
    dataset = await client.create_dataset("Profiles")
    job = await client.wait_for_export_job(await client.create_export_job(dataset.id, fields="personID"))
    assert (await client.read_table(job)).num_rows >= 5
    assert [each.id async for each in client.list_export_jobs()] == [job.id]
    assert await client.get_batch(job.batch_ids[0])


async def watching(client: AsyncAepClient) -> None:
    """The part of it that needs no export."""
    dataset = await client.create_dataset("Profiles")
    made = [await client.create_export_job(dataset.id) for _ in range(3)]
    assert (await client.get_export_job(made[0].id)).id == made[0].id
    await client.cancel_export_job(made[1].id)
    assert {each.id async for each in client.list_export_jobs()} == {each.id for each in made}
    assert [each async for each in client.list_merge_policies()]


async def travel(emulator: Emulator, journey: Journey, plan: Iterable[Variation]) -> tuple[Exchange, ...]:
    """What a client of ours exchanges on a journey, as a tenant of its own."""
    tenant = emulator.create_tenant()
    tenant.vary(plan)

    async def pause(seconds: float) -> None:
        tenant.clock.advance(seconds=seconds)

    async with AsyncAepClient(
        tenant.credentials, base_url="http://emulator", ims_url="http://emulator/ims/token/v3", pause=pause,
        transport=httpx.ASGITransport(emulator.app), now=lambda: tenant.clock.now() / 1000,
    ) as client:  # fmt: skip
        try:
            await journey(client)
        finally:
            tenant.delete()
    return tenant.journal.exchanges


def every(journey: Journey, plans: Iterable[Iterable[Variation]]) -> list[Exchange]:
    """All that is exchanged with many plans."""

    async def gathered(emulator: Emulator) -> list[Exchange]:
        return [each for plan in plans for each in await travel(emulator, journey, plan)]

    with Emulator(profiles=5) as emulator:
        found = asyncio.run(gathered(emulator))
        assert emulator.defects == ()
    return found


def violations(exchanges: Iterable[Exchange]) -> list[Any]:
    """Which answers contradict every documented variant."""
    found = []
    for exchange in map(unpacked, exchanges):
        if exchange.operation != "getFile":  # the bytes of a file are not kept
            found += load().validate_response(exchange.operation, exchange.response)
    return found


# -- Whatever the plan


def test_our_client_survives_what_is_documented():
    """Many plans without an export, and some with: the contract allows each answer, and the client copes."""
    assert violations(every(watching, (draw(f"client/{number}") for number in range(40)))) == []
    assert violations(every(workflow, (draw(f"client/{number}") for number in range(3)))) == []


def test_our_client_survives_every_choice_alone():
    """Nothing hides behind something else: each choice of what the journey meets is the only one of its operation."""
    met = ("requestToken ", "createDataset", "createExportJob", "getExportJob", "listExportJobs", "cancelExportJob",
           "listMergePolicies")  # fmt: skip
    known = [Variation(*key) for key in choices("documented") if "refusal" not in key[0]]
    everywhere = [[each] for each in known if each.place.startswith(("dialect", "behaviour"))]
    of_one = ([each for each in known if each.place.startswith(operation)] for operation in met)
    plans = everywhere + [[each for each in plan if each] for plan in zip_longest(*of_one)]
    assert sum(map(len, plans)) > 300
    assert violations(every(watching, plans)) == []


def test_our_client_says_so_where_answers_are_damaged():
    """Every kind of damage to every operation is borne, or ends in an error of ours: never in one of Python's."""
    met = ("createDataset", "createExportJob", "getExportJob", "listExportJobs", "cancelExportJob", "requestToken ")
    damages = [key for key in choices("damage") if key[0].startswith(met)]
    first = {(place.split()[0], choice): Variation(place, choice) for place, choice in reversed(damages)}
    plans = [[each] for each in first.values()]
    ended: set[str] = set()

    async def damaged(client: AsyncAepClient) -> None:
        try:
            await watching(client)
        except AepError as error:
            ended.add(type(error).__name__)
        except AssertionError:  # it got what it asked for, which was something else
            ended.add("wrong")

    every(damaged, plans)
    assert len(plans) > 80
    assert {"UnexpectedAnswerError", "ServerError", "wrong"} <= ended


def played(area: str, plan: int) -> tuple[Exchange, ...]:
    """What the journey of an area is answered with; the requests are always the same."""
    requests, stage = script(JOURNEYS[area]), Stage(None)
    stage.tenant.vary(plan)

    async def play() -> None:
        for request in requests:
            await stage.answer(request)

    with stage.emulator:
        asyncio.run(play())
        assert stage.emulator.defects == ()
        return tuple(each for each in stage.tenant.journal if each.operation)


@pytest.mark.parametrize("area", ["AUTH", "JOB", "ERROR"])
@pytest.mark.parametrize("seed", range(2))
def test_every_answer_of_a_journey_is_one_of_the_contract(area: str, seed: int):
    """Refusals and odd requests too: no answer contradicts every documented variant."""
    found = played(area, seed)
    assert len(found) > 15
    assert violations(found) == []


def test_the_same_plan_does_the_same():
    """Two emulators of a seed give the same requests the same answers, but for tokens."""
    one, other = (played("JOB", 5), played("JOB", 5))
    assert [each.response for each in one[1:]] == [each.response for each in other[1:]]
    assert one[1:] != played("JOB", 6)[1:]


class Silent:
    """An observer that does not care."""

    def started(self, tests: Any) -> None:
        """Let it be."""

    def judged(self, requirement: str, outcome: Any) -> None:
        """Let it be."""


def test_the_suite_finds_no_must_broken():
    """Whatever varies is documented: the conformance suite warns of some, and fails none."""
    areas = "AUTH or DATASET or CREATE or JOB or LIST or WATCH or CANCEL or ERROR"
    with Emulator() as emulator, EmulatorServer(emulator) as server:
        emulator.vary(1)
        with embedded(server, emulator.behaviour, label="varied") as target:
            run = run_suite(target, Silent(), select=areas)
    verdicts = {name: verdict_on(registry()[name], map(Finding.of, run.outcomes[name])) for name in run.selected}
    assert len(verdicts) > 100
    assert [name for name, found in verdicts.items() if str(found.verdict) in {"fail", "broken"}] == []


# -- What each choice does


@pytest.fixture
def varied(make_api: Callable[..., Api]) -> Callable[..., Api]:
    """Makes a tenant whose answers vary."""

    def make(*plan: tuple[str, str], **behaviour: Any) -> Api:
        api = make_api(**behaviour)
        api.tenant.vary(plan)
        return api

    return make


def test_a_list_ends_in_every_documented_way(varied: Callable[..., Api]):
    """Only on its last page, and a page before that still leads on (D-65)."""
    for place, choice, expected in (
        ("listExportJobs /link", "absent", "no link"),
        ("listExportJobs /link/next", "absent", {}),
        ("listExportJobs /link/next", "null", {"next": None}),
        ("listExportJobs /link/next", "empty object", {"next": {}}),
    ):
        api = varied((place, choice))
        for _ in range(3):
            api.create()
        first, last = (api.ask("GET", JOBS, query={"limit": limit}) for limit in (2, 3))
        assert first["link"]["next"].startswith("/export/jobs/?limit=2&offset=")
        assert last.get("link", "no link") == expected


@pytest.mark.parametrize(
    ("choice", "start"),
    [("absolute", "http://127.0.0.1:{port}/data/core/ups/export/jobs/?"), ("without slash", "/export/jobs?limit=1")],
)
def test_links_take_every_form(varied: Callable[..., Api], choice: str, start: str):
    """Relative to the service, or absolute (D-64); a location likewise."""
    api = varied(("listExportJobs /link/next", choice), ("createExportJob header x-location", "relative"))
    api.create()
    made = api.send("POST", JOBS, json=api.payload()).response
    assert made.headers["x-location"] == f"{JOBS}/{made.json()['id']}"
    link = api.ask("GET", JOBS, query={"limit": 1})["link"]["next"]
    assert link.startswith(start.format(port=urlsplit(api.url).port))


def test_numbers_and_members(varied: Callable[..., Api]):
    """A number has a fraction of nothing, an id is a text, a member is new; the others are as they were."""
    api = varied(
        ("getExportJob /id", "fraction"), ("createExportJob /id", "text"), ("getExportJob /metrics", "more members"),
        ("listExportJobs /records/*/requestId", "absent"), ("createExportJob members", "reversed"),
    )  # fmt: skip
    made = api.create()
    assert isinstance(made["id"], str)
    assert next(iter(made)) == "creationTime"
    shown = api.send("GET", f"{JOBS}/{made['id']}").response
    assert f'"id":{made["id"]}.0'.encode() in shown.body
    assert shown.json()["metrics"]["addedLater"] == {"of": ["a", "later", "version"], "count": 1}
    [listed] = api.ask("GET", JOBS)["records"]
    assert "requestId" not in listed
    assert "requestId" in made


def raw(api: Api, method: str, path: str, **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
    """What comes over the socket, before any library has made it even."""
    sent = api.send("GET", JOBS).request.headers  # with the token that this client has
    connection = http.client.HTTPConnection(urlsplit(api.url).netloc, timeout=10)
    connection.request(method, path, headers=dict(sent.items()) | headers)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer, body


def test_the_same_json_is_written_otherwise(varied: Callable[..., Api]):
    """Spaces, the order of members and escaped letters change nothing of what is said."""
    for plan in (
        [("getExportJob spaces", "indented")],
        [("getExportJob spaces", "many"), ("getExportJob letters", "escaped")],
        [("getExportJob members", "sorted"), ("getExportJob letters", "escaped")],
    ):
        api = varied()
        job = api.create(fields="personID")["id"]
        plain = api.send("GET", f"{JOBS}/{job}").response
        api.tenant.vary(plan)
        same = api.send("GET", f"{JOBS}/{job}").response
        assert same.body != plain.body
        assert same.json().keys() == plain.json().keys()
        assert ("\\u0070\\u0065" in same.body.decode()) is (len(plan) == 2)


def test_answers_are_sent_otherwise(varied: Callable[..., Api]):
    """In chunks, compressed for whoever accepts it, with other names of headers, with a type of its own."""
    api = varied(
        ("listExportJobs framing", "in pieces"), ("listExportJobs encoding", "gzip"),
        ("listExportJobs headers", "CAPITALS"), ("listExportJobs media type", "of xdm"),
        ("listExportJobs header x-request-id", "absent"),
    )  # fmt: skip
    answer, body = raw(api, "GET", JOBS, **{"accept-encoding": "gzip"})
    names = [name for name, _ in answer.getheaders()]
    assert {"CONTENT-TYPE", "CONTENT-ENCODING", "DATE", "transfer-encoding"} == set(names)
    assert json.loads(gzip.decompress(body))["records"] == []
    assert answer.headers["content-type"] == "application/vnd.adobe.xdm+json"
    answer, body = raw(api, "GET", JOBS, **{"accept-encoding": "identity"})
    assert json.loads(body)["records"] == []


def test_files_keep_their_bytes(varied: Callable[..., Api]):
    """Of what comes from the disk only the head varies."""
    api = varied(("getFile framing", "chunked"), ("getFile headers", "Capitals"), ("headFile headers", "more"))
    job = api.finish(api.create(fields="personID")["id"])
    [part, *_] = api.files(job["destination"]["batchId"])
    link = urlsplit(part["_links"]["self"]["href"])
    answer, body = raw(api, "GET", f"{link.path}?{link.query}")
    assert (len(body), body[:4]) == (int(part["length"]), b"PAR1")
    assert {"Accept-Ranges", "transfer-encoding"} < {name for name, _ in answer.getheaders()}
    answer, _ = raw(api, "HEAD", f"{link.path}?{link.query}")
    assert answer.headers["x-added-later"] == "1; of=2"
    assert answer.headers["content-length"] == part["length"]


def test_faults_strike_what_was_varied(varied: Callable[..., Api]):
    """Both at once: what is cut was unpacked before, and an answer given instead is as the fault has it."""
    api = varied(("listExportJobs encoding", "gzip"), ("getExportJob headers", "Capitals"))
    api.tenant.faults.add(Fault("listExportJobs", Malformed()), Fault("getExportJob", Answer(503, after=True)))
    cut = api.send("GET", JOBS).response
    assert "content-encoding" not in cut.headers
    with pytest.raises(ValueError, match=r"\w"):
        cut.json()
    assert "date" in api.send("GET", f"{JOBS}/{api.create()['id']}").response.headers


@pytest.mark.parametrize(
    ("place", "choice", "shows"),
    [
        ("listExportJobs status", "502 with HTML", lambda r: (r.status, r.body[:9]) == (502, b"<!DOCTYPE")),
        ("listExportJobs status", "500 without body", lambda r: (r.status, r.body) == (500, b"")),
        ("listExportJobs body", "page of HTML", lambda r: r.headers["content-type"].startswith("text/html")),
        ("listExportJobs body", "truncated", lambda r: r.body.startswith(b'{"records"') and r.body[-1:] != b"}"),
        ("listExportJobs body", "empty", lambda r: (r.status, r.body) == (200, b"")),
        ("listExportJobs body", "array", lambda r: r.json()[0]["records"] is not None),
        ("listExportJobs body", "null", lambda r: r.json() is None),
        ("listExportJobs /records/*/id", "huge", lambda r: r.json()["records"][0]["id"] == 10**30),
        ("listExportJobs /records/*/status", "unknown word", lambda r: b"SOMETHING_NEW" in r.body),
        ("listExportJobs /records/*/updateTime", "a day before", lambda r: r.json()["records"][0]["updateTime"] < 2e12),
        ("listExportJobs /records", "wrong type", lambda r: r.json()["records"] == {"of": "them"}),
        ("listExportJobs header date", "no date", lambda r: r.headers["date"] == "the other day"),
        ("listExportJobs header date", "in a year", lambda r: "2025" in r.headers["date"]),
    ],
)
def test_damage(varied: Callable[..., Api], place: str, choice: str, shows: Callable[[Any], bool]):
    """What no source allows, where somebody asks for it; it is no defect of the emulator's."""
    api = varied()
    api.create()
    api.tenant.vary([(place, choice)])
    assert shows(api.send("GET", JOBS).response)


def test_what_an_answer_does_not_lend_itself_to_is_left_out(make_api: Callable[..., Api]):
    """A persona's page that the contract does not allow keeps what is wrong with it, and is written otherwise."""
    api = make_api(persona="last-link-is-null")
    plain = api.ask("GET", JOBS)
    api.tenant.vary([("listExportJobs /link", "more members"), ("listExportJobs spaces", "indented")])
    varied = api.send("GET", JOBS).response
    assert plain["link"] == {"next": None}
    assert varied.json()["link"]["next"] is None
    assert varied.body.startswith(b"{\n\t")


def test_a_plan_can_be_shown(tenant_of_one: Tenant):
    """What was drawn is what is told."""
    plan = tenant_of_one.vary(3)
    assert plan_text(plan) == plan_text(draw(3))


@pytest.fixture
def tenant_of_one(make_api: Callable[..., Api]) -> Tenant:
    """A tenant."""
    return make_api().tenant
