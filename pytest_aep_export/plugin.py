"""The pytest plugin: options, markers and fixtures. Imports the standard library and pytest only.

Nothing happens until a fixture is asked for; there is no autouse fixture. What is heavy is imported inside fixtures.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import pytest

from pytest_aep_export.markers import BEHAVIOUR, MARKERS, check, keywords
from pytest_aep_export.settings import SETTINGS, Setting, Settings
from pytest_aep_export.suite.version import SUITE_VERSION

if TYPE_CHECKING:
    from pytest_aep_export.cassettes import Cassette, Metadata
    from pytest_aep_export.client import AepClient, AsyncAepClient
    from pytest_aep_export.contract import Contract
    from pytest_aep_export.emulator import Behaviour, Emulator, EmulatorServer, Fault, FaultPlan, Journal, Tenant
    from pytest_aep_export.emulator.tenants import DefaultData
    from pytest_aep_export.emulator.truth import LoadedProfiles
    from pytest_aep_export.guard import Guard
    from pytest_aep_export.lifecycle import Clock
    from pytest_aep_export.model import Credentials, Dataset, ExportJob
    from pytest_aep_export.profiles.sources import Source
    from pytest_aep_export.proxy import Proxy
    from pytest_aep_export.shelf import Shelf
    from pytest_aep_export.suite.targets import Target

_settings: Final = pytest.StashKey[Settings]()
_guards: Final = pytest.StashKey[list["Guard"]]()
_passed: Final = pytest.StashKey[bool]()

_THE_EMULATOR: Final = (
    "in this test the emulator stands in for it, so nothing was sent: use base_url=aep_server.url, or let the client "
    "through aep_proxy if it insists on that host"
)
_A_RECORDING: Final = (
    "in this test a recording stands in for it, so nothing was sent: use a client that vcrpy knows, such as httpx or "
    "requests, and make it inside of the test"
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--aep-*`` options and ``aep_*`` ini settings; credentials come from the environment only."""
    group = parser.getgroup("aep-export", "Adobe Experience Platform profile export")
    for setting in SETTINGS.values():
        group.addoption(setting.option, default=None, metavar="VALUE", help=f"{setting.help} [{setting.default}]")
        parser.addini(setting.ini, setting.help, default="")
    group.addoption("--aep-live", action="store_true", help="Let the target be Adobe's live service.")
    group.addoption("--aep-show-config", action="store_true", help="Show every setting and where it came from.")


def pytest_configure(config: pytest.Config) -> None:
    """Declare the markers, and refuse settings that cannot work.

    Raises:
        pytest.UsageError: A setting cannot be used; the message says where it came from.
    """
    for marker in MARKERS.values():
        config.addinivalue_line("markers", marker.help)
    settings = config.stash[_settings] = Settings(
        lambda setting: config.getoption(_attribute(setting)), os.environ, lambda setting: config.getini(setting.ini)
    )
    try:
        settings.describe()
    except Exception as error:
        if not _is_configuration_error(error):
            raise
        raise pytest.UsageError(str(error)) from error


def _is_configuration_error(error: Exception) -> bool:
    from pytest_aep_export.errors import ConfigurationError  # noqa: PLC0415 - only where something went wrong

    return isinstance(error, ConfigurationError)


def _attribute(setting: Setting) -> str:
    return setting.option.removeprefix("--").replace("-", "_")


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Say what requests go to; on request, every setting and its origin."""
    settings = config.stash[_settings]
    lines = [f"aep-export: target {settings.get('target')}, suite {SUITE_VERSION}"]
    return lines + (settings.describe() if config.getoption("aep_show_config") else [])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse markers that are written wrong."""
    check(items)


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef[Any]) -> Generator[None, object, object]:
    """Let a fixture of ours that cannot work say so in one sentence, without a traceback."""
    try:
        return (yield)
    except Exception as error:
        if not (fixturedef.argname.startswith("aep_") and _is_configuration_error(error)):
            raise
        raise pytest.fail.Exception(f"{fixturedef.argname}: {error}", pytrace=False) from None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Let a test fail that tried to reach Adobe all the same, even if a library has kept that to itself."""
    guards = item.stash.get(_guards, ())
    item.stash[_passed] = False
    try:
        result = yield
    except BaseException as error:
        for guard in guards:
            guard.reported(error)
        raise
    for guard in guards:
        guard.check()
    item.stash[_passed] = True
    return result


@contextmanager
def _guarded(request: pytest.FixtureRequest, instead: str) -> Iterator[Guard]:
    """Let nothing in this process reach Adobe while a fixture is in use."""
    from pytest_aep_export.guard import guarded  # noqa: PLC0415 - only in runs that use it

    with guarded(instead) as guard:
        request.node.stash.setdefault(_guards, []).append(guard)
        yield guard


@pytest.fixture(scope="session")
def aep_settings(pytestconfig: pytest.Config) -> Settings:
    """The resolver of this plugin's settings."""
    return pytestconfig.stash[_settings]


