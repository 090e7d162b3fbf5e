"""The OpenAPI document itself: valid, complete, with sources, examples and links that hold."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from openapi_spec_validator import validate

from pytest_aep_export.contract import CANONICAL, DIALECTS, Contract, dialect
from pytest_aep_export.contract.document import operations, parameters, resolve
from pytest_aep_export.contract.explain import pointer
from pytest_aep_export.contract.formats import FORMATS
from pytest_aep_export.errors import ConfigurationError

OPERATIONS = {
    "requestToken": ("POST", "/ims/token/v3", "ims", (200,)),
    "requestTokenV2": ("POST", "/ims/token/v2", "ims", (200,)),
    "createDataset": ("POST", "/data/foundation/catalog/dataSets", "catalog", (201,)),
    "listDatasets": ("GET", "/data/foundation/catalog/dataSets", "catalog", (200,)),
    "getDataset": ("GET", "/data/foundation/catalog/dataSets/{datasetId}", "catalog", (200,)),
    "getBatch": ("GET", "/data/foundation/catalog/batches/{batchId}", "catalog", (200,)),
    "createExportJob": ("POST", "/data/core/ups/export/jobs", "export-jobs", (200,)),
    "listExportJobs": ("GET", "/data/core/ups/export/jobs", "export-jobs", (200,)),
    "getExportJob": ("GET", "/data/core/ups/export/jobs/{exportJobId}", "export-jobs", (200,)),
    "cancelExportJob": ("DELETE", "/data/core/ups/export/jobs/{exportJobId}", "export-jobs", (204, 200)),
    "listMergePolicies": ("GET", "/data/core/ups/config/mergePolicies", "merge-policies", (200,)),
    "createMergePolicy": ("POST", "/data/core/ups/config/mergePolicies", "merge-policies", (200,)),
    "getMergePolicies": ("POST", "/data/core/ups/config/mergePolicies/bulk-get", "merge-policies", (207,)),
    "replaceMergePolicy": ("PUT", "/data/core/ups/config/mergePolicies/{mergePolicyId}", "merge-policies", (200,)),
    "patchMergePolicy": ("PATCH", "/data/core/ups/config/mergePolicies/{mergePolicyId}", "merge-policies", (200,)),
    "deleteMergePolicy": ("DELETE", "/data/core/ups/config/mergePolicies/{mergePolicyId}", "merge-policies", (200,)),
    "getMergePolicy": ("GET", "/data/core/ups/config/mergePolicies/{mergePolicyId}", "merge-policies", (200,)),
    "listSegmentDefinitions": ("GET", "/data/core/ups/segment/definitions", "segments", (200,)),
    "createSegmentDefinition": ("POST", "/data/core/ups/segment/definitions", "segments", (200,)),
    "getSegmentDefinitions": ("POST", "/data/core/ups/segment/definitions/bulk-get", "segments", (207,)),
    "getSegmentDefinition": ("GET", "/data/core/ups/segment/definitions/{segmentId}", "segments", (200,)),
    "patchSegmentDefinition": ("PATCH", "/data/core/ups/segment/definitions/{segmentId}", "segments", (200,)),
    "deleteSegmentDefinition": ("DELETE", "/data/core/ups/segment/definitions/{segmentId}", "segments", (200,)),
    "listBatchFiles": ("GET", "/data/foundation/export/batches/{batchId}/files", "data-access", (200,)),
    "getFile": ("GET", "/data/foundation/export/files/{fileId}", "data-access", (200, 206)),
    "headFile": ("HEAD", "/data/foundation/export/files/{fileId}", "data-access", (200,)),
    "listFailedFiles": ("GET", "/data/foundation/export/batches/{batchId}/failed", "data-access", (200,)),
    "listMetaFiles": ("GET", "/data/foundation/export/batches/{batchId}/meta", "data-access", (200,)),
    "listSandboxes": ("GET", "/data/foundation/sandbox-management/sandboxes", "sandboxes", (200,)),
    "getSandbox": ("GET", "/data/foundation/sandbox-management/sandboxes/{sandboxName}", "sandboxes", (200,)),
    "previewDataset": ("GET", "/data/foundation/export/datasets/{datasetId}/preview", "data-access", (200,)),
}
EXPRESSION = re.compile(
    r"\$(response\.body#(?P<body>/.*)|response\.header\.\w+(#regex:.+)?|request\.path\.(?P<path>\w+))"
)
NEED_WORDS = {"pattern", "anyOf", "not", "if"}


def nodes(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object of the document, with its pointer; examples and extensions' values are data and left out."""
    if isinstance(node, dict):
        yield pointer(path), node
        for name, part in node.items():
            if name not in {"examples", "example"}:
                yield from nodes(part, (*path, name))
    elif isinstance(node, list):
        for number, part in enumerate(node):
            yield from nodes(part, (*path, number))


