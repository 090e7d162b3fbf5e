"""The gateway: its checks, in their documented order, with the documented bodies."""

from __future__ import annotations

from typing import Any

import jwt
import pytest

from pytest_aep_export.contract.dialects import dialect

JOBS = "/data/core/ups/export/jobs"
MISSING_TOKEN = (403, {"error_code": "403010", "message": "Oauth token is missing."})
BAD_TOKEN = (401, {"error_code": "401013", "message": "Oauth token is not valid"})
NO_KEY = (403, {"error_code": "403000", "message": "Api Key is required"})
BAD_KEY = (403, {"error_code": "403003", "message": "Api Key is invalid"})
NO_HEADER = (400, {"error_code": "400003", "message": "Missing header"})
OTHER_ORG = (403, {"error_code": "403025", "message": "Profile is not valid"})
BAD_ORG = (403, {"error_code": "403027", "message": "User region is missing"})


def _answer(api, **options: Any) -> tuple[int, dict[str, Any]]:
    response = api.send("GET", JOBS, **options).response
    assert response.headers["content-type"] == "application/json"
    assert response.headers["x-request-id"]
    return response.status, response.json()


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"without": {"authorization"}}, MISSING_TOKEN),
        ({"headers": {"authorization": ""}}, MISSING_TOKEN),
        ({"headers": {"authorization": "Bearer"}}, MISSING_TOKEN),
        ({"headers": {"authorization": "Basic abc"}}, MISSING_TOKEN),
        ({"headers": {"authorization": "Bearer abc"}}, BAD_TOKEN),
        ({"headers": {"authorization": "Bearer a.b.c"}}, BAD_TOKEN),
        ({"without": {"x-api-key"}}, NO_KEY),
        ({"headers": {"x-api-key": ""}}, NO_KEY),
        ({"headers": {"x-api-key": "other"}}, BAD_KEY),
        ({"without": {"x-gw-ims-org-id"}}, NO_HEADER),
        ({"headers": {"x-gw-ims-org-id": "abc@AdobeOrg"}}, BAD_ORG),
        ({"headers": {"x-gw-ims-org-id": "0" * 24 + "@adobeorg"}}, BAD_ORG),
        ({"headers": {"x-gw-ims-org-id": "0" * 24 + "@AdobeOrg"}}, OTHER_ORG),
        ({"without": {"x-sandbox-name"}}, NO_HEADER),
    ],
)
def test_each_check_has_its_documented_answer(api, options, expected):
    """Status and body are those of the documentation, to the full stop (auth-and-headers section 4.1)."""
    assert _answer(api, **options) == expected


def test_an_unknown_sandbox_is_refused_by_name(api):
    """No source says how: a choice of ours that names the header and the value."""
    status, body = _answer(api, headers={"x-sandbox-name": "dev"})
    assert (status, body["error_code"]) == (404, "404003")
    assert "x-sandbox-name" in body["message"]
    assert "'dev'" in body["message"]


BROKEN = [
    ("authorization", MISSING_TOKEN),
    ("x-api-key", NO_KEY),
    ("x-gw-ims-org-id", NO_HEADER),
    ("x-sandbox-name", NO_HEADER),
]


@pytest.mark.parametrize("first", range(len(BROKEN)))
def test_the_first_check_that_fails_answers(api, first):
    """With several headers missing at once, and a body that is wrong too, the earliest in the order is named."""
    without = {name for name, _ in BROKEN[first:]}
    response = api.send("POST", JOBS, body=b"{", without=without).response
    assert (response.status, response.json()) == BROKEN[first][1]


def test_an_unknown_route_is_found_before_the_token_is_looked_at(api):
    """404 and 405 answer without any header: the route is the first check."""
    everything = {name for name, _ in BROKEN}
    assert api.send("GET", "/data/core/ups/export", without=everything).response.status == 404
    assert api.send("PUT", JOBS, without=everything).response.status == 405


def test_a_missing_token_is_401_where_the_dialect_says_so(make_api):
    """The table of statuses reads 401 where the code says 403 (D-16): the organisation's dialect decides."""
    api = make_api(dialect=dialect("openapi"))
    assert _answer(api, without={"authorization"}) == (401, MISSING_TOKEN[1])


def test_a_token_expires_by_the_organisations_clock(api):
    """A token is good for a day less a second of virtual time, and not for an instant longer."""
    api.tenant.clock.tick = lambda: None
    api.target.token()
    api.tenant.clock.advance(milliseconds=86_399_000 - 1)
    assert _answer(api)[0] == 200
    api.tenant.clock.advance(milliseconds=1)
    assert _answer(api) == BAD_TOKEN
    api.target._tokens.clear()
    assert _answer(api)[0] == 200


