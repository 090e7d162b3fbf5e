"""The registry: what it refuses, and how it is held against the tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.suite import registry
from pytest_aep_export.suite.registry import Level, Registry, Source, conformance_path, lint, load, parse

Write = Callable[..., bytes]


def complaint(raw: bytes) -> str:
    """What parsing complains of."""
    with pytest.raises(ConfigurationError) as caught:
        parse(raw)
    return str(caught.value)


def test_the_registry_that_ships_is_large_and_sound():
    """The registry that ships obeys every rule and holds what was promised."""
    shipped = load()
    assert len(shipped.of("server")) >= 55
    assert {r.area for r in shipped.requirements.values()} == set(shipped.areas)
    assert all(r.level is not Level.MUST or r.evidence != "inferred" for r in shipped.requirements.values())
    used = {source.document for r in shipped.requirements.values() for source in r.sources}
    assert used == set(shipped.documents), "every listed document is the source of something"


def test_most_requirements_come_from_the_seed():
    """At least forty server requirements are read straight off the seed."""
    seeded = [r for r in load().of("server") if any(s.document == "profile-guide" for s in r.sources)]
    assert len(seeded) >= 40


def test_titles_are_unique():
    """No two requirements have the same title."""
    titles = [requirement.title for requirement in load().requirements.values()]
    assert len(titles) == len(set(titles))


def test_a_sound_registry_is_read(registry_text: Write):
    """A requirement keeps everything that the file says of it."""
    more = 'applies_to = "client"'
    found = parse(registry_text({"id": "EXP-LIST-001", "level": "MAY", "more": more}))["EXP-LIST-001"]
    assert (found.area, found.title, found.level, found.applies_to) == (
        "LIST",
        "The list is a list",
        Level.MAY,
        "client",
    )
    assert found.sources == (Source("guide", "A section"),)


def test_the_digest_follows_the_file(registry_text: Write):
    """Two registries with the same text have the same digest, others have not."""
    one, other = registry_text({"id": "EXP-LIST-001"}), registry_text({"id": "EXP-LIST-002"})
    assert parse(one).digest == parse(one).digest != parse(other).digest


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"id": "EXP-JOB-001"}, "EXP-JOB-001: the id does not carry the area LIST"),
        ({"id": "LIST-1"}, "LIST-1/id: 'LIST-1' does not match"),
        ({"id": "EXP-LIST-001", "level": "WILL"}, "EXP-LIST-001/level: 'WILL' is not one of"),
        ({"id": "EXP-LIST-001", "evidence": "inferred"}, "EXP-LIST-001: what is only inferred is never a MUST"),
        (
            {"id": "EXP-LIST-001", "title": "The list shall be a list"},
            "EXP-LIST-001: the title holds the modal verb 'shall'",
        ),
        ({"id": "EXP-LIST-001", "document": "rumour"}, "EXP-LIST-001: document rumour is not listed"),
        ({"id": "EXP-ROWS-001", "area": "ROWS"}, "EXP-ROWS-001: area ROWS is not listed"),
        ({"id": "EXP-LIST-001", "more": 'colour = "red"'}, "EXP-LIST-001: Additional properties are not allowed"),
    ],
)
def test_a_broken_rule_is_named(registry_text: Write, change: dict[str, str], said: str):
    """Whatever breaks a rule is named together with the rule."""
    assert said in complaint(registry_text(change))


def test_a_repeated_id_is_refused(registry_text: Write):
    """An id is defined once."""
    assert "EXP-LIST-001 is defined 2 times" in complaint(registry_text({"id": "EXP-LIST-001"}, {"id": "EXP-LIST-001"}))


def test_what_is_no_toml_is_refused():
    """A text that is not TOML is refused with the place."""
    assert "not valid TOML" in complaint(b"[areas")


def test_a_missing_table_is_named():
    """A registry without its tables says which."""
    assert "the document: 'documents' is a required property" in complaint(b'[areas]\nLIST = "Lists"')


def test_a_requirement_without_an_id_is_named_by_its_place(registry_text: Write):
    """What has no id is named by where it is."""
    raw = registry_text({"id": "EXP-LIST-001"}).replace(b'id = "EXP-LIST-001"\n', b"")
    assert "requirement/0: 'id' is a required property" in complaint(raw)


def test_a_missing_file_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A registry that cannot be read says where it was looked for and what to do."""
    monkeypatch.setattr(registry, "conformance_path", lambda: tmp_path)
    with pytest.raises(ConfigurationError, match=r"cannot be read from .*requirements.toml: .*reinstall"):
        load.__wrapped__()


