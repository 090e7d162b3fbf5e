"""A proxy that leads clients which insist on Adobe's hosts to the emulator, whatever they are written in.

It passes on what is sent to those hosts as it is, to a port of the emulator that speaks TLS with a certificate made for
this run alone, and refuses every other host. Needs the extra ``tls``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_aep_export.lazy import lazily

if TYPE_CHECKING:
    from pytest_aep_export.proxy.authority import Authority
    from pytest_aep_export.proxy.bounds import Bounds
    from pytest_aep_export.proxy.proxy import Proxy
    from pytest_aep_export.proxy.refusals import Refusal

__all__ = ["Authority", "Bounds", "Proxy", "Refusal"]

__getattr__, __dir__ = lazily(
    __name__, {"Authority": "authority", "Bounds": "bounds", "Proxy": "proxy", "Refusal": "refusals"}
)
