"""What a client's own tests can assert of what it sent."""

from __future__ import annotations

from collections.abc import Callable

import pytest

HEAD = """
    import httpx
    import pytest
    JOBS = "/data/core/ups/export/jobs"
"""


def lines_of(result: pytest.RunResult) -> list[str]:
    """What a failure says, line by line."""
    return [line[8:] for line in result.outlines if line.startswith("E   ")]


def test_a_client_that_conforms(run: Callable[..., pytest.RunResult]):
    """What our own client sends keeps every requirement, whatever the level, in success and in failure."""
    run(
        """
    import pytest
    from pytest_aep_export import JudgedJournal, Journal
    from pytest_aep_export.errors import JobFailedError

    @pytest.mark.parametrize("level", ["MUST", "SHOULD", "MAY"])
    def test_export(aep_client, aep_export_job, aep_journal, level):
        assert aep_client.read_table(aep_export_job).num_rows
        assert isinstance(aep_journal, JudgedJournal) and isinstance(aep_journal, Journal)
        aep_journal.assert_conforms(level)

    @pytest.mark.aep_emulator(persona="list-never-ends")
    def test_wrong_server(aep_client, aep_dataset, aep_journal):
        aep_client.create_export_job(aep_dataset.id)
        with pytest.raises(Exception):
            list(aep_client.list_export_jobs())
        aep_journal.assert_conforms("MAY")
    """
    ).assert_outcomes(passed=4)


def test_a_client_that_does_not(run: Callable[..., pytest.RunResult]):
    """The failure explains each MUST that is broken, shows the exchange without secrets, and no other requirement."""
    result = run(
        f"""
{HEAD}
    def ask(client, url, **more):
        headers = {{"authorization": f"Bearer {{client.token()}}", "x-api-key": "k", "x-sandbox-name": "prod"}}
        httpx.get(f"{{url}}{{JOBS}}", headers=headers, trust_env=False, params={{"size": "5"}})

    def test_must(aep_client, aep_server, aep_journal):
        ask(aep_client, aep_server.url)
        aep_journal.assert_conforms()
    """
    )
    result.assert_outcomes(failed=1)
    said = lines_of(result)
    assert said[0].endswith("AssertionError: the client does not keep 2 MUST:")
    start = said.index("EXP-CLI-003 MUST: A client sends the four headers with every call")
    labels = [line.partition(":")[0].strip() for line in said[start + 1 : start + 7]]
    assert labels == ["required", "expected", "found", "exchange", "repeat it with", "explained by"]
    assert said[start + 3] == "  found: without x-gw-ims-org-id"
    assert said[start + 4] == "  exchange: GET /data/core/ups/export/jobs, answered with 403"
    assert "curl -X GET 'http://127.0.0.1:" in said[start + 5]
    assert "REDACTED" in said[start + 5]
    assert said[start + 6] == "  explained by: aep-export explain EXP-CLI-003"
    assert any("EXP-CLI-007 MUST" in line for line in said)
    assert not any("SHOULD" in line for line in said)
    assert "eyJ" not in result.stdout.str()


def test_a_should(run: Callable[..., pytest.RunResult]):
    """A SHOULD counts where it is asked for."""
    result = run(
        f"""
{HEAD}
    @pytest.mark.parametrize("level", ["MUST", "SHOULD"])
    def test_should(aep_target, aep_journal, level):
        aep_target.send("GET", f"{{JOBS}}?size=5")
        aep_journal.assert_conforms(level)
    """
    )
    result.assert_outcomes(passed=1, failed=1)
    assert lines_of(result)[0].endswith("AssertionError: the client does not keep 1 SHOULD:")
    result.stdout.fnmatch_lines(["*EXP-CLI-009 SHOULD: *", "*found: size*", "*aep-export explain EXP-CLI-009"])


