"""The certificate authority of one run: made at its start, trusted by those that are told to, gone at its end."""

from __future__ import annotations

import shutil
import ssl
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.hosts import CERTIFIED

if TYPE_CHECKING:
    from types import TracebackType

    from trustme import CA, LeafCert

__all__ = ["PASSWORD", "Authority"]

PASSWORD: Final = "changeit"  # noqa: S105 - of a file without secrets, and Java's own default
"""The password of the file for Java: that format has to have one, and there are only certificates in it."""


class Authority:
    """Vouches for the hosts of Adobe's that the emulator stands in for.

    Its key and that of the server are in memory; OpenSSL reads the server's from a file that exists for a moment, in a
    folder that only this user may enter. What others read lies there too, until the end: certificates, and no keys.

    Attributes:
        context: What a server needs to be one of those hosts.
        pem: The authority's certificate as PEM, for whatever is built on OpenSSL, and for Node.
        store: The same as a PKCS #12 store, for Java.

    Raises:
        ConfigurationError: The extra ``tls`` is not installed.
    """

    def __init__(self) -> None:
        authority = _new()
        self._folder = Path(tempfile.mkdtemp(prefix="aep-export-tls-"))
        self.context: ssl.SSLContext = _context(authority.issue_cert(*CERTIFIED), self._folder)
        self.pem: Path = self._folder / "ca.pem"
        self.pem.write_bytes(authority.cert_pem.bytes())
        self.store: Path = self._folder / "ca.p12"
        self.store.write_bytes(_store(authority))

    def close(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _new() -> CA:
    try:
        from trustme import CA  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise ConfigurationError(
            "the proxy needs certificates of its own: install pytest-aep-export[tls] as well"
        ) from error
    return CA(organization_name="pytest-aep-export", organization_unit_name="for one run only")


def _context(leaf: LeafCert, folder: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with leaf.private_key_and_cert_chain_pem.tempfile(dir=str(folder)) as path:
        context.load_cert_chain(path)
    return context


def _store(authority: CA) -> bytes:
    """The authority's certificate in the form that Java takes certificates from."""
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12  # noqa: PLC0415 - an extra
    from cryptography.x509 import load_pem_x509_certificate  # noqa: PLC0415 - the same

    certificate = load_pem_x509_certificate(authority.cert_pem.bytes())
    entry = pkcs12.PKCS12Certificate(certificate, b"aep-export")
    return pkcs12.serialize_java_truststore([entry], BestAvailableEncryption(PASSWORD.encode()))