@pytest.fixture(scope="session")
def aep_contract() -> Contract:
    """The contract: validates requests and responses of the API."""
    from pytest_aep_export.contract import load  # noqa: PLC0415 - loads the contract

    return load()


@pytest.fixture(scope="session")
def aep_server(aep_settings: Settings) -> Iterator[EmulatorServer]:
    """The emulator on a free port of loopback, one for the whole session (with xdist, one for each worker)."""
    from pytest_aep_export.emulator import Emulator, EmulatorServer  # noqa: PLC0415 - loads starlette and uvicorn
    from pytest_aep_export.exporter.executors import connect  # noqa: PLC0415 - only in runs that use the emulator

    behaviour = _behaviour(aep_settings, {})
    seed, profiles = aep_settings.get("seed"), aep_settings.get("profiles")
    with (
        connect(aep_settings.get("executor")) as executor,
        Emulator(seed=seed, behaviour=behaviour, profiles=profiles, executor=executor) as emulator,
        EmulatorServer(emulator) as server,
    ):
        yield server


@pytest.fixture(scope="session")
def aep_proxy(aep_server: EmulatorServer) -> Iterator[Proxy]:
    """A proxy that leads clients which insist on Adobe's hosts to the emulator; one for the whole session.

    Give a program both, ``aep_server.env(aep_credentials) | aep_proxy.env()``, and it needs no address.
    """
    from pytest_aep_export.emulator import EmulatorServer  # noqa: PLC0415 - only in runs that use the emulator
    from pytest_aep_export.proxy import Authority, Proxy  # noqa: PLC0415 - needs an extra

    with (
        Authority() as authority,
        EmulatorServer(aep_server.emulator, tls=authority.context) as secure,
        Proxy(secure.port, authority) as proxy,
    ):
        yield proxy


@pytest.fixture
def aep_emulator(
    request: pytest.FixtureRequest, aep_server: EmulatorServer, aep_settings: Settings
) -> Iterator[Tenant]:
    """A tenant of the emulator for this test alone, as the marker ``aep_emulator`` says.

    Fails the test when it caused a call on a route that the contract does not know, found a defect of the emulator,
    tried to reach a host of Adobe's, or planned a fault that took hold of nothing.
    """
    if aep_settings.get("target") != "emulator":
        pytest.skip(f"this test needs the emulator, but the target is {aep_settings.get('target')}")
    options = keywords(request.node, "aep_emulator")
    emulator = aep_server.emulator
    seen = len(emulator.stray), len(emulator.defects)
    tenant = emulator.create_tenant(
        options.get("sandboxes", ("prod",)),
        behaviour=_behaviour(aep_settings, options),
        data=_data(aep_settings, options),
    )
    tenant.faults.add(*_faults(options))
    with _guarded(request, _THE_EMULATOR) as guard:
        yield tenant
    complaints = [*_complaints(emulator, tenant, *seen), *map(str, guard.unreported)]
    tenant.delete()
    if complaints:
        pytest.fail("\n".join(complaints), pytrace=False)


def _behaviour(settings: Settings, options: Mapping[str, Any]) -> Behaviour:
    from pytest_aep_export.contract.dialects import dialect  # noqa: PLC0415 - only in runs that use the emulator
    from pytest_aep_export.emulator import Behaviour  # noqa: PLC0415 - the same
    from pytest_aep_export.lifecycle import Progression  # noqa: PLC0415 - the same

    progression = options.get("progression")
    if not isinstance(progression, Progression):
        progression = Progression(settings.get("progression", options))
    direct = {name: options[name] for name in BEHAVIOUR if name in options}
    return Behaviour(dialect=dialect(settings.get("dialect", options)), progression=progression, **direct)


