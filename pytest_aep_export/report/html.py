"""A run as one page that needs nothing else: no network, no other file. Everything in it is data, nothing is markup."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.report.account import (
    EXPLAINED,
    MEANINGS,
    again,
    conclusion,
    excuse,
    leftovers,
    noun_of,
    orphans,
    source_text,
    unjudged,
)
from pytest_aep_export.report.document import RequirementVerdict, Run
from pytest_aep_export.report.exchanges import RecordedExchange
from pytest_aep_export.suite.kills import by_requirement, kept_kills
from pytest_aep_export.suite.registry import Level
from pytest_aep_export.suite.verdicts import Verdict

__all__ = ["html"]

BUDGET: Final = 6_000_000
"""Characters of bodies that a page holds; a record may hold more."""
_FOLDER: Final = Path(__file__).parent / "page"
_STATES: Final = {0: ("pass", "Nothing failed."), 1: ("fail", "Not conformant."), 3: ("blocked", "Not decided.")}
_DIGITS: Final = 12
_HOST: Final = re.compile(r"https?://[^/?#]*")


def html(run: Run, budget: int = BUDGET) -> str:
    """The page.

    Args:
        run: What it tells of.
        budget: How many characters of bodies it may hold, those that show a finding first.

    Raises:
        ConfigurationError: The extra ``report`` is not installed.
    """
    try:
        import jinja2  # noqa: PLC0415 - of an extra, and only for a page
        from markupsafe import Markup  # noqa: PLC0415 - comes with it
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            "a page needs jinja2: install it with pip install 'pytest-aep-export[report]'"
        ) from error
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style, script = ((_FOLDER / name).read_text("utf-8") for name in ("page.css", "page.js"))
    view = {"policy": _policy(style, script), "style": Markup(style), "script": Markup(script)}  # noqa: S704 - our own
    return environment.get_template("page.html.j2").render(view | _view(run, budget))


def _policy(style: str, script: str) -> str:
    """What the page may do: run its own script, wear its own style, and nothing else."""
    rules = {
        "default-src": "'none'",
        "style-src": _source(style),
        "script-src": _source(script),
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "require-trusted-types-for": "'script'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def _source(text: str) -> str:
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _view(run: Run, budget: int) -> dict[str, Any]:
    kind, state = _STATES[run.exit_code]
    totals = {verdict: count for verdict, count in run.counts.items() if count}
    exchanges = [exchange for v in run.verdicts for finding in v.findings for exchange in finding.exchanges]
    numbers = {id(exchange): number for number, exchange in enumerate(exchanges)}
    return {
        "run": run,
        "conclusion": {"kind": kind, "state": state, "text": conclusion(run)},
        "facts": list(_facts(run)),
        "shown": list(totals),
        "totals": totals,
        "total": len(run.verdicts),
        "areas": list(_areas(run)),
        "levels": [str(level) for level in Level],
        "meaning": MEANINGS,
        "findings": [v for kind in EXPLAINED for v in run.verdicts if v.verdict is kind],
        "unjudged": list(unjudged(run)),
        "notes": [
            *run.problems,
            *(f"Left at the target: {sentence}" for sentence in leftovers(run)),
            *(f"Left behind: {sentence}" for sentence in orphans(run)),
        ],
        "excuse": excuse,
        "kills": by_requirement(kept_kills()),
        "source_text": partial(source_text, documents=run.header.documents),
        "place": _place,
        "noun": noun_of(run),
        "again": partial(again, run),
        "number": lambda exchange: numbers[id(exchange)],
        "exchanges": _fitting(exchanges, _showing(run), budget),
    }


def _facts(run: Run) -> Iterator[tuple[str, str, str]]:
    """Name, text and, where that is an abbreviation, the whole."""
    header = run.header
    yield "Suite", header.suite, ""
    yield "Profile", header.profile, ""
    yield "Started", header.started.replace("T", " ").replace("Z", " UTC"), ""
    yield "Took", f"{run.seconds:.1f} s", ""
    if header.dialect:
        yield "Dialect", header.dialect, ""
    if header.seed is not None:
        yield "Seed", str(header.seed), ""
    for name, digest in (("Registry", header.registry), ("Target", header.target.fingerprint)):
        yield name, digest[:_DIGITS], digest
    if header.expectations:
        yield "Expectations", header.expectations[:_DIGITS], header.expectations


def _areas(run: Run) -> Iterator[dict[str, Any]]:
    for name, about in run.header.areas.items():
        verdicts = [verdict for verdict in run.verdicts if verdict.requirement.area == name]
        if verdicts:
            counts = {str(kind): sum(v.verdict is kind for v in verdicts) for kind in Verdict}
            yield {"name": name, "about": about, "verdicts": verdicts, "counts": counts, "bar": list(_bar(counts))}


def _bar(counts: Mapping[str, int]) -> Iterator[dict[str, Any]]:
    """Where each verdict's part of a bar begins and how wide it is, of a hundred."""
    start, total = 0.0, sum(counts.values())
    for verdict, count in counts.items():
        width = 100 * count / total
        if count:
            yield {"verdict": verdict, "start": round(start, 3), "width": round(width, 3)}
        start += width


def _place(url: str) -> str:
    """A URL without its host, which is the same everywhere."""
    return _HOST.sub("", url)


def _showing(run: Run) -> set[int]:
    """The exchanges that show a finding."""
    verdicts: Iterable[RequirementVerdict] = run.verdicts
    return {id(finding.exchange) for v in verdicts for finding in v.findings if finding.exchange}


def _fitting(exchanges: list[RecordedExchange], first: set[int], budget: int) -> list[dict[str, Any]]:
    """The exchanges as data, with as many bodies as the budget allows; those that show something come first."""
    data = [exchange.to_json() for exchange in exchanges]
    order = sorted(range(len(data)), key=lambda number: id(exchanges[number]) not in first)
    for number in order:
        for side in ("response", "request"):
            body = data[number][side]["body"]
            budget -= len(body.get("text", ""))
            if budget < 0:
                data[number][side]["body"] = {"bytes": body["bytes"], "left_out": True}
    return data
