"""Which target: the embedded emulator, a server at a URL, Adobe's live service, or a recording, from plain settings.

Each kind of target has its own way of being opened, and its own limits, patience and capabilities.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final
from urllib.parse import urlsplit

from pytest_aep_export.credentials import credentials_from
from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.hosts import is_adobe
from pytest_aep_export.model import Credentials
from pytest_aep_export.suite.budget import Budget, Limits
from pytest_aep_export.suite.courtesy import Courtesy
from pytest_aep_export.suite.probing import probe
from pytest_aep_export.suite.sending import Kind, Neighbours, Patience, Target, TargetError
from pytest_aep_export.suite.terms import OWN_POLICIES

__all__ = [
    "CASSETTE",
    "EMULATOR",
    "LIMITS",
    "Patience",
    "Target",
    "TargetError",
    "is_adobe",
    "is_cassette",
    "probe",
    "resolve",
]

EMULATOR: Final = "emulator"
CASSETTE: Final = "cassette"
LIMITS: Final[dict[Kind, Limits]] = {
    "emulator": Limits(seconds=600),
    "url": Limits(seconds=3600),
    "live": Limits(calls=3000, jobs=120, seconds=6 * 3600),
    "cassette": Limits(seconds=600),
}
"""What a run may cost unless somebody says otherwise. A job of the live service takes minutes and costs quota."""

_OTHER_SANDBOX: Final = "AEP_OTHER_SANDBOX_NAME"
_OWN_POLICIES: Final = "AEP_OWN_POLICIES"
_OTHER_ORG: Final = "AEP_OTHER_ORG_"
_IN_THE_OTHER_ORG: Final = {
    "ID": "AEP_ORG_ID",
    "CLIENT_ID": "AEP_CLIENT_ID",
    "CLIENT_SECRET": "AEP_CLIENT_SECRET",
    "SANDBOX_NAME": "AEP_SANDBOX_NAME",
    "SCOPES": "AEP_SCOPES",
}


@contextmanager
def resolve(
    target: str = EMULATOR,
    *,
    ims_url: str = "",
    dialect: str = "canonical",
    credentials: Mapping[str, str] | Credentials | None = None,
    live: bool = False,
    limits: Limits | None = None,
) -> Iterator[Target]:
    """A target from plain settings, fit for a run of the suite and closed at its end.

    Args:
        target: ``emulator``, the URL of a gateway, or recordings of the suite: ``cassette`` for those that come with
            this package, ``cassette:NAME`` for others of the library, ``cassette:PATH`` for a file or a folder.
        ims_url: The token endpoint of a URL.
        dialect: Which documented variant the emulator speaks.
        credentials: Of a URL: a value, or the environment variables ``AEP_CLIENT_ID`` and so on.
        live: Whether a host of Adobe's is meant on purpose.
        limits: What the run may cost; `LIMITS` say what is not said here.

    Raises:
        ConfigurationError: The settings cannot work.
    """
    if target == EMULATOR:
        opened = _emulator(dialect)
    elif is_cassette(target):
        opened = _cassette(target.partition(":")[2])
    else:
        opened = _url(target, ims_url, credentials or {}, live=live)
    with opened as result:
        usual = LIMITS[result.kind]
        result.budget = Budget(limits.over(usual) if limits else usual)
        pause = _not_at_all if result.recorded else result.budget.pause
        result.courtesy = Courtesy(result.patience.busy, pause)
        yield result


def _not_at_all(_seconds: float) -> None:
    """Wait for nobody: what was recorded is there."""


def is_cassette(target: str) -> bool:
    """Whether a target's name is that of recordings."""
    return target.partition(":")[0] == CASSETTE


@contextmanager
def _cassette(named: str) -> Iterator[Target]:
    from pytest_aep_export.suite.recorded import recorded_target  # noqa: PLC0415 - loads vcrpy

    target = recorded_target(named)
    try:
        yield target
    finally:
        target.close()


@contextmanager
def _emulator(dialect: str) -> Iterator[Target]:
    from pytest_aep_export.contract import dialect as named  # noqa: PLC0415 - only for the emulator
    from pytest_aep_export.emulator import Behaviour, Emulator, EmulatorServer  # noqa: PLC0415 - heavy, the same
    from pytest_aep_export.suite.embedded import embedded  # noqa: PLC0415 - the same

    behaviour, label = Behaviour(dialect=named(dialect)), f"the embedded emulator, dialect {dialect}"
    with Emulator() as emulator, EmulatorServer(emulator) as server, embedded(server, behaviour, label=label) as target:
        yield target


@contextmanager
def _url(url: str, ims_url: str, credentials: Mapping[str, str] | Credentials, *, live: bool) -> Iterator[Target]:
    for address in (url, ims_url or url):
        _check(address, live=live)
    who = credentials if isinstance(credentials, Credentials) else credentials_from(credentials)
    kind: Kind = "live" if is_adobe(url) or is_adobe(ims_url) else "url"
    target = Target(url, who, ims_url=ims_url, kind=kind)
    if not isinstance(credentials, Credentials):
        target.neighbours = _neighbours(credentials)
    own = not isinstance(credentials, Credentials) and credentials.get(_OWN_POLICIES) == "yes"
    target.capabilities = target.neighbours.capabilities | ({OWN_POLICIES} if own else frozenset())
    try:
        yield target
    finally:
        target.close()


def _check(address: str, *, live: bool) -> None:
    if not _is_url(address):
        raise ConfigurationError(f"{address!r} is no URL: use {EMULATOR!r}, or one like http://127.0.0.1:8080")
    if "@" in urlsplit(address).netloc:
        raise ConfigurationError("a URL with a user or a password in it would stand in reports: leave both out")
    if is_adobe(address) and not live:
        raise ConfigurationError(
            f"{address} is Adobe's live service, where exports cost quota: add --live if you mean it"
        )


def _neighbours(environ: Mapping[str, str]) -> Neighbours:
    """The other tenants that the environment names."""
    names = {_OTHER_ORG + name: meaning for name, meaning in _IN_THE_OTHER_ORG.items()}
    given = {meaning: environ[name] for name, meaning in names.items() if environ.get(name)}
    if not given:
        return Neighbours(environ.get(_OTHER_SANDBOX, ""))
    try:
        return Neighbours(environ.get(_OTHER_SANDBOX, ""), credentials_from(given))
    except ConfigurationError as error:
        missing = [name for name, meaning in names.items() if meaning in str(error)]
        raise ConfigurationError(
            f"the credentials of the other organisation are incomplete: set {', '.join(missing)} as well"
        ) from error


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
