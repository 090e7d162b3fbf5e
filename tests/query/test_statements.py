"""What SQL answers: the documented accesses to exported data, functions, types and parameters."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from pytest_aep_export import Tenant

SEGMENT = "52c26d0d-45f2-47a2-ab30-ed06abc981ff"
Ask = Callable[..., list[tuple[Any, ...]]]


def test_the_first_identity_of_a_namespace_is_at_position_0(ask: Ask):
    """Positions count from 0, as in the statements that are documented."""
    rows = ask("SELECT identityMap['ECID'][0].id, identityMap['ECID'][1].id FROM people ORDER BY 1")
    assert rows == [("1111", None), ("2222", "3333"), ("4444", None)]


def test_members_of_a_segment_are_found_by_their_status(ask: Ask):
    """A membership is reached by namespace and segment."""
    found = "SELECT person.name.firstName FROM people WHERE segmentMembership['ups'][%s].status = 'realized'"
    assert ask(found, SEGMENT) == [("Ada",)]


def test_the_documented_statement_lists_identities_of_members(connection: psycopg.Connection):
    """`explode` makes a row of each entry of a map, and `inline` a column of each member of its items."""
    cursor = connection.execute(
        "SELECT key, inline(value) FROM (SELECT explode(identityMap) FROM people"
        f" WHERE segmentMembership['ups']['{SEGMENT}'].status = 'realized') ORDER BY key"
    )
    assert [column.name for column in cursor.description or ()][:2] == ["key", "id"]
    assert [row[:2] for row in cursor] == [("ECID", "1111"), ("Email", "ada@example.org")]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT count(*) FROM people", [(3,)]),
        ("SELECT e.id FROM people LATERAL VIEW explode(identityMap['ECID']) AS e ORDER BY 1 DESC LIMIT 2",
         [("4444",), ("3333",)]),
        ("SELECT size(identityMap['ECID']) n, count(*) FROM people GROUP BY n ORDER BY n", [(1, 2), (2, 1)]),
        ("SELECT max(person.birthDate) FROM people", [(dt.date(1990, 1, 3),)]),
        ("SELECT nvl(person.birthDate, date '2000-01-01') FROM people WHERE person.name.firstName = 'Bob'",
         [(dt.date(2000, 1, 1),)]),
        ("SELECT person.birthDate IS NULL FROM people ORDER BY person.birthDate LIMIT 1", [(True,)]),
        ("SELECT transform(identityMap['ECID'], i -> i.id) FROM people WHERE identityMap['ECID'][0].id = '2222'",
         [(["2222", "3333"],)]),
        ("WITH a AS (SELECT 1 x UNION ALL SELECT 2) SELECT sum(x) FROM a", [(Decimal(3),)]),
        ("SELECT 'a\\' || 'b''c'", [("a\\b'c",)]),
        ('SELECT `firstName`, "firstName" FROM (SELECT person.name.firstName FROM people) ORDER BY 1 LIMIT 1',
         [("Ada", "Ada")]),
        ("/* a */ SELECT 1 -- b", [(1,)]),
        ("SELECT 1; ", [(1,)]),
        ("SHOW TABLES", [("people",)]),
    ],
)  # fmt: skip
def test_what_a_statement_answers(ask: Ask, sql: str, expected: list[tuple[Any, ...]]):
    """Functions and orders are Spark's, texts and names are quoted as PostgreSQL does."""
    assert ask(sql) == expected


