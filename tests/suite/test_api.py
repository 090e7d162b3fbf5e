"""The raw calls: what they send, what they follow, when they give up."""

from __future__ import annotations

import io
import itertools
import json
from collections.abc import Sequence
from typing import Any

import httpx
import pyarrow as pa
import pytest
from pyarrow import parquet

from pytest_aep_export.exchange import Exchange, Request, Response
from pytest_aep_export.model import Credentials
from pytest_aep_export.suite import api as module
from pytest_aep_export.suite import payloads
from pytest_aep_export.suite.answers import agree, batch_ids, below_ups, next_link
from pytest_aep_export.suite.api import JOBS, Api
from pytest_aep_export.suite.expect import UnmetError
from pytest_aep_export.suite.exports import Exports, Shown
from pytest_aep_export.suite.targets import Patience, Target
from pytest_aep_export.values import job_key

WHO = Credentials("key", "secret", "org")
Skipped = pytest.skip.Exception


def api_of(*answers: Any, **options: Any) -> Api:
    """The calls on a server that gives these answers one after the other, the last one for ever."""
    queue = list(answers)

    def answer(request: httpx.Request) -> httpx.Response:
        if "/ims/" in request.url.path:
            return httpx.Response(200, json={"access_token": "t"})
        found = queue.pop(0) if len(queue) > 1 else queue[0]
        return found if isinstance(found, httpx.Response) else httpx.Response(200, json=found)

    patience = Patience(poll=0, deadline=5)
    return Api(Target("http://h", WHO, patience=patience, transport=httpx.MockTransport(answer)), **options)


def answered(document: Any) -> Exchange:
    """An exchange with this answer."""
    return Exchange(Request("GET", "http://h/x"), Response(200, body=json.dumps(document).encode()))


def urls(api: Api) -> list[str]:
    """What was asked, without the token."""
    return [e.request.url.removeprefix("http://h") for e in api.target.exchanges if "/ims/" not in e.request.url]


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long the calls would have slept; the clock moves by as much."""
    spans: list[float] = []
    monkeypatch.setattr(module.time, "sleep", spans.append)
    monkeypatch.setattr(module.time, "monotonic", lambda: sum(spans))
    return spans


def test_a_job_is_watched_until_it_ends(slept: list[float]):
    """Looking goes on until the status is none that a job leaves again, without a pause where none is wanted."""
    api = api_of(*({"status": s} for s in ("NEW", "QUEUED", "PROCESSING", "CANCELLING", "SUCCEEDED")))
    assert [look.response.json()["status"] for look in api.watch(7)][-1] == "SUCCEEDED"
    assert urls(api) == [f"{JOBS}/7"] * 5
    assert slept == []


def test_an_unknown_status_ends_the_watch():
    """A status that nobody knows is not waited for."""
    assert len(api_of({"status": "SUCCESSEDED"}).watch(7)) == 1


def test_pauses_grow_up_to_the_interval(slept: list[float]):
    """Looks follow each other fast at first, then at the interval that was asked for, until the deadline."""
    api = api_of({"status": "NEW"}, poll=0.3, deadline=1.5)
    with pytest.raises(Skipped, match=r"job 7 has not ended within 1\.5 s"):
        api.watch(7)
    assert slept == [0.05, 0.1, 0.2, 0.3, 0.3, 0.3, 0.3]


def test_a_job_that_does_not_move_is_not_hammered(slept: list[float]):
    """Even without an interval the looks slow down after a while."""
    with pytest.raises(Skipped, match="has not ended"):
        api_of({"status": "NEW"}, deadline=0.1).watch(7)
    assert set(slept) == {0.02}
    assert len(slept) == 6


def test_a_watch_needs_answers():
    """A job that cannot be looked at ends the test without a verdict."""
    with pytest.raises(Skipped, match="required: a job is shown while it is watched"):
        api_of(httpx.Response(500)).watch(7)


def test_pages_are_followed_by_their_links():
    """A walk follows the links, relative and absolute, until there is none."""
    links = ["/export/jobs/?limit=2&offset=1_1", f"https://platform.adobe.io{JOBS}?offset=2_2", ""]
    api = api_of(*({"records": [], "link": {"next": link}} for link in links))
    assert len(list(api.walk(limit=2))) == 3
    assert urls(api) == [f"{JOBS}?limit=2", f"{JOBS}/?limit=2&offset=1_1", f"{JOBS}?offset=2_2"]


def test_a_walk_gives_up(monkeypatch: pytest.MonkeyPatch):
    """A walk that does not end is not verified."""
    monkeypatch.setattr(module, "_PAGES", 3)
    pages = ({"link": {"next": f"/export/jobs?offset=1_{number}"}} for number in range(9))
    with pytest.raises(Skipped, match="more than 3 pages"):
        list(api_of(*pages).walk())


def test_a_walk_in_a_circle():
    """A link that leads back is a breach, not a reason to walk for ever."""
    circle = api_of(*({"link": {"next": f"/export/jobs?offset=1_{number % 2}"}} for number in range(9)))
    with pytest.raises(UnmetError, match="a page that was not met before"):
        list(circle.walk())
    assert len(urls(circle)) == 3


@pytest.mark.parametrize(
    "page",
    [{}, {"link": None}, {"link": {}}, {"link": {"next": None}}, {"link": {"next": {}}}, {"link": {"next": ""}}, []],
)
def test_every_documented_end_of_the_list(page: Any):
    """However the end of the list is written, it is one."""
    assert next_link(page) == ""


def test_links_are_below_the_service():
    """A relative link is one of the profile service."""
    assert below_ups("/export/jobs/?limit=2") == f"{JOBS}/?limit=2"
    assert below_ups("export/jobs?limit=2") == f"{JOBS}?limit=2"


@pytest.mark.parametrize(
    ("destination", "expected"),
    [
        ({"batchId": "B1"}, ["B1"]),
        ({"batches": [{"batchId": "B1"}, {"batchId": "B2"}]}, ["B1", "B2"]),
        ({"batches": {"batchId": "B1"}}, ["B1"]),
        ({"batches": [], "batchId": "B1"}, ["B1"]),
    ],
)
def test_every_documented_form_of_batches(destination: Any, expected: Sequence[str]):
    """A job's batches are found in every documented form."""
    assert batch_ids(answered({"destination": destination})) == expected


