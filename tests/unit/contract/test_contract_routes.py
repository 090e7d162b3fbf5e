"""Which operation a request is for."""

import pytest

from pytest_aep_export.contract import Contract

JOBS = "/data/core/ups/export/jobs"


@pytest.mark.parametrize("path", [JOBS, f"{JOBS}/"])
def test_a_trailing_slash_makes_no_difference(contract: Contract, path: str):
    """Clients call the list with and without it (D-3)."""
    match = contract.match("GET", path)
    assert match is not None
    assert (match.operation.id, match.parameters) == ("listExportJobs", {})


@pytest.mark.parametrize("path", [f"{JOBS}/24115", f"{JOBS}/24115/"])
def test_a_path_parameter_is_read(contract: Contract, path: str):
    """The segment in the place of a parameter is its value."""
    match = contract.match("GET", path)
    assert match is not None
    assert (match.operation.id, match.parameters) == ("getExportJob", {"exportJobId": "24115"})


def test_a_path_parameter_is_decoded_per_segment(contract: Contract):
    """An encoded slash is part of the value and starts no new segment."""
    match = contract.match("GET", f"{JOBS}/a%2Fb%20c")
    assert match is not None
    assert match.parameters == {"exportJobId": "a/b c"}


@pytest.mark.parametrize("value", ["{}", "{exportJobId}"])
def test_a_value_may_look_like_a_parameter(contract: Contract, value: str):
    """Braces in a path are a value like any other, as a template that nobody has filled in has them."""
    match = contract.match("GET", f"{JOBS}/{value}")
    assert match is not None
    assert match.parameters == {"exportJobId": value}


@pytest.mark.parametrize(
    ("method", "operation"),
    [("GET", "getFile"), ("HEAD", "headFile"), ("POST", None), ("get", None), ("OPTIONS", None)],
)
def test_the_method_decides(contract: Contract, method: str, operation: str | None):
    """One path serves several operations by method, spelled as HTTP spells it."""
    match = contract.match(method, "/data/foundation/export/files/x")
    assert (match and match.operation.id) == operation


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/data",
        f"{JOBS}//",
        f"{JOBS}/1/2",
        "/data/core/ups/export",
        "data/core/ups/export/jobs",
        "/DATA/core/ups",
    ],
)
def test_unknown_paths_match_nothing(contract: Contract, path: str):
    """A path that is too short, too long, empty in a parameter or spelled otherwise is unknown."""
    assert contract.match("GET", path) is None
    assert contract.allowed_methods(path) == ()


def test_allowed_methods_are_those_of_the_path(contract: Contract):
    """What a refusal of the method has to list."""
    assert set(contract.allowed_methods(JOBS)) == {"GET", "POST"}
    assert set(contract.allowed_methods(f"{JOBS}/1/")) == {"GET", "DELETE"}


def test_every_operation_is_found_by_its_own_path(contract: Contract):
    """The tree loses none of the operations."""
    for operation in contract.operations.values():
        match = contract.match(operation.method, operation.path.replace("{", "").replace("}", ""))
        assert match is not None
        assert match.operation == operation
