"""The server, the fixtures and ``serve --query-port``: how a user gets at SQL, and what is said where it cannot be."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import threading

import psycopg
import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from pytest_aep_export import Emulator
from pytest_aep_export.cli import main
from pytest_aep_export.cli.serve import connection_schema
from pytest_aep_export.emulator.query import QueryServer
from pytest_aep_export.errors import ConfigurationError

SERVE = ["serve", "--profiles", "0"]
COMMAND = [sys.executable, "-c", "from pytest_aep_export.cli import main; main()", *SERVE]


def test_the_fixture_is_a_login_of_the_tests_own_tenant(pytester: pytest.Pytester):
    """Each test has its own organisation's login, on one server for the session."""
    pytester.makepyfile(
        """
        import psycopg
        kept = []
        def ask(login, sql="SELECT current_user"):
            with psycopg.connect(**login.parameters) as connection:
                return connection.execute(sql).fetchone()[0]
        def test_one(aep_query, aep_emulator, aep_export_job):
            assert ask(aep_query) == aep_emulator.credentials.org_id
            rows = len(aep_emulator.expected(aep_export_job))
            assert ask(aep_query, "SELECT count(*) FROM profile_data_export") == rows
            kept.append(aep_query)
        def test_two(aep_query, aep_query_server, aep_emulator):
            assert ask(aep_query) == aep_emulator.credentials.org_id != kept[0].user
            assert aep_query.port == kept[0].port == aep_query_server.port
            other = aep_query_server.login(aep_emulator.sandbox("dev"))
            assert ask(other, "SELECT current_database()") == "dev:all"
        """
    )
    result = pytester.runpytest_subprocess("-p", "no:randomly", "-n0")
    result.assert_outcomes(passed=2)


def test_who_asks_for_the_server_without_the_extra_is_told(monkeypatch: pytest.MonkeyPatch):
    """The sentence names the extra; the rest of the emulator needs it not."""
    for name in [name for name in sys.modules if name.startswith("pytest_aep_export.emulator.query.wire")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pg_mimic", None)
    with Emulator(profiles=0) as emulator, pytest.raises(ConfigurationError, match=r"pytest-aep-export\[query\]"):
        QueryServer(emulator)


def test_nothing_of_the_extra_is_loaded_before_it_is_needed():
    """Importing the package, the emulator or what makes a login loads neither DuckDB nor the rest."""
    code = (
        "import sys, pytest_aep_export.emulator, pytest_aep_export.emulator.query as query; query.Login, query.Bounds\n"
        "import pytest_aep_export.emulator.query.server\n"
        "print([n for n in ('duckdb', 'pg_mimic', 'sqlglot') if n in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_only_loopback_is_listened_on_unless_somebody_insists():
    """An address that others reach has to be allowed."""
    with Emulator(profiles=0) as emulator:
        with pytest.raises(ConfigurationError, match=r"0\.0\.0\.0 is not a loopback address"):
            QueryServer(emulator, "0.0.0.0")
        with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(ConfigurationError, match="listened on"):
            QueryServer(emulator, port=taken.getsockname()[1])
        with QueryServer(emulator, "0.0.0.0", allow_remote=True) as server:
            assert server.port


def test_a_server_that_stopped_leaves_nothing():
    """No thread, and its port is free; another one may start."""
    with Emulator(profiles=0) as emulator:
        before = threading.active_count()
        with QueryServer(emulator) as server:
            login = server.login(emulator.create_tenant())
            with psycopg.connect(**login.parameters) as connection:
                connection.execute("SELECT 1")
        assert threading.active_count() == before
        with QueryServer(emulator, port=server.port):
            pass


def test_serve_says_how_to_log_in(monkeypatch: pytest.MonkeyPatch):
    """With ``--query-port`` what is printed holds the variables of libpq, and they work."""
    process = subprocess.Popen([*COMMAND, "--query-port", "0", "--json"], stdout=subprocess.PIPE, text=True)
    watchdog = threading.Timer(60, process.kill)
    watchdog.start()
    with process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        Draft202012Validator(connection_schema()).validate(ready)
        assert ready["query"]["PGUSER"] == ready["org_id"]
        assert ready["query"]["PGDATABASE"] == "prod:all"
        for name, value in ready["query"].items():
            monkeypatch.setenv(name, value)
        with psycopg.connect() as connection:
            assert connection.execute("SELECT current_user").fetchone() == (ready["org_id"],)
        process.send_signal(signal.SIGTERM)
    watchdog.cancel()
    assert process.returncode == 0


def test_serve_prints_exports_for_a_shell():
    """The form for people holds the same variables."""
    process = subprocess.Popen([*COMMAND, "--query-port", "0"], stdout=subprocess.PIPE, text=True, bufsize=1)
    watchdog = threading.Timer(60, process.kill)
    watchdog.start()
    with process:
        assert process.stdout is not None
        lines = []
        while not lines or "PGGSSENCMODE" not in lines[-1]:
            lines.append(process.stdout.readline())
        process.send_signal(signal.SIGTERM)
    watchdog.cancel()
    said = "".join(lines)
    assert re.search(r"^  export PGPORT=\d+$", said, re.MULTILINE)
    assert "  export PGDATABASE=prod:all\n" in said


def test_serve_without_the_option_says_nothing_of_sql():
    """Nothing but the API is served unless SQL is asked for, and a port that is taken is said to be."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = CliRunner().invoke(main, [*SERVE, "--query-port", port])
    assert done.exit_code == 3
    assert f"127.0.0.1:{port} cannot be listened on" in done.stderr
