"""What the proxy understands of the head of a request."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_aep_export.hosts import is_emulated
from pytest_aep_export.proxy.asked import Asked, read


@pytest.mark.parametrize(
    ("target", "host"),
    [
        ("platform.adobe.io:443", "platform.adobe.io"),
        ("Platform-VA7.adobe.io:443", "platform-va7.adobe.io"),
        ("ims-na1.adobelogin.com:0443", "ims-na1.adobelogin.com"),
    ],
)
def test_an_emulated_host_is_led_to(target: str, host: str):
    """CONNECT to port 443 of an emulated host is allowed, however the name is spelt."""
    assert read(f"CONNECT {target} HTTP/1.1\r\nhost: {target}".encode()) == Asked(
        host, "CONNECT to port 443", allowed=True
    )


@pytest.mark.parametrize(
    ("target", "host", "port"),
    [
        ("example.org:443", "example.org", 443),
        ("platform.adobe.io:80", "platform.adobe.io", 80),
        ("developer.adobe.com:443", "developer.adobe.com", 443),
        ("127.0.0.1:8080", "127.0.0.1", 8080),
        ("[::1]:443", "::1", 443),
    ],
)
def test_another_host_or_port_is_not(target: str, host: str, port: int):
    """CONNECT to anything else is understood and not allowed."""
    assert read(f"CONNECT {target} HTTP/1.0".encode()) == Asked(host, f"CONNECT to port {port}")


@pytest.mark.parametrize(
    ("head", "host"),
    [
        (b"GET http://Example.org:80/x HTTP/1.1", "example.org"),
        (b"GET http://platform.adobe.io/x HTTP/1.1\r\nHost: other.example", "platform.adobe.io"),
        (b"GET /x HTTP/1.1\r\nAccept: */*\r\nhost:  example.org:8080\r\nx: y", "example.org"),
        (b"GET /x HTTP/1.1", ""),
        (b"GET http://[::1/x HTTP/1.1\r\nHost: [::1", ""),
    ],
)
def test_plain_http_is_never_led_anywhere(head: bytes, host: str):
    """A request that is not encrypted is refused whatever its host, which is the target's or else the header's."""
    assert read(head) == Asked(host, "GET over plain HTTP")


@pytest.mark.parametrize(
    ("head", "secrets"),
    [
        (b"GET http://example.org/ HTTP/1.1\r\nAuthorization: Bearer t", True),
        (b"GET http://example.org/ HTTP/1.1\r\nX-API-Key: k", True),
        (b"POST http://example.org/ims/token/v2?client_secret=s HTTP/1.1", True),
        (b"GET http://example.org/ HTTP/1.1\r\nx-authorization-hint: none", False),
    ],
)
def test_secrets_in_the_open_are_noticed(head: bytes, secrets: bool):  # noqa: FBT001 - what is expected
    """A token, a key or a secret that would have gone over plain HTTP is noticed."""
    asked = read(head)

    assert asked is not None
    assert asked.secrets is secrets


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"CONNECT platform.adobe.io HTTP/1.1",
        b"CONNECT platform.adobe.io:https HTTP/1.1",
        b"CONNECT https://platform.adobe.io:443/ HTTP/1.1",
        b"CONNECT platform.adobe.io:443 HTTP/2",
        b"connect platform.adobe.io:443 HTTP/1.1",
        b"CONNECT  platform.adobe.io:443 HTTP/1.1",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
)
def test_what_is_no_request_is_none(head: bytes):
    """A head that is not one of a request to a proxy is not understood."""
    assert read(head) is None


@given(st.binary(max_size=200) | st.from_regex(rb"\A[A-Z]{1,7} [!-~]{1,60} HTTP/1\.1(\r\n[!-~ ]{0,60})*\Z"))
def test_no_head_is_led_to_a_host_that_is_not_emulated(head: bytes):
    """Whatever is sent is understood or not; what is allowed is CONNECT to an emulated host."""
    asked = read(head)

    assert asked is None or not asked.allowed or (is_emulated(asked.host) and head.startswith(b"CONNECT "))
