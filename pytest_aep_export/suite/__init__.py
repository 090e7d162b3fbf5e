"""The conformance suite: requirements, targets, verdicts and the judge of journals.

Importing this package costs nothing: each module is imported where it is used.
"""
