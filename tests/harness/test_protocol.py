"""The harness protocol: its schemas, our requests by them, and what is said of an answer that breaks them."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import jsonschema_rs
import pytest

from pytest_aep_export.exchange import REDACTED
from pytest_aep_export.judge.harness.conversation import ConversationError, start_members
from pytest_aep_export.judge.harness.protocol import (
    COMMANDS,
    VERSION,
    Answer,
    BreachError,
    protocol_schema,
    read_answer,
    request,
)
from pytest_aep_export.judge.processes import LONGEST_LINE
from pytest_aep_export.judge.scenario import Scenario
from pytest_aep_export.judge.subject import Surroundings

MEMBERS: dict[str, dict[str, Any]] = {
    "create_dataset": {"name": "Export"},
    "create_job": {"dataset": "5b020a27e7040801dedba61b"},
    "get_job": {"job": "24115"},
    "list_jobs": {},
    "wait_for_job": {"job": "24115"},
    "cancel_job": {"job": "24115"},
    "read_rows": {"job": "24115"},
    "stop": {},
}


def accepts(name: str, node: object) -> bool:
    """Whether one of the schemas accepts a value."""
    document = protocol_schema()
    schema = {"$schema": document["$schema"], "$ref": f"#/$defs/{name}", "$defs": document["$defs"]}
    return bool(jsonschema_rs.validator_for(schema).is_valid(node))


def breach(line: bytes, cmd: str = "create_job", seq: int = 3) -> str:
    """What is said of an answer that breaks the protocol."""
    with pytest.raises(BreachError) as found:
        read_answer(line, seq, cmd)
    return str(found.value)


def line_of(**members: Any) -> bytes:
    """An answer as a line."""
    return json.dumps({"seq": 3, **members}).encode()


def test_the_schema_is_one():
    """It is a JSON Schema of draft 2020-12 with a URN for its id."""
    jsonschema.Draft202012Validator.check_schema(protocol_schema())
    assert protocol_schema()["$id"] == "urn:pytest-aep-export:harness"


def test_each_command_has_a_schema_for_its_answer():
    """The commands of the schema and of the code are the same, and the answer to each is defined."""
    definitions = protocol_schema()["$defs"]

    assert definitions["cmd"]["enum"] == list(COMMANDS)
    assert {name.removeprefix("answer_to_") for name in definitions if name.startswith("answer_to_")} == set(COMMANDS)


def test_our_start_keeps_to_the_schema(place: Surroundings):
    """What a harness is told at first is what the schema promises, and nothing that it promises is missing."""
    told = json.loads(request(1, "start", version=VERSION, **start_members(Scenario("x", "x"), place)))

    assert accepts("request", told)
    for name in set(told) - {"seq", "cmd"}:
        assert not accepts("request", {key: value for key, value in told.items() if key != name})
    assert told["poll_seconds"] == Scenario("x", "x").poll
    assert told["timeout_seconds"] == Scenario("x", "x").patience
    assert told["url"] == place.url
    assert told["ims_url"] == f"{place.url}/ims/token/v3"
    assert told["output"] == str(place.folder)


def test_a_start_follows_the_environment_to_other_addresses(place: Surroundings):
    """A client that insists on Adobe's hosts is told these, as a program is."""
    environ = {
        "AEP_BASE_URL": "https://platform.adobe.io",
        "AEP_IMS_URL": "https://ims-na1.adobelogin.com/ims/token/v3",
    }
    away = Surroundings(place.url, place.credentials, place.clock, place.folder, environ)

    told = start_members(Scenario("x", "x"), away)

    assert (told["url"], told["ims_url"]) == tuple(environ.values())


@pytest.mark.parametrize("cmd", sorted(MEMBERS))
def test_every_other_request_keeps_to_the_schema(cmd: str):
    """A request is one line, has its number and command first, and lacks nothing."""
    line = request(7, cmd, **MEMBERS[cmd])

    assert accepts("request", json.loads(line))
    assert line.startswith(b'{"seq":7,"cmd":"%s"' % cmd.encode())
    assert b"\n" not in line
    for name in MEMBERS[cmd]:
        assert not accepts("request", {"seq": 7, "cmd": cmd, **MEMBERS[cmd], name: ""})


