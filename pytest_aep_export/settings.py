"""Settings: one resolver for every option, with one order of precedence, and where each value came from.

A value is taken from the first of these that gives one: marker, command line, environment, ini file, default.
This module imports the standard library only, and every run of pytest imports it: values are named tuples, which
are made in an eighth of a dataclass's time, and the exceptions are loaded where one is raised.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

__all__ = ["SETTINGS", "Setting", "Settings", "Value"]


class Setting(NamedTuple):
    """One option of this plugin.

    Attributes:
        name: What it is called: ``--aep-<name>`` on the command line, ``aep_<name>`` in an ini file.
        help: What it does, in one sentence.
        default: Its value where nobody says otherwise.
        env: The environment variable that may give it.
        choices: The only values it may have.
        parse: Makes the value out of a text.
    """

    name: str
    help: str
    default: Any = None
    env: str = ""
    choices: tuple[str, ...] = ()
    parse: Callable[[str], Any] = str

    @property
    def option(self) -> str:
        """Its name on the command line."""
        return f"--aep-{self.name.replace('_', '-')}"

    @property
    def ini(self) -> str:
        """Its name in an ini file."""
        return f"aep_{self.name}"


class Value(NamedTuple):
    """A setting's value and where it came from."""

    value: Any
    origin: str


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise ValueError("expected a whole number that is not negative")
    return int(text)


def _plan(text: str) -> str:
    """A text that is a plan of variations, or none at all."""
    if not text:
        return text
    from pytest_aep_export.emulator.variation import plan_from  # noqa: PLC0415 - only where there is one
    from pytest_aep_export.errors import ConfigurationError  # noqa: PLC0415 - the same

    try:
        plan_from(text)
    except ConfigurationError as error:
        raise ValueError(str(error)) from error
    return text


SETTINGS: Final[dict[str, Setting]] = {
    setting.name: setting
    for setting in (
        Setting(
            "target", "What requests go to: 'emulator', a URL or, for the suite, 'cassette'.", "emulator", "AEP_TARGET"
        ),
        Setting("ims_url", "Where tokens are asked for; by default the target's own /ims/token/v3.", "", "AEP_IMS_URL"),
        Setting(
            "dialect",
            "Which documented variant the emulator speaks.",
            "canonical",
            choices=("canonical", "profile-guide", "segmentation-guide", "openapi"),
        ),
        Setting(
            "progression",
            "How the emulator's jobs advance.",
            "per-poll",
            choices=("per-poll", "immediate", "elapsed", "manual"),
        ),
        Setting("profiles", "How many profiles each of the emulator's tenants has.", 100, parse=_count),
        Setting("seed", "What ids and profile data are derived from.", 0, parse=_count),
        Setting("vary", "How the emulator's answers vary: a seed, a plan in JSON, or a file of one.", "", parse=_plan),
        Setting(
            "record",
            "Which cassettes tests record, from the target: none, those that are missing, or all.",
            "none",
            "AEP_RECORD",
            choices=("none", "missing", "all"),
        ),
        Setting(
            "record_personal_data",
            "Whether files of profiles from the live service may be recorded: no, or yes.",
            "no",
            choices=("no", "yes"),
        ),
        Setting("cassettes", "Where your cassettes lie, from where the ini file is.", "cassettes"),
        Setting("executor", "Where exports are computed: dask://HOST:PORT, or by default threads.", ""),
    )
}
"""Every setting by name. Credentials are no settings: they come from the environment only."""


class Settings:
    """Resolves settings.

    Args:
        command_line: What the command line gave, by setting; None where it gave nothing.
        environment: The environment.
        ini: What the ini file gave, by ini name; empty or None where it gave nothing.
    """

    def __init__(
        self,
        command_line: Callable[[Setting], str | None],
        environment: Mapping[str, str],
        ini: Callable[[Setting], str | None],
    ) -> None:
        self._command_line = command_line
        self._environment = environment
        self._ini = ini

    def get(self, name: str, marker: Mapping[str, Any] | None = None) -> Any:
        """A setting's value.

        Args:
            name: The setting's name.
            marker: What a marker gave, by name.

        Raises:
            ConfigurationError: The value cannot be used; the message says where it came from.
        """
        return self.find(name, marker).value

    def find(self, name: str, marker: Mapping[str, Any] | None = None) -> Value:
        """A setting's value and where it came from.

        Raises:
            ConfigurationError: The value cannot be used; the message says where it came from.
        """
        setting = SETTINGS[name]
        if marker and name in marker:
            return _checked(setting, marker[name], "marker")
        for origin, text in self._texts(setting):
            if text:
                return _checked(setting, text, origin)
        return Value(setting.default, "default")

    def _texts(self, setting: Setting) -> list[tuple[str, str | None]]:
        return [
            (f"option {setting.option}", self._command_line(setting)),
            (f"environment variable {setting.env}", self._environment.get(setting.env)),
            (f"ini option {setting.ini}", self._ini(setting)),
        ]

    def describe(self) -> list[str]:
        """One line per setting: its value and where it came from."""
        found = {setting: self.find(name) for name, setting in SETTINGS.items()}
        return [f"{setting.ini} = {value.value!r} ({value.origin})" for setting, value in found.items()]


def _checked(setting: Setting, given: Any, origin: str) -> Value:
    try:
        value = setting.parse(str(given))
    except ValueError as error:
        raise _unusable(setting, given, origin, f"cannot be used: {error}") from error
    if setting.choices and value not in setting.choices:
        raise _unusable(setting, given, origin, f"is none of {', '.join(setting.choices)}")
    return Value(value, origin)


def _unusable(setting: Setting, given: Any, origin: str, reason: str) -> Exception:
    from pytest_aep_export.errors import ConfigurationError  # noqa: PLC0415 - see above

    return ConfigurationError(f"{setting.ini}: {given!r} from {origin} {reason}")
