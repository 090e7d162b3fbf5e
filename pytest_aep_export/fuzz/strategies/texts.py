"""Texts, times and numbers: plain ones, and those that software trips over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

from hypothesis import strategies as st

from pytest_aep_export.lifecycle import EPOCH

__all__ = ["NUMBERS", "TEXTS", "hostile_json", "hostile_texts", "instants", "moment", "texts"]

_PLAIN: Final = st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn"))

TEXTS: Final = (
    "",
    " ",
    "\x00",
    "\u202e",
    "\ufeff",
    "e\u0301",
    "\U0001f3f3\ufe0f\u200d\U0001f308",
    "null",
    "true",
    "-0",
    "NaN",
    "../../etc/passwd",
    "%2e%2e%2f",
    "a\r\nx-sandbox-name: prod",
    "'; DROP TABLE jobs; --",
    "${jndi:ldap://127.0.0.1/a}",
    "<script>alert(1)</script>",
    "__proto__",
    "a" * 10_000,
)
"""Texts that are fine as JSON and that careless code reads as something else."""

NUMBERS: Final = (0, -1, 1, 2**31, 2**53 + 1, 2**63, -(2**63) - 1, 10**40, 0.5, -0.0, 1e308, 5e-324, 1.0)
"""Numbers at the edges of the types that hold them."""

_ZONES: Final = (0, 0, -420, 120, 330, -1439, 1439)
"""In minutes: UTC more than once, since it is what most clients send."""
_FRACTIONS: Final = ("", "", ".5", ".123", ".123456", ".123456789")


def texts(least: int = 0) -> st.SearchStrategy[str]:
    """Texts that can be shown, in any script."""
    return st.text(_PLAIN, min_size=least, max_size=max(least, 12))


def instants(start: int = EPOCH, end: int = EPOCH + 10**11) -> st.SearchStrategy[str]:
    """Times as RFC 3339 writes them, with an offset; they shrink to the first second of the span, in UTC.

    Args:
        start: Not before this, in ms since the epoch.
        end: Not after this.
    """
    seconds = st.integers(0, max(0, (end - start) // 1000))
    return st.builds(_instant, st.just(start), seconds, st.sampled_from(_FRACTIONS), st.sampled_from(_ZONES))


def _instant(start: int, seconds: int, fraction: str, zone: int) -> str:
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=start - start % 1000, seconds=seconds)
    text = at.astimezone(timezone(timedelta(minutes=zone))).isoformat()
    body, offset = text[:19], text[19:]
    return f"{body}{fraction}{'Z' if offset == '+00:00' else offset}"


def moment(text: str) -> datetime:
    """The time that such a text writes."""
    return datetime.fromisoformat(text.upper())


def hostile_texts() -> st.SearchStrategy[str]:
    """Texts that software trips over, or any text at all."""
    return st.sampled_from(TEXTS) | st.text(max_size=20)


def hostile_json() -> st.SearchStrategy[Any]:
    """Values of every kind: large, deep, at the edges, and in the wrong place."""
    scalars = st.none() | st.booleans() | st.sampled_from(NUMBERS) | hostile_texts()
    shallow = st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(hostile_texts(), inner, max_size=3),
        max_leaves=6,
    )
    return shallow | st.integers(1, 200).map(_deep) | st.integers(1, 2_000).map(lambda size: ["a"] * size)


def _deep(depth: int) -> Any:
    value: Any = []
    for _ in range(depth):
        value = [value]
    return value
