"""Fake XDM profiles and events, seeded and columnar.

Importing this package loads neither numpy nor Arrow: each name is imported when it is first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_aep_export.lazy import lazily

if TYPE_CHECKING:
    from pytest_aep_export.profiles.data import ProfileData
    from pytest_aep_export.profiles.generation import generate, write_parquet
    from pytest_aep_export.profiles.loading import load_profiles
    from pytest_aep_export.profiles.policies import DEFAULT_DATASETS, DEFAULT_POLICIES, DEFAULT_SEGMENTS
    from pytest_aep_export.profiles.rows import RowError

__all__ = [
    "DEFAULT_DATASETS",
    "DEFAULT_POLICIES",
    "DEFAULT_SEGMENTS",
    "ProfileData",
    "RowError",
    "generate",
    "load_profiles",
    "write_parquet",
]

__getattr__, __dir__ = lazily(
    __name__,
    {
        "DEFAULT_DATASETS": "policies",
        "DEFAULT_POLICIES": "policies",
        "DEFAULT_SEGMENTS": "policies",
        "ProfileData": "data",
        "RowError": "rows",
        "generate": "generation",
        "load_profiles": "loading",
        "write_parquet": "generation",
    },
)
