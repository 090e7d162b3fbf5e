"""What a client has to bear: each documented way of answering, members more and less, slow and strange transport.

It takes the dialects, and servers that show more or less than usual, answer slowly, in pieces, compressed, with another
date, and in letters of every script. Nearly all is judged by how the client ended, so nothing is said of a client that
ends so where nothing at all goes wrong.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Final

from pytest_aep_export.contract import load
from pytest_aep_export.emulator.faults import Delay, Dribble, Effect, Fault, Skew
from pytest_aep_export.exchange import Exchange
from pytest_aep_export.judge.rules.findings import Rule, copes, finding, how_it_ended, unsure
from pytest_aep_export.judge.rules.polling import is_plain
from pytest_aep_export.judge.rules.reading import (
    CREATE,
    FILES,
    LIST,
    LOOK,
    accepted,
    document,
    guarded,
    is_packed,
    items,
    of,
    own_sightings,
    sightings,
)
from pytest_aep_export.judge.trace import Trace
from pytest_aep_export.suite.verdicts import Outcome
from pytest_aep_export.values import member

__all__ = ["RULES"]

_UNNEEDED: Final = (
    "computeGatewayJobId",
    "imsOrgId",
    "jobType",
    "metrics",
    "profileInstanceId",
    "requestId",
    "updateTime",
)
_BARE: Final = frozenset({"dataSetFileId", "isValid", "_links"})
_PATIENCE: Final = 60
"""The seconds that the gateway gives an answer."""


def _reads_either_spelling(trace: Trace) -> Iterator[Outcome]:
    for each in sightings(trace):
        destination = each.job.get("destination") or {}
        if "dataSetId" in destination and "datasetId" not in destination:
            yield from copes(trace, each.exchange, "dataSetId in the place of datasetId")
            return


def _passes_over_unknown_members(trace: Trace) -> Iterator[Outcome]:
    for exchange in of(trace, CREATE, LOOK, LIST, FILES):
        unknown = _unknown(exchange)
        if unknown:
            yield from copes(trace, exchange, f"the unknown member {unknown[0]}")
            return


def _unknown(exchange: Exchange) -> list[str]:
    answer = document(exchange) if accepted(exchange) else None
    if exchange.operation == LIST:
        jobs = [(job, "ExportJob") for job in items(member(answer, "records"))]
        shown = [*((page, "JobPage") for page in items([answer])), *jobs]
    elif exchange.operation == FILES:
        shown = [(each, "FileItem") for each in items(member(answer, "data"))]
    else:
        shown = [(each, "ExportJob") for each in items([answer])]
    return [name for value, schema in shown for name in value if name not in _members(schema)]


@cache
def _members(schema: str) -> frozenset[str]:
    return frozenset(load().schema(schema)["properties"])


def _does_without_members(trace: Trace) -> Iterator[Outcome]:
    for each in own_sightings(trace):
        missing = [name for name in _UNNEEDED if name not in each.job]
        if missing:
            yield from copes(trace, each.exchange, f"a job without {', '.join(missing)}")
            return


def _reads_bare_files(trace: Trace) -> Iterator[Outcome]:
    for exchange in of(trace, FILES):
        answer = document(exchange) if accepted(exchange) else None
        files = items(member(answer, "data"))
        if files and all(_BARE.issuperset(file) for file in files):
            yield from copes(trace, exchange, "files that have an id and a link only")
            return


def _bears(kind: Callable[[Effect], bool], what: str) -> Rule:
    """The rule that a client copes with what a fault of that kind does; it shows the first that one may have struck."""

    def rule(trace: Trace) -> Iterator[Outcome]:
        faults = trace.scenario.faults if trace.scenario else ()
        struck = [each for fault in faults if kind(fault.effect) for each in _struck(trace, fault)]
        if struck and all(kind(fault.effect) for fault in faults):
            yield from copes(trace, struck[0], what)

    return rule


def _struck(trace: Trace, fault: Fault) -> list[Exchange]:
    wanted = fault.on.split()
    found = [e for e in trace.exchanges if e.operation in wanted] if "*" not in wanted else guarded(trace)
    return found[fault.skip :][: fault.times]


def _decodes(trace: Trace) -> Iterator[Outcome]:
    for exchange in trace.exchanges:
        asked = "gzip" in exchange.request.headers.get("accept-encoding", "").lower()
        if asked and accepted(exchange) and is_packed(exchange):
            yield from copes(trace, exchange, "the gzip that it asked for")
            return


def _keeps_letters(trace: Trace) -> Iterator[Outcome]:
    """Texts beyond ASCII are looked for in what the client says and reads, as they are and as they look garbled."""
    seen = own_sightings(trace)
    last = seen[-1] if seen else None
    errors = [str(each.get("msg", "")) for each in items(last.job.get("errors"))] if last else []
    told = trace.performance.said + "\n" + trace.performance.output.decode("utf-8", "replace")
    if last is not None and trace.performance.end == "failure":
        yield from _kept(trace, last.exchange, {each for each in errors if not each.isascii()}, told)
    if last is not None and trace.performance.rows is not None:
        due = {text for rows in trace.truth.rows.values() for text in _texts(rows) if not text.isascii()}
        yield from _kept(trace, last.exchange, due, "\n".join(_texts(trace.performance.rows)))


def _kept(trace: Trace, exchange: Exchange, due: set[str], told: str) -> Iterator[Outcome]:
    garbled = sorted(text for text in due if _garbled(text) in told)
    if garbled:
        yield finding(trace, exchange, f"{garbled[0]!r:.80}", f"{_garbled(garbled[0])!r:.120}", met=False)
    elif any(form in told for text in due for form in (text, json.dumps(text)[1:-1], ascii(text)[1:-1])):
        yield finding(trace, exchange, "", "", met=True)
    elif due:
        yield unsure(trace, "the client shows no text whose letters go beyond ASCII")


def _garbled(text: str) -> str:
    """The text, as UTF-8 looks that is read as Latin-1."""
    return text.encode("utf-8", "replace").decode("latin-1")


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each)


def _succeeds(trace: Trace) -> Iterator[Outcome]:
    """Where nothing is out of the ordinary; a client that never calls is told so by how it ended."""
    end = trace.performance.end
    if trace.scenario is not None and is_plain(trace) and trace.scenario.ending == "success" and end != "unknown":
        last = trace.exchanges[-1] if trace.exchanges else None
        required = "the client reports success where nothing goes wrong"
        yield finding(trace, last, required, how_it_ended(trace), met=end == "success")


RULES: Final[Mapping[str, Rule]] = {
    "EXP-CLI-058": _reads_either_spelling,
    "EXP-CLI-060": _passes_over_unknown_members,
    "EXP-CLI-061": _does_without_members,
    "EXP-CLI-062": _reads_bare_files,
    "EXP-CLI-063": _bears(lambda effect: isinstance(effect, Dribble), "an answer that comes in pieces"),
    "EXP-CLI-064": _bears(
        lambda effect: isinstance(effect, Delay) and effect.seconds < _PATIENCE, "an answer that takes its time"
    ),
    "EXP-CLI-065": _bears(lambda effect: isinstance(effect, Skew), "an answer whose Date is far off"),
    "EXP-CLI-066": _decodes,
    "EXP-CLI-067": _keeps_letters,
    "EXP-CLI-068": _succeeds,
}
