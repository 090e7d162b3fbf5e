"""Harnesses: programs in any language that drive a client by requests on their standard input."""

from __future__ import annotations

from pytest_aep_export.judge.harness.subject import HarnessSubject, harness_subject

__all__ = ["HarnessSubject", "harness_subject"]
