"""Secrets: in nothing that a client prints, says or leaves behind."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from pytest_aep_export.judge.trace import Truth
from tests.judge.traces import KEY, SECRET, TOKEN, breaks, export, keeps, silent

KIND = {SECRET: "the client secret", TOKEN: "an access token"}


@pytest.mark.parametrize("secret", [SECRET, TOKEN])
@pytest.mark.parametrize("place", ["output", "said"])
def test_a_secret_that_is_printed(secret: str, place: str):
    """A secret is found in what a client prints and says, and is not repeated."""
    told: dict[str, Any] = {"output": b"\xff" + secret.encode()} if place == "output" else {"said": f"({secret})"}
    breaks("079", None, export().trace(**told), KIND[secret])
    breaks("079", None, export().own(**told), KIND[secret])


@pytest.mark.parametrize(
    "encode", [base64.b64encode, base64.encodebytes, base64.urlsafe_b64encode, bytes.hex, lambda raw: quote(raw, "")]
)
def test_a_secret_that_is_encoded(encode: Callable[[bytes], bytes | str]):
    """It is found in what an encoding makes of it, as in credentials for HTTP's Basic."""
    told = encode(f"{KEY}:{SECRET}".encode())
    output = told if isinstance(told, bytes) else told.encode()
    breaks("079", None, export().trace(output=b"sent " + output), "the client secret is")
    breaks("080", None, export().trace(files={"log": output}), "the client secret is in log")


def test_a_secret_that_is_left_in_a_file():
    """A secret is found in any file that a client leaves."""
    breaks("080", None, export().trace(files={"token.json": TOKEN.encode()}), "an access token is in token.json")
    keeps("080", export().trace(files={"a": b"", "b": b"nothing"}))
    silent("080", export().trace())


def test_secrets_that_only_the_server_knows():
    """What the server issued counts as well; what is too short to be one does not."""
    truth = Truth(secrets=("issued-in-another-way", "ab"))
    breaks("079", None, export().trace(output=b"issued-in-another-way", truth=truth), "the client secret")
    keeps("079", export().trace(output=b"ab", truth=truth))
    silent("079", export().trace())
