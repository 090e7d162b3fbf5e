"""Which target: the embedded emulator or a URL, from plain settings, and whether it can be judged at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final
from urllib.parse import urlsplit

from pytest_aep_export.credentials import credentials_from
from pytest_aep_export.errors import ConfigurationError, TransportError
from pytest_aep_export.model import Credentials, Problem
from pytest_aep_export.suite.sending import Patience, Target, TargetError, require_json

__all__ = ["EMULATOR", "Patience", "Target", "TargetError", "is_adobe", "probe", "resolve"]

EMULATOR: Final = "emulator"

_ADOBE: Final = ("adobe.io", "adobe.com", "adobe.net", "adobelogin.com")
_PROBE_SECONDS: Final = 10.0
_LISTS: Final = ("/data/core/ups/export/jobs", "/data/foundation/catalog/dataSets")
"""Two services: one that is broken is a defect to be judged; two that refuse have been called wrongly."""


@contextmanager
def resolve(
    target: str = EMULATOR,
    *,
    ims_url: str = "",
    dialect: str = "canonical",
    credentials: Mapping[str, str] | Credentials | None = None,
    live: bool = False,
) -> Iterator[Target]:
    """A target from plain settings, closed at the end.

    Args:
        target: ``emulator``, or the URL of a gateway.
        ims_url: The token endpoint of a URL.
        dialect: Which documented variant the emulator speaks.
        credentials: Of a URL: a value, or the environment variables ``AEP_CLIENT_ID`` and so on.
        live: Whether a host of Adobe's is meant on purpose.

    Raises:
        ConfigurationError: The settings cannot work.
    """
    opened = _emulator(dialect) if target == EMULATOR else _url(target, ims_url, credentials or {}, live=live)
    with opened as result:
        yield result


def is_adobe(url: str) -> bool:
    """Whether a URL leads to a host of Adobe's."""
    host = (urlsplit(url).hostname or "").rstrip(".").lower()
    return any(host == domain or host.endswith(f".{domain}") for domain in _ADOBE)


def probe(target: Target) -> None:
    """Find out in bounded time whether the target can be judged: it answers, speaks JSON, and takes the credentials.

    Raises:
        TargetError: It cannot; the message says what to do.
    """
    try:
        with target.within(_PROBE_SECONDS):
            target.token()
            exchanges = [target.send("GET", path, query={"limit": 1}) for path in _LISTS]
    except TransportError as error:
        raise TargetError(f"{error}; is the server up, and is --target right?") from error
    for exchange in exchanges:
        require_json(exchange, target.base_url, "--target")
    refused = [e.response for e in exchanges if 400 <= e.response.status < 500]  # noqa: PLR2004 - the client's fault
    if len(refused) == len(exchanges):
        problem = Problem.from_json(refused[0].json())
        raise TargetError(
            f"{target.base_url} refuses every call with {refused[0].status} ({problem}): "
            "check AEP_ORG_ID and AEP_SANDBOX_NAME, and that the integration may work there"
        )


@contextmanager
def _emulator(dialect: str) -> Iterator[Target]:
    from pytest_aep_export.contract import dialect as named  # noqa: PLC0415 - only for the emulator
    from pytest_aep_export.emulator import Behaviour, Emulator, EmulatorServer  # noqa: PLC0415 - heavy, the same

    behaviour = Behaviour(dialect=named(dialect))
    with Emulator(behaviour=behaviour) as emulator, EmulatorServer(emulator) as server:
        target = Target(
            server.url,
            emulator.create_tenant().credentials,
            kind="emulator",
            label=f"the embedded emulator, dialect {dialect}",
            patience=Patience(poll=0, deadline=10),
        )
        try:
            yield target
        finally:
            target.close()


@contextmanager
def _url(url: str, ims_url: str, credentials: Mapping[str, str] | Credentials, *, live: bool) -> Iterator[Target]:
    for address in (url, ims_url or url):
        if not _is_url(address):
            raise ConfigurationError(f"{address!r} is no URL: use {EMULATOR!r}, or one like http://127.0.0.1:8080")
        if "@" in urlsplit(address).netloc:
            raise ConfigurationError("a URL with a user or a password in it would stand in reports: leave both out")
        if is_adobe(address) and not live:
            raise ConfigurationError(
                f"{address} is Adobe's live service, where exports cost quota: add --live if you mean it"
            )
    who = credentials if isinstance(credentials, Credentials) else credentials_from(credentials)
    target = Target(url, who, ims_url=ims_url)
    try:
        yield target
    finally:
        target.close()


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
