"""What every test of the project shares: pytester, and property tests that are the same in every run."""

from __future__ import annotations

import httpcore  # noqa: F401 - httpx maps its exceptions once; pytester would let a second copy of it in
from hypothesis import HealthCheck, settings

pytest_plugins = ["pytester"]

settings.register_profile(
    "reproducible",
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=100,
    # A fixture that an example cannot change is shared by all of them on purpose.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
settings.load_profile("reproducible")