@pytest.mark.parametrize("destination", [{}, {"batchId": ""}, {"batches": [{"segmentId": "s"}]}])
def test_no_batch(destination: Any):
    """A job that names no batch does not meet what is required of a finished one."""
    with pytest.raises(UnmetError, match="names its batch"):
        batch_ids(answered({"destination": destination}))


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        ([{"id": "a"}, {"id": "b", "default": True}], "b"),
        (
            [{"id": "e5bc94de-cd14-4cdf-a2bc-88b6e8cbfac2"}, {"id": "b", "default": True}],
            "e5bc94de-cd14-4cdf-a2bc-88b6e8cbfac2",
        ),
        ([{"id": "a"}], "a"),
    ],
)
def test_a_policy_of_the_tenant(policies: Any, expected: str):
    """The sample's policy is preferred, then the default one; it is asked for once."""
    api = api_of({"children": policies})
    assert [api.policy(), api.policy()] == [expected] * 2
    assert len(urls(api)) == 1


def test_a_tenant_without_policies():
    """Without a policy there is nothing to build on; what has no id is none."""
    for children in ([], ["policy"], [{"default": True}]):
        with pytest.raises(Skipped, match="the tenant has a merge policy"):
            api_of({"children": children}).policies()


def test_the_definition_of_a_segment():
    """A segment's definition is looked up by its id, whatever that has in it."""
    api = api_of({})
    api.segment_definition("a b")
    assert urls(api) == ["/data/core/ups/segment/definitions/a%20b"]


def test_datasets_have_names_of_their_own():
    """Two datasets that the suite creates never share a name, and say that the suite made them."""
    api = api_of(["@/dataSets/5b020a27e7040801dedba61b"])
    assert api.new_dataset() == "5b020a27e7040801dedba61b"
    api.create_dataset()
    names = [json.loads(e.request.body)["name"] for e in api.target.exchanges if e.request.body.startswith(b"{")]
    assert len(set(names)) == 2
    assert all(name.startswith("aep-export suite ") for name in names)


@pytest.mark.parametrize("content", [b"text", b"", b"PAR1" + bytes(40) + b"PAR1"], ids=["text", "empty", "hollow"])
def test_files_that_are_no_parquet_are_not_judged(content: bytes):
    """Rows that cannot be read leave their requirements without a verdict; it is not the suite that is broken."""
    entry = {"name": "a.parquet", "length": "4", "_links": {"self": {"href": "http://h/f"}}}
    files = {"data": [{"dataSetFileId": "F"}]}, {"data": [entry]}
    job = answered({"destination": {"batchId": "B"}})
    with pytest.raises(Skipped, match="required: the file is read as Parquet"):
        api_of(*files, httpx.Response(200, content=content)).table(job)


