"""The values that profile records are made of: small pools, so that they meet, each with its plainest value first.

The same identity in several records, the same time of ingestion: a pool names often what is to meet often.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, TypeAlias

from hypothesis import strategies as st

__all__ = ["HOSTILE", "PLAIN", "YEAR_1", "YEAR_9999", "Pools", "Values", "at", "written"]

Values: TypeAlias = st.SearchStrategy[Any]

YEAR_1: Final = -62_135_596_800_000
YEAR_9999: Final = 253_402_300_799_999
"""The first and the last time that there is, in ms since the epoch."""

_DAY: Final = 86_400_000


def at(milliseconds: int) -> datetime:
    """The moment that is so many ms after the epoch."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)


def written(milliseconds: int) -> str:
    """The same as RFC 3339 writes it."""
    return at(milliseconds).isoformat().replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class Pools:
    """What records are drawn from.

    Attributes:
        datasets: Where profile records come from.
        origins: Where events come from.
        times: Of ingestion, of events and of qualification, as records hold them.
        identities: Namespaces and ids.
        owners: Namespaces of segments.
        segments: Ids of segments.
        statuses: Of memberships.
        scalars: Values of each kind of scalar.
    """

    datasets: Sequence[str]
    origins: Sequence[str]
    times: Values
    identities: Sequence[tuple[str, str]]
    owners: Sequence[str]
    segments: Sequence[str]
    statuses: Sequence[str | None]
    scalars: Mapping[str, Values]


def _scalars(texts: Sequence[str], dates: Sequence[Any], times: Values) -> dict[str, Values]:
    return {
        "string": st.sampled_from(texts),
        "boolean": st.booleans(),
        "integer": st.sampled_from((0, 1, -(2**63), 2**63 - 1)),
        "number": st.sampled_from((0.0, 1.5, -1e300)),
        "date": st.sampled_from(dates),
        "date-time": times,
    }


_MAY: Final = 1_714_521_600_000
_TIMES: Final = st.sampled_from([written(_MAY + days * _DAY) for days in (0, 1, 2, 0, 1, 2, 30, 365)])
_DATES: Final = ("1990-01-03", "2000-02-29", "0001-01-01", "9999-12-31")

PLAIN: Final = Pools(
    datasets=("5b76f86b85d0e00000be5c8b", "5b76f8d787a6af01e2ceda18"),
    origins=("5b76f9d0d2f2d80000a7a7c1",),
    times=_TIMES,
    identities=(*[("Email", "ada@example.com"), ("Email", "bob@example.com"), ("ECID", "1")] * 2, ("Phone", "+49 1")),
    owners=("ups", "aam"),
    segments=("52c26d0d-45f2-47a2-ab30-ed06abc981ff", "7a93d2ff-a220-4bae-9a4e-5f3c35032be3"),
    statuses=("realized", "exited", "realized", "existing"),
    scalars=_scalars(("a", "b", "Zoë 日本 🎈"), _DATES, _TIMES),
)
"""What data of users looks like; the datasets and segments are those of the default data."""

_EDGES: Final = st.sampled_from((1_000, 2_000, 3_000, 1_000, 2_000, 3_000, 2_001, 0, -1, YEAR_1, YEAR_9999)).map(at)

HOSTILE: Final = Pools(
    datasets=("crm", "loyalty", "web"),
    origins=("web", "other"),
    times=_EDGES,
    identities=(
        *[("Email", "1"), ("Email", "2"), ("ECID", "1")] * 2,
        *[("Email", "é"), ("email", "1"), ("EC", "ID1"), ("Email", ""), ("", "Email"), ("Email", "1 ")],
    ),
    owners=("ups", "aam", "ups", "UPS"),
    segments=("s", "t", "s", "S"),
    statuses=("realized", "exited", "realized", "existing", None, "queued", ""),
    scalars=_scalars(("a", "b", "", "Zoë 日本 🎈", 'it\'s "x", y; --'), (date(1990, 1, 3), date.min, date.max), _EDGES),
)
"""What careless joining, folding, trimming or comparing mixes up, and the ends of every range."""
