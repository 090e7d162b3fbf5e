"""Personas that accept what is wrong with a request for a job."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import orjson

from pytest_aep_export.contract.union import UnknownFieldError, load_union
from pytest_aep_export.emulator import catalog, merge_policies
from pytest_aep_export.emulator.personas.answers import (
    CREATED,
)
from pytest_aep_export.emulator.personas.edits import Edit, at, drop
from pytest_aep_export.emulator.personas.requests import corrected, instead, operation, with_header
from pytest_aep_export.emulator.personas.tables import lenient, table
from pytest_aep_export.emulator.store import Kind
from pytest_aep_export.exporter.plan import segments_of
from pytest_aep_export.model import UNION_SCHEMA

if TYPE_CHECKING:
    from starlette.responses import Response as HttpResponse

    from pytest_aep_export.emulator.personas.persona import Around, Handler
    from pytest_aep_export.emulator.state import Call, State
    from pytest_aep_export.emulator.tenants import Organisation
    from pytest_aep_export.exchange import Request

__all__ = ["LENIENCY"]

_STATUSES: Final = frozenset({"realized", "exited", "existing"})
_WINDOWS: Final = (("fromIngestTimestamp", "toIngestTimestamp"), ("startTime", "endTime"))
_TIMES: Final = frozenset(name for window in _WINDOWS for name in window)


def _accepted_before(whose: Organisation) -> bytes:
    """The body of the last request of the organisation's that has created a job."""
    made = [e for e in whose.journal.of(CREATED) if e.response.status == HTTPStatus.OK]
    return made[-1].request.body if made else b"{}"


def _destination_as_before(request: Request, whose: Organisation, state: State) -> Request:
    """Takes the target dataset of the job before for that of one which names none."""
    before = orjson.loads(_accepted_before(whose)).get("destination", {})

    def edit(document: Any) -> Any:
        named = isinstance(document.get("destination", {}), dict)
        return {**document, "destination": {**before, **document.get("destination", {})}} if named else document

    return corrected(edit)(request, whose, state)


def _typed(path: str, kind: type, otherwise: Callable[[Any], Any]) -> Edit:
    """Makes something else of what lies at a path and is not of a type."""
    return at(path, lambda value: value if isinstance(value, kind) else otherwise(value))


def _taken_out(name: str, kind: type) -> Edit:
    """Overlooks a member that is not of a type."""
    return lambda document: document if isinstance(document.get(name, kind()), kind) else drop(name)(document)


def _is_time(text: object) -> bool:
    try:
        return bool(datetime.fromisoformat(str(text)))
    except ValueError:
        return False