def test_values_have_their_types(ask: Ask):
    """Each type of DuckDB's comes as the one that a client expects; what is nested is JSON."""
    (row,) = ask(
        "SELECT true, 1::smallint, 1::int, 1::bigint, 1.5::decimal(10,2), 1.5::float, 1.5::double, date '2020-01-02',"
        " timestamp '2020-01-02 03:04:05', 'a'::binary, null, sum(1::bigint), interval '1' month, array(1, 2),"
        " named_struct('a', 1), map('k', timestamp '2020-01-02 03:04:05')"
    )
    noon = dt.datetime(2020, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
    assert row == (
        True, 1, 1, 1, Decimal("1.50"), 1.5, 1.5, dt.date(2020, 1, 2), noon, b"a", None, Decimal(1),
        "1 mons 0 days 00:00:00.000000", [1, 2], {"a": 1}, {"k": "2020-01-02T03:04:05Z"},
    )  # fmt: skip


def test_moments_finer_than_postgresqls_are_cut(ask: Ask):
    """PostgreSQL knows no nanoseconds."""
    ((found,),) = ask("SELECT make_timestamp_ns(1577934245000001234)")
    assert str(found) == "2020-01-02 03:04:05.000001"


def test_columns_without_a_name_get_postgresqls(connection: psycopg.Connection):
    """No name tells how a statement was translated."""
    cursor = connection.execute(
        "SELECT count(*), identityMap['ECID'][0].id, max(person.birthDate)::text, 1 + 1, person.name FROM people"
        " GROUP BY ALL"
    )
    assert [column.name for column in cursor.description or ()] == ["count", "id", "max", "?column?", "name"]


@pytest.mark.parametrize("value", [True, 7, 70_000, 7_000_000_000, 1.5, Decimal("1.50"), "it's", b"\x00\xff", None,
                                   dt.date(2020, 1, 2), dt.time(1, 2),
                                   dt.datetime(2020, 1, 2, 3, tzinfo=dt.UTC)])  # fmt: skip
def test_a_parameter_is_what_it_was(ask: Ask, value: Any):
    """A parameter comes back as it went in, whatever its type."""
    assert ask("SELECT %s = %s, %s IS NULL", value, value, value) == [(None if value is None else True, value is None)]


def test_the_time_is_the_tenants(ask: Ask, tenant: Tenant):
    """Functions that ask for the time read the tenant's clock."""
    now = dt.datetime.fromtimestamp(tenant.clock.now() / 1000, dt.UTC)
    assert ask("SELECT now(), current_timestamp, current_date") == [(now, now, now.date())]
    tenant.clock.advance(hours=1)
    assert ask("SELECT now()") == [(now + dt.timedelta(hours=1),)]


@pytest.mark.parametrize(
    ("sql", "code", "said"),
    [
        ("SELEC 1", "42601", "syntax error"),
        ("SELECT sum( FROM people", "42601", "syntax error"),
        ("SELECT 'a", "42601", "syntax error"),
        ("SELECT nope FROM people", "42703", '"nope" not found'),
        ("SELECT * FROM nobody", "42P01", "nobody does not exist"),
        ("SELECT nope(1)", "42883", "nope does not exist"),
        ("SELECT 'x'::int", "22P02", "Could not convert string 'x'"),
        ("SELECT 9223372036854775807 + 1::bigint", "22003", "Overflow"),
        ("SHOW TABLES FROM", "42601", "syntax error"),
        ("SELECT string_agg(repeat('x', 1000000), '') FROM range(3000)", "53200", "needs more memory than a sandbox's"),
        ("SELECT $0", "42601", "the parameter $0 is none"),
        ("SELECT $5000", "42601", "the parameter $5000 is none"),
        ("SELECT " + "(" * 5000 + "1" + ")" * 5000, "54001", "nested too deeply"),
        ("SELECT repeat('x', 3000000) FROM generate_series(1, 100)", "54000", "bytes: at most"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(connection: psycopg.Connection, sql: str, code: str, said: str):
    """A statement that fails tells PostgreSQL's code for it, in a sentence without the translated statement."""
    with pytest.raises(psycopg.Error) as caught:
        connection.execute(sql.encode())
    assert caught.value.sqlstate == code, caught.value
    assert said in str(caught.value)
    assert "LINE" not in str(caught.value)
    assert connection.execute("SELECT 1").fetchall() == [(1,)]


def test_a_value_that_is_none_of_its_type_is_refused(connection: psycopg.Connection):
    """A parameter that cannot be read is an error of the client's."""
    with pytest.raises(psycopg.errors.InvalidParameterValue):
        connection.execute("SELECT %s::date", ("soon",))
    with pytest.raises(psycopg.errors.InvalidTextRepresentation, match="'many' is not of the type"):
        connection.execute("SELECT %s::decimal", ("many",))


@pytest.mark.parametrize("sql", ["SHOW TABLES; SELECT %s::int", "SELECT 1; SELECT %s"])
def test_what_is_prepared_is_one_statement(connection: psycopg.Connection, sql: str):
    """As PostgreSQL has it, several statements cannot have parameters."""
    with pytest.raises(psycopg.errors.SyntaxError):
        connection.execute(sql, (1,))


def test_nothing_is_answered_by_nothing(connection: psycopg.Connection):
    """A text without a statement is no error."""
    for sql in ("", " ", ";", "-- nothing"):
        assert connection.execute(sql.encode()).description is None


def test_a_prepared_statement_is_asked_again_and_again(connection: psycopg.Connection):
    """A statement that was prepared once takes other parameters each time."""
    asked = [connection.execute("SELECT 1 + %s", (n,), prepare=True).fetchall() for n in range(3)]
    assert asked == [[(1,)], [(2,)], [(3,)]]


def test_several_statements_at_once_are_answered_one_by_one(login):
    """Statements that are separated by semicolons are run as they were written, and a semicolon in a text is none."""
    with psycopg.connect(**login.parameters, autocommit=True, cursor_factory=psycopg.ClientCursor) as connection:
        cursor = connection.execute("SELECT ';'; SELECT identityMap['ECID'][0].id FROM people ORDER BY 1 LIMIT 1;;")
        assert cursor.fetchall() == [(";",)]
        assert cursor.nextset()
        assert cursor.fetchall() == [("1111",)]
        assert not cursor.nextset()


def test_a_transaction_is_begun_ended_and_undone(login):
    """What drivers say around statements is understood, though there is nothing to undo."""
    with psycopg.connect(**login.parameters) as connection:
        with connection.transaction():
            assert connection.execute("SELECT 1").fetchall() == [(1,)]
        with pytest.raises(psycopg.errors.UndefinedTable):
            connection.execute("SELECT * FROM nobody")
        with pytest.raises(psycopg.errors.InFailedSqlTransaction):
            connection.execute("SELECT 1")
        connection.rollback()
        assert connection.execute("SHOW server_version").fetchall() == [("14.0 (pytest-aep-export)",)]
