"""What it costs to replay a recorded request, and whether that grows with the recording.

An httpx client asks for jobs that were recorded; everything between its call and the parsed answer counts, in processor
time, which the machine's other work hardly disturbs. The first peer is the same client with recordings of a single job;
both ask for the same jobs, one in each replay. The second is vcrpy as it comes, with its own form of that recording;
both ask for a sample of its jobs, evenly spread, since vcrpy looks through all that come before. What a replay costs
before and after its requests does not count, except in the last row: from the start of the first replay of a session to
the first answer, the modules being loaded. That limit is our own.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Final

import httpx
import vcr
import yaml

from benchmarks.measure import Row, Target, Tick, interleave, repeat
from pytest_aep_export.cassettes import Interaction, Recording, describe, playback, replay, save
from pytest_aep_export.exchange import Headers, Request, Response

ROUNDS: Final = 21
_MANY: Final = 1000
_SAMPLE: Final = range(0, _MANY, 20)
_FIRST_REQUEST: Final = 50.0
"""In ms."""
_SIZE: Final = 1_000_000
"""Bytes, at least, of the recording that the first request waits for."""
_JOBS: Final = "https://platform.adobe.io/data/core/ups/export/jobs"
_METRICS: Final = {
    f"{name}Time": {"startTimeInMs": 1714521600200, "endTimeInMs": 1714521600400, "totalTimeInMs": 200}
    for name in ("total", "profileExport", "aCPDatasetWrite")
}


def recording(name: str, jobs: Sequence[int]) -> Recording:
    """A recording of these jobs, each of which was looked at once."""
    interactions = tuple(Interaction(Request("GET", f"{_JOBS}/{number}"), _answer(number)) for number in jobs)
    return Recording(name, describe("emulator", dialect="canonical"), interactions)


def _answer(number: int) -> Response:
    job = {
        "id": number,
        "status": "SUCCEEDED",
        "destination": {"datasetId": f"{number:024x}", "segmentPerBatch": False, "batches": []},
        "schema": {"name": "_xdm.context.profile"},
        "metrics": _METRICS | {"totalExportedProfileCounter": number},
        "creationTime": 1714521600200,
        "updateTime": 1714521600400,
    }
    return Response(200, Headers({"content-type": "application/json"}), json.dumps(job).encode())


class Player:
    """A client and the recordings that it is answered from, in a folder."""

    def __init__(self, folder: Path, client: httpx.Client) -> None:
        self._folder = folder
        self._client = client
        self._plain = vcr.VCR(record_mode="none")

    def record(self, name: str, jobs: Sequence[int]) -> int:
        """Write a recording in both forms, and say how large ours is."""
        path = self._folder / f"{name}.yaml"
        saved = save(recording(name, jobs), path)
        path.with_suffix(".vcr").write_text(yaml.dump(_plain(saved), Dumper=yaml.CSafeDumper))
        return path.stat().st_size

    def apart(self, names: Sequence[str]) -> float:
        """The ms that a request takes, each of another job and in a replay of its own."""
        spent = [self._ask(replay(name, self._folder), [job]) for name, job in zip(names, _SAMPLE, strict=True)]
        return sum(spent) / len(spent)

    def together(self, name: str) -> float:
        """The ms that a request takes, all in one replay."""
        return self._ask(replay(name, self._folder), _SAMPLE)

    def plain(self, name: str) -> float:
        """The same, with vcrpy as it comes."""
        return self._ask(self._plain.use_cassette(str(self._folder / f"{name}.vcr")), _SAMPLE)

    def _ask(self, playing: AbstractContextManager[object], jobs: Sequence[int]) -> float:
        with playing:
            begin = time.process_time()
            for number in jobs:
                self._client.get(f"{_JOBS}/{number}").json()
            return (time.process_time() - begin) / len(jobs) * 1000

    def first(self, name: str) -> float:
        """The ms from the start of a session's first replay to its first answer."""
        playback._load.cache_clear()
        begin = time.process_time()
        with replay(name, self._folder):
            self._client.get(f"{_JOBS}/1").json()
            return (time.process_time() - begin) * 1000


def _plain(saved: Recording) -> dict[str, Any]:
    """A recording in vcrpy's own form."""
    return {
        "version": 1,
        "interactions": [
            {
                "request": {"method": one.request.method, "uri": one.request.url, "body": None, "headers": {}},
                "response": {
                    "status": {"code": one.response.status, "message": "OK"},
                    "headers": {name: [value] for name, value in one.response.headers.items()},
                    "body": {"string": one.response.body.decode()},
                },
            }
            for one in saved.interactions
        ],
    }


@contextmanager
def _player() -> Iterator[Player]:
    with tempfile.TemporaryDirectory() as folder, httpx.Client() as client:
        yield Player(Path(folder), client)


def measure(tick: Tick) -> list[Row]:
    """Three rows: against recordings of one, against vcrpy, and the first request of a session."""
    many, third = "jobs/many", ROUNDS // 3
    alone = [f"jobs/job-{job}" for job in _SAMPLE]
    with _player() as player:
        for name, job in zip(alone, _SAMPLE, strict=True):
            player.record(name, [job])
        size = player.record(many, range(_MANY))
        assert size > _SIZE, size
        among, single = interleave(
            lambda: player.apart([many] * len(_SAMPLE)), lambda: player.apart(alone), rounds=third, tick=tick
        )
        ours, plain = interleave(
            lambda: 1000 / player.together(many), lambda: 1000 / player.plain(many), rounds=third, tick=tick
        )
        first = repeat(lambda: player.first(many), rounds=third, tick=tick)
    return [
        Row("a replayed request among 1,000, against a single one", among, single, "ms", Target("<=", 1.2)),
        Row("replay of 1,000 requests, against vcrpy", ours, plain, "requests/s", Target(">=", 15)),
        Row("first request of a session, from a recording of 1 MB", first, _FIRST_REQUEST, "ms", Target("<", 1)),
    ]
