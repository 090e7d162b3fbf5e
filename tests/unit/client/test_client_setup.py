"""Making a client: settings, the environment, what is imported, and what is closed."""

from __future__ import annotations

import asyncio
import inspect
import subprocess
import sys
from collections.abc import AsyncIterator

import httpx
import pytest

import pytest_aep_export.client as package
from pytest_aep_export.client import AepClient, AsyncAepClient
from pytest_aep_export.client.address import ims_url_for, origin_of
from pytest_aep_export.client.environment import surroundings
from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.model import AEP_SCOPES, BatchFile, Credentials

NEEDED = {"AEP_CLIENT_ID": "id", "AEP_CLIENT_SECRET": "secret", "AEP_ORG_ID": "org@AdobeOrg"}


def public(cls):
    """The public callables of a class, with their parameters."""
    members = {name: member for name, member in inspect.getmembers(cls, callable) if not name.startswith("_")}
    return {name: list(inspect.signature(member).parameters) for name, member in members.items()}


def test_both_clients_have_the_same_methods():
    """Whoever knows one client knows the other: the same names take the same arguments."""
    asynchronous = public(AsyncAepClient)
    assert asynchronous.pop("aclose") == ["self"]
    assert public(AepClient) == asynchronous
    assert list(inspect.signature(AepClient).parameters) == list(inspect.signature(AsyncAepClient).parameters)


@pytest.mark.parametrize("cls", [AepClient, AsyncAepClient])
def test_a_client_is_made_from_the_environment(cls):
    """The three variables that are needed suffice; the defaults are Adobe's gateway, its tokens and ``prod``."""
    session = cls.from_env(NEEDED)._session
    assert session._credentials == Credentials("id", "secret", "org@AdobeOrg", "prod", AEP_SCOPES)
    assert session.url("/x") == "https://platform.adobe.io/x"
    assert session._ims_url == "https://ims-na1.adobelogin.com/ims/token/v3"


def test_every_variable_of_the_environment_is_read(monkeypatch):
    """The process's own environment is the default, and each variable in it counts."""
    optional = {
        "AEP_SCOPES": "openid",
        "AEP_SANDBOX_NAME": "dev",
        "AEP_IMS_URL": "http://ims/t",
        "AEP_BASE_URL": "http://gateway:8080/prefix/",
    }
    for name, value in (NEEDED | optional).items():
        monkeypatch.setenv(name, value)
    with AepClient.from_env() as client:
        session = client._session
    assert session._credentials == Credentials("id", "secret", "org@AdobeOrg", "dev", "openid")
    assert session.url("/x", {"a": "b c"}) == "http://gateway:8080/prefix/x?a=b+c"
    assert session._ims_url == "http://ims/t"


def test_what_is_missing_in_the_environment_is_named():
    """One sentence names every variable that is missing or empty, and none that is there."""
    with pytest.raises(ConfigurationError, match="set AEP_CLIENT_SECRET, AEP_ORG_ID in"):
        surroundings({"AEP_CLIENT_ID": "id", "AEP_ORG_ID": ""})


@pytest.mark.parametrize(
    "url",
    [
        "",
        "platform.adobe.io",
        "ftp://h",
        "http://",
        "http://h:port",
        "http://[",
        "http://user@h",
        "http://h?x=1",
        "http://h#x",
    ],
)
@pytest.mark.parametrize("name", ["base_url", "ims_url"])
def test_an_address_that_cannot_work_is_refused(make_client, url, name):
    """An address that is not absolute HTTP, or holds more than a service's address does, is refused by its name."""
    with pytest.raises(ConfigurationError, match=f"{name} .* is not usable: give an address such as"):
        make_client(**{"base_url": "http://h", name: url})


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://platform.adobe.io/x", "https://platform.adobe.io:443"),
        ("https://Platform.Adobe.io:443", "https://platform.adobe.io:443"),
        ("http://h", "http://h:80"),
        ("http://h:81/", "http://h:81"),
        ("http://[::1]:5", "http://::1:5"),
        ("/x", ""),
        ("mailto:x@h", ""),
        ("http://h:99999", ""),
    ],
)
def test_an_origin_names_its_port(url, origin):
    """Addresses with and without the standard port have one origin, and what is no address has none."""
    assert origin_of(url) == origin