@pytest.mark.parametrize(
    ("cmd", "members", "kind"),
    [
        ("start", {"result": {"name": "a", "language": "b", "version": "c", "homepage": "d"}}, "result"),
        ("create_dataset", {"result": {"id": "5b020a27e7040801dedba61b"}}, "result"),
        ("create_job", {"result": {"id": 24115}}, "result"),
        ("create_job", {"result": {"id": "24115", "status": "NEW", "errors": []}}, "result"),
        ("get_job", {"result": {"id": 24115, "status": "NEW", "more": 1}}, "result"),
        ("list_jobs", {"result": {"jobs": []}}, "result"),
        ("read_rows", {"result": {"rows": [{}]}}, "result"),
        ("read_rows", {"result": {"files": ["a/b.parquet"]}, "more": 1}, "result"),
        ("stop", {"result": {}}, "result"),
        ("start", {"failed": {"message": "no", "errors": [{"message": "why"}]}}, "failed"),
        ("list_jobs", {"skipped": {"message": "it has none"}}, "skipped"),
        ("no_such_thing", {"errored": {"message": "what?", "traceback": ""}}, "errored"),
    ],
)
def test_an_answer_is_read(cmd: str, members: dict[str, Any], kind: str):
    """Each kind of answer is read, with members that nobody knows left in."""
    assert read_answer(line_of(**members), 3, cmd) == Answer(kind, members[kind])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("members", "demand"),
    [
        ({}, "at its top an object with 'seq' and exactly one of 'result', 'failed', 'skipped' and 'errored' was"),
        ({"result": {"id": 1}, "failed": {"message": "x"}}, "at its top an object with 'seq' and exactly one of"),
        ({"result": []}, "at /result an object: what the client gave back was expected, found []"),
        (
            {"result": {"status": "NEW"}},
            "at /result an object with the 'id' of a job was expected, found nothing under 'id'",
        ),
        ({"result": {"id": 1.5}}, "at /result/id a text or a whole number was expected, found 1.5"),
        ({"result": {"id": ""}}, 'at /result/id a text or a whole number was expected, found ""'),
        ({"result": {"id": 1, "status": None}}, "at /result/status a text that is not empty was expected, found null"),
        (
            {"failed": {}},
            "at /failed an object with a 'message': the client reports an error, such as a job that failed was",
        ),
        (
            {"skipped": "no"},
            "at /skipped an object with a 'message': the client has no such thing was expected, found \"no\"",
        ),
        ({"errored": {"message": "x", "traceback": []}}, "at /errored/traceback a text: where it broke was expected"),
        ({"failed": {"message": "x", "errors": ["y"]}}, "at /failed/errors/0 an object with a 'message' and perhaps a"),
        (
            {"seq": "3", "result": {"id": 1}},
            "at /seq the number of a request, by which its answer is known was expected",
        ),
        ({"seq": 4, "result": {"id": 1}}, "at /seq 3 was expected, the number of the request, found 4"),
    ],
)
def test_a_breach_is_one_sentence_with_the_line_and_what_was_demanded(members: dict[str, Any], demand: str):
    """It names the command, the place, what the schema demands there, what is there, and shows the line."""
    line = line_of(**members)

    said = breach(line)

    assert said.startswith("its answer to 'create_job' breaks the protocol: ")
    assert demand in said
    assert said.endswith(f"; the line is: {line.decode()}")
    assert "\n" not in said


@pytest.mark.parametrize(
    ("cmd", "result", "demand"),
    [
        ("start", {"name": "a", "language": "b"}, "with 'name', 'language' and 'version': the client that the harness"),
        ("create_dataset", {"id": 5}, "at /result/id a text that is not empty was expected, found 5"),
        ("get_job", {"id": 5}, "with the 'id' and the 'status' of a job was expected, found nothing under 'status'"),
        ("list_jobs", [], "at /result an object"),
        ("list_jobs", {"jobs": [{}]}, "at /result/jobs/0 an object with the 'id' of a job was expected"),
        (
            "read_rows",
            {},
            "at /result an object with 'rows', or with 'files' if the client only downloads was expected",
        ),
        ("read_rows", {"rows": [1]}, "at /result/rows/0 an object was expected, found 1"),
        ("read_rows", {"files": [""]}, "at /result/files/0 a text that is not empty was expected"),
    ],
)
def test_each_command_has_demands_of_its_own(cmd: str, result: Any, demand: str):
    """What a result has to hold depends on what was asked for."""
    assert demand in breach(line_of(result=result), cmd)


@pytest.mark.parametrize(
    "line", [b"Creating a job...", b"", b'{"seq": 3', b"\xff\xfe", b'"\xc3"', b"[" * 100_000, b"NaN x"]
)
def test_what_is_no_json_is_said_to_be_none(line: bytes):
    """Text, binary data and halves of answers are shown as far as they can be."""
    assert "one JSON object in UTF-8 was expected, found no JSON (" in breach(line)


@pytest.mark.parametrize("node", [[], 1, None, "start"])
def test_what_is_no_object_is_no_answer(node: object):
    """Other JSON is no answer either."""
    assert "at its top an object with 'seq'" in breach(json.dumps(node).encode())


def test_a_long_line_is_shown_in_part():
    """Neither the line nor the value in it makes the sentence endless."""
    said = breach(line_of(result={"id": ["x" * 5000]}))

    assert said.endswith("xxx…")
    assert len(said) < 600


def test_a_line_that_is_too_long_is_not_read():
    """A line beyond all bounds is told by its length."""
    assert f"a line of at most {LONGEST_LINE} bytes was expected" in breach(b" " * (LONGEST_LINE + 1))


def test_an_answer_says_why():
    """The message of an answer holds the reasons that the API gave, with their codes where they have one."""
    errors = [{"code": "0090000009", "message": "Error writing"}, {"message": "Job aborted."}]

    assert (
        Answer("failed", {"message": "no", "errors": errors}).message == "no (0090000009: Error writing; Job aborted.)"
    )
    assert Answer("skipped", {"message": "none"}).message == "none"
    assert Answer("result", {}).message == ""


def test_no_sentence_holds_a_secret():
    """A harness that prints what it was told does not get it into a report."""
    said = str(ConversationError('its line is: {"client_secret": "s3cr3t"}'))

    assert "s3cr3t" not in said
    assert REDACTED in said
