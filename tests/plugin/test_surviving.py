"""``@aep_survives``: a client's own test under many variations, and the one variation that breaks it."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from functools import cache
from itertools import count

import pytest

from pytest_aep_export.emulator.variation import draw

HEAD = """
    import httpx
    import pytest
    from pytest_aep_export import aep_survives

    @pytest.fixture(scope="module")
    def http():
        with httpx.Client(verify=False) as opened:
            yield opened

    @pytest.fixture
    def ask(aep_server, aep_emulator, aep_client, aep_dataset, http):
        # A client without any tolerance; what it needs before is done by one that has some.
        who = aep_emulator.credentials
        token = http.post(
            aep_server.url + "/ims/token/v3",
            data={"grant_type": "client_credentials", "client_id": who.client_id,
                  "client_secret": who.client_secret, "scope": "openid"},
        ).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}", "x-api-key": who.client_id, "x-gw-ims-org-id": who.org_id,
                   "x-sandbox-name": who.sandbox}

        def send(method, path, json=None, **more):
            return http.request(method, aep_server.url + path, json=json, headers=headers | more)

        return send

    JOBS = "/data/core/ups/export/jobs"
    SETS = "/data/foundation/catalog/dataSets"

    @pytest.fixture
    def job(ask, aep_client, aep_dataset):
        return aep_client.create_export_job(aep_dataset.id)
"""

NAIVE: dict[str, tuple[str, set[tuple[str, str]]]] = {
    "spelling": (
        (
            "ask('POST', JOBS, {'destination': {'datasetId': SET}, 'schema': {'name': '_xdm.context.profile'}})"
            ".json()['destination']['datasetId']"
        ),
        {("dialect dataset_key", "dataSetId")},
    ),
    "cancel": ("assert ask('DELETE', f'{JOBS}/{job.id}').status_code == 204", {("dialect cancel", "message")}),
    "request id": (
        "ask('GET', JOBS).json()['records'][0]['requestId']",
        {("listExportJobs /records/*/requestId", "absent")},
    ),
    "whole id": (
        "assert int(ask('GET', f'{JOBS}/{job.id}').json(parse_float=str)['id']) == job.id",
        {("getExportJob /id", "fraction")},
    ),
    "end of list": (
        "n = (ask('GET', JOBS).json().get('link') or {}).get('next'); assert n is None or n == '' or n.startswith('/')",
        {("listExportJobs /link/next", "empty object")},
    ),
    "relative": (
        (
            "aep_client.create_export_job(SET); "
            "assert ask('GET', JOBS + '?limit=1').json()['link']['next'].startswith('/')"
        ),
        {("listExportJobs /link/next", "absolute")},
    ),
    "media type": (
        "assert ask('GET', JOBS).headers['content-type'].startswith('application/json')",
        {("listExportJobs media type", "of xdm")},
    ),
    "known members": (
        "assert not [k for k in ask('GET', f'{JOBS}/{job.id}').json() if 'Later' in k]",
        {("getExportJob /", "more members")},
    ),
    "searching": (
        "assert 'jobType' in ask('GET', f'{JOBS}/{job.id}').text",
        {("getExportJob letters", "escaped")},
    ),
    "length": (
        "assert int(ask('GET', f'{JOBS}/{job.id}').headers['content-length']) > 2",
        {("getExportJob framing", "chunked"), ("getExportJob framing", "in pieces")},
    ),
    "case": (
        "assert b'content-type' in [n for n, _ in ask('GET', f'{JOBS}/{job.id}').headers.raw]",
        {("getExportJob headers", "Capitals"), ("getExportJob headers", "CAPITALS")},
    ),
    "no gzip": (
        "ask('GET', JOBS, **{'accept-encoding': 'gzip'}).headers.get('content-encoding') and pytest.fail('gzip')",
        {("listExportJobs encoding", "gzip")},
    ),
    "no token": (
        "assert ask('GET', JOBS, Authorization='').status_code == 403",
        {("dialect missing_token_status", "401")},
    ),
    "error code": (
        "assert isinstance(ask('GET', JOBS, Authorization='').json()['error_code'], str)",
        {("listExportJobs refusal /error_code", "number")},
    ),
    "reference": (
        (
            "ref = ask('POST', SETS, {'name': 'x', 'schemaRef': {'id': 'https://ns.adobe.com/xdm/context/profile__union'}})"
            ".json()[0]; assert ref.startswith('@/dataSets/')"
        ),
        {("dialect dataset_path", "@/datasets/")},
    ),
    "location": (
        (
            "m = ask('POST', JOBS, {'destination': {'datasetId': SET}, 'schema': {'name': '_xdm.context.profile'}}); "
            "assert m.headers['x-location'].startswith('http')"
        ),
        {("createExportJob header x-location", "absent"), ("createExportJob header x-location", "relative")},
    ),
}


@cache
def first_plan(seed: int) -> set[tuple[str, str]]:
    """What a test is run with first."""
    return {(each.place, each.choice) for each in draw(f"{seed}/0")}


def seed_with(wanted: set[tuple[str, str]]) -> int:
    """The seed whose first plan is the shortest that has one of some choices."""
    return min((seed for seed in range(100) if wanted & first_plan(seed)), key=lambda seed: len(first_plan(seed)))


def test_each_naive_client_breaks_at_its_own_variation(run: Callable[..., pytest.RunResult]):
    """Every one relies on a single choice, and is shown that one and no other, as data that runs again."""
    tests = "\n".join(
        f"""
    @aep_survives(seed={seed_with(expected)})
    def test_{name.replace(" ", "_")}(ask, job, aep_client, aep_dataset):
        SET = aep_dataset.id
        {line}
