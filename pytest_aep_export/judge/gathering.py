"""What is gathered when a client has ended: what it exchanged and with whom, and what is the case at the server."""

from __future__ import annotations

import gzip
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from pytest_aep_export.contract.dialects import CANONICAL
from pytest_aep_export.disguises import shows
from pytest_aep_export.emulator import Emulator, exporting, jobs
from pytest_aep_export.exchange import Exchange
from pytest_aep_export.hosts import is_emulated
from pytest_aep_export.judge.contents import contents
from pytest_aep_export.judge.trace import Attempt, Truth
from pytest_aep_export.model import ExportJob, JobStatus

if TYPE_CHECKING:
    from pytest_aep_export.emulator import Tenant
    from pytest_aep_export.emulator.jobs import Job
    from pytest_aep_export.emulator.tenants import Sandbox

__all__ = ["Gathered", "sandbox_of", "sorted_out", "truth_of", "unpacked"]

_TOKENS: Final = frozenset({"requestToken", "requestTokenV2"})
_SECRETS: Final = ("authorization", "x-api-key")

Gathered = tuple[tuple[Exchange, ...], tuple[Attempt, ...]]
"""What was exchanged with the API's own hosts, and what was tried at others that lead to the same emulator."""


def sorted_out(exchanges: Iterable[Exchange], url: str, secrets: Collection[str]) -> Gathered:
    """Who was meant: the emulator at its address, a host of Adobe's that it stands in for, or somebody else.

    Args:
        exchanges: What was exchanged with the emulator.
        url: Its address.
        secrets: What nobody else may be shown.
    """
    host, here, elsewhere = urlsplit(url).netloc, [], []
    for exchange in exchanges:
        asked = urlsplit(exchange.request.url).netloc
        if asked == host or is_emulated(asked.partition(":")[0]):
            here.append(exchange)
        else:
            elsewhere.append(_attempt(exchange, asked, secrets))
    return tuple(here), tuple(elsewhere)


def unpacked(exchange: Exchange) -> Exchange:
    """The exchange with the body that the client reads, where that was compressed on its way."""
    response = exchange.response
    if response.headers.get("content-encoding") != "gzip" or response.cut:
        return exchange
    return replace(exchange, response=replace(response, body=gzip.decompress(response.body)))


def truth_of(emulator: Emulator, tenant: Tenant, before: frozenset[str], exchanges: Iterable[Exchange]) -> Truth:
    """What is the case at the server.

    Args:
        emulator: The server.
        tenant: The client's.
        before: The ids of the jobs that are not the client's.
        exchanges: What the client has exchanged.
    """
    sandbox, who = sandbox_of(emulator, tenant), tenant.credentials
    every = jobs.listed(emulator.state.store, sandbox.key)
    own = [j for j in every if j.key not in before and j.life.status is JobStatus.SUCCEEDED]
    shown = {job.key: job.show(CANONICAL, who.org_id) for job in every}
    return Truth(
        jobs=tuple(shown.values()),
        rows={job.key: tuple(tenant.expected(ExportJob.from_json(shown[job.key]))) for job in own},
        files={name: content for job in own for name, content in _batches(emulator, sandbox, job)},
        secrets=(who.client_secret, *_tokens(exchanges)),
    )


def sandbox_of(emulator: Emulator, tenant: Tenant) -> Sandbox:
    """The sandbox that a tenant works in."""
    organisation = emulator.state.tenants.by_org(tenant.credentials.org_id)
    assert organisation is not None  # nobody deletes it but its owner
    return organisation.sandboxes[tenant.credentials.sandbox]


def _attempt(exchange: Exchange, host: str, secrets: Collection[str]) -> Attempt:
    request = exchange.request
    told = any(name in request.headers for name in _SECRETS) or shows(request, secrets)
    return Attempt(host, f"{request.method} {request.path}", told)


def _batches(emulator: Emulator, sandbox: Sandbox, job: Job) -> Iterator[tuple[str, bytes]]:
    for target in job.targets:
        folder = exporting.folder_of(emulator.state, sandbox, target.batch_id)
        for name, content in contents(folder).items():
            yield f"{target.batch_id}/{name}", content


def _tokens(exchanges: Iterable[Exchange]) -> Iterator[str]:
    """Every token that was issued, in the order of issue."""
    for exchange in exchanges:
        if exchange.operation in _TOKENS:
            try:
                document: Any = exchange.response.json()
            except ValueError:
                continue
            if isinstance(document, dict) and isinstance(document.get("access_token"), str):
                yield document["access_token"]