def _data(settings: Settings, options: Mapping[str, Any]) -> DefaultData:
    from pytest_aep_export.emulator.tenants import DefaultData  # noqa: PLC0415 - only in runs that use the emulator

    return DefaultData(settings.get("profiles", options), settings.get("seed", options))


def _faults(options: Mapping[str, Any]) -> Sequence[Fault]:
    from pytest_aep_export.errors import ConfigurationError  # noqa: PLC0415 - only in runs that use the emulator

    faults = options.get("faults", ())
    if not isinstance(faults, Sequence):
        raise ConfigurationError(f"faults={faults!r:.80} cannot be used: expected a list of them")
    return faults


def _complaints(emulator: Emulator, tenant: Tenant, stray: int, defects: int) -> list[str]:
    unknown = [*tenant.journal.unknown, *(e for e in emulator.stray[stray:] if not e.operation)]
    return [
        *(f"{e.request.method} {e.request.path} is not emulated; repeat it with: {e.request.curl()}" for e in unknown),
        *(f"the emulator broke its own contract, which is a bug of pytest-aep-export: {d}"
          for d in emulator.defects[defects:]),
        *(f"{fault} took hold of no request: send as many as it waits for, leave it out, or call"
          " aep_faults.allow_unfired()" for fault in tenant.faults.overdue),
    ]  # fmt: skip


@pytest.fixture
def aep_credentials(request: pytest.FixtureRequest, aep_settings: Settings) -> Credentials:
    """What a client needs to call the target: of this test's own tenant or recording, or from the environment."""
    cassette = _cassette(request)
    return cassette.credentials if cassette else _credentials(request, aep_settings)


def _credentials(request: pytest.FixtureRequest, settings: Settings) -> Credentials:
    from pytest_aep_export.credentials import credentials_from  # noqa: PLC0415 - only in runs that use it

    if settings.get("target") == "emulator":
        tenant: Tenant = request.getfixturevalue("aep_emulator")
        return tenant.credentials
    return credentials_from(os.environ)


def _cassette(request: pytest.FixtureRequest) -> Cassette | None:
    """The recording that the test uses, if it does."""
    if request.node.get_closest_marker("aep_cassette") is None:
        return None
    cassette: Cassette = request.getfixturevalue("aep_cassette")
    return cassette


def _replays(request: pytest.FixtureRequest) -> bool:
    cassette = _cassette(request)
    return cassette is not None and not cassette.recording


def _urls(request: pytest.FixtureRequest, settings: Settings) -> tuple[str, str]:
    """Where to send requests, and where to ask for tokens."""
    cassette = _cassette(request)
    return (cassette.base_url, cassette.ims_url) if cassette else _urls_of_target(request, settings)


def _urls_of_target(request: pytest.FixtureRequest, settings: Settings) -> tuple[str, str]:
    url: str = settings.get("target")
    ims_url: str = settings.get("ims_url")
    if url == "emulator":
        server: EmulatorServer = request.getfixturevalue("aep_server")
        return server.url, f"{server.url}/ims/token/v3"
    _require_live(request.config, url, ims_url)
    if request.node.get_closest_marker("aep_emulator") is not None:
        pytest.skip(f"this test is about the emulator, but the target is {url}")
    return url, ims_url or f"{url}/ims/token/v3"


def _require_live(config: pytest.Config, *urls: str) -> None:
    """Fail closed: no host of Adobe's is called unless it is meant on purpose."""
    from pytest_aep_export.errors import ConfigurationError  # noqa: PLC0415 - only in runs that use it
    from pytest_aep_export.hosts import is_adobe  # noqa: PLC0415 - the same

    for url in urls:
        if is_adobe(url) and not config.getoption("aep_live"):
            raise ConfigurationError(f"{url} is Adobe's live service, where exports cost quota: add --aep-live")


def _clocked(request: pytest.FixtureRequest, settings: Settings) -> Clock | None:
    """The clock that waiting advances: the tenant's with the emulator, any with a recording; None for real time."""
    from pytest_aep_export.lifecycle import Clock  # noqa: PLC0415 - only in runs that use it

    if _replays(request):
        return Clock()
    if settings.get("target") == "emulator":
        tenant: Tenant = request.getfixturevalue("aep_emulator")
        return tenant.clock
    return None


