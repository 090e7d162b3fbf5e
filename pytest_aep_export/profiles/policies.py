"""The merge policies, datasets and segments of the default data, as values. Imports no Arrow.

The ids are those of the documentation's own samples, so that its payloads work as they stand.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from pytest_aep_export.model import MergePolicy

__all__ = [
    "CRM",
    "DEFAULT_DATASETS",
    "DEFAULT_POLICIES",
    "DEFAULT_SEGMENTS",
    "EVENT_SCHEMA",
    "LOYALTY",
    "PROFILE_SCHEMA",
    "WEB",
    "DefaultSegment",
]

CRM: Final = "5b76f86b85d0e00000be5c8b"
"""The dataset of customer records (facts, merge-policies, "Object")."""

LOYALTY: Final = "5b76f8d787a6af01e2ceda18"
"""The dataset of the loyalty programme (facts, merge-policies, "Object")."""

WEB: Final = "5b76f9d0d2f2d80000a7a7c1"
"""The dataset of web profiles and web events: ours, of no sample."""


def _policy(identity: str, name: str, epoch: int, *, graph: str = "none", order: tuple[str, ...] = ()) -> MergePolicy:
    method = "dataSetPrecedence" if order else "timestampOrdered"
    document: dict[str, Any] = {
        "id": identity,
        "name": name,
        "schema": {"name": "_xdm.context.profile"},
        "version": 1,
        "identityGraph": {"type": graph},
        "attributeMerge": {"type": method} | ({"order": list(order)} if order else {}),
        "isActiveOnEdge": name == _DEFAULT,
        "default": name == _DEFAULT,
        "updateEpoch": epoch,
    }
    return MergePolicy.from_json(document)


_DEFAULT: Final = "Profile Default Merge Policy"
_ORDER: Final = (CRM, LOYALTY)
_BY_TIME: Final = "0bf16e61-90e9-4204-b8fa-ad250360957b"
_IN_ORDER: Final = "e5bc94de-cd14-4cdf-a2bc-88b6e8cbfac2"

DEFAULT_POLICIES: Final[tuple[MergePolicy, ...]] = (
    _policy(_BY_TIME, _DEFAULT, 1552086578),
    _policy(_IN_ORDER, "Loyalty members ordered by ID", 1551898378, order=_ORDER),
    _policy(
        "42d4a596-b1c6-46c0-994e-ca5ef1f85130", "Dataset Precedence Merge Policy", 1576099719, graph="pdg", order=_ORDER
    ),
    _policy("timestampOrdered-none-mp", "Timestamp Ordered Merge Policy", 1538352000),
)
"""The policies that a tenant starts with; ``raw`` is each one's API document, without its organisation and sandbox."""


@dataclass(frozen=True, slots=True)
class DefaultSegment:
    """A segment of the default data.

    Attributes:
        id: Its id.
        namespace: Its namespace, as ``segmentMembership`` spells it.
        name: What it is called.
        policy: The id of its merge policy, which an export of it alone takes.
        expression: Who is meant to be in it, in Profile Query Language; empty where somebody else decides.
        realized: The share of profiles that are in it.
        exited: The share of profiles that have left it.
    """

    id: str
    namespace: str
    name: str
    policy: str
    realized: float
    exited: float
    expression: str = ""


DEFAULT_SEGMENTS: Final[tuple[DefaultSegment, ...]] = (
    DefaultSegment(
        "52c26d0d-45f2-47a2-ab30-ed06abc981ff",
        "ups",
        "Visited this year",
        _BY_TIME,
        realized=0.5,
        exited=0.2,
        expression='exists E from xEvent where E.eventType = "web.webpagedetails.pageViews"',
    ),
    DefaultSegment(
        "7a93d2ff-a220-4bae-9a4e-5f3c35032be3",
        "ups",
        "Loyalty members nearby",
        _IN_ORDER,
        realized=0.25,
        exited=0.1,
        expression='homeAddress.countryCode = "US"',
    ),
    DefaultSegment(
        "4edc8488-2c35-4f6d-b4c6-9075c68d2df4", "aam", "Imported audience", _BY_TIME, realized=0.15, exited=0.15
    ),
)
"""The segments that the default data knows; their ids stand in the documentation's samples (facts, segments).

Which policy each has is a choice of ours: one has another than the default, so that it shows.
"""

PROFILE_SCHEMA: Final = "https://ns.adobe.com/xdm/context/profile"
"""The id of the class of profile records."""

EVENT_SCHEMA: Final = "https://ns.adobe.com/xdm/context/experienceevent"
"""The id of the class of events."""

DEFAULT_DATASETS: Final[dict[str, tuple[str, str]]] = {
    CRM: ("Customer records", PROFILE_SCHEMA),
    LOYALTY: ("Loyalty programme", PROFILE_SCHEMA),
    WEB: ("Web visits", EVENT_SCHEMA),
}
"""The name of each dataset that the default data comes from, and the id of the class that it holds."""
