"""Reading a record: strictly, so that one which was cut off, edited, or says what does not follow is never believed."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final, NoReturn

import orjson

from pytest_aep_export.report.document import Header, RequirementVerdict, Run
from pytest_aep_export.report.lines import FORMAT, header_from, record_schema, run_from, trial_from, verdict_from
from pytest_aep_export.report.record import STANDARD, RecordError, Seal
from pytest_aep_export.report.trials import RecordedTrial
from pytest_aep_export.report.verify import known_registry, wrong_footer, wrong_header, wrong_verdict
from pytest_aep_export.suite.registry import Registry

__all__ = ["BadLineError", "EmptyRecordError", "MissingFooterError", "read", "read_lines"]

_LONGEST: Final = 160
_NAMED: Final = 3

_Node = Mapping[str, Any]


class EmptyRecordError(RecordError):
    """There is not even a header."""


class MissingFooterError(RecordError):
    """The record breaks off between two lines."""


class BadLineError(RecordError):
    """A line is not what it should be.

    Attributes:
        line: Its number, from 1.
    """

    def __init__(self, line: int, clause: str) -> None:
        super().__init__(f"line {line}: {clause}")
        self.line = line


def read(path: str) -> Run:
    """The run that a file tells of; ``-`` is standard input.

    Raises:
        RecordError: It cannot be read or believed; the message names the file and, if one is to blame, the line.
    """
    try:
        if path == STANDARD:
            return read_lines(sys.stdin.buffer)
        with Path(path).open("rb") as file:
            return read_lines(file)
    except OSError as error:
        raise RecordError(f"{path} cannot be read ({error.strerror})") from error
    except RecordError as error:
        error.args = (f"{path}, {error}",)
        raise


def read_lines(lines: Iterable[bytes]) -> Run:
    """The run that the lines of a record tell of.

    Raises:
        RecordError: They cannot be believed.
    """
    numbered = enumerate(_nodes(lines), 1)
    _, first = next(numbered, (0, None))
    if first is None:
        raise EmptyRecordError("the record is empty: the run ended before it began, or this is another file")
    if first["type"] != "header":
        _refuse(1, f"a {first['type']} stands where the header should be")
    header = header_from(first)
    registry = known_registry(header)
    for problem in wrong_header(header, registry):
        _refuse(1, problem)
    verdicts: dict[str, RequirementVerdict] = {}
    trials: dict[str, RecordedTrial] = {}
    number = 1
    for number, node in numbered:
        if node["type"] == "footer":
            run = _run(number, node, header, verdicts, trials)
            if next(numbered, None):
                _refuse(number + 1, "there is more after the footer")
            return run
        if node["type"] == "scenario" and header.applies_to == "client":
            trial = trial_from(node)
            if trials.setdefault(trial.scenario, trial) is not trial:
                _refuse(number, f"there is a second account of {trial.scenario}")
            continue
        verdict = _verdict(number, node, header, registry)
        if verdict.requirement.id in verdicts:
            _refuse(number, f"there is a second verdict on {verdict.requirement.id}")
        verdicts[verdict.requirement.id] = verdict
    raise MissingFooterError(
        f"the record ends with line {number} and has no footer: the run was ended before its time, or the file was cut "
        "off; run the suite again"
    )


def _nodes(lines: Iterable[bytes]) -> Iterator[_Node]:
    """Each line, parsed, once its form and its digest are known to be sound."""
    seal = Seal()
    for number, line in enumerate(lines, 1):
        try:
            node = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            _refuse(number, f"this is not JSON ({error.msg}): the record was cut off here, or is none")
        if isinstance(node, dict) and node.get("type") == "header" and node.get("record") != FORMAT:
            _refuse(number, f"the record has the format {node.get('record')!r}, but this version reads {FORMAT}")
        for problem in _schema_problems(node):
            _refuse(number, problem)
        if not seal.holds(line):
            _refuse(number, "the digest does not fit: the line was edited, or one before it was taken out or moved")
        yield node


def _verdict(number: int, node: _Node, header: Header, registry: Registry | None) -> RequirementVerdict:
    if node["type"] != "verdict":
        _refuse(number, f"a {node['type']} stands where a verdict or the footer should be")
    verdict = verdict_from(node, header.applies_to)
    for problem in wrong_verdict(verdict, header, registry):
        _refuse(number, problem)
    return verdict


def _run(
    number: int,
    footer: _Node,
    header: Header,
    verdicts: Mapping[str, RequirementVerdict],
    trials: Mapping[str, RecordedTrial],
) -> Run:
    missing = [name for name in header.requirements if name not in verdicts]
    if missing:
        more = "…" if missing[_NAMED:] else ""
        _refuse(number, f"the footer comes before a verdict on {', '.join(missing[:_NAMED])}{more}")
    ordered = tuple(verdicts[name] for name in header.requirements)
    run = run_from(footer, header, ordered, tuple(trials.values()))
    for problem in wrong_footer(run, footer):
        _refuse(number, problem)
    return run


def _schema_problems(node: object) -> Iterator[str]:
    for error in _validator().iter_errors(node):
        place = "/".join(map(str, error.instance_path)) or "the line"
        yield f"{place}: {error.message:.{_LONGEST}}"


@cache
def _validator() -> Any:
    import jsonschema_rs  # noqa: PLC0415 - a compiled library: only whoever reads a record pays for it

    return jsonschema_rs.validator_for(record_schema())


def _refuse(line: int, clause: str) -> NoReturn:
    raise BadLineError(line, clause)