@pytest.fixture
def aep_target(
    request: pytest.FixtureRequest, aep_settings: Settings, aep_credentials: Credentials
) -> Iterator[Target]:
    """What requests go to, for tests that speak HTTP themselves."""
    from pytest_aep_export.suite.targets import Target  # noqa: PLC0415 - loads httpx

    url, ims_url = _urls(request, aep_settings)
    target = Target(url, aep_credentials, ims_url=ims_url)
    yield target
    target.close()


@pytest.fixture
def aep_client(
    request: pytest.FixtureRequest, aep_settings: Settings, aep_credentials: Credentials
) -> Iterator[AepClient]:
    """An authenticated client of the target; with the emulator, waiting advances the tenant's clock instead."""
    from pytest_aep_export.client import AepClient  # noqa: PLC0415 - loads httpx

    url, ims_url = _urls(request, aep_settings)
    clock = _clocked(request, aep_settings)
    time: dict[str, Any] = {}
    if clock is not None:
        time = {"pause": lambda seconds: clock.advance(seconds=seconds), "now": lambda: clock.now() / 1000}
    with AepClient(aep_credentials, base_url=url, ims_url=ims_url, **time) as client:
        yield client


@pytest.fixture
def aep_async_client(
    request: pytest.FixtureRequest, aep_settings: Settings, aep_credentials: Credentials
) -> AsyncAepClient:
    """The asynchronous client of the target; it calls the emulator in process, without a socket."""
    import httpx  # noqa: PLC0415 - costly, and only needed from here on

    from pytest_aep_export.client import AsyncAepClient  # noqa: PLC0415 - loads httpx

    url, ims_url = _urls(request, aep_settings)
    clock = _clocked(request, aep_settings)
    if clock is None:
        return AsyncAepClient(aep_credentials, base_url=url, ims_url=ims_url)

    async def pause(seconds: float) -> None:
        clock.advance(seconds=seconds)

    in_process: dict[str, Any] = {}
    if not _replays(request):
        server: EmulatorServer = request.getfixturevalue("aep_server")
        in_process = {"transport": httpx.ASGITransport(server.emulator.app)}
    return AsyncAepClient(
        aep_credentials, base_url=url, ims_url=ims_url, pause=pause, now=lambda: clock.now() / 1000, **in_process
    )


@pytest.fixture
def aep_clock(aep_emulator: Tenant) -> Clock:
    """The tenant's clock: ``aep_clock.advance(hours=6)`` costs nothing."""
    return aep_emulator.clock


@pytest.fixture
def aep_journal(aep_emulator: Tenant) -> Journal:
    """What this test exchanged with the emulator."""
    return aep_emulator.journal


@pytest.fixture
def aep_faults(aep_emulator: Tenant) -> FaultPlan:
    """What goes wrong on the way to the emulator and back: ``aep_faults.add(Fault("getExportJob", Reset()))``.

    A fault that took hold of no request fails the test, unless it calls ``aep_faults.allow_unfired()``.
    """
    return aep_emulator.faults


@pytest.fixture
def aep_profiles(aep_emulator: Tenant) -> Callable[..., LoadedProfiles]:
    """Loads profiles into the tenant, fake ones or your own: ``aep_profiles(1000, seed=7)``, ``aep_profiles(rows)``.

    A number makes that many, with the options of `pytest_aep_export.profiles.generate`; anything else is a source of
    `pytest_aep_export.profiles.load_profiles`, with the options of that. The result knows what an export must contain:
    ``.expected(job)``.
    """
    from pytest_aep_export.emulator.truth import LoadedProfiles  # noqa: PLC0415 - only in runs that use it

    def load(source: int | Source = 100, **options: Any) -> LoadedProfiles:
        from pytest_aep_export.profiles import generate, load_profiles  # noqa: PLC0415 - loads numpy and Arrow

        data = generate(source, **options) if isinstance(source, int) else load_profiles(source, **options)
        aep_emulator.load(data)
        return LoadedProfiles(data, aep_emulator)

    return load


@pytest.fixture
def aep_dataset(aep_client: AepClient) -> Dataset:
    """A new dataset on the profile union schema, fit to be exported to."""
    return aep_client.create_dataset("Profile Data Export")


