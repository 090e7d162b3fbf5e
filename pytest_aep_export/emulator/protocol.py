"""HTTP/1.1 as the server speaks it: uvicorn's protocol on httptools, where that falls short of what clients may send.

What is no HTTP is refused in JSON, as everything else is; heads have a limit; and an upgrade that a client offers is
left unanswered, as RFC 9110 section 7.8 has it. Uvicorn goes on after such an offer too, but without the request's
body, and clients that offer HTTP/2 with every first request (Java's ``HttpClient``, ``curl --http2``) send one.
"""

from __future__ import annotations

from itertools import chain
from typing import Final

import httptools
import orjson
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from pytest_aep_export.emulator.problems import gateway

__all__ = ["MAX_HEAD", "JsonHttpProtocol"]

MAX_HEAD: Final = 1 << 16
"""Bytes that a request's headers may have in all; a choice of ours. The parser bounds the target by as much."""

_UPGRADE: Final = frozenset({b"upgrade", b"http2-settings"})


class JsonHttpProtocol(HttpToolsProtocol):
    """One connection."""

    def data_received(self, data: bytes) -> None:
        """Parse what arrived; a request that offers an upgrade is parsed once more, as one that does not."""
        self._unset_keepalive_if_required()
        try:
            while data:
                data = self._parse(data)
        except httptools.HttpParserError:
            self.send_400_response("")

    def _parse(self, data: bytes) -> bytes:
        """Parse what arrived, and return what is to be parsed next: nothing, unless a head offered an upgrade."""
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            if self.scope["method"] == "CONNECT":
                raise httptools.HttpParserError("the emulator is no proxy") from upgrade
            rest: bytes = data[upgrade.args[0] :]
            self.parser = httptools.HttpRequestParser(self)
            return self._head_without_upgrade() + rest
        return b""

    def on_headers_complete(self) -> None:
        """Begin to answer, unless there will be no answer to this head.

        Raises:
            ValueError: The head is too large; the parser makes a `httptools.HttpParserError` of it.
        """
        if sum(map(len, chain.from_iterable(self.headers))) > MAX_HEAD:
            raise ValueError("the headers are too large")
        if self.parser.should_upgrade():
            self.scope["method"] = self.parser.get_method().decode("ascii")
        else:
            super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Note that the body is complete; a head that offers an upgrade is not answered yet, and has none."""
        if not self.parser.should_upgrade():
            super().on_message_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn passes what it would say
        """Refuse what cannot be parsed, and close: the gateway's family says so with its code 400001."""
        body = orjson.dumps(gateway("400001").body)
        head = f"HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n"
        self.transport.write(f"{head}connection: close\r\n\r\n".encode() + body)
        self.transport.close()

    def _head_without_upgrade(self) -> bytes:
        head = [self.scope["method"].encode(), b" ", self.url, b" HTTP/1.1\r\n"]
        for name, value in self.headers:
            if name not in _UPGRADE:
                head += [name, b": ", value, b"\r\n"]
        return b"".join([*head, b"\r\n"])
