"""Clients with one defect each, by what is wrong with them; of each theme in a module of its own."""

from __future__ import annotations

from typing import Final

from tests.judge.defects import answers, batches, cancelling, creating, listing, retrying, sending, waiting
from tests.judge.defects.defect import Defect

_THEMES: Final = (sending, creating, waiting, retrying, listing, cancelling, answers, batches)

DEFECTS: Final[dict[str, Defect]] = {name: each for theme in _THEMES for name, each in theme.DEFECTS.items()}