def test_files_that_do_not_fit_together_are_not_judged():
    """Files whose columns contradict each other are no rows; it is not the suite that is broken."""
    entry = {"name": "a.parquet", "length": "4", "_links": {"self": {"href": "http://h/f"}}}
    listed = {"data": [{"dataSetFileId": "F"}]}, {"data": [entry, entry]}
    files = []
    for column in ([1], [{"text": "one"}]):
        parquet.write_table(pa.table({"a": column}), sink := io.BytesIO())
        files.append(httpx.Response(200, content=sink.getvalue()))
    with pytest.raises(Skipped, match="the files of the batch do not fit together"):
        api_of(*listed, *files).table(answered({"destination": {"batchId": "B"}}))


@pytest.mark.parametrize(("identifier", "expected"), [(100, "100"), (100.0, "100"), ("100", "100"), (1.5, "1.5")])
def test_the_key_of_a_job(identifier: object, expected: str):
    """An id that is written with a decimal point is looked up without it."""
    assert job_key(identifier) == expected
    api = api_of({"status": "SUCCEEDED"})
    api.show_job(identifier)
    api.cancel_job(identifier)
    assert urls(api) == [f"{JOBS}/{expected}"] * 2


def test_the_payloads_are_those_of_the_seed():
    """The three payloads hold what the seed shows, for any dataset and policy."""
    full = payloads.full("D", "P")
    assert full["fields"] == "identities.id,personalEmail.address"
    assert full["mergePolicy"] == {"id": "P", "version": 1}
    assert full["destination"] == {"datasetId": "D", "segmentPerBatch": False}
    assert full["schema"] == {"name": "_xdm.context.profile"}
    assert full["additionalFields"]["eventList"]["filter"] == {"fromIngestTimestamp": "2018-10-25T13:22:04-07:00"}
    assert payloads.profiles_only("D", "P") == {k: v for k, v in full.items() if k != "additionalFields"}
    assert payloads.events_only("D", "P") == full | {"fields": "identityMap"}


def test_the_payloads_that_others_are_made_of():
    """A request for everything has the members that none lacks; events of all fields are those of all time."""
    everything = payloads.everything("D", "P")
    assert everything.keys() == {"mergePolicy", "destination", "schema"}
    assert payloads.into(everything, "E") == everything | {"destination": {"datasetId": "E", "segmentPerBatch": False}}
    assert everything["destination"]["datasetId"] == "D"
    assert payloads.timeline() == {"eventList": {"filter": {"fromIngestTimestamp": "1970-01-01T00:00:00Z"}}}
    assert payloads.timeline(toIngestTimestamp="T") == {"eventList": {"filter": {"toIngestTimestamp": "T"}}}


def exports_of(monkeypatch: pytest.MonkeyPatch, *answers: Any) -> Exports:
    """Exports whose jobs are created by the first of the answers."""
    api, numbers = api_of(*answers), itertools.count()
    monkeypatch.setattr(Api, "new_dataset", lambda _: f"D{next(numbers)}")
    monkeypatch.setattr(Api, "policy", lambda _: "P")
    return Exports(api)


JOB = {"id": 1, "status": "SUCCEEDED", "destination": {"batchId": "B"}}


def exports_with(monkeypatch: pytest.MonkeyPatch, *rows: list[dict[str, Any]], job: Any = JOB) -> Exports:
    """Exports whose jobs all succeed, and of which the first that is read has the first of these rows, and so on."""
    tables, batches = iter(rows), itertools.count()
    monkeypatch.setattr("pytest_aep_export.suite.exports.batch_ids", lambda _: [f"B{next(batches)}"])
    monkeypatch.setattr(Api, "rows", lambda *_: pa.Table.from_pylist(next(tables), schema=SCHEMA))
    return exports_of(monkeypatch, job)


SCHEMA = pa.schema({"identityMap": pa.map_(pa.string(), pa.list_(pa.struct({"id": pa.string()}))), "name": pa.string()})


def person(key: str, name: str) -> dict[str, Any]:
    """A row of somebody with one identity."""
    return {"identityMap": [("ECID", [{"id": key}])], "name": name}


ANNE, BOB = person("1", "Anne"), person("2", "Bob")


