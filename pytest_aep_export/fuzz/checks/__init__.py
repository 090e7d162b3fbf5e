"""Checks: the rules that are held over what a case brought back. Each is a function, known by its name."""

from pytest_aep_export.fuzz.checks.breach import Breach, Check, Judging
from pytest_aep_export.fuzz.checks.registry import CHECKS, breaches

__all__ = ["CHECKS", "Breach", "Check", "Judging", "breaches"]
