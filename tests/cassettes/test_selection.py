"""Which cassettes a command is about."""

from __future__ import annotations

import pytest

from pytest_aep_export.cassettes import library, path_of
from pytest_aep_export.cassettes.selection import select
from pytest_aep_export.errors import ConfigurationError


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with two cassettes, and somebody in it."""
    monkeypatch.chdir(tmp_path)
    for name in ("one", "two"):
        path = path_of(f"area/{name}", tmp_path / "cassettes")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path


def test_all_of_the_project(project):
    """Without a word those in its folder, by their names."""
    assert list(select()) == ["area/one", "area/two"]
    assert [path.resolve().parents[1] for path in select().values()] == [project / "cassettes"] * 2


def test_the_library_where_the_project_has_none(tmp_path, monkeypatch):
    """Who has recorded nothing has what is shipped."""
    monkeypatch.chdir(tmp_path)
    assert select()["export/succeeded"].is_relative_to(library())


def test_another_folder_than_the_usual_one(project):
    """Where a project keeps its own elsewhere, words are looked up there."""
    moved = (project / "cassettes").rename(project / "tapes")
    assert list(select((), moved)) == ["area/one", "area/two"]
    assert select(["area/one"], moved) == {"area/one": moved / "area/one.yaml"}


@pytest.mark.parametrize("word", ["area/one", "cassettes/area/one.yaml"])
def test_a_name_and_a_file(project, word):
    """Either is the same cassette."""
    assert {name: path.resolve() for name, path in select([word]).items()} == {
        "area/one": project / "cassettes/area/one.yaml"
    }


@pytest.mark.usefixtures("project")
def test_a_folder_and_a_shipped_name():
    """A folder may be one area; a name that the project does not have is looked for in the library."""
    assert list(select(["cassettes/area", "export/succeeded"])) == ["area/one", "area/two", "export/succeeded"]


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("word", ["area/three", "three.yaml", "Area/One", "..", "cassettes/nothing.yaml"])
def test_what_is_no_cassette(word, project):
    """One sentence says what a word may be."""
    (project / "empty").mkdir()
    with pytest.raises(ConfigurationError, match=r"^('.+' is (no|not a) cassette|there is no cassette in )"):
        select([word if word != ".." else "empty"])