"""
        for name, (line, expected) in NAIVE.items()
    )
    done = run(HEAD + tests, "--tb=line")
    done.assert_outcomes(failed=len(NAIVE))
    found = re.findall(r"@aep_survives\(only=(\[.*\])\)", done.stdout.str())
    wrong = {
        name: said
        for (name, (_, expected)), said in zip(NAIVE.items(), map(ast.literal_eval, found), strict=True)
        if len(said) != 1 or said[0] not in expected
    }
    assert wrong == {}


CANCELS = f"""
{HEAD}
    MARK
    def test_it(ask, job):
        print("cancelling")
        assert ask("DELETE", f"{{JOBS}}/{{job.id}}").status_code == 204
"""


def test_what_is_told(run: Callable[..., pytest.RunResult]):
    """One failed test, with the variation as data and two ways to see it again; what it printed is of one run."""
    done = run(CANCELS.replace("MARK", "@aep_survives()"))
    done.assert_outcomes(failed=1)
    data = '[{"place": "dialect cancel", "choice": "message"}]'
    done.stdout.fnmatch_lines(
        [
            "*assert 200 == 204*",
            "*aep_survives*",
            "The test fails with this one variation, found with plan * of 200:",
            "  dialect cancel: message  (documented: openapi)",
            f"As data: {data}".replace("[", "[[]"),
            f"Run it again: pytest test_what_is_told.py::test_it --aep-vary '{data}'".replace("[", "[[]"),
            "Or as a test: @aep_survives(only=[[]('dialect cancel', 'message')])",
        ]
    )
    assert done.stdout.str().count("cancelling\n") == 1


def test_one_plan_can_be_run_again(run: Callable[..., pytest.RunResult]):
    """By the option, which holds for any test, and by ``only``; a plan that does no harm is survived."""
    data = '[{"place": "dialect cancel", "choice": "message"}]'
    for mark, options in (
        ("@aep_survives()", ("--aep-vary", data)),
        ("", ("--aep-vary", data)),
        ("@aep_survives(only=[('dialect cancel', 'message')])", ()),
        (f"@pytest.mark.aep_emulator(vary='''{data}''')", ()),
    ):
        done = run(CANCELS.replace("MARK", mark), *options)
        done.assert_outcomes(failed=1)
        assert ("of 1:" in done.stdout.str()) is ("survives" in mark)
    run(CANCELS.replace("MARK", "@aep_survives(only=[('dialect batches', 'object')])")).assert_outcomes(passed=1)


def test_what_survives_passes(run: Callable[..., pytest.RunResult]):
    """Our clients, synchronous and not; each run has fixtures of its own, and the session one server."""
    done = run(
        """
    import asyncio, pathlib
    from pytest_aep_export import aep_survives

    runs = []

    @aep_survives(variations=20)
    def test_synchronous(aep_client, aep_dataset, aep_server, tmp_path, aep_emulator):
        runs.append((aep_emulator.credentials.org_id, tmp_path, id(aep_server)))
        job = aep_client.create_export_job(aep_dataset.id)
        aep_client.cancel_export_job(job.id)
        assert [each.id for each in aep_client.list_export_jobs()] == [job.id]

    @aep_survives(variations=10, seed=3)
    def test_asynchronous(aep_async_client):
        async def journey():
            dataset = await aep_async_client.create_dataset("x")
            job = await aep_async_client.create_export_job(dataset.id)
            assert [each.id async for each in aep_async_client.list_export_jobs()] == [job.id]

        asyncio.run(journey())

    def test_afterwards(aep_emulator):
        assert len(runs) == 21
        assert [len(set(column)) for column in zip(*runs)] == [21, 21, 1]
        assert aep_emulator.behaviour.dialect.cancel == "empty"
    """
    )
    done.assert_outcomes(passed=3)


def test_other_plugins_run_and_report_it(pytester: pytest.Pytester):
    """Coroutines, which pytest-asyncio runs, run again as any test; a report of pytest-xdist lacks nothing."""
    pytester.makepyfile(
        CANCELS.replace("MARK", "@aep_survives()")
        + """
    runs = []

    @aep_survives(variations=5)
    async def test_again(aep_async_client):
        runs.append((await aep_async_client.create_dataset("x")).id)

    def test_afterwards():
        assert len(runs) == 6
