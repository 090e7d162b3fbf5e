"""Every refusal that the contract declares, operation by operation: those that a request earns, and by faults the rest.

What a fault answers is the emulator's word for a status that it has no other reason to give: ``503``, say. A recording
names these statuses in its metadata.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from pytest_aep_export.contract import load
from pytest_aep_export.contract.values import Operation
from pytest_aep_export.emulator.faults import Answer, Fault
from pytest_aep_export.exchange import Exchange
from tests.cassettes.scenes import NOT_FOR_TOKENS, Scene, Stage

__all__ = ["REFUSALS"]

_BODILESS: Final = frozenset({"GET", "HEAD", "DELETE"})
_NOBODY: Final = "0" * 24
"""The id of nothing."""
_MINUTE: Final = (("Retry-After", "60"),)
_BUSY: Final = frozenset({"429", "503"})
_FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}
_EARNED: Final = {"requestToken": ("400", "401"), "requestTokenV2": ("400", "401")}
"""The refusals that a request earns at the token service; any other operation has those of the gateway."""


def _scene(operation: Operation) -> Scene:
    declared = sorted(status for status in _declared(operation) if status >= "400")
    earned = tuple(status for status in _EARNED.get(operation.id, _by_gateway(operation)) if status in declared)
    faults = tuple(status for status in declared if status not in earned)
    name = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[a-z])(?=V\d)", "-", operation.id).lower()
    return Scene(f"errors/{name}", _played(operation, earned, faults), (), faults=faults)


def _declared(operation: Operation) -> Mapping[str, Any]:
    statuses: Mapping[str, Any] = load().document["paths"][operation.path][operation.method.lower()]["responses"]
    return statuses


def _by_gateway(operation: Operation) -> tuple[str, ...]:
    """What a call earns without a token, with one that nobody issued, or with an id that nothing has.

    A call that changes what it is about may be refused for what it says before anybody looks for that.
    """
    by_id = "{" in operation.path and operation.method in _BODILESS
    return ("400", "401", "403", "404") if by_id else ("400", "401", "403")


def _played(operation: Operation, earned: tuple[str, ...], faults: tuple[str, ...]) -> Callable[[Stage], None]:
    def play(stage: Stage) -> None:
        for status in earned:
            _expect(_wrong(stage, operation, status), status)
        for status in faults:
            headers = _MINUTE if status in _BUSY else ()
            stage.tenant.faults.add(Fault(operation.id, Answer(int(status), headers, _body(operation, status))))
            _expect(_ask(stage, operation), status)

    return play


def _body(operation: Operation, status: str) -> str | None:
    """What the token service says, in OAuth's words (RFC 6749, section 5.2); all others have the gateway's."""
    if not operation.id.startswith("requestToken"):
        return None
    return json.dumps({"error": "invalid_request" if status < "500" else "temporarily_unavailable"})


def _expect(exchange: Exchange, status: str) -> None:
    if exchange.response.status != int(status):
        raise AssertionError(f"{exchange.request.method} {exchange.request.url}: {status} became {exchange.response}")


def _ask(stage: Stage, operation: Operation, **changes: Any) -> Exchange:
    """A call of the operation, right in everything but the id of what it is about."""
    path = re.sub(r"\{\w+\}", _NOBODY, operation.path)
    if operation.id.startswith("requestToken"):
        who = stage.tenant.credentials
        form = f"grant_type=client_credentials&client_id={who.client_id}&client_secret={who.client_secret}"
        body = f"{form}&scope={who.scopes}".encode()
        return stage.api.target.send("POST", path, body=body, without=NOT_FOR_TOKENS, headers=_FORM)
    query = {"path": "none.parquet"} if operation.method == "HEAD" else None
    sent = None if operation.method in _BODILESS else {}
    return stage.api.target.send(operation.method, path, query=query, json=sent, **changes)


def _wrong(stage: Stage, operation: Operation, status: str) -> Exchange:
    """A call that is refused with this status by right."""
    if operation.id.startswith("requestToken"):
        body = {"400": b"grant_type=client_credentials", "401": b""}[status]
        form = b"grant_type=client_credentials&client_id=nobody&client_secret=wrong&scope=openid"
        path = operation.path
        return stage.api.target.send("POST", path, body=body or form, without=NOT_FOR_TOKENS, headers=_FORM)
    wrong: Mapping[str, Mapping[str, Any]] = {
        "400": {"without": ["x-gw-ims-org-id"]},
        "401": {"headers": {"Authorization": "Bearer never-issued"}},
        "403": {"without": ["authorization"]},
        "404": {},
    }
    return _ask(stage, operation, **wrong[status])


REFUSALS: Final = tuple(_scene(operation) for operation in load().operations.values())
"""A scene for each operation."""
