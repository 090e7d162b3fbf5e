"""How rules read a trace: what was called, what was answered, which jobs and tokens it speaks of."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import parse_qs, parse_qsl, unquote, urljoin, urlsplit

from pytest_aep_export.exchange import Exchange
from pytest_aep_export.judge.trace import Trace
from pytest_aep_export.values import member

__all__ = [
    "CANCEL",
    "CREATE",
    "DATASET",
    "ENTRIES",
    "FILES",
    "LIST",
    "LOOK",
    "TOKENS",
    "UNFINISHED",
    "Issued",
    "Sighting",
    "accepted",
    "after",
    "again",
    "answered",
    "away",
    "batch_of",
    "before",
    "credentials",
    "document",
    "foreign",
    "given",
    "guarded",
    "is_packed",
    "issued",
    "items",
    "key",
    "last_name",
    "line",
    "lost",
    "of",
    "own_jobs",
    "own_sightings",
    "parameter",
    "refused",
    "secrets",
    "sightings",
    "task",
]

LIST: Final = "listExportJobs"
CREATE: Final = "createExportJob"
LOOK: Final = "getExportJob"
CANCEL: Final = "cancelExportJob"
DATASET: Final = "createDataset"
FILES: Final = "listBatchFiles"
ENTRIES: Final = "getFile"
TOKENS: Final = ("requestToken", "requestTokenV2")
UNFINISHED: Final = frozenset({"NEW", "PROCESSING"})

_DAY: Final = 86_399
"""Seconds that a token lives which does not say so: what every sample shows."""
_MOST_SECONDS: Final = 1_000_000
"""A longer life is given in ms (divergence 96)."""
_GZIP: Final = b"\x1f\x8b"
"""How what is compressed begins."""
_SHORTEST: Final = 6
"""Characters of a secret."""
_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Sighting:
    """A job, as an answer shows it.

    Attributes:
        exchange: The answer's exchange.
        id: The job's id.
        job: The job.
    """

    exchange: Exchange
    id: str
    job: Mapping[str, Any]

    @property
    def status(self) -> object:
        """The job's status."""
        return self.job.get("status")


@dataclass(frozen=True, slots=True)
class Issued:
    """A token that was issued.

    Attributes:
        exchange: The exchange that did it.
        token: The token.
        life: How many ms it lives.
    """

    exchange: Exchange
    token: str
    life: float


def of(trace: Trace, *operations: str) -> list[Exchange]:
    """The exchanges of some operations, in order."""
    return [exchange for exchange in trace.exchanges if exchange.operation in operations]


def guarded(trace: Trace) -> list[Exchange]:
    """The exchanges of every operation that needs a token."""
    return [e for e in trace.exchanges if e.operation and e.operation not in TOKENS]


def task(trace: Trace) -> str:
    """What the client was asked to do; empty where nobody knows."""
    return trace.scenario.task if trace.scenario else ""


def document(exchange: Exchange) -> Any:
    """The answer's JSON, decompressed where it still has to be; None where it is none."""
    response = exchange.response
    try:
        if is_packed(exchange) and response.body.startswith(_GZIP):
            response = replace(response, body=gzip.decompress(response.body))
        return response.json()
    except (ValueError, RecursionError, OSError, EOFError, zlib.error):
        return None


def is_packed(exchange: Exchange) -> bool:
    """Whether the answer's body is compressed with gzip."""
    return exchange.response.headers.get("content-encoding", "").strip().lower() == "gzip"


def accepted(exchange: Exchange) -> bool:
    """Whether the answer is that of a success."""
    return 200 <= exchange.response.status <= 299  # noqa: PLR2004 - the class of statuses, as HTTP has it


def refused(exchange: Exchange) -> bool:
    """Whether the answer blames the client."""
    return 400 <= exchange.response.status <= 499  # noqa: PLR2004 - as above


def lost(exchange: Exchange) -> bool:
    """Whether no answer arrived, or not all of it."""
    return not exchange.response.status or exchange.response.cut


def answered(exchange: Exchange) -> bool:
    """Whether a success with a JSON body arrived."""
    return accepted(exchange) and not lost(exchange) and document(exchange) is not None


def line(exchange: Exchange) -> tuple[str, str, str]:
    """What makes two requests the same: the method, the path and the query."""
    parts = urlsplit(exchange.request.url)
    return exchange.request.method, parts.path.rstrip("/"), parts.query


def again(trace: Trace, exchange: Exchange) -> Exchange | None:
    """The next request of the same method, path and query."""
    wanted = line(exchange)
    return next((each for each in after(trace, exchange) if line(each) == wanted), None)


