"""Which hosts are Adobe's, and which of them the emulator stands in for."""

from __future__ import annotations

import re

import pytest

from pytest_aep_export.hosts import CERTIFIED, GATEWAY, IMS, is_adobe, is_adobe_host, is_emulated

OF_ADOBE = [
    "adobe.io",
    "platform.adobe.io",
    "Platform.Adobe.IO.",
    "ns.adobe.com",
    "x.adobe.net",
    "ims-na1.adobelogin.com",
]
OF_OTHERS = [
    "",
    "localhost",
    "notadobe.io",
    "adobe.io.example.org",
    "example.org",
    "127.0.0.1",
    "adobelogin.com.invalid",
]
EMULATED = ["platform.adobe.io", "platform-va7.adobe.io", "PLATFORM-stage.adobe.io.", "ims-na1.adobelogin.com"]
NOT_EMULATED = [
    "developer.adobe.com",
    "adobe.io",
    "x.platform.adobe.io",
    "platform.adobe.io.example.org",
    "adobelogin.com",
]


@pytest.mark.parametrize("host", OF_ADOBE)
def test_a_host_of_adobe(host: str):
    """A domain of Adobe's and whatever is below it, in either case and with the root's dot."""
    assert is_adobe_host(host)
    assert is_adobe(f"https://{host}:8443/x")


@pytest.mark.parametrize("host", OF_OTHERS)
def test_a_host_of_others(host: str):
    """A name that only looks like one of Adobe's is none."""
    assert not is_adobe_host(host)
    assert not is_adobe(f"https://{host}/x")


@pytest.mark.parametrize(("hosts", "emulated"), [(EMULATED, True), (NOT_EMULATED + OF_OTHERS, False)])
def test_an_emulated_host(hosts: list[str], emulated: bool):  # noqa: FBT001 - what is expected
    """The gateway with its regions and stages, and the token services, are emulated, and nothing else is."""
    assert [host for host in hosts if is_emulated(host) is not emulated] == []


@pytest.mark.parametrize("host", [*EMULATED, GATEWAY.removeprefix("https://"), IMS.removeprefix("https://")])
def test_what_is_emulated_is_certified(host: str):
    """One certificate covers every emulated host, with a wildcard for one label as TLS has it."""
    patterns = [re.escape(name).replace(r"\*", "[^.]+") for name in CERTIFIED]

    assert any(re.fullmatch(pattern, host.rstrip(".").lower()) for pattern in patterns)
