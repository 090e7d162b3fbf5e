"""Hostile requests: sizes, depths, broken JSON, odd headers, paths and methods. A server may do what it likes.

All that is owed is an answer that is no crash, in the form of every other; a few are refusals that a source asks for.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from pytest_aep_export.contract import Contract, Operation
from pytest_aep_export.fuzz.cases import ABSENT, REFUSED, Edit, Mistake, Owed

__all__ = ["hostile"]

_MALFORMED: Final = (
    ("a body that is cut", "{"),
    ("prose for a body", "profiles, please"),
    ("an array for a body", "[]"),
    ("a text for a body", '"text"'),
)
_BODIES: Final = (
    ("null for a body", "null"),
    ("a number for a body", "1"),
    ("blanks for a body", "  \n"),
    ("an empty object", "{}"),
    ("two objects for a body", "{}{}"),
    ("a body behind a mark", "\ufeff{}"),
    ("a body that is not UTF-8", '{"name":"\udcff\udcfe"}'),
    ("half of a character", '{"name":"\\ud800"}'),
    ("no number in a body", '{"name":NaN,"version":Infinity}'),
    ("a number without end", '{"name":1' + "0" * 400 + "}"),
    ("a number with an exponent without end", '{"name":1e400}'),
    ("single quotes in a body", "{'name':'x'}"),
    ("a comment in a body", '{"name":/* x */1}'),
    ("a comma too many", '{"name":"x",}'),
    ("an empty name", '{"":1,"__proto__":{"x":1},"constructor":{}}'),
    ("values sixty-five deep", '{"name":' * 65 + "1" + "}" * 65),
    ("values a thousand deep", '{"a":' * 1_000 + "1" + "}" * 1_000),
    ("arrays a hundred thousand deep", "[" * 100_000),
    ("closed arrays ten thousand deep", "[" * 10_000 + "]" * 10_000),
    ("ten thousand members", "{" + ",".join(f'"m{n}":1' for n in range(10_000)) + "}"),
)
_TYPES: Final = (("text", "text/plain"), ("octets", "application/octet-stream"))
_ODD_TYPES: Final = (
    ("no content type", ABSENT),
    ("XML for its type", "application/xml"),
    ("a form for its type", "application/x-www-form-urlencoded"),
    ("a content type of another charset", "application/json; charset=utf-16"),
    ("half of a content type", "application/"),
    ("two content types", ["application/json", "text/plain"]),
)
_HEADERS: Final = (
    ("accepts nothing known", "accept", "text/html"),
    ("accepts nonsense", "accept", ";;q=x,,"),
    ("a very long header", "x-request-id", "x" * 20_000),
    ("an odd request id", "x-request-id", "'\"<script>\u00e9"),
    ("an empty request id", "x-request-id", ""),
    ("another method in a header", "x-http-method-override", "DELETE"),
    ("a range", "range", "bytes=0-"),
    ("another host", "x-forwarded-host", "evil.example"),
    ("a cookie", "cookie", "a=b; a=c"),
    ("a condition", "if-match", "*"),
    ("a condition on time", "if-modified-since", "yesterday"),
    ("a language", "accept-language", "x" * 1_000),
    ("a content type without content", "content-type", "application/json"),
)
_RANGES: Final = (
    "bytes=99999999-",
    "bytes=5-1",
    "bytes=-0",
    "bytes=0-0,2-2",
    "bytes=a-b",
    "lines=0-1",
    "bytes=",
    "bytes=0-99999999999999999999",
    "bytes = 0-1",
    "BYTES=0-1",
)
_PARTS: Final = (
    ("dots", ".."),
    ("coded dots", "%2e%2e%2f%2e%2e"),
    ("a coded slash", "a%2Fb"),
    ("a coded zero", "x%00y"),
    ("half a code", "x%"),
    ("no UTF-8", "%ff%fe"),
    ("a long name", "x" * 3_000),
    ("another script", "%E2%98%83"),
    ("a star", "*"),
    ("a quote", "'%22%3B--"),
    ("parameters of its own", "1;v=2"),
    ("a minus", "-1"),
    ("a fraction", "1.0"),
    ("an exponent", "1e2"),
    ("a large number", "99999999999999999999999"),
    ("another digit", "%D9%A1"),
    ("a blank", "%20"),
    ("undefined", "undefined"),
)
_METHODS: Final = ("PATCH", "PUT", "DELETE", "POST", "OPTIONS", "TRACE", "HEAD", "GET", "PURGE")
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_QUERIES: Final = (
    ("an unknown parameter", "nobodyKnows", "1"),
    ("a parameter without a name", "", "1"),
    ("a parameter with brackets", "filter[a][b]", "1"),
    ("a very long parameter", "nobodyKnows", "x" * 8_000),
)


def hostile(contract: Contract, operation: Operation) -> Iterator[Mistake]:
    """Every hostile request of an operation."""
    node = contract.document["paths"][operation.path][operation.method.lower()]
    body = node.get("requestBody", {}).get("content", {})
    if "application/json" in body:
        yield from _bodies(operation)
    elif body:
        yield Mistake("a body that is no form", (Edit("/raw", "\udcff=%zz&&=&x"),))
        yield Mistake("JSON for a form", (Edit("/header/content-type", "application/json"),))
    elif operation.method in {"GET", "HEAD", "DELETE"}:
        yield Mistake("a body where none belongs", (Edit("/raw", "{}"),))
    for name, header, put in _HEADERS:
        if not (body and header == "content-type"):
            yield Mistake(name, (Edit(f"/header/{header}", put),))
    yield from _paths(contract, operation)
    for name, parameter, value in _QUERIES:
        yield Mistake(name, (Edit(f"/query/{parameter}", value),))


def _bodies(operation: Operation) -> Iterator[Mistake]:
    job = operation.id == "createExportJob"
    refused = Owed(REFUSED, "EXP-ERROR-001", "SHOULD") if job else None
    for name, text in _MALFORMED:
        yield Mistake(name, (Edit("/raw", text),), refused)
    for name, text in _BODIES:
        yield Mistake(name, (Edit("/raw", text),))
    yield Mistake("no body", (Edit("/raw", ""),))
    other = Owed(REFUSED, "EXP-ERROR-021", "SHOULD") if job else None
    for name, media in _TYPES:
        yield Mistake(f"{name} for its type", (Edit("/header/content-type", media),), other)
    odd: Any
    for name, odd in _ODD_TYPES:
        yield Mistake(name, (Edit("/header/content-type", odd),))
    for name in ("destination", "schemaRef", "schema", "name"):
        yield Mistake(f"{name} once more", (Edit(f"/twice/{name}", {"id": "x", "datasetId": "x"}),))
    yield Mistake("a body of a mebibyte and more", (Edit("/padding", 1 << 20),))


def _paths(contract: Contract, operation: Operation) -> Iterator[Mistake]:
    for part in operation.path.split("/"):
        if part.startswith("{"):
            for name, text in _PARTS:
                yield Mistake(f"{part[1:-1]} is {name}", (Edit(f"/path/{part[1:-1]}", text),))
    plain = operation.path.partition("{")[0]
    yield Mistake("a path with two slashes", (Edit("/target", f"/{plain[1:].replace('/', '//', 1)}"),))
    yield Mistake("a path and more", (Edit("/target", f"{plain.rstrip('/')}/x/y/z"),))
    yield Mistake("a path in capitals", (Edit("/target", plain.upper()),))
    yield Mistake("a path with parameters", (Edit("/target", f"{plain};jsessionid=1?&&=&%zz"),))
    if operation.id == "getFile":
        for text in _RANGES:
            yield Mistake(f"the range {text}", (Edit("/query/path", "${part}"), Edit("/header/range", text)))
    yield from _methods(contract, operation)


def _methods(contract: Contract, operation: Operation) -> Iterator[Mistake]:
    """Methods that the path does not know; what might change something gets nothing of the stage to change."""
    known = contract.allowed_methods(operation.path)
    names = [part[1:-1] for part in operation.path.split("/") if part.startswith("{")]
    for method in _METHODS:
        nothing = () if method in _SAFE else tuple(Edit(f"/path/{name}", "nothing-has-this-id") for name in names)
        if method not in known:
            yield Mistake(f"the method {method}", (Edit("/method", method), *nothing))
    if operation.id == "getExportJob":
        yield Mistake("POST on a job", (Edit("/method", "POST"),), Owed(REFUSED, "EXP-CANCEL-009", "SHOULD"))
