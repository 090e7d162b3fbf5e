"""Fuzzing with schemathesis on the contract (extra ``fuzz``)."""

from pytest_aep_export.fuzz.requests import schema

__all__ = ["schema"]
