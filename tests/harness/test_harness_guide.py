"""The page on harnesses shows lines that the protocol allows, and a harness that keeps to it."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import jsonschema_rs

from pytest_aep_export.judge.harness.protocol import COMMANDS, protocol_schema, read_answer
from pytest_aep_export.judge.harness.smoke import Smoke

PAGE = (Path(__file__).parents[2] / "docs" / "harness.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    """The snippets of the page in a language."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def lines(block: str) -> list[dict[str, Any]]:
    """What the lines of a snippet hold."""
    return [json.loads(line) for line in block.splitlines()]


def test_the_page_shows_a_request_for_each_command():
    """Each line is a request by the schema, and the table above names the same commands."""
    shown = lines(blocks("ndjson")[0])
    valid = jsonschema_rs.validator_for({**protocol_schema(), "anyOf": [{"$ref": "#/$defs/request"}]}).is_valid

    assert [request for request in shown if not valid(request)] == []
    assert [request["cmd"] for request in shown] == list(COMMANDS)
    assert re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)[: len(COMMANDS)] == list(COMMANDS)


def test_the_page_shows_an_answer_to_each_command():
    """Each line is a result by the schema of its command, and has its number."""
    shown = blocks("ndjson")[1].splitlines()

    read = [read_answer(line.encode(), n, cmd) for n, (line, cmd) in enumerate(zip(shown, COMMANDS, strict=True), 1)]

    assert {answer.kind for answer in read} == {"result"}


def test_the_page_shows_every_kind_of_answer():
    """What else can be said is an answer to the command that has the number in the snippets above."""
    read = [
        read_answer(json.dumps(answer).encode(), answer["seq"], COMMANDS[answer["seq"] - 1])
        for answer in lines(blocks("ndjson")[2])
    ]

    assert [answer.kind for answer in read] == ["result", "failed", "skipped", "errored"]


def test_the_harness_of_the_page_keeps_to_the_protocol(tmp_path: Path):
    """Whoever starts from it starts from something that passes smoke."""
    [code] = blocks("py")
    (tmp_path / "harness.py").write_text(code, "utf-8")
    smoke = Smoke([sys.executable, str(tmp_path / "harness.py")])

    checks = {check.name: check.message for check in smoke.run()}

    assert smoke.fit, checks
    assert checks["list_jobs"] == "answered with a result"
    assert checks["create_job"] == "answered with 'skipped': my-client only lists"