def test_an_empty_journal(run: Callable[..., pytest.RunResult]):
    """A test whose client never called the emulator has shown nothing, and does not pass."""
    result = run(
        """
    def test_nothing(aep_journal):
        aep_journal.assert_conforms()
    """
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*this test exchanged nothing with the emulator*base_url=aep_server.url*"])


def test_requests_that_belong_to_nobody(run: Callable[..., pytest.RunResult]):
    """A client without headers has broken a requirement; the journal of a test that comes later has none of it."""
    result = run(
        f"""
{HEAD}
    def test_bare(aep_server, aep_journal):
        for _ in range(2):
            httpx.get(f"{{aep_server.url}}{{JOBS}}", trust_env=False)
        aep_journal.assert_conforms()

    def test_mixed(aep_client, aep_dataset, aep_server, aep_journal):
        httpx.get(f"{{aep_server.url}}{{JOBS}}", trust_env=False)
        aep_journal.assert_conforms()

    def test_cleared(aep_client, aep_server, aep_journal):
        httpx.get(f"{{aep_server.url}}{{JOBS}}", trust_env=False)
        aep_journal.clear()
        list(aep_client.list_export_jobs())
        aep_journal.assert_conforms()

    def test_later(aep_client, aep_journal):
        list(aep_client.list_export_jobs())
        assert aep_journal.strays == ()
        aep_journal.assert_conforms()
    """
    )
    result.assert_outcomes(failed=2, passed=2)
    assert sum(line.startswith("EXP-CLI-003 MUST") for line in lines_of(result)) == 2
    result.stdout.fnmatch_lines(["*found: without authorization, x-api-key, x-gw-ims-org-id, x-sandbox-name"])


def test_requests_that_belong_to_nobody_and_are_right_in_themselves(run: Callable[..., pytest.RunResult]):
    """Where a client works as somebody else, that is said instead of nothing."""
    result = run(
        """
    import httpx

    def test_stranger(aep_server, aep_journal):
        form = {"grant_type": "client_credentials", "client_id": "someone", "client_secret": "else", "scope": "openid"}
        httpx.post(f"{aep_server.url}/ims/token/v3", data=form, trust_env=False)
        aep_journal.assert_conforms()
    """
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["*none of this test's 1 requests belongs to its tenant, such as POST /ims/token/v3, answered with 4*CLI-003*"]
    )


def test_an_unknown_level(run: Callable[..., pytest.RunResult]):
    """A level that there is not is one clear sentence."""
    result = run(
        """
    def test_level(aep_client, aep_journal):
        list(aep_client.list_export_jobs())
        aep_journal.assert_conforms("must")
    """
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E *ConfigurationError: 'must' is no level: use MUST, SHOULD or MAY"])


def test_a_journal_that_was_too_small(run: Callable[..., pytest.RunResult]):
    """Where exchanges had to make room nothing is judged by the rest, and the failure says what to do."""
    result = run(
        """
    def test_much(aep_client, aep_journal):
        aep_journal._capacity = 2
        aep_client.create_export_job(aep_client.create_dataset("x").id)
        aep_journal.assert_conforms()
    """
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*1 exchanges had to make room in the journal*aep_journal.clear()*"])


def test_an_exchange_that_was_expected(run: Callable[..., pytest.RunResult]):
    """What was exchanged is found by operation or by method and path, by query, and by members of a JSON or a form."""
    run(
        """
    def test_all(aep_client, aep_dataset, aep_journal):
        job = aep_client.create_export_job(aep_dataset.id, fields=["personID"])
        aep_client.get_export_job(job.id)
        list(aep_client.list_export_jobs(limit=5, status="NEW"))
        (created,) = aep_journal.assert_exchanged("createExportJob", 1)
        assert created.response.json()["id"] == job.id
        wanted = {"destination": {"datasetId": aep_dataset.id}, "schema": {"name": "_xdm.context.profile"}}
        assert aep_journal.assert_exchanged("createExportJob", times=1, body=wanted) == (created,)
        aep_journal.assert_exchanged("GET /data/core/ups/export/jobs/*", 1)
        aep_journal.assert_exchanged("* /data/core/ups/export/jobs*", 3)
        aep_journal.assert_exchanged("listExportJobs", query={"limit": 5, "status": "NEW"})
        aep_journal.assert_exchanged("requestToken", body={"grant_type": "client_credentials"})
        aep_journal.assert_exchanged("cancelExportJob", 0)
    """
    ).assert_outcomes(passed=1)


NEAR = [
    (
        'aep_journal.assert_exchanged("listExportJobs", query={"limit": 5})',
        [
            "AssertionError: listExportJobs was expected at least once with query.limit '5', but it never came",
            "near: GET http://127.0.0.1:*/data/core/ups/export/jobs?limit=2",
            "  query.limit: expected '5', found '2'",
        ],
    ),
    (
        'aep_journal.assert_exchanged("createExportJob", body={"schema": {"name": "x"}, "filter": {"a": {}}})',
        [
            "AssertionError: createExportJob was expected * body.schema.name 'x', body.filter.a {}, but it never came",
            "near: POST http://127.0.0.1:*/data/core/ups/export/jobs",
            "  body.schema.name: expected 'x', found '_xdm.context.profile'",
            "  body.filter.a: expected {}, found nothing",
        ],
    ),
    (
        'aep_journal.assert_exchanged("requestToken", body={"client_secret": "y"})',
        [
            "AssertionError: requestToken was expected at least once with body.client_secret 'y', but it never came",
            "near: POST http://127.0.0.1:*/ims/token/v3",
            "  body.client_secret: expected 'y', found 'REDACTED'",
        ],
    ),
    (
        'aep_journal.assert_exchanged("createExportJob", 3)',
        [
            "AssertionError: createExportJob was expected 3 times, but it came once",
            "this test exchanged requestToken once, createDataset once, createExportJob once, listExportJobs 5 times",
        ],
    ),
    (
        'aep_journal.assert_exchanged("DELETE /data/*")',
        [
            "AssertionError: DELETE /data/[*] was expected at least once, but it never came",
            "this test exchanged requestToken once, createDataset once, createExportJob once, listExportJobs 5 times",
        ],
    ),
    (
        'aep_journal.assert_exchanged("listExportJobs", query={"status": "NEW"})',
        [
            "AssertionError: listExportJobs was expected at least once with query.status 'NEW', but it never came",
            *["near: GET http://127.0.0.1:*", "  query.status: expected 'NEW', found nothing"] * 3,
            "and 2 more",
        ],
    ),
    (
        'aep_journal.assert_exchanged("listExportJob")',
        ["*ConfigurationError: there is no operation 'listExportJob': did you mean listExportJobs or *"],
    ),
    (
        'aep_journal.assert_exchanged("zzz")',
        ["*ConfigurationError: there is no operation 'zzz': there are cancelExportJob, createDataset, *"],
    ),
]


@pytest.mark.parametrize(("call", "lines"), NEAR, ids=[str(number) for number in range(len(NEAR))])
def test_near_misses(run: Callable[..., pytest.RunResult], call: str, lines: list[str]):
    """Where what was expected is missing, the failure shows what came nearest, where it differs, and no secret."""
    result = run(
        f"""
    def test_near(aep_client, aep_dataset, aep_journal):
        aep_client.create_export_job(aep_dataset.id)
        for limit in (1, 2, 3, 4, 6):
            list(aep_client.list_export_jobs(limit=limit))
        if "limit" in {call!r}:
            aep_journal.clear()
            list(aep_client.list_export_jobs(limit=2))
        {call}
    """
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"E  *{line}" for line in lines], consecutive=len(lines) > 1)