def test_a_token_of_another_integration_does_not_fit(make_api):
    """Another organisation's token with this one's key fails at the key, and with its own key at the organisation."""
    mine, theirs = make_api(), make_api()
    authorization = f"Bearer {theirs.target.token()}"
    assert _answer(mine, headers={"authorization": authorization}) == BAD_KEY
    headers = {"authorization": authorization, "x-api-key": theirs.tenant.credentials.client_id}
    assert _answer(mine, headers=headers) == OTHER_ORG


def test_a_forged_token_is_refused(api):
    """A token that says the right things under another signature is not valid."""
    claims = jwt.decode(api.target.token(), options={"verify_signature": False})
    forged = jwt.encode(claims, b"k" * 32, algorithm="HS256")
    assert _answer(api, headers={"authorization": f"Bearer {forged}"}) == BAD_TOKEN


def test_a_deleted_tenants_token_is_no_longer_valid(api):
    """What belonged to a deleted organisation is refused like a token that never was."""
    assert _answer(api)[0] == 200
    api.tenant.delete()
    assert _answer(api) == BAD_TOKEN


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": "bearer {}"},
        {"authorization": "BEARER {}"},
        {"authorization": "Bearer   {}"},
        {"accept": "application/vnd.adobe.xdm+json"},
        {"accept": "text/html"},
        {"content-type": "application/json"},
        {"content-type": "text/plain;charset=odd"},
        {"x-anything": "at all", "user-agent": "x"},
        {"x-sandbox-id": "1"},
    ],
)
def test_what_real_clients_send_is_accepted(api, headers):
    """Any case of the scheme, any Accept, a Content-Type on GET, unknown headers: JSON comes back (real-clients)."""
    token = api.target.token()
    status, body = _answer(api, headers={name: value.format(token) for name, value in headers.items()})
    assert (status, body["records"]) == (200, [])


def test_a_request_keeps_its_id(api):
    """The answer repeats ``x-request-id``; a request without one is given 32 letters and digits, each its own."""
    assert api.send("GET", JOBS, headers={"x-request-id": "abc-1"}).response.headers["x-request-id"] == "abc-1"
    made = [api.send("GET", JOBS).response.headers["x-request-id"] for _ in range(2)]
    assert made[0] != made[1]
    assert all(len(each) == 32 and each.isalnum() for each in made)


def test_the_date_is_the_organisations(api):
    """``Date`` reads the virtual clock, and stands once in every answer."""
    api.tenant.clock.advance(days=1)
    response = api.send("GET", JOBS).response
    assert [value for name, value in response.headers.raw if name.lower() == "date"] == [
        "Thu, 02 May 2024 00:00:00 GMT"
    ]


def test_every_exchange_is_in_its_organisations_journal(api):
    """Admitted and refused requests alike are recorded, in order, with their operation and time."""
    api.dataset()
    api.tenant.journal.clear()
    begin = api.tenant.clock.advance(seconds=1)
    api.send("GET", JOBS)
    api.send("POST", JOBS, body=b"{")
    api.send("GET", f"{JOBS}/1", without={"authorization"})
    journal = api.tenant.journal.exchanges
    assert [(e.operation, e.response.status) for e in journal] == [
        ("listExportJobs", 200),
        ("createExportJob", 400),
        ("getExportJob", 403),
    ]
    assert [e.at - begin for e in journal] == [100, 200, 200], "an admitted request takes 100 ms, a refused one none"
    assert journal[1].request.body == b"{"
    assert journal[0].response.json()["records"] == []


def test_an_exchange_of_nobody_is_kept_apart(api, aep_server):
    """A request that names no organisation is in no tenant's journal but among the strays."""
    api.tenant.journal.clear()
    before = len(aep_server.emulator.stray)
    api.send("GET", JOBS, without={"authorization", "x-gw-ims-org-id"})
    assert [e.response.status for e in aep_server.emulator.stray[before:]] == [403]
    assert not len(api.tenant.journal)


@pytest.mark.parametrize("change", [{"x-gw-ims-org-id": "other"}, {"x-api-key": "other"}, {"x-sandbox-name": "other"}])
def test_a_refusal_is_in_the_journal_of_whoever_sent_the_token(make_api, change):
    """Naming another organisation does not write into its journal."""
    api, other = make_api(), make_api()
    change = {name: other.tenant.credentials.org_id if "org" in name else value for name, value in change.items()}
    exchange = api.send("GET", JOBS, headers=change)
    assert exchange.response.status in {403, 404}
    assert [one.response.status for one in api.tenant.journal.of("listExportJobs")] == [exchange.response.status]
    assert other.tenant.journal.of("listExportJobs") == ()
