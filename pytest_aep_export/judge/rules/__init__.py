"""The rules that clients are held to, one for each client requirement, each a function of a trace.

A rule is certain: it says nothing where a trace shows nothing, shows the exchange that breaks its requirement, and says
why where it cannot decide. What a client's own test may have wanted is not held against the client. One module holds
the rules of one theme, and says in its first lines which scenarios show what it judges.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pytest_aep_export.judge.rules import (
    cancelling,
    creating,
    downloads,
    headers,
    paging,
    payloads,
    polling,
    retrying,
    secrecy,
    tokens,
    tolerance,
)
from pytest_aep_export.judge.rules.findings import Rule

__all__ = ["BASIC", "BY_THE_END", "RULES", "Rule"]

_THEMES: Final = (
    headers,
    tokens,
    payloads,
    creating,
    polling,
    retrying,
    paging,
    cancelling,
    tolerance,
    downloads,
    secrecy,
)
RULES: Final[Mapping[str, Rule]] = dict(sorted((name, rule) for theme in _THEMES for name, rule in theme.RULES.items()))
"""Every rule by the id of its requirement."""

BASIC: Final = "EXP-CLI-068"
"""That a client succeeds where nothing goes wrong."""

BY_THE_END: Final = frozenset(
    f"EXP-CLI-{number:03d}" for number in (14, 47, 54, 55, 56, 58, 59, 60, 61, 62, 63, 64, 65, 66)
)
"""The requirements that may be judged by a client's failure alone: it says nothing of one that fails at everything."""
