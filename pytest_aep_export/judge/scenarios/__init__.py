"""The scenarios: what clients are asked to do, and at what servers, one thing at a time.

One module holds those of each theme. `SCENARIOS` has them all, in the order in which a client meets them: first what is
plain, then every documented variant, then what goes wrong.
"""

from __future__ import annotations

from typing import Final

from pytest_aep_export.judge.scenario import Scenario
from pytest_aep_export.judge.scenarios.cancelling import CANCELLING
from pytest_aep_export.judge.scenarios.downloads import DOWNLOADS
from pytest_aep_export.judge.scenarios.paging import PAGING
from pytest_aep_export.judge.scenarios.plain import PLAIN
from pytest_aep_export.judge.scenarios.trouble import TROUBLE
from pytest_aep_export.judge.scenarios.watching import WATCHING

__all__ = ["SCENARIOS"]

_THEMES: Final = (PLAIN, PAGING, WATCHING, CANCELLING, DOWNLOADS, TROUBLE)

SCENARIOS: Final[dict[str, Scenario]] = {each.id: each for theme in _THEMES for each in theme}
"""Every scenario by its id."""