"""
    )
    pytester.makeini("[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\n")
    without = (word for name in ("randomly", "schemathesis", "hypothesispytest") for word in ("-p", f"no:{name}"))
    done = pytester.runpytest_subprocess("-n1", *without)
    done.assert_outcomes(passed=2, failed=1)
    done.stdout.fnmatch_lines(["Or as a test: @aep_survives(only=[[]('dialect cancel', 'message')])"])


def test_a_test_that_fails_anyway_is_not_blamed_on_variations(run: Callable[..., pytest.RunResult]):
    """It runs as it is first: failed, skipped, and expected to fail come out as ever."""
    done = run(
        f"""
{HEAD}
    runs = []

    @aep_survives()
    def test_fails(job):
        runs.append("fails")
        assert False, "always"

    @aep_survives()
    def test_skips(job):
        runs.append("skips")
        pytest.skip("not today")

    @pytest.mark.xfail(strict=True)
    @aep_survives()
    def test_expected(ask, job):
        assert ask("DELETE", f"{{JOBS}}/{{job.id}}").status_code == 204

    @pytest.mark.xfail(strict=True)
    @aep_survives(variations=3)
    def test_survives_after_all(job):
        runs.append("survives")

    def test_afterwards():
        assert runs == ["fails", "fails", "skips", "skips", *["survives"] * 4]
    """
    )
    done.assert_outcomes(passed=1, failed=2, skipped=1, xfailed=1)
    assert "XPASS(strict)" in done.stdout.str()
    assert "this one variation" not in done.stdout.str()


def test_a_client_that_is_left_to_chance(run: Callable[..., pytest.RunResult]):
    """A failure that does not come back is reported all the same, and called what it is."""
    done = run(
        """
    from pytest_aep_export import aep_survives

    runs = []

    @aep_survives()
    def test_it(aep_client):
        runs.append(1)
        assert len(runs) != 3
    """
    )
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["It does not fail each time: something in it is left to chance."])


def test_damage_is_tried_where_it_is_asked_for(run: Callable[..., pytest.RunResult]):
    """A client that lets Python's own errors out is shown the damage, which nobody says to be documented."""
    seed = next(number for number in count() if draw(f"{number}/0", "damage")[0].place == "getExportJob body")
    done = run(
        f"""
{HEAD}
    @aep_survives(level="damage", seed={seed}, variations=2)
    def test_it(ask, job):
        ask("GET", f"{{JOBS}}/{{job.id}}").json()["status"].lower()
    """
    )
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["  getExportJob *  (damage, which no source allows)", "Or as a test: *, level=*damage*"])


@pytest.mark.parametrize(
    ("mark", "complaint"),
    [
        ("@aep_survives(variations=0)", "variations=0 cannot be used: expected a whole number from 1 on"),
        ("@aep_survives(level='odd')", "level='odd' is unknown: use documented or damage"),
        ("@pytest.mark.aep_survives(often=3)", "marker aep_survives does not know often"),
        ("@aep_survives()\n    @pytest.mark.aep_emulator(vary=3)", "the marker aep_emulator varies answers as well"),
        ("@aep_survives(only=[('dialect cancel', 'never')])", "'dialect cancel' has no choice 'never': use 'message'"),
    ],
)
def test_a_mark_that_is_written_wrong(run: Callable[..., pytest.RunResult], mark: str, complaint: str):
    """Nothing runs, and one sentence says why."""
    done = run(f"{HEAD}\n    {mark}\n    def test_it(aep_client): ...\n")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    assert complaint in done.stderr.str() + done.stdout.str()


def test_a_test_without_the_emulator(run: Callable[..., pytest.RunResult]):
    """There would be nothing to vary."""
    done = run("from pytest_aep_export import aep_survives\n\n@aep_survives()\ndef test_it(aep_contract): ...\n")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    assert "the test uses no emulator: let it take aep_client" in done.stderr.str() + done.stdout.str()


def test_a_plan_of_the_command_line_that_is_none(run: Callable[..., pytest.RunResult]):
    """It is refused before anything runs."""
    done = run("def test_it(aep_client): ...", "--aep-vary", "[")
    assert "'the text' holds no plan" in done.stderr.str() + done.stdout.str()
