"""What the contract leaves open: read from schemas, dialects and marks, and never more than they say."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_aep_export.contract import Contract
from pytest_aep_export.contract.variants import Open, Place, open_answers


@pytest.fixture(scope="module")
def found(contract: Contract) -> dict[tuple[str, bool], Open]:
    """What is open, by operation and whether it is refused."""
    return {(each.operation, each.refusal): each for each in open_answers(contract.document)}


def small(schema: dict[str, Any], **response: Any) -> list[Place]:
    """The places of a document with one answer of this schema."""
    answer = {"content": {"application/json": {"schema": schema}}, **response}
    operation = {"operationId": "one", "tags": ["it"], "x-source": "here", "responses": {"200": answer}}
    return list(next(open_answers({"paths": {"/": {"get": operation}}, "components": {}})).places)


def test_every_operation_is_there_twice(contract: Contract, found: dict[tuple[str, bool], Open]):
    """Its answers and its refusals are open each for themselves."""
    assert found.keys() == {(name, refusal) for name in contract.operations for refusal in (False, True)}


def place(found: dict[tuple[str, bool], Open], pointer: str, operation: str = "getExportJob") -> Place:
    """One place of an operation's answers."""
    return next(each for each in found[operation, False].places if each.pointer == pointer)


@pytest.mark.parametrize(
    ("pointer", "optional"),
    [
        ("/id", False),
        ("/requestId", True),  # every dialect shows it, and the mark says that it may be missing (D-12)
        ("/metrics/totalTime", False),  # every dialect shows it, although the union does not ask for it
        ("/metrics/aCPDatasetWriteTime", True),
        ("/destination/segmentPerBatch", True),  # one dialect asks for it, and others do not (D-46)
        ("/destination/datasetId", False),  # either spelling, and which is the dialect's to say (D-31)
    ],
)
def test_a_member_may_be_absent_where_a_dialect_leaves_it_out(
    found: dict[tuple[str, bool], Open],
    pointer: str,
    optional: bool,  # noqa: FBT001 - a parameter of the test
):
    """What the union or every dialect asks for is there, unless a mark says otherwise."""
    assert place(found, pointer).optional is optional


def test_what_is_repeated_is_not_looked_into(found: dict[tuple[str, bool], Open]):
    """A job repeats its request as it was, or not at all (D-26)."""
    echo = [each for each in found["getExportJob", False].places if each.pointer.startswith("/filter")]
    assert [(each.pointer, each.optional, each.extensible) for each in echo] == [("/filter", True, False)]


def test_sources_and_variants_come_along(found: dict[tuple[str, bool], Open]):
    """Each place says where it comes from, and which texts are as good as any."""
    field = place(found, "/page/sortField", "listExportJobs")
    assert (field.source, field.variants) == ("D-37", ("creationTime",))
    assert place(found, "/records/*/destination", "listExportJobs").source == "D-31"
    assert place(found, "/status").words[:2] == ("NEW", "PROCESSING")
    assert place(found, "/id").types == ("integer", "string")


def test_headers_are_open_unless_every_dialect_sends_them(found: dict[tuple[str, bool], Open]):
    """The length that a HEAD tells is no matter of dialects, a job's location is (D-10)."""
    head = {each.name: each.optional for each in found["headFile", False].headers}
    assert head == {"accept-ranges": False, "content-length": False, "x-request-id": True}
    location = found["createExportJob", False].headers[0]
    assert (location.name, location.optional, location.reference, location.source) == ("x-location", True, True, "D-10")


def test_statuses_that_are_only_put_up_with_are_no_variant(found: dict[tuple[str, bool], Open]):
    """A cancel may be answered without a body (D-7); a refusal without one is nobody's way."""
    assert found["cancelExportJob", False].bodiless
    assert not found["cancelExportJob", True].bodiless
    assert not found["headFile", False].json
    assert small({"type": "object", "properties": {"a": {}}}, **{"x-in-dialects": []}) == []


def test_objects_that_may_have_more_members():
    """Those with named members may; maps and what is closed may not."""
    some = {"type": "object", "properties": {"a": {"type": "string"}}}
    closed = {**some, "additionalProperties": False}
    each_of = {"type": "object", "additionalProperties": some}
    assert [each.extensible for each in small(some)] == [True, False]
    assert not small(closed)[0].extensible
    assert [(each.pointer, each.extensible) for each in small(each_of)] == [("", False), ("/*", True), ("/*/a", False)]


def test_a_member_that_a_dialect_forbids_is_no_place():
    """A fragment that rules a member out says nothing about what it may be; odd names are escaped."""
    fragment = {"properties": {"gone": {"not": {}}, "a/b~c": {"type": "string"}}}
    found = small({"type": "object", "x-dialects": {"every": fragment}})
    assert [each.pointer for each in found] == ["", "/a~1b~0c"]
