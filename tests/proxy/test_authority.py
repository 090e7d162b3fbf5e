"""The authority of one run: what it vouches for, what lies on disk meanwhile, and that nothing is left."""

from __future__ import annotations

import shutil
import socket
import ssl
import stat
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509 import load_pem_x509_certificate

from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.proxy import Authority
from pytest_aep_export.proxy.authority import PASSWORD


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files are made in this test."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def _shake_hands(authority: Authority, trusted: Path, host: str) -> str | None:
    """The protocol on which a server with the authority's certificate and a client that trusts a file agree."""
    client_side, server_side = socket.socketpair()

    def serve() -> None:
        try:
            authority.context.wrap_socket(server_side, server_side=True).close()
        except OSError:
            server_side.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        context = ssl.create_default_context(cafile=str(trusted))
        with context.wrap_socket(client_side, server_hostname=host) as secure:
            return secure.version()
    finally:
        client_side.close()
        thread.join()


@pytest.mark.parametrize("host", ["platform.adobe.io", "platform-va7.adobe.io", "ims-na1.adobelogin.com"])
def test_emulated_hosts_are_vouched_for(host: str):
    """A client that trusts the authority takes the server for any of the emulated hosts."""
    with Authority() as authority:
        assert _shake_hands(authority, authority.pem, host)


@pytest.mark.parametrize("host", ["example.org", "adobe.io", "x.platform.adobe.io", "localhost"])
def test_no_other_host_is(host: str):
    """The certificate is worth nothing for another name."""
    with Authority() as authority, pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        _shake_hands(authority, authority.pem, host)


def test_every_run_has_an_authority_of_its_own():
    """What one run trusts, another's authority cannot vouch for."""
    with Authority() as one, Authority() as other, pytest.raises(ssl.SSLCertVerificationError):
        _shake_hands(one, other.pem, "platform.adobe.io")


def test_there_are_certificates_on_disk_and_no_keys(temporary: Path):
    """Only this user may enter the folder, and what lies in it is the same public certificate in two forms."""
    with Authority() as authority:
        [folder] = temporary.iterdir()
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert {path.name for path in folder.iterdir()} == {"ca.pem", "ca.p12"}
        assert b"PRIVATE KEY" not in authority.pem.read_bytes()
        [certificate] = [load_pem_x509_certificate(authority.pem.read_bytes())]
        key, own, more = pkcs12.load_key_and_certificates(authority.store.read_bytes(), PASSWORD.encode())

    assert (key, own, more) == (None, None, [certificate])


def test_nothing_is_left(temporary: Path):
    """After the run the folder is gone, and so is the file from which OpenSSL read the key."""
    with Authority() as authority:
        assert authority.pem.is_file()

    assert list(temporary.iterdir()) == []


def test_without_the_extra_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    """Where trustme is not installed, the message names the extra."""
    monkeypatch.setitem(sys.modules, "trustme", None)

    with pytest.raises(ConfigurationError, match=r"install pytest-aep-export\[tls\] as well"):
        Authority()


@pytest.mark.skipif(shutil.which("keytool") is None, reason="no JDK is installed")
def test_java_finds_a_certificate_to_trust():
    """Java's own tool lists the store's one entry as a certificate that is trusted."""
    with Authority() as authority:
        words = ["keytool", "-list", "-keystore", str(authority.store), "-storepass", PASSWORD]
        listed = subprocess.run(words, check=True, capture_output=True, text=True, timeout=60).stdout

    assert "aep-export" in listed
    assert "trustedCertEntry" in listed