def _without_bad_times(value: Any) -> Any:
    """Overlooks times that are none, wherever they are."""
    if isinstance(value, list):
        return [_without_bad_times(item) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {name: found for name, found in value.items() if name not in _TIMES or _is_time(found)}
    return {name: _without_bad_times(found) for name, found in kept.items()}


def _in_filter(edit: Callable[[dict[str, Any]], Any]) -> Edit:
    """Edits the filter of a request, where it is an object."""
    return at("filter", lambda chosen: edit(chosen) if isinstance(chosen, dict) else chosen)


def _known_statuses(entry: Any) -> Any:
    found = entry.get("status") if isinstance(entry, dict) else None
    unknown = isinstance(found, list) and not _STATUSES.issuperset(map(str, found))
    return drop("status")(entry) if unknown else entry


def _identified(chosen: dict[str, Any]) -> Any:
    segments = chosen.get("segments")
    nameless = isinstance(segments, list) and any(
        isinstance(entry, dict) and "segmentId" not in entry for entry in segments
    )
    return drop("segments")(chosen) if nameless else chosen


def _typed_filter(document: Any) -> Any:
    """Overlooks what is of a wrong type in a filter, or the whole of it."""
    chosen = document.get("filter", {})
    if not isinstance(chosen, dict):
        return drop("filter")(document)
    kinds = {"segments": list, "emptyProfiles": bool, "segmentQualificationTime": dict}
    return {**document, "filter": {n: v for n, v in chosen.items() if isinstance(v, kinds.get(n, object))}}


def _forward(value: Any) -> Any:
    """Overlooks the end of a window that lies before its start, wherever there is one."""
    if not isinstance(value, dict):
        return value
    turned = {end for start, end in _WINDOWS if str(value.get(end, "~")) < str(value.get(start, ""))}
    return {name: _forward(found) for name, found in value.items() if name not in turned}


def _understood(edit: Callable[[Call], Any]) -> Around:
    """Overlooks what is wrong with an admitted request."""

    async def apply(call: Call, handle: Handler) -> HttpResponse:
        return await handle(replace(call, document=edit(call)))

    return instead(CREATED, apply)


def _other_dataset(when: Callable[[str | None], bool]) -> Callable[[Call], Any]:
    """Takes the newest dataset that is fit for one on a schema, or on None if it is not there, that will not do."""

    def edit(call: Call) -> Any:
        store, tenant, destination = call.state.store, call.sandbox.key, call.document["destination"]
        if not when(catalog.schema_of(store, tenant, destination["datasetId"])):
            return call.document
        fit = (d["id"] for d in store.list(tenant, Kind.DATASET) if d["schemaRef"]["id"] == UNION_SCHEMA)
        return {**call.document, "destination": {**destination, "datasetId": next(fit, destination["datasetId"])}}

    return edit


def _known_policy(call: Call) -> Any:
    """Overlooks a merge policy that is not there."""
    named = call.document.get("mergePolicy", {}).get("id")
    unknown = named and merge_policies.find(call.state.store, call.sandbox.key, named) is None
    return drop("mergePolicy")(dict(call.document)) if unknown else call.document


def _any_version(call: Call) -> Any:
    """Overlooks the version of a merge policy."""
    policy = {name: value for name, value in call.document.get("mergePolicy", {}).items() if name != "version"}
    return {**call.document, **({"mergePolicy": policy} if policy else {})}


def _known_fields(text: str, resolve: Callable[[str], Any]) -> str:
    kept = []
    for name in text.split(","):
        with suppress(UnknownFieldError):
            resolve(name.strip())
            kept.append(name)
    return ",".join(kept) or "identityMap"


def _fields_that_exist(call: Call) -> Any:
    """Overlooks fields that are not there."""
    union, document = call.sandbox.union, orjson.loads(orjson.dumps(call.document))
    for path, tree in (("fields", union.profile), ("additionalFields/eventList/fields", union.event)):
        document = at(path, partial(_known_fields, resolve=tree.resolve))(document)
    return document


def _in_its_own_case(request: Request, whose: Organisation, state: State) -> Request:
    """Hears the top-level names of fields as the union schema writes them."""
    names = {name.lower(): name for name in load_union().profile.members}

    def corrected_path(path: str) -> str:
        first, dot, rest = path.partition(".")
        return names.get(first.strip().lower(), first) + dot + rest

    def edit(text: Any) -> Any:
        return ",".join(map(corrected_path, text.split(","))) if isinstance(text, str) else text

    return corrected(at("fields", edit))(request, whose, state)


def _as_json(request: Request, _: Organisation, state: State) -> Request:
    """Takes the body of a request for a job for JSON."""
    return with_header(request, "content-type", "application/json") if operation(request, state) == CREATED else request


def _segments_that_exist(call: Call) -> Any:
    """Overlooks a filter for segments that are not there."""
    known = all(call.sandbox.knows(segment.namespace, segment.id) for segment in segments_of(call.document))
    return call.document if known else drop("filter")(dict(call.document))


def _joined(value: Any) -> Any:
    return ",".join(map(str, value)) if isinstance(value, list) else value


LENIENCY: Final = table(
    "ERROR",
    {
        "accepts-missing-destination": lenient(
            "A job without a target dataset exports into that of the job before.", hear=_destination_as_before
        ),
        "accepts-missing-schema": lenient(
            "A job without a schema is one for profiles.",
            hear=corrected(lambda document: {**document, "schema": {"name": "_xdm.context.profile"}}),
        ),
        "accepts-fields-in-array": lenient("Fields are accepted as an array.", hear=corrected(at("fields", _joined))),
        "accepts-destination-as-text": lenient(
            "A target dataset is accepted as a text.",
            hear=corrected(_typed("destination", dict, lambda name: {"datasetId": name})),
        ),
        "accepts-words-for-booleans": lenient(
            "Any word is accepted for true or false.",
            hear=corrected(_typed("destination/segmentPerBatch", bool, lambda _: False)),
        ),
        "accepts-events-as-text": lenient(
            "A text is accepted for what is asked of events.", hear=corrected(_taken_out("additionalFields", dict))
        ),
        "accepts-policy-as-text": lenient(
            "A merge policy is accepted as a text.",
            hear=corrected(_typed("mergePolicy", dict, lambda name: {"id": name})),
        ),
        "accepts-unknown-dataset": lenient(
            "A job for a dataset that does not exist exports into another one.",
            around=_understood(_other_dataset(lambda schema: schema is None)),
        ),
        "accepts-other-schemas": lenient(
            "A job for a dataset on another schema exports into another dataset.",
            around=_understood(_other_dataset(lambda schema: schema not in {None, UNION_SCHEMA})),
        ),
        "accepts-unreadable-times": lenient("A time that is none is overlooked.", hear=corrected(_without_bad_times)),
        "accepts-unknown-policy": lenient(
            "For a merge policy that does not exist the default one is applied.", around=_understood(_known_policy)
        ),
        "accepts-unknown-version": lenient(
            "Any version of a merge policy is accepted.", around=_understood(_any_version)
        ),
        "accepts-unknown-fields": lenient(
            "Fields that do not exist are overlooked.", around=_understood(_fields_that_exist)
        ),
        "accepts-fields-in-any-case": lenient(
            "The case of the first letters of a field's path makes no difference.", hear=_in_its_own_case
        ),
        "accepts-any-media-type": lenient("A job is read from a body of whichever type.", hear=_as_json),
        "accepts-any-schema": lenient(
            "Whatever schema a job names, it is one for profiles.",
            hear=corrected(at("schema/name", lambda _: "_xdm.context.profile")),
        ),
        "accepts-segment-without-id": lenient(
            "A segment without an id is overlooked.", hear=corrected(_in_filter(_identified))
        ),
        "accepts-unknown-segment": lenient(
            "A filter for a segment that does not exist is overlooked.",
            also=("FILTER",),
            around=_understood(_segments_that_exist),
        ),
        "accepts-unknown-status": lenient(
            "A status of a segment that does not exist is overlooked.",
            hear=corrected(_in_filter(at("segments/*", _known_statuses))),
        ),
        "accepts-inverted-windows": lenient(
            "The end of a window that lies before its start is overlooked.", also=("FILTER",), hear=corrected(_forward)
        ),
        "accepts-filter-of-any-type": lenient(
            "What is of a wrong type in a filter is overlooked.", hear=corrected(_typed_filter)
        ),
    },
)