def media_types(contract: Contract) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every media type that has a schema, with its pointer."""
    return ((where, node) for where, node in nodes(contract.document) if "/content/" in where and "schema" in node)


def test_the_document_is_valid_openapi(contract: Contract):
    """A validator that others wrote accepts the document."""
    validate(contract.document)


def test_the_operations_are_the_workflow(contract: Contract):
    """Every call that the workflow needs is there, under its name, method, path, service and statuses of success."""
    found = {o.id: (o.method, o.path, o.service, o.success) for o in contract.operations.values()}
    assert found == OPERATIONS


def test_every_operation_names_its_source(contract: Contract):
    """No operation is there without a place where it is documented."""
    assert [op.id for op, node in operations(contract.document) if not node.get("x-source")] == []


def test_every_operation_documents_what_any_service_may_answer(contract: Contract):
    """Bad requests, refused tokens, wrong methods, large bodies, throttling and failures are documented everywhere."""
    usual = {"400", "401", "403", "405", "413", "429", "500", "503"}
    assert [op.id for op, node in operations(contract.document) if usual - node["responses"].keys()] == []


def test_every_schema_has_a_source(contract: Contract):
    """Each named schema says where it comes from."""
    schemas = contract.document["components"]["schemas"]
    assert [name for name, schema in schemas.items() if "x-source" not in schema] == []


def test_what_words_cannot_be_made_for_brings_its_own(contract: Contract):
    """Keywords that explain nothing by themselves stand beside an `x-expected`."""
    mute = [
        where.removeprefix("/components/schemas")
        for where, node in nodes(contract.document)
        if NEED_WORDS & node.keys() and "x-expected" not in node and not where.endswith("/properties")
    ]
    assert sorted(mute) == [
        "/AttributeMerge",  # what follows `then` names the member
        "/FileEntries/properties/data/items/anyOf/0/properties/length",  # the anyOf around it speaks
    ]


def test_dialects_are_known_and_their_fragments_closed(contract: Contract):
    """Extensions name dialects that exist, and a fragment refers to nothing, or its level would be lost."""
    names = {"every", *DIALECTS}
    for where, node in nodes(contract.document):
        assert set(node.get("x-dialects", {})) <= names, where
        assert set(node.get("x-in-dialects", [])) <= DIALECTS.keys(), where
        if "/x-dialects/" in where:
            assert "$ref" not in node, where


def test_every_format_is_asserted_or_asserts_nothing(contract: Contract):
    """A format that the two validators could read differently cannot slip in."""
    used = {node["format"] for _, node in nodes(contract.document) if isinstance(node.get("format"), str)}
    assert used - FORMATS.keys() == {"int64", "password", "binary"}


def test_every_example_of_a_body_validates(contract: Contract):
    """Examples keep the schema that they stand beside, and the canonical dialect."""
    checked = 0
    for where, node in media_types(contract):
        for name, example in node.get("examples", {}).items():
            for spoken in (None, "canonical"):
                checker = contract._schemas.checker(node["schema"], spoken)
                assert checker.violations(example["value"]) == [], f"{where}: {name}"
                checked += 1
    assert checked > 50


def test_every_example_of_a_schema_validates(contract: Contract):
    """So do the examples inside schemas, parameters' included."""
    checked = 0
    for where, node in nodes(contract.document):
        for example in node["examples"] if isinstance(node.get("examples"), list) else ():
            assert contract._schemas.checker(node).violations(example) == [], where
            checked += 1
    assert checked > 10


def links(contract: Contract) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Every link: the operation it starts from, the response that holds it, and itself."""
    for operation, node in operations(contract.document):
        for response in node["responses"].values():
            for link in resolve(contract.document, response).get("links", {}).values():
                yield operation.id, response, link


def test_links_lead_to_operations_and_their_parameters(contract: Contract):
    """A link's target exists and has the parameters that the link fills."""
    for _, _, link in links(contract):
        target = contract.operations[link["operationId"]]
        known = {p["name"] for p in parameters(contract.document, target)}
        assert set(link.get("parameters", {})) <= known


def test_links_cover_the_workflow(contract: Contract):
    """One can go from the dataset to the job, its look-up, list and cancel, its batch, files and bytes."""
    steps = {(start, link["operationId"]) for start, _, link in links(contract)}
    assert {
        ("createDataset", "createExportJob"),
        ("createExportJob", "getExportJob"),
        ("createExportJob", "listExportJobs"),
        ("createExportJob", "cancelExportJob"),
        ("getExportJob", "getBatch"),
        ("getBatch", "listBatchFiles"),
        ("listBatchFiles", "getFile"),
        ("getFile", "getFile"),
        ("getFile", "headFile"),
        ("getBatch", "listFailedFiles"),
        ("getBatch", "listMetaFiles"),
        ("getDataset", "previewDataset"),
    } <= steps


def test_links_find_their_values_in_the_examples(contract: Contract):
    """Each expression is well-formed, and points to something that an example of the same answer has."""
    for start, response, link in links(contract):
        own = {p["name"] for p in parameters(contract.document, contract.operations[start])}
        for expression in link.get("parameters", {}).values():
            found = EXPRESSION.fullmatch(expression)
            if not expression.startswith("$"):
                continue
            assert found, expression
            if found["path"]:
                assert found["path"] in own
            if found["body"]:
                assert any(reaches(e["value"], found["body"]) for e in examples(response)), expression


def examples(response: dict[str, Any]) -> list[dict[str, Any]]:
    """The examples of a JSON answer."""
    return list(response["content"]["application/json"]["examples"].values())


def reaches(value: Any, path: str) -> bool:
    """Whether a JSON pointer leads to something."""
    for step in path.split("/")[1:]:
        try:
            value = value[int(step)] if isinstance(value, list) else value[step]
        except (LookupError, TypeError):
            return False
    return True


def test_a_reference_to_nowhere_is_an_error(contract: Contract):
    """A broken reference does not pass silently."""
    with pytest.raises(KeyError, match="Nothing"):
        resolve(contract.document, {"$ref": "#/components/schemas/Nothing"})


def test_an_unknown_schema_is_an_error(contract: Contract):
    """So does the name of a schema that does not exist."""
    with pytest.raises(KeyError, match="Nothing"):
        contract.schema("Nothing")


def test_a_dialect_is_found_by_its_name():
    """A name leads to its dialect; one that no dialect has is refused with the list of those that exist."""
    assert dialect("canonical") is CANONICAL
    with pytest.raises(ConfigurationError, match="'klingon' is unknown: use one of canonical, profile-guide"):
        dialect("klingon")
