"""Hypothesis strategies for what crosses the wire, and for what exports are made of (extra ``fuzz``).

Each draws what is right; with ``mistakes=``, a `NearMiss` that has one named mistake; with ``hostile=True``, what
software trips over. They are derived from the contract, and shrink to what a person would write down.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.lazy import lazily

if TYPE_CHECKING:
    from pytest_aep_export.fuzz.strategies.graphs import ProfileGraph
    from pytest_aep_export.fuzz.strategies.job_requests import Known
    from pytest_aep_export.fuzz.strategies.near import NearMiss
    from pytest_aep_export.fuzz.strategies.public import (
        export_job_requests,
        field_paths,
        job_responses,
        journals,
        mistakes_of,
        profile_graphs,
        segments_filters,
    )

__all__ = [
    "Known",
    "NearMiss",
    "ProfileGraph",
    "export_job_requests",
    "field_paths",
    "job_responses",
    "journals",
    "mistakes_of",
    "profile_graphs",
    "segments_filters",
]

_get, __dir__ = lazily(
    __name__,
    {
        "Known": "job_requests",
        "NearMiss": "near",
        "ProfileGraph": "graphs",
        "export_job_requests": "public",
        "field_paths": "public",
        "job_responses": "public",
        "journals": "public",
        "mistakes_of": "public",
        "profile_graphs": "public",
        "segments_filters": "public",
    },
)


def __getattr__(name: str) -> Any:
    """A public name, loaded when it is first asked for.

    Raises:
        ConfigurationError: Hypothesis is not installed.
    """
    if name in __all__ and find_spec("hypothesis") is None:
        raise ConfigurationError("strategies need Hypothesis: install it with pip install 'pytest-aep-export[fuzz]'")
    return _get(name)