def test_every_export_has_a_dataset_of_its_own(monkeypatch: pytest.MonkeyPatch):
    """No two exports are written into one dataset, and none into the spare one; none is asked for twice."""
    exports = exports_of(monkeypatch, JOB)
    exports.ask({"more": exports.request(fields="name")})
    exports.ask({"more": exports.request(fields="other"), "most": exports.request()})
    datasets = [payload["destination"]["datasetId"] for payload in exports.payloads.values()]
    assert len({exports.spare, *datasets}) == len(datasets) + 1 == 8
    assert exports.payloads["full"]["destination"]["datasetId"] == exports.dataset
    assert exports.payloads["more"]["fields"] == "name"
    assert exports.spare_job()["destination"]["datasetId"] == exports.spare
    assert len(exports.ids) == 5


@pytest.mark.parametrize(("status", "expected"), [(400, "not applicable: the target refuses"), (500, "blocked")])
def test_a_filter_that_is_refused(monkeypatch: pytest.MonkeyPatch, status: int, expected: str):
    """A server may have no filter: then there is nothing to judge. One that breaks down over it is no such server."""
    exports = exports_of(monkeypatch, httpx.Response(status))
    exports.ask({"chosen": exports.request(filter={})})
    with pytest.raises(Skipped, match=expected):
        exports.finished("chosen")
    with pytest.raises(Skipped, match="blocked"):
        exports.finished("everything")


def test_rows_are_read_once(monkeypatch: pytest.MonkeyPatch):
    """An export's rows are read when they are first needed, and then kept."""
    exports = exports_with(monkeypatch, [ANNE], [BOB])
    assert exports.records("everything") == exports.known()
    assert exports.count("everything") == 1
    assert exports.records("full") != exports.records("everything")


def test_rows_without_identities_are_nobodys(monkeypatch: pytest.MonkeyPatch):
    """Profiles that no identity tells apart are not compared, and that they have none is a requirement's to judge."""
    with pytest.raises(Skipped, match="blocked by EXP-ROWS-025: no row of the export 'everything' has a filled"):
        exports_with(monkeypatch, [{"name": "Anne"}]).known()


def test_identities_that_cannot_be_read_are_no_lack_of_them(monkeypatch: pytest.MonkeyPatch):
    """Identities in a form that is none of the documented ones are the cause of what is not compared."""
    exports = exports_with(monkeypatch, [])
    text = pa.table({"identityMap": ['{"ECID": [{"id": "1"}]}']})
    monkeypatch.setattr(Api, "rows", lambda *_: text)
    with pytest.raises(Skipped, match="blocked by EXP-ROWS-024: no row of the export 'everything' has a readable"):
        exports.known()


def test_rows_of_a_batch_that_was_read_before_are_not_judged(monkeypatch: pytest.MonkeyPatch):
    """Where two jobs name one batch, what the second has exported is not known."""
    monkeypatch.setattr(Api, "rows", lambda *_: pa.Table.from_pylist([ANNE], schema=SCHEMA))
    exports = exports_of(monkeypatch, JOB)
    assert exports.count("everything") == 1
    with pytest.raises(Skipped, match=r"blocked by EXP-WATCH-021: .+ that of 'everything'"):
        exports.count("full")


def test_a_relation_that_holds(monkeypatch: pytest.MonkeyPatch):
    """A relation that holds needs no second look."""
    exports = exports_with(monkeypatch, [ANNE])
    exports.relate("full", met=True, required="it holds", found="nothing")
    assert len(exports.payloads) == 5


def test_a_relation_that_is_broken(monkeypatch: pytest.MonkeyPatch):
    """A relation is broken when the base, exported again, has the same rows in whatever order."""
    exports = exports_with(monkeypatch, [ANNE, BOB], [BOB, ANNE])
    with pytest.raises(UnmetError, match="required: it holds\nfound: it does not"):
        exports.relate("full", met=False, required="it holds", found="it does not")
    with pytest.raises(UnmetError, match="required: it holds"):
        exports.relate("full", met=False, required="it holds", found="the base is not exported a third time")


@pytest.mark.parametrize("now", [[ANNE], [ANNE, ANNE], [ANNE, person("2", "Robert")], []])
def test_data_that_do_not_rest(monkeypatch: pytest.MonkeyPatch, now: list[dict[str, Any]]):
    """When the same request gives other rows by now, nothing follows from how two exports differ."""
    exports = exports_with(monkeypatch, [ANNE, BOB], now)
    with pytest.raises(Skipped, match="not verified: the same request exports other rows by now"):
        exports.relate("full", met=False, required="it holds", found="it does not")


