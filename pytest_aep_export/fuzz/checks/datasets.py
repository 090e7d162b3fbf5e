"""Checks of datasets, policies and tokens: what was made is shown as it was made, under an id of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pytest_aep_export.fuzz.checks.breach import Breach, Judging
from pytest_aep_export.fuzz.checks.sightings import agree, sent
from pytest_aep_export.fuzz.performing import Attempt, Performance

__all__ = ["datasets", "policies", "tokens"]


def datasets(performance: Performance, _: Judging) -> Iterator[Breach]:
    """A dataset has an id of its own, under which it is shown as it was made."""
    made: dict[str, Mapping[str, Any]] = {}
    taken = {performance.known.get(name, "") for name in ("dataset", "spare")} - {""}
    for attempt in performance.attempts:
        if attempt.step.who != "own" or not attempt.accepted or attempt.step.mistakes:
            continue
        if attempt.step.operation == "createDataset":
            key = str(attempt.at("/0")).rpartition("/")[2]
            yield from _made(attempt, key, taken | set(made))
            made[key] = sent(attempt) or {}
        elif attempt.step.operation == "getDataset":
            yield from _shown(attempt, made)


def _made(attempt: Attempt, key: str, taken: set[str]) -> Iterator[Breach]:
    location = attempt.response.headers.get("location")
    if key in taken:
        yield Breach(attempt, "an id that no other dataset has", key, "EXP-DATASET-002", about="id")
    if len(key) != 24 or set(key) - set("0123456789abcdef"):  # noqa: PLR2004 - as in every sample
        yield Breach(attempt, "an id of 24 digits and letters from a to f", key, "EXP-DATASET-009", "SHOULD", "form")
    if location is not None and location.rpartition("/")[2] != key:
        yield Breach(
            attempt, "a Location that ends in the dataset's id", location, "EXP-DATASET-007", "SHOULD", "location"
        )


def _shown(attempt: Attempt, made: Mapping[str, Mapping[str, Any]]) -> Iterator[Breach]:
    wanted = attempt.request.path.rpartition("/")[2]
    document = attempt.document if isinstance(attempt.document, dict) else {}
    if wanted not in document:
        yield Breach(attempt, f"the dataset {wanted}", ", ".join(document) or "nothing", "EXP-DATASET-003", about="key")
        return
    shown = document[wanted] if isinstance(document[wanted], dict) else {}
    for name in ("name", "schemaRef"):
        asked = made.get(wanted, {}).get(name)
        if asked is not None and not (name in shown and agree(asked, shown[name])):
            yield Breach(
                attempt,
                f"{name} as it was made, {asked!r:.80}",
                f"{shown.get(name)!r:.80}",
                "EXP-DATASET-003",
                about=name,
            )
    organisation = attempt.request.headers.get("x-gw-ims-org-id")
    if shown.get("imsOrg", organisation) != organisation:
        yield Breach(
            attempt, "the organisation of the call", str(shown["imsOrg"]), "EXP-DATASET-013", "SHOULD", "imsOrg"
        )


def policies(performance: Performance, _: Judging) -> Iterator[Breach]:
    """A merge policy is shown under its id, as the list shows it."""
    listed: dict[str, Any] = {}
    for attempt in performance.attempts:
        if attempt.step.who != "own" or not attempt.accepted or attempt.step.mistakes:
            continue
        if attempt.step.operation == "listMergePolicies":
            children = attempt.at("/children")
            found = children if isinstance(children, list) else []
            listed |= {str(each["id"]): each for each in found if isinstance(each, dict) and "id" in each}
        elif attempt.step.operation == "getMergePolicy":
            wanted, source = attempt.request.path.rpartition("/")[2], "facts, merge-policies section Operations"
            if str(attempt.at("/id")) != wanted:
                yield Breach(attempt, f"the policy {wanted}", str(attempt.at("/id")), source, about="id")
            elif wanted in listed and attempt.document != listed[wanted]:
                yield Breach(attempt, "the policy as it is listed", "another one", source, "SHOULD", "listed")


def tokens(performance: Performance, _: Judging) -> Iterator[Breach]:
    """Whoever is refused a token gets none."""
    for attempt in performance.attempts:
        wrong = any(mistake.owed and mistake.owed.source == "EXP-AUTH-003" for mistake in attempt.step.mistakes)
        if wrong and attempt.at("/access_token"):
            yield Breach(attempt, "no access_token for a wrong secret", "one", "EXP-AUTH-003", "SHOULD")
