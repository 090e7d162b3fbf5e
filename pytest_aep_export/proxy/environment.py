"""What other programs find in their environment, so that they use the proxy and trust its authority. Pure."""

from __future__ import annotations

from typing import Final

from pytest_aep_export.proxy.authority import PASSWORD, Authority

__all__ = ["variables"]

_HOST: Final = "127.0.0.1"
_PROXY: Final = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")
_DIRECT: Final = ("NO_PROXY", "no_proxy")
_TRUST: Final = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")
"""What is reached directly: the emulator's plain port. Whatever else the user has excepted goes through the proxy."""


def variables(port: int, authority: Authority) -> dict[str, str]:
    """The variables by name.

    Plain HTTP is sent to the proxy as well, which refuses it: otherwise nobody would notice where it goes.
    """
    return {
        **dict.fromkeys(_PROXY, f"http://{_HOST}:{port}"),
        **dict.fromkeys(_DIRECT, ",".join(_LOOPBACK)),
        **dict.fromkeys(_TRUST, str(authority.pem)),
        "NODE_USE_ENV_PROXY": "1",
        "JAVA_TOOL_OPTIONS": _java(port, authority),
    }


def _java(port: int, authority: Authority) -> str:
    """Options that every virtual machine reads; quotes keep a path with spaces in one piece."""
    options = {
        "https.proxyHost": _HOST,
        "https.proxyPort": port,
        "http.proxyHost": _HOST,
        "http.proxyPort": port,
        "http.nonProxyHosts": "|".join(_LOOPBACK),
        "javax.net.ssl.trustStore": authority.store,
        "javax.net.ssl.trustStoreType": "PKCS12",
        "javax.net.ssl.trustStorePassword": PASSWORD,
    }
    return " ".join(f'"-D{name}={value}"' for name, value in options.items())
