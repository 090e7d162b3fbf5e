"""Settings: which source wins, what a bad value is answered with, and where each value came from."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.settings import SETTINGS, Settings, Value

SOURCES = ("marker", "command_line", "environment", "ini")


def _settings(command_line=None, environment=None, ini=None) -> Settings:
    given_on_command_line, given_in_ini = command_line or {}, ini or {}
    return Settings(
        lambda setting: given_on_command_line.get(setting.name),
        environment or {},
        lambda setting: given_in_ini.get(setting.name, ""),
    )


@given(st.sets(st.sampled_from(SOURCES)))
def test_the_nearest_source_wins(sources):
    """Marker, command line, environment, ini file, default: the first of these that gives a value gives it."""
    settings = _settings(
        command_line={"target": "http://command_line"} if "command_line" in sources else {},
        environment={"AEP_TARGET": "http://environment"} if "environment" in sources else {},
        ini={"target": "http://ini"} if "ini" in sources else {},
    )
    marker = {"target": "http://marker"} if "marker" in sources else None
    winner = next((source for source in SOURCES if source in sources), None)
    assert settings.get("target", marker) == (f"http://{winner}" if winner else "emulator")


@pytest.mark.parametrize(
    ("settings", "marker", "expected"),
    [
        (_settings(), None, Value("emulator", "default")),
        (_settings(ini={"target": "http://a"}), None, Value("http://a", "ini option aep_target")),
        (_settings(environment={"AEP_TARGET": "http://a"}), {}, Value("http://a", "environment variable AEP_TARGET")),
        (_settings({"target": "http://a"}), {"seed": 1}, Value("http://a", "option --aep-target")),
        (_settings({"target": "http://a"}), {"target": "http://b"}, Value("http://b", "marker")),
    ],
)
def test_a_value_says_where_it_came_from(settings, marker, expected):
    """The origin names the option, variable or ini name itself; a marker counts for its own settings only."""
    assert settings.find("target", marker) == expected


def test_an_empty_text_gives_nothing():
    """An empty option, variable or ini line is passed over."""
    settings = _settings({"target": ""}, {"AEP_TARGET": ""}, {"target": "http://ini"})
    assert settings.get("target") == "http://ini"


def test_a_setting_without_a_variable_ignores_the_environment():
    """Only settings that name a variable read one, whatever the environment holds."""
    assert not SETTINGS["seed"].env
    assert _settings(environment={"AEP_SEED": "7"}).find("seed") == Value(0, "default")


@pytest.mark.parametrize(
    ("source", "origin"),
    [
        ({"command_line": {"seed": "-1"}}, "option --aep-seed"),
        ({"command_line": {"seed": "seven"}}, "option --aep-seed"),
        ({"ini": {"seed": "1.5"}}, "ini option aep_seed"),
    ],
)
def test_a_value_that_cannot_be_used_is_one_clear_sentence(source, origin):
    """The message names the setting, the value, its origin and what was expected."""
    [given_value] = [value for values in source.values() for value in values.values()]
    with pytest.raises(ConfigurationError) as caught:
        _settings(**source).get("seed")
    assert str(caught.value) == (
        f"aep_seed: {given_value!r} from {origin} cannot be used: expected a whole number that is not negative"
    )


@pytest.mark.parametrize("value", [-1, 1.5, True, "x", None])
def test_a_markers_value_is_checked_like_any_other(value):
    """A marker's value need not be text, but it must be one that the setting can have."""
    with pytest.raises(ConfigurationError, match=r"aep_profiles: .* from marker cannot be used"):
        _settings().get("profiles", {"profiles": value})


def test_a_markers_number_is_taken_as_it_is():
    """A number that a marker gives has no need to be written as text."""
    assert _settings().find("profiles", {"profiles": 7}) == Value(7, "marker")


def test_a_value_outside_the_choices_lists_them():
    """The message names every value that could be given."""
    with pytest.raises(ConfigurationError) as caught:
        _settings({"progression": "fast"}).get("progression")
    assert str(caught.value) == (
        "aep_progression: 'fast' from option --aep-progression is none of per-poll, immediate, elapsed, manual"
    )


def test_every_setting_has_a_name_on_the_command_line_and_in_an_ini_file():
    """Option and ini name derive from the setting's name, and each default is a value that the setting can have."""
    for name, setting in SETTINGS.items():
        assert setting.option == f"--aep-{name.replace('_', '-')}"
        assert setting.ini == f"aep_{name}"
        assert setting.help.endswith(".")
        assert not setting.choices or setting.default in setting.choices
        assert setting.parse(str(setting.default)) == setting.default


def test_every_setting_is_described_with_its_origin():
    """One line per setting: ini name, value and where it came from."""
    lines = _settings({"seed": "7"}).describe()
    assert len(lines) == len(SETTINGS)
    assert "aep_seed = 7 (option --aep-seed)" in lines
    assert "aep_target = 'emulator' (default)" in lines