@pytest.fixture
def aep_export_job(aep_client: AepClient, aep_dataset: Dataset) -> ExportJob:
    """An export of whole profiles that has succeeded: its files can be read."""
    return aep_client.wait_for_export_job(aep_client.create_export_job(dataset_id=aep_dataset.id))


@pytest.fixture
def aep_cassette(request: pytest.FixtureRequest, aep_settings: Settings) -> Iterator[Cassette]:
    """The recording that the marker ``aep_cassette`` names, replayed for whatever HTTP client the test uses.

    With ``--aep-record`` it is made from the target, and written if the test passes.
    """
    from pytest_aep_export.errors import ConfigurationError  # noqa: PLC0415 - only in runs that use it

    marker = request.node.get_closest_marker("aep_cassette")
    if marker is None:
        raise ConfigurationError("name a recording with the marker @pytest.mark.aep_cassette('<area>/<name>')")
    shelf, name = _shelf(request, aep_settings), marker.args[0]
    with (_recorded if shelf.makes(name) else _replayed)(request, shelf, name) as cassette:
        yield cassette


def _shelf(request: pytest.FixtureRequest, settings: Settings) -> Shelf:
    from pytest_aep_export.shelf import Shelf  # noqa: PLC0415 - loads vcrpy

    config, base = request.config, request.getfixturevalue("tmp_path_factory").getbasetemp()
    root = config.inipath.parent if config.inipath else config.rootpath
    claims = base.parent if hasattr(config, "workerinput") else base
    return Shelf(root / settings.get("cassettes"), settings.get("record"), claims, request.node.nodeid)


@contextmanager
def _replayed(request: pytest.FixtureRequest, shelf: Shelf, name: str) -> Iterator[Cassette]:
    """Replay a recording, and let a test that passed without making all of its requests fail."""
    from pytest_aep_export.cassettes import replay  # noqa: PLC0415 - loads vcrpy
    from pytest_aep_export.shelf import not_made  # noqa: PLC0415 - the same

    with (
        replay(name, shelf.folder, again=shelf.again) as cassette,
        _guarded(request, _A_RECORDING) as guard,
    ):
        yield cassette
    guard.check()
    allowed = keywords(request.node, "aep_cassette").get("allow_unplayed", False)
    if request.node.stash.get(_passed, False) and cassette.unplayed() and not allowed:
        pytest.fail(not_made(name, cassette.left(), shelf.again), pytrace=False)


@contextmanager
def _recorded(request: pytest.FixtureRequest, shelf: Shelf, name: str) -> Iterator[Cassette]:
    """Record from the target, and write what a test exchanged that passed."""
    from pytest_aep_export.cassettes import draft  # noqa: PLC0415 - loads vcrpy
    from pytest_aep_export.errors import AepError  # noqa: PLC0415 - the same

    settings: Settings = request.getfixturevalue("aep_settings")
    base_url, ims_url = _urls_of_target(request, settings)
    credentials = _credentials(request, settings)
    claim = shelf.claim(name)
    with draft(
        name,
        credentials=credentials,
        base_url=base_url,
        ims_url=ims_url,
        folder=shelf.folder,
        metadata=_evidence(request, settings),
    ) as made:
        yield made.cassette
    if not request.node.stash.get(_passed, False):
        claim.release()
        request.node.add_report_section("teardown", "aep-export", f"cassette {name} was not written: the test failed")
        return
    try:
        made.save()
    except AepError as error:
        claim.release()
        pytest.fail(str(error), pytrace=False)


def _evidence(request: pytest.FixtureRequest, settings: Settings) -> Metadata:
    """Whose evidence a recording is that this test makes."""
    from pytest_aep_export.cassettes import describe  # noqa: PLC0415 - loads vcrpy
    from pytest_aep_export.hosts import is_adobe  # noqa: PLC0415 - only in runs that record

    requirements = tuple(sorted({mark.args[0] for mark in request.node.iter_markers("aep_requirement")}))
    url = settings.get("target")
    if url != "emulator":
        return describe("live" if is_adobe(url) else "server", requirements=requirements)
    tenant: Tenant = request.getfixturevalue("aep_emulator")
    behaviour = tenant.behaviour
    persona = behaviour.acting.id if behaviour.acting else ""
    return describe("emulator", dialect=behaviour.dialect.name, persona=persona, requirements=requirements)
