"""Problems: what an error body says, read from every error family that the sources show."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_aep_export.model import Problem

PROFILE = {
    "requestId": "YrgXiqvCobA9neOmrzCP7kQLi4yIizoP",
    "errors": {"404": [{"code": "UPAPI-113000-404", "message": "The entity X is not found."}]},
    "type": "https://ns.adobe.com/aep/errors/UPAPI-113000-404",
    "title": "The entity X is not found.",
    "status": 404,
}
FOUNDATION = {"type": "/placeholder/type/uri", "status": 404, "title": "NotFoundError", "detail": "DataSet not found."}


@pytest.mark.parametrize(
    ("document", "code", "title", "details"),
    [
        ({"error_code": "403010", "message": "Oauth token is missing."}, "403010", "Oauth token is missing.", ()),
        ({"error_code": 401013, "message": "Oauth token is not valid"}, "401013", "Oauth token is not valid", ()),
        (FOUNDATION, "", "NotFoundError", ("DataSet not found.",)),
        (PROFILE, "UPAPI-113000-404", "The entity X is not found.", ("The entity X is not found.",)),
        ({k: PROFILE[k] for k in ("type", "title")}, "UPAPI-113000-404", "The entity X is not found.", ()),
        ({"error": "invalid_client", "error_description": "no"}, "invalid_client", "no", ()),
        ({"message": "UPS-ACC-1000004: no", "statusCode": "403"}, "403", "UPS-ACC-1000004: no", ()),
        ({"message": "no", "cause": "because", "statusCode": "422"}, "422", "no", ("because",)),
        ([{"message": "Too many requests", "statusCode": "429"}], "429", "Too many requests", ()),
        ({"xid": "x", "error": {"message": "no", "statusCode": "422"}}, "422", "no", ()),
        ({"errorMessage": "Supplied version is old"}, "", "Supplied version is old", ()),
        ({"statusCode": "404"}, "404", "the error body has no title", ()),
        ({}, "", "the error body has no title", ()),
        ([], "", "the answer has no JSON object for a body", ()),
        ("no", "", "the answer has no JSON object for a body", ()),
        (None, "", "the answer has no JSON object for a body", ()),
    ],
)
def test_every_error_family_is_read(document, code, title, details):
    """Gateway, foundation, profile service (long and short), OAuth and the older forms (auth-and-headers section 4)."""
    assert Problem.from_json(document) == Problem(code, title, details)


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        (Problem("403010", "Oauth token is missing."), "Oauth token is missing. [403010]"),
        (Problem("", "NotFoundError", ("DataSet not found.",)), "NotFoundError: DataSet not found."),
        (Problem("c", "t", ("t", "one", "two")), "t [c]: one; two"),
    ],
)
def test_a_problem_reads_as_one_sentence(problem, text):
    """Title, code and details, no detail that repeats the title."""
    assert str(problem) == text


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["error_code", "error", "errors", "type", "title", "detail", "message", "400"]),
                inner,
                max_size=4,
            )
        ),
        max_leaves=10,
    )
)
def test_no_error_body_is_too_odd_to_be_read(document):
    """Reading an error never raises another one, and always gives a text."""
    assert isinstance(str(Problem.from_json(document)), str)
