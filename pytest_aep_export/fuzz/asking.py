"""What a job can be asked for: every documented setting, in every documented way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from pytest_aep_export.fuzz.cases import ACCEPTED, Owed
from pytest_aep_export.fuzz.dice import Dice
from pytest_aep_export.fuzz.drafts import least_job

__all__ = ["ASKED", "asked", "drawn"]

_SAMPLE: Final = "identities.id,personalEmail.address"
_EVENT_FIELDS: Final = "environment.browserDetails.name,environment.browserDetails.version"
_SINCE: Final = "2018-10-25T13:22:04-07:00"
_LONG_AGO, _FUTURE = "1970-01-01T00:00:00Z", "2970-01-01T00:00:00Z"
_FIRST: Final = {"segmentId": "${segment1}", "segmentNs": "${segment1.ns}"}
_SECOND: Final = {"segmentId": "${segment2}", "segmentNs": "${segment2.ns}"}
_WINDOW: Final = {"startTime": "2018-01-01T00:00:00Z", "endTime": "2019-06-01T00:00:00Z"}

_ODD_FIELDS: Final = (
    "identityMap,person.name,personalEmail,homeAddress._schema.latitude,organizations",
    "identityMap, personalEmail.address, person.name.firstName",
    "identityMap.Email,segmentMembership.ups",
    "segmentMembership,identityMap,mobilePhone.number",
    "person.name.firstName,person,_id",
)
"""Paths of every shape; that they lead somewhere is known of the emulator's data only."""


def _events(fields: str = "", **window: str) -> dict[str, Any]:
    wanted = {"fields": fields} if fields else {}
    return {"additionalFields": {"eventList": {**wanted, **({"filter": window} if window else {})}}}


def _members(*segments: Mapping[str, Any], apart: bool = False, **more: Any) -> dict[str, Any]:
    split = {"destination": {**least_job()["destination"], "segmentPerBatch": True}} if apart else {}
    return {"filter": {"segments": list(segments), **more}, **split}


def _policy(number: int, **more: Any) -> dict[str, Any]:
    return {"mergePolicy": {"id": f"${{policy{number}}}", **more}}


_MUST: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    (
        "EXP-CREATE-001",
        {"fields": _SAMPLE, **_policy(1, version=1), **_events(_EVENT_FIELDS, fromIngestTimestamp=_SINCE)},
    ),
    ("EXP-CREATE-002", {"fields": _SAMPLE, **_policy(2, version=1)}),
    ("EXP-CREATE-003", {"fields": "identityMap", **_policy(1), **_events(_EVENT_FIELDS, fromIngestTimestamp=_SINCE)}),
    ("EXP-CREATE-008", {}),
    ("EXP-CREATE-008", {"fields": _SAMPLE}),
    ("EXP-CREATE-009", _policy(1)),
    ("EXP-CREATE-009", _policy(2)),
    ("EXP-CREATE-009", _policy(3)),
    ("EXP-CREATE-009", _policy(4)),
    ("EXP-CREATE-010", {**_policy(3), **_events(fromIngestTimestamp=_LONG_AGO)}),
    ("EXP-CREATE-010", {"fields": ""}),
    ("EXP-CREATE-012", {"fields": "identityMap", **_events(fromIngestTimestamp="2018-10-25T20:22:04Z")}),
    ("EXP-CREATE-012", {"fields": "identityMap", **_events(fromIngestTimestamp=_FUTURE)}),
    ("EXP-CREATE-013", _events(_EVENT_FIELDS)),
    ("EXP-CREATE-013", {"fields": _SAMPLE, **_events(_EVENT_FIELDS)}),
    ("EXP-CREATE-022", {"fields": f"identityMap,{_SAMPLE}"}),
    ("EXP-CREATE-022", {"fields": "identityMap,identities.id, personalEmail.address"}),
)
"""Requests that have to be accepted, wherever they are sent."""