@pytest.mark.parametrize(
    ("base_url", "ims_url"),
    [
        ("https://platform.adobe.io", "https://ims-na1.adobelogin.com/ims/token/v3"),
        ("https://platform-va7.adobe.io", "https://ims-na1.adobelogin.com/ims/token/v3"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/ims/token/v3"),
        ("https://adobe.io.evil.example", "https://adobe.io.evil.example/ims/token/v3"),
    ],
)
def test_the_token_endpoint_follows_the_gateway(base_url, ims_url):
    """Adobe's gateways have Adobe's token endpoint; any other server is asked for tokens itself."""
    assert ims_url_for(base_url) == ims_url


def test_a_prefix_of_the_gateway_is_kept(make_client, api):
    """A gateway below a path is asked below that path, for tokens too."""
    api.answer = lambda _: api.json({"access_token": "t"})
    assert make_client(f"{api.url}/aep/").token() == "t"
    assert api.asked == ["POST /aep/ims/token/v3"]


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_no_proxy_lies_between_here_and_loopback(make_client, api, monkeypatch, variable, host):
    """A company's proxy is for the world outside: it could not reach the emulator, and gets no token to see."""
    monkeypatch.setenv(variable, "http://127.0.0.1:9")
    api.answer = lambda _: api.json({"access_token": "t"})
    assert make_client(api.url.replace("127.0.0.1", host)).token()


def test_certificates_are_checked_where_there_are_any():
    """Over TLS the usual authorities are trusted; where nothing is encrypted, no certificate would pass."""
    credentials = Credentials("a", "b", "c")
    with (
        AepClient(credentials) as real,
        AepClient(credentials, base_url="http://h", ims_url="https://h/t") as mixed,
        AepClient(credentials, base_url="http://h") as plain,
    ):
        loaded = [client._http._transport._pool._ssl_context.cert_store_stats() for client in (real, mixed, plain)]
        modes = [client._http._transport._pool._ssl_context.verify_mode.name for client in (real, mixed, plain)]
    assert [stats["x509_ca"] > 0 for stats in loaded] == [True, True, False]
    assert modes == ["CERT_REQUIRED"] * 3


def test_a_closed_client_is_closed(api):
    """Leaving the context closes every connection."""
    api.answer = lambda _: api.json({})
    with AepClient(Credentials("a", "b", "c"), base_url=api.url) as client:
        client.token()
    assert client._http.is_closed


@pytest.mark.parametrize("close", ["close", "aclose"])
async def test_a_closed_asynchronous_client_is_closed(close):
    """The asynchronous client closes by either name, and when its context is left."""
    async with AsyncAepClient(Credentials("a", "b", "c"), base_url="http://h") as left:
        pass
    closed = AsyncAepClient(Credentials("a", "b", "c"), base_url="http://h")
    await getattr(closed, close)()
    assert (left._http.is_closed, closed._http.is_closed) == (True, True)


async def test_a_cancelled_download_leaves_nothing(tmp_path):
    """When the task of a download is cancelled, its partial file goes."""
    begun = asyncio.Event()

    class Endless(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield b"x"
            begun.set()
            await asyncio.Event().wait()

    def handle(request) -> httpx.Response:
        token = request.url.path == "/ims/token/v3"
        return httpx.Response(200, json={"access_token": "t"}) if token else httpx.Response(200, stream=Endless())

    transport = httpx.MockTransport(handle)
    async with AsyncAepClient(Credentials("a", "b", "c"), base_url="http://h", transport=transport) as client:
        task = asyncio.create_task(client.download(BatchFile("p", 9, "a", "http://h/f"), tmp_path))
        await begun.wait()
        assert len(list(tmp_path.iterdir())) == 1
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert list(tmp_path.iterdir()) == []


def test_the_package_imports_nothing_heavy():
    """Importing the package loads neither httpx nor anything that only a running client needs; a name loads its own."""
    code = (
        "import sys; import pytest_aep_export.client as package;"
        "print(sorted({'httpx', 'pyarrow', 'asyncio', 'pytest_aep_export.client.sync'} & set(sys.modules)));"
        "package.PollPolicy; print('httpx' in sys.modules); package.AepClient;"
        "print('httpx' in sys.modules, 'pyarrow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n") == ["[]", "False", "True False", ""]


def test_every_public_name_is_there():
    """Each public name can be imported and listed; any other name is an attribute error."""
    for name in package.__all__:
        assert getattr(package, name).__name__ == name
    assert dir(package) == sorted(package.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'Client'"):
        _ = package.Client
