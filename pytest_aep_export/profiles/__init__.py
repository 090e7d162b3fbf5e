"""Fake XDM profiles and events, seeded and columnar.

Importing this package loads neither numpy nor Arrow: each name is imported when it is first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_aep_export.lazy import lazily

if TYPE_CHECKING:
    from pytest_aep_export.profiles.data import ProfileData
    from pytest_aep_export.profiles.generation import generate, write_parquet
    from pytest_aep_export.profiles.policies import DEFAULT_DATASETS, DEFAULT_POLICIES, DEFAULT_SEGMENTS

__all__ = ["DEFAULT_DATASETS", "DEFAULT_POLICIES", "DEFAULT_SEGMENTS", "ProfileData", "generate", "write_parquet"]

__getattr__, __dir__ = lazily(
    __name__,
    {
        "DEFAULT_DATASETS": "policies",
        "DEFAULT_POLICIES": "policies",
        "DEFAULT_SEGMENTS": "policies",
        "ProfileData": "data",
        "generate": "generation",
        "write_parquet": "generation",
    },
)
