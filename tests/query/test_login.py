"""Who may enter: the organisation with a token of its own, into a sandbox that it has."""

from __future__ import annotations

import dataclasses

import psycopg
import pytest

from pytest_aep_export import AepClient, Tenant
from pytest_aep_export.emulator.query import Login
from tests.query.conftest import Raw, World


def refused(login: Login) -> psycopg.OperationalError:
    """What a client is told that may not enter."""
    with pytest.raises(psycopg.OperationalError) as caught:
        psycopg.connect(**login.parameters)  # type: ignore[call-overload]
    return caught.value


def test_the_token_of_the_token_service_opens(world: World, tenant: Tenant):
    """User, password and database are the organisation, what the token service gave, and the sandbox."""
    with AepClient(tenant.credentials, base_url=world.http.url) as client:
        token = client.token()
    who = tenant.credentials
    with psycopg.connect(
        host="127.0.0.1", port=world.query.port, user=who.org_id, password=token, dbname="prod:all"
    ) as connection:
        assert connection.execute("SELECT current_user, current_database()").fetchall() == [(who.org_id, "prod:all")]


@pytest.mark.parametrize("password", ["x", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", "", "' OR 1=1 --", "\x01", "é" * 5000])
def test_what_is_no_token_is_refused(login: Login, password: str):
    """Whatever is said instead of a token."""
    error = refused(dataclasses.replace(login, password=password or "\t"))
    assert "the password is not an access token: ask the token service for one" in str(error)


def test_a_token_is_good_for_its_organisation_only(world: World, login: Login):
    """Neither may somebody else's token be used, nor may somebody else be named."""
    other = world.query.login(world.tenant())
    for user, password in ((login.user, other.password), (other.user, login.password), ("x' OR 1=1", login.password)):
        error = refused(dataclasses.replace(login, user=user, password=password))
        assert "is not the organisation that the access token belongs to" in str(error)


@pytest.mark.parametrize("database", ["prod", "all", "prod:", ":all", "prod:ALL", "dev:all", "prod:all.main",
                                      "../prod:all", "prod:all:all", "PROD:all", "'; --"])  # fmt: skip
def test_only_the_organisations_sandboxes_are_databases(login: Login, database: str):
    """The name is that of a sandbox and what is asked for in it, and no other spelling of them."""
    error = refused(dataclasses.replace(login, database=database))
    assert "does not exist: expected prod:all" in str(error)


def test_an_expired_token_is_refused_and_a_session_goes_on(world: World):
    """A token lives a day; who has logged in stays in."""
    tenant = world.tenant()
    login = world.query.login(tenant)
    with world.connect(tenant) as connection:
        tenant.clock.advance(hours=25)
        assert "has expired" in str(refused(login))
        assert connection.execute("SELECT 1").fetchall() == [(1,)]


def test_an_organisation_that_is_gone_is_gone(world: World):
    """Neither its token nor its sessions are of any use, and its tables are in no other's way."""
    tenant = world.tenant()
    login = world.query.login(tenant)
    with world.connect(tenant) as connection:
        tenant.delete()
        with pytest.raises(psycopg.errors.AdminShutdown, match="the organisation is gone"):
            connection.execute("SELECT 1")
    assert "not an access token" in str(refused(login))


def test_nothing_is_answered_before_the_login(raw: Raw):
    """A statement in place of a password is no way in."""
    raw.start()
    assert raw.receive()[0] == b"R"
    raw.say(b"Q", b"SELECT 1\0")
    assert raw.failure() == "08P01 expected a password"
    assert raw.receive() == (b"", b"")


def test_secrets_stay_out_of_what_is_shown(login: Login):
    """A login can be printed."""
    assert login.password not in repr(login)
