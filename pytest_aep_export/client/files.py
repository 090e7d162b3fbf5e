"""The files of a batch: finding them, and getting their bytes whole. No network I/O; downloads write local files.

Rules: facts, data-access. A batch holds files, a file holds entries (parts), and only an entry has bytes.
"""

from __future__ import annotations

import io
import re
from collections import deque
from pathlib import Path
from secrets import token_hex
from typing import Any, BinaryIO, Final
from urllib.parse import urljoin

from pytest_aep_export.client.core import Flow, NoAnswer, pause
from pytest_aep_export.client.landing import Landing, local_file
from pytest_aep_export.client.paging import Listing, Shape, linked, member
from pytest_aep_export.client.problems import unexpected
from pytest_aep_export.client.retry import growing
from pytest_aep_export.client.session import Session, segment, settled
from pytest_aep_export.errors import DownloadError
from pytest_aep_export.exchange import Exchange, Request
from pytest_aep_export.model import BatchFile

__all__ = ["BatchFiles", "download", "read_bytes", "safe_name"]

_DATA_ACCESS: Final = "/data/foundation/export"
_UNSATISFIABLE: Final = 416
_BYTES: Final = frozenset({200, 206})
_LONGEST_NAME: Final = 200
"""Characters of a file name, some way below what file systems take, since a partial file's name is longer."""


class BatchFiles:
    """The files of a batch, page by page: each listed file is opened for its entries, directories for theirs."""

    def __init__(self, session: Session, batch_id: str) -> None:
        self._session = session
        batch = session.url(f"{_DATA_ACCESS}/batches/{segment('batch id', batch_id)}/files")
        self._open = deque([self._listing(batch, "")])
        self._opened: set[str] = set()

    @property
    def more(self) -> bool:
        """Whether another page is to be read."""
        return bool(self._open)

    def page(self) -> Flow[list[BatchFile]]:
        """Read the next page; it may hold no file, but lead to some."""
        listing = self._open[0]
        entries = yield from listing.page()
        if not listing.more:
            self._open.popleft()
        for file_id in entries:
            if isinstance(file_id, str) and file_id not in self._opened:
                self._opened.add(file_id)
                file = self._session.url(f"{_DATA_ACCESS}/files/{segment('file id', file_id)}")
                self._open.append(self._listing(file, file_id))
        return [entry for entry in entries if isinstance(entry, BatchFile)]

    def _listing(self, url: str, file_id: str) -> Listing[BatchFile | str]:
        def items(document: Any) -> list[tuple[str, BatchFile | str]]:
            return [_entry(self._session, file_id, item) for item in document["data"]]

        return Listing(self._session, url, Shape("a list of files", items, _following, parameter="start"))


def _entry(session: Session, file_id: str, item: Any) -> tuple[str, BatchFile | str]:
    if "name" not in item:
        if not isinstance(item["dataSetFileId"], str):
            raise TypeError(f"a dataSetFileId is {item['dataSetFileId']!r:.80}")
        return item["dataSetFileId"], item["dataSetFileId"]
    name, length = str(item["name"]), int(item["length"])
    href = linked(member(member(item, "_links"), "self")) or session.url(
        f"{_DATA_ACCESS}/files/{file_id}", {"path": name}
    )
    href = urljoin(session.url("/"), href)
    if not session.owns(href):
        raise ValueError(f"the file {name!r} is said to be away from {session.origin}: {href!r}")
    if length < 0:
        raise ValueError(f"the file {name!r} is said to have {length} bytes")
    return f"{file_id}/{name}", BatchFile(name, length, file_id, href)


def _following(document: Any, _items: int, received: int) -> str:
    """The next link, or what ``count``, the total, says to be missing (divergence 79)."""
    link = linked(member(member(document, "_links"), "next"))
    count = member(document, "_page").get("count")
    missing = isinstance(count, int) and count > received
    return link or (f"?start={received}" if missing else "")


def download(session: Session, file: BatchFile, path: str | Path) -> Flow[Path]:
    """Write a file's bytes to a path, or under a safe form of its name into a directory.

    The bytes go to a partial file beside the target, which replaces the target once they are complete.

    Raises:
        DownloadError: The bytes do not add up to what was announced, or cannot be written.
        TransportError, ApiError: As of any call.
    """
    with local_file(path):
        target = Path(path)
        target = target / safe_name(file.name) if target.is_dir() else target
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f".{target.name}.{token_hex(4)}.part")
        try:
            with part.open("xb") as out:
                yield from _fetch(session, file, out)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
    return target


def read_bytes(session: Session, file: BatchFile) -> Flow[bytes]:
    """A file's bytes, whole.

    Raises:
        DownloadError: The bytes do not add up to what was announced.
        TransportError, ApiError: As of any call.
    """
    out = io.BytesIO()
    yield from _fetch(session, file, out)
    return out.getvalue()


def safe_name(name: str) -> str:
    """A server's file name as one that stays in its directory: no folders, no leading dots, no odd characters.

    Raises:
        DownloadError: Nothing of it is left.
    """
    last = re.split(r"[\\/]", name)[-1]
    clean = re.sub(r"[^\w.+=@-]", "_", last, flags=re.ASCII).lstrip(".")[-_LONGEST_NAME:]
    if not clean.strip("._"):
        raise DownloadError(f"the file name {name!r} cannot be used here: give the path of a file, not of a directory")
    return clean


def _fetch(session: Session, file: BatchFile, out: BinaryIO) -> Flow[None]:
    """Receive a file's bytes, going on where a cut left off, until they are complete or attempts bring no more."""
    landing, stalled = Landing(file.name, file.length, out), 0
    pauses = growing(session.retry.start, session.retry.factor, session.retry.maximum)
    while True:
        best = landing.best
        outcome = yield from session.answer(_request(session, file, landing.offset), sink=landing)
        if landing.complete:
            return
        setback = _setback(file, landing, outcome)
        stalled = 0 if landing.best > best else stalled + 1
        if stalled == session.retry.attempts:
            raise DownloadError(
                f"{file.name}: {landing.best} of {file.length} bytes arrived, and {stalled} attempts in a row brought "
                f"no more; the last one ended because {setback}"
            )
        if stalled:
            yield from pause(next(pauses))


def _request(session: Session, file: BatchFile, offset: int) -> Request:
    headers = {"Accept": "application/parquet, application/octet-stream, */*;q=0.1", "Accept-Encoding": "identity"}
    if offset:
        headers["Range"] = f"bytes={offset}-"
    return session.request("GET", file.href, headers=headers)


def _setback(file: BatchFile, landing: Landing, outcome: Exchange | NoAnswer) -> str:
    """Why an attempt left a file incomplete, if another attempt may do better.

    Raises:
        DownloadError: The server has no more of it.
        TransportError, ApiError, UnexpectedAnswerError: The outcome is final.
    """
    if isinstance(outcome, NoAnswer) and outcome.sent:
        return outcome.reason
    if isinstance(outcome, Exchange) and outcome.response.status == _UNSATISFIABLE:
        raise DownloadError(f"{file.name} was announced with {file.length} bytes, but the server has {landing.size}")
    exchange = settled(outcome)
    if exchange.response.status not in _BYTES:
        raise unexpected(exchange, "the bytes of a file were expected")
    return "its answer was shorter than the file"