def test_the_folder_of_an_installed_package_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The conformance folder inside the package is used where there is one, that of the checkout elsewhere."""
    package = tmp_path / "pytest_aep_export"
    package.mkdir()
    monkeypatch.setattr(registry, "_PACKAGE", package)
    assert conformance_path() == tmp_path / "conformance"
    (package / "conformance").mkdir()
    assert conformance_path() == package / "conformance"


def test_tests_that_fit_pass_the_lint(small_registry: Registry):
    """Nothing is said when every requirement has a test and every test a requirement."""
    tests = {"a": ["EXP-LIST-001"], "b": ["EXP-LIST-002"], "c": ["EXP-LIST-003"], "d": ["EXP-LIST-003"]}
    assert lint(small_registry, tests, complete=True) == []


@pytest.mark.parametrize(
    ("tests", "said"),
    [
        ({"a": []}, "a names 0 requirements"),
        ({"a": ["EXP-LIST-001", "EXP-LIST-002"]}, "a names 2 requirements"),
        ({"a": ["EXP-LIST-999"]}, "a names EXP-LIST-999, which is no server requirement"),
    ],
)
def test_a_test_that_does_not_fit_is_named(small_registry: Registry, tests: dict[str, list[str]], said: str):
    """A test without exactly one known requirement is named."""
    assert said in "; ".join(lint(small_registry, tests, complete=False))


def test_a_client_requirement_has_no_server_test():
    """A server test that names a client requirement is a mistake."""
    assert lint(load(), {"a": ["EXP-CLI-001"]}, complete=False) == [
        "a names EXP-CLI-001, which is no server requirement of requirements.toml"
    ]


def test_a_requirement_without_a_test_is_named_when_all_tests_are_there(small_registry: Registry):
    """A missing test is a mistake only where all tests were collected."""
    tests = {"a": ["EXP-LIST-001"], "b": ["EXP-LIST-002"]}
    assert lint(small_registry, tests, complete=False) == []
    assert lint(small_registry, tests, complete=True) == ["EXP-LIST-003 has no test: write one, or retire it"]


def test_a_source_reads_as_text():
    """A source names its document, its section and the divergence that it settles."""
    assert str(Source("guide", "Paging", 62)) == "guide, Paging (divergence 62)"
    assert str(Source("guide", "Paging")) == "guide, Paging"


def test_the_profiles_narrow_by_level(registry_text: Write):
    """The profile core has every MUST, full has everything, and smoke what the registry names."""
    levels = {"EXP-LIST-001": "MUST", "EXP-LIST-002": "SHOULD", "EXP-LIST-003": "MUST"}
    entries = [{"id": name, "level": level} for name, level in levels.items()]
    client = {"id": "EXP-LIST-004", "more": 'applies_to = "client"'}
    found = parse(registry_text(*entries, client) + b'[profiles]\nsmoke = ["EXP-LIST-003"]\n')
    assert found.profile("smoke") == {"EXP-LIST-003"}
    assert found.profile("core") == {"EXP-LIST-001", "EXP-LIST-003"}
    assert found.profile("full") == set(levels)
    with pytest.raises(ConfigurationError, match="profile 'tiny' is unknown: use one of smoke, core, full"):
        found.profile("tiny")


@pytest.mark.parametrize("change", [{"id": "EXP-LIST-002"}, {"level": "SHOULD"}, {"more": 'capability = "faults"'}])
def test_smoke_judges_what_everybody_must_have(registry_text: Write, change: dict[str, str]):
    """What is not there, is no MUST or needs a capability is no part of the profile smoke."""
    raw = registry_text({"id": "EXP-LIST-001", **change}) + b'[profiles]\nsmoke = ["EXP-LIST-001"]\n'
    assert "smoke: EXP-LIST-001 is no MUST that every target has" in complaint(raw)


def test_smoke_covers_every_step():
    """What ships has a handful for the profile smoke, from each area of the workflow one."""
    shipped = load()
    areas = {shipped[name].area for name in shipped.smoke}
    assert len(shipped.smoke) <= 15
    assert areas >= {"AUTH", "DATASET", "CREATE", "JOB", "LIST", "WATCH", "CANCEL", "FILES"}


def test_a_page_is_a_document(registry_text: Write):
    """A page that is no document is a mistake."""
    raw = registry_text({"id": "EXP-LIST-001"}) + b'[pages]\nrumour = "rumour.md"\n'
    assert "page rumour is not listed under [documents]" in complaint(raw)


def test_only_a_page_has_paragraphs_with_digests(registry_text: Write):
    """A digest of what is no page could be held against nothing."""
    raw = registry_text({"id": "EXP-LIST-001"})
    raw = raw.replace(b'section = "A section"', f'section = "A section", sha256 = "{"0" * 64}"'.encode())
    assert "EXP-LIST-001: document guide is no page: no paragraph of it has a digest" in complaint(raw)
    (source,) = parse(raw + b'[pages]\nguide = "guide.md"\n')["EXP-LIST-001"].sources
    assert source == Source("guide", "A section", sha256="0" * 64)
