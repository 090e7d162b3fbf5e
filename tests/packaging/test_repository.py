"""What the repository says in more than one place is said the same way."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import yaml

FRAGMENT = re.compile(r"(\d+|\+[\w-]+)\.(feature|bugfix|doc|removal|misc)(\.\d+)?\.md")


def commands(text: str) -> list[str]:
    """The lines of a document that set the project up and run something."""
    return re.findall(r"^python3 -m pip install .+ && .+$", text, re.MULTILINE)


def test_ci_runs_the_commands_of_the_readme(root: Path):
    """The README's two commands are run by ``.ci/run`` letter by letter, so that they cannot rot."""
    promised = commands((root / "README.md").read_text())

    assert len(promised) == 2
    assert commands((root / ".ci/run").read_text()) == promised


def test_workflow_runs_every_python_of_the_classifiers(root: Path):
    """The workflow tests each Python that the metadata claims, and no other."""
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    claimed = re.findall(r":: (3\.\d+)", "\n".join(project["classifiers"]))
    workflow = yaml.safe_load((root / ".github/workflows/ci.yml").read_text())

    assert workflow["jobs"]["tests"]["strategy"]["matrix"]["python"] == claimed


def test_workflow_has_the_least_permissions(root: Path):
    """No job of the workflow can do more than read the repository."""
    workflow = yaml.safe_load((root / ".github/workflows/ci.yml").read_text())

    assert workflow["permissions"] == {}
    assert all(job["permissions"] == {"contents": "read"} for job in workflow["jobs"].values())


def test_each_changelog_fragment_is_seen_by_towncrier(root: Path):
    """A fragment whose name towncrier does not understand would be left out of the changelog without a word."""
    names = {path.name for path in (root / "changelog.d").iterdir()} - {"README.md"}

    assert [name for name in names if not FRAGMENT.fullmatch(name)] == []


@pytest.mark.parametrize(
    "name", ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "changelog.d/README.md"]
)
def test_links_between_documents_lead_somewhere(root: Path, name: str):
    """Each relative link of a document names a file of the repository."""
    document = root / name
    targets = re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", document.read_text())

    assert [target for target in targets if not (document.parent / target).exists()] == []
