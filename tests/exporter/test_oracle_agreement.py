"""The engine and the oracle, two computations of one export, agree row for row."""

from __future__ import annotations

from hypothesis import given, settings

from tests.exporter.agreement import Case, check
from tests.exporter.profile_graphs import cases


@settings(max_examples=150, derandomize=True, deadline=None)
@given(cases())
def test_engine_and_oracle_agree(case: Case) -> None:
    """Whatever the graph, the policy, the filters and the projection, the files hold what the oracle says."""
    check(case)
