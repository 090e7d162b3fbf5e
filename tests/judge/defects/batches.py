"""Clients that read the files of a batch wrong."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, TypeAlias

import httpx

from pytest_aep_export import AepClient
from pytest_aep_export.errors import DownloadError, TransportError
from pytest_aep_export.judge.own import performed
from pytest_aep_export.judge.scenario import Scenario
from pytest_aep_export.judge.subject import Surroundings
from pytest_aep_export.judge.trace import Performance
from pytest_aep_export.model import BatchFile
from tests.judge.defects.bending import pieces, reads
from tests.judge.defects.defect import DONE, Act, Defect, afterwards, made, only, waited


def first_only(document: Any) -> None:
    """See the first item of a listing only."""
    if "data" in document:
        del document["data"][1:]
        first_page_only(document)


def first_page_only(document: Any) -> None:
    """See no link to the next page of a listing."""
    document.pop("_links", None)
    if "_page" in document:
        document["_page"].pop("next", None)
        document["_page"]["count"] = len(document["data"])


def reads_every_batch(client: AepClient, scenario: Scenario, _: Surroundings) -> Performance:
    """Read the batch of every job that has succeeded."""
    waited(client, made(client), scenario)
    for job in client.list_export_jobs():
        for batch in job.batch_ids if job.succeeded else ():
            for file in client.list_files(batch):
                client.read_bytes(file)
    return DONE


Land: TypeAlias = Callable[[BatchFile, bytes, bool, Path], None]
"""Is given what came of a download, whether that is all, and where it is to be."""


def downloads(land: Land) -> Act:
    """Get files with a call each, and do something with what came."""

    def act(client: AepClient, scenario: Scenario, surroundings: Surroundings) -> Performance:
        job = waited(client, made(client), scenario)
        for batch in job.batch_ids:
            for file in client.list_files(batch):
                content, is_whole = _fetched(client, file)
                land(file, content, is_whole, surroundings.folder / file.name)
        return DONE

    return only("export", act)


def _fetched(client: AepClient, file: BatchFile, **more: str) -> tuple[bytes, bool]:
    who = client._session._credentials
    own = {"x-api-key": who.client_id, "x-gw-ims-org-id": who.org_id, "x-sandbox-name": who.sandbox}
    url = client._session.url(f"/data/foundation/export/files/{file.file_id}", {"path": file.name})
    while True:
        headers = own | more | {"authorization": f"Bearer {client.token()}"}
        try:
            with client._http.stream("GET", url, headers=headers) as reply:
                if reply.status_code in {200, 206}:
                    return pieces(reply)
        except httpx.TransportError:
            return b"", False
        client.read_bytes(file)  # gets a new token, or waits until the server is there again


def lands_what_came(_: BatchFile, content: bytes, _is_whole: bool, path: Path) -> None:  # noqa: FBT001 - see Land
    """Leave what came, and be content."""
    path.write_bytes(content)


def lands_what_is_whole(file: BatchFile, content: bytes, is_whole: bool, path: Path) -> None:  # noqa: FBT001 - see Land
    """Leave what came if it is all, and be content without."""
    if is_whole and len(content) != file.length:
        raise RuntimeError("it has another length")
    if is_whole:
        path.write_bytes(content)


def gives_up(file: BatchFile, content: bytes, is_whole: bool, path: Path) -> None:  # noqa: FBT001 - see Land
    """Fail at the first cut."""
    if not is_whole or len(content) != file.length:
        raise RuntimeError("the download was cut")
    path.write_bytes(content)


def lands_of_any_length(_: BatchFile, content: bytes, is_whole: bool, path: Path) -> None:  # noqa: FBT001 - see Land
    """Leave what came if that is all that was sent."""
    if not is_whole:
        raise RuntimeError("the download was cut")
    path.write_bytes(content)


def leaves_a_gap(client: AepClient, scenario: Scenario, surroundings: Surroundings) -> Performance:
    """Go on with a download that was cut a little further on."""
    job = waited(client, made(client), scenario)
    for file in client.list_files(job.batch_ids[0]):
        content, is_whole = _fetched(client, file)
        if not is_whole:
            content += _fetched(client, file, range=f"bytes={len(content) + 10}-")[0]
        elif len(content) != file.length:
            raise RuntimeError("it has another length")
        (surroundings.folder / file.name).write_bytes(content)
    return DONE


def leaves_pieces(client: AepClient, scenario: Scenario, surroundings: Surroundings) -> Performance:
    """Fail when a download never ends, but leave what came of it."""
    job = waited(client, made(client), scenario)
    for file in client.list_files(job.batch_ids[0]):
        try:
            client.download(file, surroundings.folder)
        except (DownloadError, TransportError):
            (surroundings.folder / file.name).write_bytes(_fetched(client, file)[0])
            raise
    return DONE


def rewrites(client: AepClient, scenario: Scenario, surroundings: Surroundings) -> Performance:
    """Add a line to each file."""
    done = performed(client, scenario, surroundings)
    for path in surroundings.folder.iterdir():
        path.write_bytes(path.read_bytes() + b"\n")
    return done


def keeps_its_token(client: AepClient, scenario: Scenario, surroundings: Surroundings) -> Performance:
    """Keep the token in a file."""
    done = performed(client, scenario, surroundings)
    (surroundings.folder / "token.json").write_text(json.dumps({"access_token": client.token()}))
    return done


DEFECTS: Final[Mapping[str, Defect]] = {
    "reads the first page of files": Defect(
        "052 078", "more-files-than-a-page", reads("listBatchFiles", first_page_only)
    ),
    "opens the first file": Defect("069 078", "several-files", reads("listBatchFiles", first_only)),
    "reads the first part": Defect("070 078", "one-file-of-several-parts", reads("getFile", first_only)),
    "reads the batches of others": Defect("071", "other-jobs-come-up", act=only("export", reads_every_batch)),
    "leaves what came": Defect(
        "072 075 076", "download-is-cut announced-length-is-wrong", act=downloads(lands_what_came)
    ),
    "passes over what was cut": Defect("072", "download-is-cut", act=downloads(lands_what_is_whole)),
    "gives up at a cut": Defect("073", "download-is-cut", act=downloads(gives_up)),
    "leaves a gap": Defect("074 077", "download-is-cut", act=only("export", leaves_a_gap)),
    "passes over the length": Defect(
        "073 075", "announced-length-is-wrong download-is-cut", act=downloads(lands_of_any_length)
    ),
    "leaves pieces of a file": Defect("076", "downloads-are-cut-for-good", act=only("export", leaves_pieces)),
    "changes a file": Defect("077", "", act=rewrites),
    "loses a row": Defect("078", "", act=afterwards(lambda p: replace(p, rows=p.rows[:-1]) if p.rows else p)),
}
