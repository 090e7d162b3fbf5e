"""What the wheel and the source distribution hold, and what they do not."""

from __future__ import annotations

import configparser
import re
import zipfile
from collections.abc import Mapping
from email import message_from_bytes
from email.message import Message
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder
from packaging.requirements import Requirement

PLACES = {
    "pytest_aep_export": "pytest_aep_export",
    "conformance": "pytest_aep_export/conformance",
    "cassettes": "pytest_aep_export/cassettes/library",
}
"""Where the wheel keeps what the checkout keeps at its top."""

TIED_TO_AN_EXTRA = {"dask", "distributed", "hypothesis", "jinja2", "schemathesis", "trustme"}


def metadata_file(wheel: Mapping[str, bytes], name: str) -> bytes:
    """One file of the wheel's ``.dist-info``."""
    [content] = [content for path, content in wheel.items() if path.endswith(f".dist-info/{name}")]
    return content


@pytest.fixture
def metadata(wheel: Mapping[str, bytes]) -> Message:
    """The wheel's core metadata."""
    return message_from_bytes(metadata_file(wheel, "METADATA"))


def test_wheel_holds_the_package_the_suite_and_the_cassettes_whole(wheel: Mapping[str, bytes], root: Path):
    """Each file of the package, of ``conformance/`` and of ``cassettes/`` is in the wheel, and nothing else is."""
    expected = {
        f"{place}/{path.relative_to(root / folder).as_posix()}": path.read_bytes()
        for folder, place in PLACES.items()
        for path in (root / folder).rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }

    assert expected == {name: content for name, content in wheel.items() if ".dist-info/" not in name}


@pytest.mark.parametrize(
    "pattern",
    [
        r"pytest_aep_export/py\.typed",
        r"pytest_aep_export/contract/openapi\.yaml",
        r"pytest_aep_export/contract/xdm\.yaml",
        r"pytest_aep_export/.+\.schema\.json",
        r"pytest_aep_export/report/page/page\.(html\.j2|css|js)",
        r"pytest_aep_export/conformance/requirements\.toml",
        r"pytest_aep_export/conformance/server/test_\w+\.py",
        r"pytest_aep_export/conformance/harnesses/python/harness\.py",
        r"pytest_aep_export/conformance/harnesses/node/harness\.mjs",
        r"pytest_aep_export/conformance/harnesses/java/Harness\.java",
        r"pytest_aep_export/judge/harness/protocol\.schema\.json",
        r"pytest_aep_export/cassettes/library/.+\.yaml",
    ],
)
def test_wheel_holds_the_data_that_the_package_reads(wheel: Mapping[str, bytes], pattern: str):
    """The wheel holds every kind of file that the package opens at run time."""
    assert [name for name in wheel if re.fullmatch(pattern, name)]


def test_wheel_brings_a_single_import_name(wheel: Mapping[str, bytes]):
    """Installing the wheel adds ``pytest_aep_export`` to what can be imported, and no ``conformance`` or ``tests``."""
    top = {name.split("/")[0] for name in wheel}

    assert {"pytest_aep_export"} == {name for name in top if not name.endswith(".dist-info")}


def test_wheel_holds_no_key(wheel: Mapping[str, bytes]):
    """No private key and no certificate is shipped: what needs one makes it anew in each run."""
    assert [name for name in wheel if name.endswith((".pem", ".key", ".crt", ".p12", ".pfx"))] == []
    assert [
        name for name, content in wheel.items() if re.search(rb"-----BEGIN [A-Z ]*(KEY|CERTIFICATE)", content)
    ] == []


def test_entry_points_name_things_that_exist(wheel: Mapping[str, bytes]):
    """The command and the pytest plugin are registered, each under a name that can be loaded."""
    parser = configparser.ConfigParser()
    parser.read_string(metadata_file(wheel, "entry_points.txt").decode())

    assert {s: [*parser[s]] for s in parser.sections()} == {
        "console_scripts": ["aep-export"],
        "pytest11": ["aep_export"],
    }
    assert callable(EntryPoint("aep-export", parser["console_scripts"]["aep-export"], "console_scripts").load())
    assert EntryPoint("", parser["pytest11"]["aep_export"], "pytest11").load().__name__ == "pytest_aep_export.plugin"


def test_plugins_that_slow_every_run_are_tied_to_an_extra(metadata: Message):
    """A plain install brings no schemathesis and no Hypothesis, whose plugins would slow each run of pytest."""
    requirements = [Requirement(text) for text in metadata.get_all("Requires-Dist", [])]
    always = {r.name.lower() for r in requirements if r.marker is None or r.marker.evaluate({"extra": ""})}
    everything = {r.name.lower() for r in requirements if r.marker is None or r.marker.evaluate({"extra": "all"})}

    assert set() == always & TIED_TO_AN_EXTRA
    assert everything >= TIED_TO_AN_EXTRA
    assert {"all", "distributed", "fuzz", "query", "report", "tls"} == set(metadata.get_all("Provides-Extra", []))


def test_pytest_is_not_capped(metadata: Message):
    """A new release of pytest installs on its first day: the requirement has a lower bound only."""
    [pytest_requirement] = [
        r for r in map(Requirement, metadata.get_all("Requires-Dist", [])) if r.name == "pytest" and r.marker is None
    ]

    assert str(pytest_requirement.specifier) == ">=8.4"


def test_licence_is_declared_and_shipped(wheel: Mapping[str, bytes], metadata: Message):
    """The wheel says Apache-2.0 and holds the licence's text."""
    assert metadata["License-Expression"] == "Apache-2.0"
    assert b"Apache License" in metadata_file(wheel, "licenses/LICENSE")


def test_sdist_builds_the_same_wheel(wheel: Mapping[str, bytes], sdist: Path, tmp_path: Path):
    """Whoever builds from the source distribution gets what we publish."""
    [path] = WheelBuilder(str(sdist)).build(directory=str(tmp_path), versions=["standard"])

    with zipfile.ZipFile(path) as archive:
        assert wheel == {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize("name", ["tests", "benchmarks", "noxfile.py", "CHANGELOG.md", "README.md", "LICENSE"])
def test_sdist_can_be_tested_by_a_packager(sdist: Path, name: str):
    """The source distribution holds the tests and the documents, for those who package it for a distribution."""
    assert (sdist / name).exists()
