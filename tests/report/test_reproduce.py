"""The line that repeats a request: a shell makes of it what was sent, with variables for what is secret."""

from __future__ import annotations

import shlex
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_aep_export.exchange import Headers, Request
from pytest_aep_export.report.reproduce import curl

TOKEN = "a-token-that-is-secret"
VARIABLES = {TOKEN: "AEP_TOKEN", "the-client": "AEP_CLIENT_ID", 'pass"$`word\\!': "AEP_CLIENT_SECRET"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def words(line: str) -> list[str]:
    """What a shell makes of the line, whose variables are set."""
    environment = {name: text for text, name in VARIABLES.items()}
    script = f"curl() {{ printf '%s\\0' curl \"$@\"; }}; {line}"
    done = subprocess.run(["bash", "-c", script], env=environment, capture_output=True, check=True)
    return done.stdout.decode().split("\0")[:-1]


def test_the_variables_stand_for_the_credentials():
    """What is known stands in the line as a variable, and a shell puts it back."""
    headers = {"Authorization": f"Bearer {TOKEN}", "x-api-key": "the-client", "Host": "h", "Content-Length": "3"}
    line = curl(Request("GET", "http://h/jobs?limit=2", Headers(headers)), VARIABLES)
    expected = (
        'curl -i -X GET \'http://h/jobs?limit=2\' -H "Authorization: Bearer $AEP_TOKEN" -H "x-api-key: $AEP_CLIENT_ID"'
    )
    assert line == expected
    sent = [f"Authorization: Bearer {TOKEN}", "x-api-key: the-client"]
    assert words(line) == ["curl", "-i", "-X", "GET", "http://h/jobs?limit=2", "-H", sent[0], "-H", sent[1]]


def test_other_credentials_stay_out():
    """A secret that nothing stands for is not in the line, nor is one that was changed."""
    headers = Headers({"Authorization": "Bearer another", "x-api-key": "the-client-2", "Cookie": "c=1"})
    line = curl(Request("GET", "/x", headers), VARIABLES)
    assert "'Authorization: Bearer REDACTED'" in line
    assert '"x-api-key: $AEP_CLIENT_ID-2"' in line
    assert "Cookie: REDACTED" in line
    assert "REDACTED" in curl(Request("GET", "/x", Headers({"x-api-key": "the-client"})))


def test_a_name_ends_where_the_variable_does():
    """What follows a variable directly is not read as part of its name."""
    line = curl(Request("GET", "/x", Headers({"x-api-key": "the-clientX"})), VARIABLES)
    assert "${AEP_CLIENT_ID}X" in line
    assert words(line)[-1] == "x-api-key: the-clientX"


def test_a_form_field_by_field():
    """The fields of a form are given apart, so that curl encodes what a variable holds."""
    body = b"grant_type=client_credentials&client_id=the-client&client_secret=wrong&scope="
    line = curl(Request("POST", "/t", Headers(FORM), body), VARIABLES)
    data = [word for flag, word in zip(words(line), words(line)[1:], strict=False) if flag == "--data-urlencode"]
    assert data == ["grant_type=client_credentials", "client_id=the-client", "client_secret=REDACTED", "scope="]


@given(text=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=30))
def test_any_body_survives_the_shell(text: str):
    """Whatever characters a body has, curl is given exactly these."""
    line = curl(Request("POST", "/x", Headers({"Content-Type": "text/plain"}), text.encode()))
    assert shlex.split(line)[-2:] == ["--data-raw", text]


def test_special_characters_next_to_a_variable():
    """Quotes, dollars, backslashes, backquotes and exclamation marks stay what they are."""
    text = 'a"b$HOME`ls`\\n!c'
    line = curl(Request("POST", "/x", Headers({"Content-Type": "a/b"}), f"{text}{TOKEN}{text}".encode()), VARIABLES)
    assert words(line)[-1] == f"{text}{TOKEN}{text}"
    assert "!" not in line.replace("\"'!'\"", "")  # between double quotes an interactive shell would expand it


def test_what_curl_would_do_of_itself():
    """No pattern is read into a URL, no type added and no empty header dropped."""
    line = curl(Request("POST", "http://h/a?x=[1]", Headers({"x-empty": ""}), b"body"))
    assert words(line)[2:] == [
        *("-X", "POST", "--globoff", "http://h/a?x=[1]"),
        *("-H", "x-empty;", "-H", "Content-Type:", "--data-raw", "body"),
    ]


@pytest.mark.parametrize(
    ("request_", "part"),
    [
        (Request("HEAD", "/x"), "curl -i --head /x"),
        (Request("PUT", "/x", Headers({"Content-Type": "a/b"}), b"\xff"), "--data-binary @BODY  # 1 bytes"),
    ],
)
def test_what_no_word_can_hold(request_: Request, part: str):
    """HEAD has an option of its own, and a body that is no text stays a file's name."""
    assert part in curl(request_)
