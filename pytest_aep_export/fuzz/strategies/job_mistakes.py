"""The mistakes that a job request can have in its body, of all that fuzzing knows, and hostile requests for jobs."""

from __future__ import annotations

import json
from functools import cache, lru_cache
from typing import Any, Final

from hypothesis import strategies as st

from pytest_aep_export.contract import load
from pytest_aep_export.exchange import Headers, Request
from pytest_aep_export.fuzz.cases import REFUSED, Mistake, Step
from pytest_aep_export.fuzz.composing import Composer
from pytest_aep_export.fuzz.mistakes import mistakes_of
from pytest_aep_export.fuzz.strategies.job_requests import Known, bodies
from pytest_aep_export.fuzz.strategies.near import NearMiss, filled, spoiled
from pytest_aep_export.fuzz.strategies.texts import hostile_json

__all__ = ["hostile_requests", "is_alone", "least", "mistakes"]

_CREATE: Final = "createExportJob"
_OWN: Final = ("authorization", "x-api-key", "x-gw-ims-org-id", "x-sandbox-name")


def least(known: Known) -> dict[str, Any]:
    """A request for all profiles by a policy: what most mistakes can be made in."""
    policy = {"mergePolicy": {"id": known.policies[0].id}} if known.policies else {}
    return {**policy, "destination": {"datasetId": known.dataset_id}, "schema": {"name": "_xdm.context.profile"}}


def mistakes(known: Known) -> tuple[Mistake, ...]:
    """The mistakes for which a request is refused: by the contract, or because it asks for what cannot be."""
    segment = tuple(known.segments[0]) if known.segments else ()
    return _mistakes(json.dumps(least(known)), known.dataset_id, *segment)


@lru_cache(maxsize=8)
def _mistakes(sample: str, dataset_id: str, namespace: str = "", segment: str = "") -> tuple[Mistake, ...]:
    """Of all that fuzzing knows those in the body; what names another sandbox or organisation is left out."""
    names = {"dataset": dataset_id} | ({"segment1": segment, "segment1.ns": namespace} if segment else {})
    known = [filled(mistake, names) for mistake in mistakes_of(load(), _CREATE) if _is_in_body(mistake)]
    return tuple(each for each in known if each and is_alone(NearMiss(spoiled(json.loads(sample), each), each)))


def _is_in_body(mistake: Mistake) -> bool:
    return all(edit.at.startswith("/body/") for edit in mistake.edits)


def is_alone(miss: NearMiss[Any]) -> bool:
    """Whether a mistake is the only one: what the contract finds, or what it cannot find and a refusal is owed for."""
    found = {violation.pointer for violation in _checker().violations(miss.value)}
    owed = miss.mistake.owed
    return found == {miss.place} if found else owed is not None and owed.statuses == REFUSED


@cache
def _checker() -> Any:
    from pytest_aep_export.contract.schemas import Schemas  # noqa: PLC0415 - the one validator that judges bodies alone

    return Schemas(load().document).named("ExportJobRequest")


def hostile_requests(known: Known) -> st.SearchStrategy[Request]:
    """Requests for jobs that no client sends: size, depth, texts and numbers at the edges, names twice, odd headers.

    They are whole but for the four headers that say who calls.
    """
    tricks = [mistake for mistake in mistakes_of(load(), _CREATE) if not _is_in_body(mistake) and _is_sound(mistake)]
    drawn = bodies(known)
    return st.builds(_composed, drawn, st.sampled_from(tricks)) | st.builds(
        _odd, drawn, st.integers(0, 30), hostile_json()
    )


def _is_sound(mistake: Mistake) -> bool:
    """Whether a mistake is neither one of the four headers nor of another route."""
    apart = {f"/header/{name}" for name in _OWN} | {"/method", "/target"}
    return not any(edit.at in apart for edit in mistake.edits)


def _composed(body: Any, *wrong: Mistake) -> Request:
    step = Step(_CREATE, body=body, mistakes=wrong)
    names: dict[str, str] = dict.fromkeys(("own.token", "own.client_id", "own.org", "own.sandbox"), "")
    request = Composer(load()).compose(step, names)
    kept = [(name, value) for name, value in request.headers.raw if name not in _OWN]
    return Request(request.method, request.url, Headers(kept), request.body)


def _odd(body: dict[str, Any], place: int, value: Any) -> Request:
    names = list(body)
    return _composed({**body, names[place % len(names)]: value})
