"""What every test of the project shares: pytester, and property tests that are the same in every run."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from typing import Any

import httpcore  # noqa: F401 - httpx maps its exceptions once; pytester would let a second copy of it in
import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["pytester"]

settings.register_profile(
    "reproducible",
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=100,
    # A fixture that an example cannot change is shared by all of them on purpose.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
settings.load_profile("reproducible")


@pytest.fixture(autouse=True)
def same_signals() -> Iterator[None]:
    """A test that changes what Ctrl-C or SIGTERM do undoes it: the next may be interrupted on purpose."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    after = {number: signal.getsignal(number) for number in before}
    for number, handler in before.items():
        signal.signal(number, handler)
    assert after == before


@pytest.fixture(scope="session")
def cluster() -> Iterator[str]:
    """The address of a Dask cluster of two worker processes.

    Its import changes how the interpreter finds distributions, and that must not happen inside of a `pytester` test,
    which would undo the half of it.
    """
    from distributed import LocalCluster  # noqa: PLC0415 - slow to import, and few tests need it

    options: dict[str, Any] = {"processes": True, "dashboard_address": "127.0.0.1:0", "host": "127.0.0.1"}
    with LocalCluster(n_workers=2, threads_per_worker=1, **options) as local:
        yield local.scheduler_address.replace("tcp://", "dask://")
