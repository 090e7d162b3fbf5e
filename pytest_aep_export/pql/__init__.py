"""A part of Profile Query Language: read, and evaluated on profiles. Imports no Arrow until something is evaluated."""

from pytest_aep_export.pql.language import InvalidPqlError, parse

__all__ = ["InvalidPqlError", "parse"]