def before(trace: Trace, exchange: Exchange) -> tuple[Exchange, ...]:
    """What was exchanged before it."""
    return trace.exchanges[: _place(trace, exchange)]


def after(trace: Trace, exchange: Exchange) -> tuple[Exchange, ...]:
    """What was exchanged after it."""
    return trace.exchanges[_place(trace, exchange) + 1 :]


def _place(trace: Trace, exchange: Exchange) -> int:
    return next(n for n, each in enumerate(trace.exchanges) if each is exchange)


def last_name(url: str) -> str:
    """The last name of a path."""
    return unquote(urlsplit(url).path.rstrip("/").rpartition("/")[2])


def batch_of(exchange: Exchange) -> str:
    """The batch whose files are asked for."""
    return last_name(urlsplit(exchange.request.url).path.rstrip("/").removesuffix("/files"))


def given(exchange: Exchange) -> dict[str, str]:
    """The fields of a request's form and query."""
    form = exchange.request.body.decode("utf-8", "replace")
    return exchange.request.query | dict(parse_qsl(form, keep_blank_values=True))


def credentials(trace: Trace, name: str) -> set[str]:
    """The values that the requests for tokens had for a field."""
    return {value for exchange in of(trace, *TOKENS) if (value := given(exchange).get(name, ""))}


def secrets(trace: Trace) -> set[str]:
    """Every secret and token that is known; what is too short to be one is found anywhere, and is none."""
    known = {*trace.truth.secrets, *credentials(trace, "client_secret"), *(each.token for each in issued(trace))}
    return {each for each in known if len(each) >= _SHORTEST}


def issued(trace: Trace) -> list[Issued]:
    """The tokens that were issued, in order."""
    found = []
    for exchange in of(trace, *TOKENS):
        answer = document(exchange) if accepted(exchange) and not lost(exchange) else None
        token = member(answer, "access_token")
        if isinstance(token, str):
            found.append(Issued(exchange, token, _life(member(answer, "expires_in"))))
    return found


def _life(value: object) -> float:
    try:
        seconds = float(value) if isinstance(value, int | float | str) else float(_DAY)
    except ValueError:
        seconds = float(_DAY)
    return seconds if seconds > _MOST_SECONDS else seconds * 1000


def key(value: object) -> str:
    """A job's id as text: 100, "100", 100.0 and "100.0" are the same (divergence 39)."""
    text = str(value)
    whole, point, fraction = text.partition(".")
    return whole if point and whole.isdigit() and not fraction.strip("0") else text


def items(value: object) -> list[Mapping[str, Any]]:
    """The objects of an array; nothing where it is none."""
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def parameter(url: str, name: str) -> str:
    """A parameter of an address or a link, decoded; empty where it has none."""
    try:
        return parse_qs(urlsplit(url).query, keep_blank_values=True).get(name, [""])[-1]
    except ValueError:
        return ""


def sightings(trace: Trace) -> Iterator[Sighting]:
    """Every job that an answer shows, in order."""
    for exchange in of(trace, CREATE, LOOK, LIST):
        if accepted(exchange) and not lost(exchange):
            answer = document(exchange)
            for job in items(member(answer, "records") if exchange.operation == LIST else [answer]):
                if "id" in job:
                    yield Sighting(exchange, key(job["id"]), job)


def own_jobs(trace: Trace) -> list[str]:
    """The ids of the jobs that the client was told it has created."""
    return list(dict.fromkeys(each.id for each in sightings(trace) if each.exchange.operation == CREATE))


def own_sightings(trace: Trace) -> list[Sighting]:
    """What was shown of the client's own jobs, in order."""
    own = set(own_jobs(trace))
    return [each for each in sightings(trace) if each.id in own]


def foreign(trace: Trace) -> dict[str, Exchange]:
    """The hosts, other than the one that was asked, that answers link to, each with the first that does."""
    found: dict[str, Exchange] = {}
    for exchange in of(trace, LIST, FILES, ENTRIES):
        if accepted(exchange):
            for link in _links(document(exchange)):
                if away(exchange, link):
                    found.setdefault(urlsplit(urljoin(exchange.request.url, link)).netloc, exchange)
    return found


def away(exchange: Exchange, link: str) -> bool:
    """Whether a link of an answer leads to another host than the one that was asked."""
    try:
        return _origin(urljoin(exchange.request.url, link)) != _origin(exchange.request.url)
    except ValueError:
        return False


def _origin(url: str) -> tuple[str | None, int | None]:
    parts = urlsplit(url)
    return parts.hostname, parts.port or _PORTS.get(parts.scheme)


def _links(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, each in value.items():
            if name in {"href", "next"} and isinstance(each, str):
                yield each
            else:
                yield from _links(each)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for each in value:
            yield from _links(each)
