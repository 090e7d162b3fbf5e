"""``python -m pytest_aep_export`` is ``aep-export``."""

from pytest_aep_export.cli.entry import start

start()
