"""What the proxy puts up with at most."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Bounds"]


@dataclass(frozen=True, slots=True)
class Bounds:
    """Limits of a proxy; choices of ours.

    Attributes:
        head: Bytes of the request that asks for a connection.
        idle: Seconds that a connection may be open while nothing is sent on it.
        connections: How many clients may be connected at once.
        refusals: How many refusals are kept, the latest ones.
    """

    head: int = 1 << 14
    idle: float = 300
    connections: int = 500
    refusals: int = 1000