@pytest.mark.parametrize(
    ("batches", "expected"),
    [
        ([{"segmentId": "s", "batchId": "B1"}, {"segmentId": "t", "batchId": "B2"}], {"s": 1, "t": 2}),
        ({"segmentId": "s", "batchId": "B1"}, {"s": 1}),
        (None, {}),
    ],
)
def test_rows_by_segment(monkeypatch: pytest.MonkeyPatch, batches: Any, expected: dict[str, int]):
    """The batches of segments are read apart, in every documented form."""
    exports = exports_with(monkeypatch, [ANNE], [ANNE, BOB], job=JOB | {"destination": {"batches": batches}})
    assert {segment: len(records) for segment, records in exports.by_segment("full").items()} == expected


def test_a_job_that_was_not_created_is_a_prerequisite(monkeypatch: pytest.MonkeyPatch):
    """What depends on a job that was refused ends without a verdict; the answer itself is there to be judged."""
    exports = exports_of(monkeypatch, httpx.Response(500))
    assert exports.created("full").response.status == 500
    with pytest.raises(Skipped, match="required: the export 'full' is created; found: status 500"):
        exports.finished("full")


def test_no_files_are_no_rows(monkeypatch: pytest.MonkeyPatch):
    """Of a batch without files there are no rows to judge, and they count as none."""
    job = {"id": 1, "status": "SUCCEEDED", "destination": {"batchId": "B"}, "data": []}
    exports = exports_of(monkeypatch, job)
    assert exports.count("full") == 0
    with pytest.raises(Skipped, match="not applicable: the export has no rows"):
        exports.table("full")


def test_a_job_that_failed_is_a_prerequisite(monkeypatch: pytest.MonkeyPatch):
    """What depends on a job's success ends without a verdict when it failed."""
    exports = exports_of(monkeypatch, {"id": 1, "status": "FAILED"})
    with pytest.raises(Skipped, match="required: the export 'full' succeeds; found: FAILED"):
        exports.finished("full")


def test_a_job_that_is_not_listed(monkeypatch: pytest.MonkeyPatch):
    """A job that the list does not show is not verified there."""
    job = {"id": 1, "status": "SUCCEEDED", "records": [{"id": 2}]}
    with pytest.raises(Skipped, match="the list does not show job 1"):
        exports_of(monkeypatch, job).listed("full")


def test_a_listed_job_is_found_by_its_number(monkeypatch: pytest.MonkeyPatch):
    """A job is found in the list whether its id is a number or a text, and read where it is."""
    job = {"id": 1, "status": "SUCCEEDED", "records": [{"id": 2}, {"id": "1", "mergePolicy": {"id": "P"}}]}
    listed = exports_of(monkeypatch, job).listed("full")
    assert (listed.pointer, listed["/id"], listed.get("mergePolicy", "id")) == ("/records/1", "1", "P")
    assert listed.get("mergePolicy", "id", "deeper") is None


def test_a_shown_job_is_read_by_pointers():
    """A job that is a whole body is read like one within a page."""
    shown = Shown(answered({"id": 7, "metrics": {"totalTime": {"startTimeInMs": 1.5}}}))
    assert (shown["/id"], shown.get("metrics", "totalTime"), shown.number("/id")) == (7, {"startTimeInMs": 1.5}, 7)
    with pytest.raises(UnmetError, match="required: seven"):
        shown.expect(met=False, required="seven", found="eight")


def test_a_job_that_is_no_json():
    """A whole body that is not JSON breaks the requirement that reads it, not the suite."""
    exchange = Exchange(Request("GET", "http://h/x"), Response(200, body=b"<html>"))
    with pytest.raises(UnmetError, match="the body is JSON"):
        Shown(exchange).get("id")


def test_the_wiring_of_files(monkeypatch: pytest.MonkeyPatch):
    """A batch without files is no prerequisite that holds."""
    job = {"id": 1, "status": "SUCCEEDED", "destination": {"batchId": "B"}, "data": []}
    with pytest.raises(Skipped, match="the batch of a successful job has files"):
        exports_of(monkeypatch, job).entries("full")


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ({"name": "a"}, {"name": "a"}, True),
        ({"name": "a", "more": 1}, {"name": "a"}, True),
        ({"name": "a"}, {"name": "b"}, False),
        ({"type": {"a": 1, "b": 2}}, {"type": {"b": 2, "c": 3}}, True),
        ({"type": {"a": 1}}, {"type": {"a": 2}}, False),
        ({"order": ["a"]}, {"order": ["a", "b"]}, False),
        ({}, None, False),
    ],
)
def test_what_two_answers_both_show(one: Any, other: Any, expected: bool):  # noqa: FBT001 - a parameter
    """Two values agree where no member that both show is another, at whatever depth."""
    assert agree(one, other) is expected
    assert agree(other, one) is expected