_SHOULD: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("EXP-CREATE-018", {**_events(fromIngestTimestamp=_LONG_AGO, toIngestTimestamp="2018-10-25T20:22:04Z")}),
    ("EXP-CREATE-018", {"fields": "identityMap", **_events(toIngestTimestamp=_LONG_AGO)}),
    ("EXP-CREATE-018", {"evaluationInfo": {"segmentation": True}}),
    ("EXP-CREATE-019", _members(_FIRST)),
    ("EXP-CREATE-019", _members({**_FIRST, "status": ["realized"]})),
    ("EXP-CREATE-019", _members({**_FIRST, "status": ["exited"]})),
    ("EXP-CREATE-019", _members({**_FIRST, "status": ["realized", "exited"]})),
    ("EXP-CREATE-019", _members({**_FIRST, "status": ["exited", "realized"]})),
    ("EXP-CREATE-019", _members(_FIRST, _SECOND)),
    ("EXP-CREATE-019", _members(_FIRST, _SECOND, apart=True)),
    ("EXP-CREATE-019", _members(_FIRST, apart=True)),
    ("EXP-CREATE-019", {**_members(_FIRST, _SECOND), "fields": "identityMap,segmentMembership"}),
    ("EXP-CREATE-019", _members(_FIRST, segmentQualificationTime=_WINDOW)),
    ("EXP-CREATE-019", _members(_FIRST, segmentQualificationTime={"startTime": "2018-07-01T00:00:00Z"})),
    ("EXP-CREATE-019", _members(_FIRST, segmentQualificationTime={"endTime": "2018-07-01T00:00:00Z"})),
    ("EXP-FILTER-007", _members({"segmentId": "${segment1}", "segmentNs": "UPS", "status": ["realized"]})),
    ("EXP-FILTER-008", _members({"segmentId": "${segment1}", "status": ["realized"]})),
    ("EXP-CREATE-019", {"filter": {"fromIngestTimestamp": "2018-10-25T20:22:04Z"}}),
    ("EXP-CREATE-019", {"filter": {"fromIngestTimestamp": "2018-03-01T00:00:00Z"}}),
    ("EXP-CREATE-019", {"filter": {"fromIngestTimestamp": "2018-10-25T20:22:04Z"}, **_events()}),
    ("EXP-CREATE-019", {"filter": {"fromIngestTimestamp": _FUTURE}}),
    ("EXP-CREATE-019", {"filter": {"emptyProfiles": True}, **_events()}),
    ("EXP-CREATE-019", {"filter": {"emptyProfiles": True}}),
    ("EXP-CREATE-019", {"filter": {"emptyProfiles": False}}),
    ("EXP-CREATE-019", {**_members(_FIRST, emptyProfiles=True, fromIngestTimestamp=_LONG_AGO), "fields": _SAMPLE}),
)
"""Requests that should be accepted; they need segments to be known."""

_FREE: Final[tuple[dict[str, Any], ...]] = (
    *({"fields": fields} for fields in _ODD_FIELDS),
    {"fields": _ODD_FIELDS[0], **_policy(3), **_events(_EVENT_FIELDS, fromIngestTimestamp=_SINCE)},
    {"fields": _ODD_FIELDS[3], **_policy(1), **_members(_FIRST, _SECOND)},
)
"""Requests that a server whose profiles have other fields may refuse."""

ASKED: Final[tuple[tuple[dict[str, Any], Owed | None], ...]] = (
    *((body, Owed(ACCEPTED, source)) for source, body in _MUST),
    *((body, Owed(ACCEPTED, source, "SHOULD")) for source, body in _SHOULD),
    *((body, None) for body in _FREE),
)
"""What can be asked for, beside the dataset and the schema, and what is owed to the request."""


def asked(wanted: Mapping[str, Any], dataset: str = "${dataset}") -> dict[str, Any]:
    """The request that asks for this, into a dataset."""
    least = least_job(dataset)
    return {**wanted, **least, "destination": {**wanted.get("destination", {}), **least["destination"]}}


def _window(dice: Dice) -> dict[str, str]:
    """The start of a window of ingestion, perhaps with its end."""
    start = f"2018-{1 + dice.below(12):02}-{1 + dice.below(28):02}T{dice.below(24):02}:00:00Z"
    return {"fromIngestTimestamp": start} | ({"toIngestTimestamp": "2019-02-01T00:00:00Z"} if dice.chance(0.2) else {})


_COMBINED: Final[tuple[Callable[[Dice], dict[str, Any]], ...]] = (
    lambda dice: {} if dice.chance(0.4) else {"fields": dice.one((_SAMPLE, "identityMap", f"identityMap,{_SAMPLE}"))},
    lambda dice: {} if dice.chance(0.4) else _policy(1 + dice.below(4)),
    lambda dice: {} if dice.chance(0.3) else _events("" if dice.chance(0.5) else _EVENT_FIELDS, **_window(dice)),
    lambda dice: {} if dice.chance(0.6) else _members(dice.one((_FIRST, _SECOND)), apart=dice.chance(0.3)),
)


def drawn(dice: Dice) -> tuple[dict[str, Any], Owed]:
    """One request of many, put together by chance from what can be asked for."""
    wanted: dict[str, Any] = {}
    for part in _COMBINED:
        wanted |= part(dice)
    if "toIngestTimestamp" in str(wanted):
        return wanted, Owed(ACCEPTED, "EXP-CREATE-018", "SHOULD")
    owed = Owed(ACCEPTED, "EXP-CREATE-019", "SHOULD") if "filter" in wanted else Owed(ACCEPTED, "EXP-CREATE-008")
    return wanted, owed
