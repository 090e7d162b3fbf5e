"""What fails a test although its own assertions hold."""

from __future__ import annotations


def test_an_unknown_route_fails_the_test_that_called_it(run):
    """The report names method and route, gives a command without secrets, and the next test is not blamed."""
    result = run(
        """
        def test_wrong(aep_target):
            assert aep_target.send("GET", "/data/core/ups/exports/jobs").response.status == 404
        def test_right(aep_target):
            assert aep_target.send("GET", "/data/core/ups/export/jobs").response.status == 200
        """
    )
    result.assert_outcomes(passed=2, errors=1)
    text = result.stdout.str()
    assert "ERROR at teardown of test_wrong" in text
    [line] = [line for line in result.outlines if "is not emulated" in line and line.startswith("GET")]
    assert line.startswith("GET /data/core/ups/exports/jobs is not emulated; repeat it with: curl -X GET http://127")
    assert "'authorization: REDACTED'" in line
    assert "eyJ" not in text


def test_a_method_that_a_route_does_not_have_fails_the_test(run):
    """A 405 is a call that the contract does not know, too."""
    result = run('def test_it(aep_target): aep_target.send("PUT", "/data/core/ups/export/jobs")')
    result.assert_outcomes(passed=1, errors=1)
    assert "PUT /data/core/ups/export/jobs is not emulated" in result.stdout.str()


def test_a_call_of_nobody_fails_the_test_that_ran(run):
    """A client that names no organisation is found as well."""
    result = run(
        """
        import httpx
        def test_it(aep_emulator, aep_server):
            httpx.get(aep_server.url + "/nothing")
        """
    )
    result.assert_outcomes(passed=1, errors=1)
    assert "GET /nothing is not emulated" in result.stdout.str()


def test_a_defect_of_the_emulator_fails_the_test(run):
    """A bug of ours is called one, and is not the user's to look for."""
    result = run(
        """
        from pytest_aep_export.emulator import exporting
        def test_it(aep_client, aep_dataset, monkeypatch):
            def crash(*arguments):
                raise RuntimeError
            monkeypatch.setattr(exporting, "compute", crash)
            job = aep_client.create_export_job(dataset_id=aep_dataset.id)
            aep_client.get_export_job(job.id)
            assert aep_client.get_export_job(job.id).status == "FAILED"
        """
    )
    result.assert_outcomes(passed=1, errors=1)
    assert (
        "the emulator broke its own contract, which is a bug of pytest-aep-export: the export of job"
        in result.stdout.str()
    )


def test_a_refusal_that_a_test_provokes_is_no_failure(run):
    """Answers of the contract's own are a test's business, 4xx included."""
    result = run(
        """
        def test_it(aep_target):
            assert aep_target.send("GET", "/data/core/ups/export/jobs/1").response.status == 404
            assert aep_target.send("POST", "/data/core/ups/export/jobs", body=b"{").response.status == 400
        """
    )
    result.assert_outcomes(passed=1)


def test_no_secret_stands_in_a_failed_comparison(run):
    """What differs is explained, and may be a token: nothing of it is shown, however much is asked for."""
    source = """
        import pytest
        from pytest_aep_export import Credentials, Exchange, Request, Response
        from pytest_aep_export.exchange import Headers

        def made(secret):
            headers = Headers({"authorization": f"Bearer {secret}"})
            form = f"client_secret={secret}"
            request = Request("POST", f"http://h/ims?{form}", headers, form.encode())
            response = Response(200, headers, b'{"access_token": "%s"}' % secret.encode())
            return [Credentials(secret, secret, "org"), headers, request, response, Exchange(request, response)]

        @pytest.mark.parametrize("number", range(5))
        def test_it(number):
            one, other = made("hid" + "den-1")[number], made("hid" + "den-2")[number]
            assert one == other
    """
    result = run(source, "-vv")
    result.assert_outcomes(failed=5)
    assert "hidden-" not in result.stdout.str()
