"""Where partitions are computed: threads of this process, or a Dask cluster."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from importlib import import_module
from typing import Final

from pytest_aep_export.errors import ConfigurationError

__all__ = ["check_address", "connect"]

_ADDRESS: Final = re.compile(r"dask://([^/:@\s]+|\[[0-9a-fA-F:]+\]):([0-9]{1,5})/?")
_PORTS: Final = range(1, 1 << 16)
_PATIENCE: Final = 10
"""Seconds to wait for a scheduler."""


def check_address(address: str) -> tuple[str, int]:
    """The host and port of an executor's address.

    Raises:
        ConfigurationError: It is not one.
    """
    match = _ADDRESS.fullmatch(address)
    if match is None or int(match[2]) not in _PORTS:
        raise ConfigurationError(f"{address!r} is no executor: use dask://HOST:PORT, the address of a Dask scheduler")
    return match[1], int(match[2])


@contextmanager
def connect(address: str) -> Iterator[Executor | None]:
    """The executor at an address such as ``dask://127.0.0.1:8786``; of an empty one None, which means threads.

    The workers of the cluster need this package, and the emulator's state folder by the same path.

    Raises:
        ConfigurationError: The address is none, nobody answers there, or the extra ``distributed`` is not installed.
    """
    if not address:
        yield None
        return
    host, port = check_address(address)
    try:
        distributed = import_module("distributed")
    except ImportError as error:
        raise ConfigurationError(
            f"{address} needs Dask: install it with pip install 'pytest-aep-export[distributed]'"
        ) from error
    try:
        client = distributed.Client(f"tcp://{host}:{port}", timeout=_PATIENCE, set_as_default=False)
    except OSError as error:
        raise ConfigurationError(f"no Dask scheduler answers at {address}: start one with `dask scheduler`") from error
    with client:
        yield client.get_executor(pure=False)
