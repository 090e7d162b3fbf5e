"""Odd servers: what the answers of a scenario's server are like, where no switch of the emulator makes them so.

Most of this is no defect, and a client has to cope with it; what is one stands among the emulator's personas.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import replace
from email.utils import formatdate
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from pytest_aep_export.contract.media import is_json, media_type
from pytest_aep_export.emulator.personas import Persona
from pytest_aep_export.emulator.personas.answers import (
    JOBS,
    LISTED,
    LOOKED_UP,
    answered,
    body,
    both,
    content,
    job,
    on,
    with_content,
)
from pytest_aep_export.emulator.personas.edits import Edit, at, drop, put, then
from pytest_aep_export.exchange import Exchange, Headers, Response

if TYPE_CHECKING:
    from pytest_aep_export.emulator.journal import Journal
    from pytest_aep_export.emulator.personas.persona import Answering, Hearing

__all__ = [
    "BARE_FILES",
    "EXTRA_MEMBERS",
    "FEWER_MEMBERS",
    "FOREIGN_FILES",
    "FOREIGN_PAGES",
    "FRACTIONS",
    "GZIP",
    "answering",
    "busy_until",
    "ends_as",
    "hearing",
    "links",
    "without_last_link",
]

_FILES: Final = "listBatchFiles getFile"
_OPTIONAL: Final = (
    "profileInstanceId",
    "jobType",
    "requestId",
    "computeGatewayJobId",
    "metrics",
    "mergePolicy",
    "imsOrgId",
    "fields",
    "filter",
    "additionalFields",
)
"""What a job may lack: neither its id nor its status, and not where its rows are."""
_ENTRY: Final = frozenset({"dataSetFileId", "isValid", "_links"})
"""All that a live capture shows of a file (facts, data-access section 1)."""
_OURS: Final = "127.0.0.1"
_ELSEWHERE: Final = "localhost"
"""Another host, by its name, at which the emulator notices whoever is led there."""


def answering(name: str, about: str, answer: Answering) -> Persona:
    """A server that answers so."""
    return Persona("CLI", name, "wrong", about, answer=answer)


def hearing(name: str, about: str, hear: Hearing) -> Persona:
    """A server that understands requests so."""
    return Persona("CLI", name, "wrong", about, hear=hear)


def ends_as(status: str) -> Answering:
    """Jobs that have succeeded are shown in another status."""
    return job(lambda shown: put("status", status)(shown) if shown["status"] == "SUCCEEDED" else shown)


def links(change: Callable[[str, str], str]) -> Answering:
    """Changes the link to the next page, where there is one; the change is told the gateway's address as well."""

    def apply(exchange: Exchange, earlier: Journal) -> Response:
        gateway = exchange.request.url.partition("/export/jobs")[0]
        edit = at("link/next", lambda link: change(link, gateway) if link else link)
        return body(edit)(exchange, earlier)

    return on(LISTED, apply)


def without_last_link(edit: Edit) -> Answering:
    """Edits the last page of a list, and no other."""
    return on(LISTED, body(lambda page: page if page["link"]["next"] else edit(page)))


def busy_until(seconds: float, looks: int = 1) -> Answering:
    """After so many looks at a job one is answered with 503 and the time until which to wait, as a date."""

    def apply(exchange: Exchange, earlier: Journal) -> Response:
        if len(earlier.of(LOOKED_UP)) != looks:
            return exchange.response
        refused = answered(503, {"status": 503, "title": "The service is unavailable."})(exchange, earlier)
        until = formatdate(exchange.at / 1000 + seconds, usegmt=True)
        return replace(refused, headers=Headers([*refused.headers.raw, ("retry-after", until)]))

    return on(LOOKED_UP, apply)


def _added(value: Any) -> Any:
    return put("somethingNew", {"of": ["a", "later", "version"], "count": 1})(value)


def _each_entry(edit: Edit) -> Answering:
    return on(_FILES, body(at("data/*", edit)))


def _bare(entry: Any) -> Any:
    return {name: entry[name] for name in entry if name in _ENTRY} if "dataSetFileId" in entry else entry


def _elsewhere(link: str) -> str:
    """The link, as if another host had it."""
    parts = urlsplit(link)
    host = parts.netloc.replace(_OURS, _ELSEWHERE) if _OURS in parts.netloc else "files.example.com"
    return parts._replace(netloc=host).geturl()


def _compressed(exchange: Exchange, _: Journal) -> Response:
    response = exchange.response
    wanted = "gzip" in exchange.request.headers.get("accept-encoding", "")
    if not (wanted and response.body and is_json(media_type(response.headers))):
        return response
    whole = with_content(response, gzip.compress(response.body, mtime=0))
    return replace(whole, headers=Headers([*whole.headers.raw, ("content-encoding", "gzip")]))


def _with_fraction(data: bytes) -> bytes:
    import orjson  # noqa: PLC0415 - only while such a server answers

    document = orjson.loads(data)
    if isinstance(document, dict) and isinstance(document.get("id"), int):
        document["id"] = float(document["id"])
    return orjson.dumps(document)


EXTRA_MEMBERS: Final = both(
    job(then(_added, at("destination", _added), at("metrics", _added))),
    on(f"{LISTED} {_FILES}", body(_added)),
    _each_entry(_added),
)
FEWER_MEMBERS: Final = both(
    job(then(*(drop(name) for name in _OPTIONAL), drop("destination/segmentPerBatch"))),
    on(LISTED, body(drop("page"))),
)
BARE_FILES: Final = _each_entry(_bare)
FRACTIONS: Final = on(JOBS.replace(LISTED, ""), content(_with_fraction))
FOREIGN_FILES: Final = _each_entry(at("_links/self/href", _elsewhere))
FOREIGN_PAGES: Final = links(lambda link, gateway: _elsewhere(f"{gateway}{link}"))
GZIP: Final = _compressed
