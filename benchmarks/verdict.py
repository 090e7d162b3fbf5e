"""How fast a job's verdict is: from bytes, with every rule, against compiled jsonschema alone.

Ours starts from the bytes of a look-up's answer: it parses, validates and applies the rules across fields. The peer is
given the parsed document and the contract's very schema, compiled beforehand, formats asserted as ours are, and only
says yes or no. So the peer does less.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any, Final

from jsonschema import Draft202012Validator

from benchmarks.measure import Row, Target, Tick, interleave
from pytest_aep_export.contract import Contract, load

ROUNDS: Final = 9
_SECONDS: Final = 0.15
"""How long a round lasts, about."""


def rate(work: Callable[[], object]) -> float:
    """How often work can be done in a second, measured over a fixed time."""
    done, batch = 0, 1
    begin = time.perf_counter()
    while (elapsed := time.perf_counter() - begin) < _SECONDS:
        for _ in range(batch):
            work()
        done += batch
        batch = min(2 * batch, 1024)
    return done / elapsed


def example(contract: Contract) -> Any:
    """The job that the contract itself shows as the answer to a look-up."""
    path = contract.operations["getExportJob"].path
    answer = contract.document["paths"][path]["get"]["responses"]["200"]
    [shown] = answer["content"]["application/json"]["examples"].values()
    return shown["value"]


def measure(tick: Tick) -> list[Row]:
    """One row: verdicts per second on the contract's own example of a job."""
    contract = load()
    job = example(contract)
    body = json.dumps(job).encode()
    validator = Draft202012Validator(contract.schema("ShownJob"), format_checker=Draft202012Validator.FORMAT_CHECKER)
    assert contract.validate_job(body) == []
    assert validator.is_valid(job)
    ours, peer = interleave(
        lambda: rate(lambda: contract.validate_job(body)),
        lambda: rate(lambda: validator.is_valid(job)),
        rounds=ROUNDS,
        tick=tick,
    )
    return [Row("verdict on a job, against jsonschema", ours, peer, "verdicts/s", Target(">=", 30))]
