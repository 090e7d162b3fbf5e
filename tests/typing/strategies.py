"""The strategies as their users write them: never run, only type-checked, as the public API is."""

from __future__ import annotations

from typing import Any, assert_type

from hypothesis import strategies as st

from pytest_aep_export import Credentials, Emulator, Exchange, ProfileData, Request, Response
from pytest_aep_export.fuzz.cases import Case, Mistake
from pytest_aep_export.fuzz.sending import in_process
from pytest_aep_export.fuzz.strategies import (
    Known,
    NearMiss,
    ProfileGraph,
    export_job_requests,
    field_paths,
    job_responses,
    journals,
    mistakes_of,
    profile_graphs,
    segments_filters,
)
from pytest_aep_export.fuzz.walking import Journey, walk_all
from pytest_aep_export.fuzz.walks import sampled_cases, walks
from pytest_aep_export.model import MergePolicy

known = Known("a-dataset", policies=[MergePolicy("ours")], segments=[("ups", "gold")])

assert_type(export_job_requests(known), st.SearchStrategy[dict[str, Any]])
assert_type(export_job_requests(mistakes="*"), st.SearchStrategy[NearMiss[dict[str, Any]]])
assert_type(export_job_requests(hostile=True), st.SearchStrategy[Request])
assert_type(segments_filters(known), st.SearchStrategy[dict[str, Any]])
assert_type(segments_filters(mistakes=["*"]), st.SearchStrategy[NearMiss[dict[str, Any]]])
assert_type(field_paths("event"), st.SearchStrategy[str])
assert_type(field_paths(mistakes="*"), st.SearchStrategy[NearMiss[str]])
assert_type(profile_graphs(profiles=2), st.SearchStrategy[ProfileGraph])
assert_type(profile_graphs(mistakes="*"), st.SearchStrategy[NearMiss[ProfileGraph]])
assert_type(job_responses(None, statuses=["NEW"]), st.SearchStrategy[Response])
assert_type(job_responses("openapi", mistakes="*"), st.SearchStrategy[NearMiss[Response]])
assert_type(journals(), st.SearchStrategy[tuple[Exchange, ...]])
assert_type(journals("openapi", mistakes="*"), st.SearchStrategy[NearMiss[tuple[Exchange, ...]]])
assert_type(mistakes_of(journals), tuple[str, ...])


def drawn(miss: NearMiss[Response], graph: ProfileGraph) -> None:
    """What is drawn."""
    assert_type(miss.value, Response)
    assert_type(miss.mistake, Mistake)
    assert_type(miss.place, str)
    assert_type(graph.data, ProfileData)


def walk() -> Journey:
    """Walks against an emulator, and against anything."""
    assert_type(sampled_cases(50), tuple[Case, ...])
    with Emulator(profiles=1) as emulator:
        tenant = emulator.create_tenant()
        assert_type(tenant.credentials, Credentials)
        return walk_all(tenant, in_process(emulator.app), walks(depth=2))
