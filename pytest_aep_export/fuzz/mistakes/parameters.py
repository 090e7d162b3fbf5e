"""Mistakes in what stands around a body: credentials, the sandbox, the path's and the query's parameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pytest_aep_export.contract import Contract, Operation
from pytest_aep_export.contract.document import Node, parameters, resolve
from pytest_aep_export.fuzz.cases import ABSENT, NOT_FOUND, REFUSED, Edit, Mistake, Owed

__all__ = ["in_headers", "in_parameters", "kinds_of"]

_NO_TOKEN: Final = Owed((401, 403), "EXP-AUTH-005", codes=("403010",))
_BAD_TOKEN: Final = Owed((401, 401), "EXP-AUTH-006", codes=("401013",))
_FOREIGN_ORG: Final = ("403025", "403027")

_HEADERS: Final = (
    ("no token", "authorization", ABSENT, _NO_TOKEN),
    ("a token that nobody issued", "authorization", "Bearer nobody-issued-this", _BAD_TOKEN),
    ("half of a token", "authorization", "Bearer ", None),
    ("credentials of another scheme", "authorization", "Basic b3duOnNlY3JldA==", None),
    ("two tokens", "authorization", ["Bearer nobody-issued-this", "Bearer ${own.token}"], None),
    ("no API key", "x-api-key", ABSENT, Owed(REFUSED, "EXP-AUTH-007", codes=("403000",))),
    ("an unknown API key", "x-api-key", "nobodys-key", Owed(REFUSED, "EXP-AUTH-008", codes=("403003",))),
    ("another integration's API key", "x-api-key", "${other.client_id}", Owed(REFUSED, "EXP-ISO-011", "SHOULD")),
    ("no organisation", "x-gw-ims-org-id", ABSENT, Owed(REFUSED, "EXP-AUTH-009", codes=("400003",))),
    ("another organisation", "x-gw-ims-org-id", "${other.org}", Owed(REFUSED, "EXP-ISO-010", codes=_FOREIGN_ORG)),
    (
        "an organisation that nobody is",
        "x-gw-ims-org-id",
        "0123456789ABCDEF01234567@AdobeOrg",
        Owed(REFUSED, "EXP-AUTH-010", codes=_FOREIGN_ORG),
    ),
    ("an organisation of another form", "x-gw-ims-org-id", "nobody", None),
    ("no sandbox", "x-sandbox-name", ABSENT, Owed(REFUSED, "EXP-AUTH-011", "SHOULD")),
    ("an unknown sandbox", "x-sandbox-name", "no-such-sandbox", Owed(REFUSED, "EXP-ISO-009", "SHOULD")),
    ("a sandbox in capitals", "x-sandbox-name", "PROD-OR-NOT", None),
)
"""What is wrong, the header, what stands there, and what is owed."""

_UNKNOWN: Final[Mapping[str, str]] = {
    "batchId": "01HP1Z0A9YZ733QCJN6AXCATHF",
    "datasetId": "0" * 24,
    "exportJobId": "2000000000",
    "fileId": "01HP1Z0A9YZ733QCJN6AXCATHF-DE9",
    "mergePolicyId": "00000000-0000-4000-8000-000000000000",
}
"""Ids that nothing has."""

_NOT_FOUND: Final[Mapping[tuple[str, str], str]] = {
    ("cancelExportJob", "exportJobId"): "EXP-CANCEL-008",
    ("getDataset", "datasetId"): "EXP-DATASET-010",
    ("getExportJob", "exportJobId"): "EXP-WATCH-014",
    ("getFile", "fileId"): "EXP-FILES-010",
    ("getFile", "path"): "EXP-FILES-009",
    ("headFile", "path"): "EXP-FILES-009",
    ("listMetaFiles", "path"): "EXP-FILES-022",
    ("previewDataset", "datasetId"): "EXP-FILES-019",
}
"""Where a source says what follows when there is nothing of that name."""

_LONGER: Final = ("0000000", "x", "-1")
"""What stands behind the number of a job that there is."""

_ODD: Final[Mapping[str, tuple[str, ...]]] = {
    "integer": ("-1", "0", "one", "1.5", "1e3", "", "99999999999999999999", "\u0661", " 1 ", "0x10", "NaN"),
    "boolean": ("perhaps", "1", "TRUE", ""),
    "string": ("", " ", "*", "a,b", "!a", "'\"<>", "\u2603", "x" * 4_000),
}
"""Texts that are none of a type, or that stand at its edges."""


def in_headers(contract: Contract, operation: Operation) -> Iterator[Mistake]:
    """Everything that can be wrong with the headers that get a request past the gateway."""
    node = contract.document["paths"][operation.path][operation.method.lower()]
    if node.get("security") == []:
        yield Mistake(
            "a wrong secret", (Edit("/body/client_secret", "wrong"),), Owed(REFUSED, "EXP-AUTH-003", "SHOULD")
        )
        return
    schemes = contract.document["components"]["securitySchemes"]
    required = node.get("security", contract.document["security"])
    needed = {schemes[name].get("name", "authorization") for alternative in required for name in alternative}
    for name, header, put, owed in _HEADERS:
        if header in needed:
            yield Mistake(name, (Edit(f"/header/{header}", put),), owed)


def in_parameters(contract: Contract, operation: Operation) -> Iterator[Mistake]:
    """Everything that can be wrong with the parameters that an operation declares."""
    for parameter in parameters(contract.document, operation):
        if parameter["in"] == "path":
            yield from _in_path(operation, parameter["name"])
        elif parameter["in"] == "query":
            yield from _in_query(operation, parameter, resolve(contract.document, parameter["schema"]))


def _in_path(operation: Operation, name: str) -> Iterator[Mistake]:
    at = f"/path/{name}"
    yield Mistake(
        f"an unknown {name}", (Edit(at, _UNKNOWN.get(name, "nothing-has-this-id")),), _missing(operation, name)
    )
    if name == "exportJobId":
        longer = Owed(REFUSED, "EXP-WATCH-022", "SHOULD") if operation.id == "getExportJob" else None
        for more in _LONGER:
            yield Mistake(f"the id of a job and {more}", (Edit(at, "${job}" + more),), longer)


def _missing(operation: Operation, name: str) -> Owed | None:
    source = _NOT_FOUND.get((operation.id, name))
    return Owed(NOT_FOUND, source) if source else None


def _in_query(operation: Operation, parameter: Node, schema: Node) -> Iterator[Mistake]:
    name: str = parameter["name"]
    at = f"/query/{name}"
    if parameter.get("required"):
        yield Mistake(f"no {name}", (Edit(at),), Owed(REFUSED, "EXP-FILES-023", "SHOULD") if name == "path" else None)
    for text in _odd(schema):
        yield Mistake(f"{name} is {text:.20}", (Edit(at, text),))
    yield Mistake(f"{name} comes twice", (Edit(at, ["1", "2"]),))
    if name == "path":
        yield Mistake("a path that nothing has", (Edit(at, "no-such-file.parquet"),), _missing(operation, name))


def kinds_of(schema: Node) -> tuple[str, ...]:
    """The types that a schema allows; none where it does not say."""
    kinds: Any = schema.get("type", ())
    return (kinds,) if isinstance(kinds, str) else tuple(kinds)


def _odd(schema: Node) -> Iterator[str]:
    for kind in kinds_of(schema) or ("string",):
        yield from _ODD.get(kind, ())
    if "maximum" in schema:
        yield str(schema["maximum"])
        yield str(schema["maximum"] + 1)
    if "enum" in schema or "pattern" in schema:
        yield "NO-SUCH-WORD"
