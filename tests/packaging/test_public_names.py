"""The public names: exactly these, all of them real, none of them costly before it is used."""

from __future__ import annotations

import json
from importlib.metadata import version

import pytest

import pytest_aep_export
from benchmarks.measure import run_python

IMPORT = """
import __future__, importlib, json, sys, typing
before = set(sys.modules)
import pytest_aep_export
print(json.dumps(sorted(set(sys.modules) - before)))
"""

PUBLIC = {
    "AepClient",
    "AepError",
    "AsyncAepClient",
    "Behaviour",
    "Clock",
    "Contract",
    "Credentials",
    "Emulator",
    "EmulatorServer",
    "Exchange",
    "ExportJob",
    "Fault",
    "FaultPlan",
    "JobStatus",
    "Journal",
    "JudgedJournal",
    "LoadedProfiles",
    "ProfileData",
    "Progression",
    "Request",
    "Response",
    "Tenant",
    "Variation",
    "Violation",
    "__version__",
    "aep_survives",
}


def test_the_public_names_are_these():
    """Adding or removing a public name is a decision: it is made here as well."""
    assert set(pytest_aep_export.__all__) == PUBLIC
    assert pytest_aep_export.__all__ == sorted(pytest_aep_export.__all__)


@pytest.mark.parametrize("name", sorted(PUBLIC - {"__version__", "aep_survives"}))
def test_each_public_name_is_a_documented_class(name: str):
    """Every public name leads to the class of that name, and the class says what it is."""
    found = getattr(pytest_aep_export, name)

    assert isinstance(found, type)
    assert found.__name__ == name
    assert found.__doc__


def test_the_version_is_the_one_that_is_installed():
    """The version is read from the installed distribution, and so cannot disagree with it."""
    assert pytest_aep_export.__version__ == version("pytest-aep-export")


def test_completion_offers_the_public_names():
    """``dir()`` lists the public names although none has been loaded yet."""
    assert set(dir(pytest_aep_export)) == PUBLIC - {"__version__"}


def test_an_unknown_name_is_an_attribute_error():
    """A name that is not public fails as it does for any module."""
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        _ = pytest_aep_export.nonsense


def test_importing_the_package_loads_nothing_heavy():
    """The bare import loads two small modules of ours, and besides them ``importlib`` and ``typing`` only."""
    loaded = json.loads(run_python(IMPORT))

    assert loaded == ["pytest_aep_export", "pytest_aep_export.lazy"]
