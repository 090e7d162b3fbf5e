"""Identifiers in the API's own forms, each a pure function of a seed and a counter: a run can be repeated exactly."""

from __future__ import annotations

import hashlib
import uuid
from typing import Final, Literal

__all__ = ["alphanumeric", "batch_id", "dataset_id", "first_job_id", "number", "org_id", "uuid4"]

_CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ALPHANUMERIC: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_TO_ALPHANUMERIC: Final = bytes(_ALPHANUMERIC[byte % len(_ALPHANUMERIC)] for byte in range(256))


def _digest(*parts: object) -> bytes:
    return hashlib.sha256("/".join(map(str, parts)).encode()).digest()


def org_id(*parts: object) -> str:
    """24 hexadecimal digits and ``@AdobeOrg`` (facts, auth-and-headers section 3)."""
    return f"{_digest('org', *parts).hex()[:24].upper()}@AdobeOrg"


def dataset_id(*parts: object) -> str:
    """24 lower-case hexadecimal digits (facts, catalog section "Create a dataset")."""
    return _digest("dataset", *parts).hex()[:24]


def alphanumeric(*parts: object) -> str:
    """32 letters and digits, as in a job's ``requestId`` (facts, export-jobs section 3)."""
    return _digest("request", *parts).translate(_TO_ALPHANUMERIC).decode()


def uuid4(*parts: object) -> str:
    """A version 4 UUID."""
    return str(uuid.UUID(bytes=_digest("uuid", *parts)[:16], version=4))


def batch_id(form: Literal["ulid", "hex"], at: int, *parts: object) -> str:
    """A batch's id: a ULID that holds the time ``at`` (ms), or 32 hexadecimal digits (D-25)."""
    digest = _digest("batch", *parts)
    if form == "hex":
        return digest.hex()[:32]
    number = (at << 80) | int.from_bytes(digest[:10])
    return "".join(_CROCKFORD[(number >> shift) & 31] for shift in range(125, -5, -5))


def first_job_id(*parts: object) -> int:
    """Where a tenant's job numbers start: a small integer that differs from tenant to tenant."""
    return 1_000 + int.from_bytes(_digest("job", *parts)[:4]) % 90_000 * 100


def number(*parts: object) -> int:
    """A number of 63 bits, to be the seed of something else."""
    return int.from_bytes(_digest("number", *parts)[:8]) >> 1
