"""Between schemathesis and the loop: its cases become steps, and answers become what it takes for answers."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, unquote

import requests
from schemathesis.core.transport import Response as Answer
from schemathesis.transport.requests import REQUESTS_TRANSPORT, RequestsTransport

from pytest_aep_export.exchange import Response
from pytest_aep_export.fuzz.cases import ABSENT, Edit, Mistake, Step
from pytest_aep_export.fuzz.composing import USUAL_HEADERS, Composer

if TYPE_CHECKING:
    from schemathesis.generation.case import Case as Drawn

    from pytest_aep_export.contract import Contract

__all__ = ["PLACEHOLDERS", "Carrier"]

Ask = Callable[[str, Step], Response]
"""Tries a step, under the id of the case that it was made of."""

PLACEHOLDERS: Final = {name: value % "own" for name, value in USUAL_HEADERS.items()}
"""The headers that say who asks, as schemathesis sends them."""

_HOST: Final = "http://target"
_QUOTED: Final = re.compile(r"%24%7[Bb]([a-z0-9_.-]+)%7[Dd]")
_ITS_OWN: Final = frozenset(
    {"user-agent", "accept-encoding", "connection", "content-length", "x-schemathesis-testcaseid", "cookie"}
)
_JSON: Final = "application/json"
_FORM: Final = "application/x-www-form-urlencoded"
_SHARE: Final = 4
"""Every fourth id in a body stays as it was drawn."""


class Carrier(RequestsTransport):
    """What schemathesis takes for the way to a server.

    Args:
        contract: What says which requests are usual.
        ask: Tries a step.
    """

    def __init__(self, contract: Contract, ask: Ask) -> None:
        super().__init__()
        self._copy_serializers_from(REQUESTS_TRANSPORT)
        self._composer = Composer(contract)
        self._open = {name for name, operation in contract.operations.items() if operation.path.startswith("/ims/")}
        self._ask = ask

    def send(self, case: Drawn[Any], *, session: requests.Session | None = None, **kwargs: Any) -> Answer:
        """Try what schemathesis has drawn."""
        headers = {**(dict(session.headers) if session else {}), **(kwargs.get("headers") or {})}
        given = {name: kwargs[name] for name in ("params", "cookies") if name in kwargs}
        data = self.serialize_case(case, base_url=_HOST, headers=headers, **given)
        prepared = requests.Request(**data).prepare()
        response = self._ask(case.id, self.step(case, prepared))
        if response.status == 0:
            raise requests.ConnectionError("no answer", request=prepared)
        named: dict[str, list[str]] = {}
        for name, value in response.headers.raw:
            named.setdefault(name.lower(), []).append(value)
        return Answer(response.status, named, response.body, prepared, 0.0, verify=True)

    def step(self, case: Drawn[Any], prepared: requests.PreparedRequest) -> Step:
        """The step of a request; in its parts where that is the same, as it is written otherwise."""
        operation: str = case.operation.definition.raw["operationId"]
        target, method = prepared.path_url, str(prepared.method)
        query = parse_qsl(target.partition("?")[2], keep_blank_values=True)
        path = {name: str(value) for name, value in (case.path_parameters or {}).items()}
        edits = [Edit("/method", method)] if method != case.operation.method.upper() else []
        plain = Step(operation, path=path, query=dict(query))
        if len(dict(query)) < len(query) or not self._same(plain, target):
            edits.append(Edit("/target", _QUOTED.sub(r"${\1}", target)))
            plain = Step(operation, path=dict.fromkeys(path, "-"))
        headers = {name.lower(): str(value) for name, value in prepared.headers.items()}
        body, raw = _body(prepared, headers.get("content-type", ""), operation)
        edits += raw
        kept, left_out = self._headers(operation, headers, has_body=body is not None or bool(raw))
        mistakes = (Mistake("drawn", (*edits, *left_out)),) if edits or left_out else ()
        return Step(operation, path=plain.path, query=plain.query, headers=kept, body=body, mistakes=mistakes)

    def _same(self, step: Step, target: str) -> bool:
        """Whether a step leads where the request goes."""
        try:
            path, _, query = self._composer.compose(step, _AsTheyAre()).url.partition("?")
        except KeyError:
            return False
        meant, _, asked = target.partition("?")
        return unquote(path) == unquote(meant) and parse_qsl(query, keep_blank_values=True) == parse_qsl(
            asked, keep_blank_values=True
        )

    def _headers(
        self, operation: str, headers: Mapping[str, str], *, has_body: bool
    ) -> tuple[dict[str, str], list[Edit]]:
        """The headers that are none of the usual ones, and edits for the usual ones that are not there."""
        usual = {} if operation in self._open else dict(PLACEHOLDERS)
        if has_body:
            usual["content-type"] = _FORM if operation in self._open else _JSON
        ignored = {*_ITS_OWN, *(PLACEHOLDERS if operation in self._open else ())}
        kept = {
            name: value
            for name, value in headers.items()
            if name not in ignored and usual.get(name) != value and (name, value) != ("accept", "*/*")
        }
        return kept, [Edit(f"/header/{name}", ABSENT) for name in usual if name not in headers]


class _AsTheyAre(Mapping[str, str]):
    """Names that stand for themselves."""

    def __getitem__(self, name: str) -> str:
        return f"${{{name}}}"

    def __contains__(self, name: object) -> bool:
        return True

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def _body(prepared: requests.PreparedRequest, media: str, operation: str) -> tuple[Any, list[Edit]]:
    """The body as a value, or as it is written where that is no JSON and no plain form."""
    written = prepared.body
    if not written:
        return None, []
    text = written.decode("utf-8", "surrogateescape") if isinstance(written, bytes) else str(written)
    raw = [Edit("/raw", text)]
    if media.startswith(_FORM):
        pairs = parse_qsl(text, keep_blank_values=True)
        return (dict(pairs), []) if pairs and len(dict(pairs)) == len(pairs) else (None, raw)
    try:
        value = json.loads(text)
    except ValueError:
        return None, raw
    return (None, raw) if value is None or media != _JSON else (_fitting(value, operation), [])


def _fitting(body: Any, operation: str) -> Any:
    """A request for an export, with most of the ids in it that are those of nothing replaced by the stage's."""
    if operation != "createExportJob" or not isinstance(body, dict):
        return body
    for member, name, put in (("destination", "datasetId", "${dataset}"), ("mergePolicy", "id", "${policy}")):
        target = body.get(member)
        if not isinstance(target, dict) or not isinstance(drawn := target.get(name), str):
            continue
        if drawn and zlib.crc32(drawn.encode("utf-8", "replace")) % _SHARE:
            body = {**body, member: {**target, name: put}}
    return body
