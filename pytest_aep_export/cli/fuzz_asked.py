"""What ``aep-export fuzz`` was called with, and whether it fits together."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Final

from pytest_aep_export.contract.dialects import CANONICAL
from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.suite.targets import EMULATOR, is_cassette

__all__ = ["GENERATORS", "STANDARD", "Asked"]

GENERATORS: Final = ("stream", "breadth", "both", "walks")
"""Who makes cases; the first one, unless told otherwise."""

STANDARD: Final = "-"
"""The name of standard output."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command was called with."""

    target: str
    ims_url: str
    dialect: str
    generator: str
    seed: int
    cases: int
    seconds: float | None
    operations: tuple[str, ...]
    findings: str | None
    replay: tuple[str, ...]
    record: str | None
    strict: bool
    live: bool
    max_calls: int | None
    max_jobs: int | None
    rate: float | None
    prefix: str
    as_json: bool

    def check(self) -> None:
        """Nothing, if it fits together.

        Raises:
            ConfigurationError: It does not.
        """
        from pytest_aep_export.contract import load as load_contract  # noqa: PLC0415 - not for --help

        known = load_contract().operations
        if unknown := [name for name in self.operations if name not in known]:
            raise ConfigurationError(f"the contract has no operation {unknown[0]!r}: choose among {', '.join(known)}")
        if is_cassette(self.target):
            raise ConfigurationError("a recording answers only what was asked before: fuzz the emulator or a URL")
        if self.target != EMULATOR and self.dialect != CANONICAL.name:
            raise ConfigurationError(
                "--dialect is for the emulator only: what else is named speaks the dialect that it speaks"
            )
        if self.target == EMULATOR and self.live:
            raise ConfigurationError("--live is for a URL: nobody else works at the embedded emulator")
        if self.live and not (self.max_calls or self.seconds):
            raise ConfigurationError("with --live the run needs a budget: add --max-calls, --seconds or both")
        if self.generator == "walks" and self.operations:
            raise ConfigurationError("--operation chooses among what others try: each walk takes four operations")
        if self.as_json and self.record == STANDARD:
            raise ConfigurationError("--json and --record - both write to standard output: name a file for one")

    @property
    def again(self) -> str:
        """The command line that tries the same again."""
        words = ["--target", self.target, "--seed", str(self.seed), "--cases", str(self.cases)]
        words += ["--generator", self.generator] if self.generator != GENERATORS[0] else []
        words += [word for name in self.operations for word in ("--operation", name)]
        words += ["--dialect", self.dialect] if self.dialect != CANONICAL.name else []
        words += [word for name, value in self._costs.items() if value is not None for word in (name, f"{value:g}")]
        return shlex.join(["aep-export", "fuzz", *words, *(["--live"] if self.live else [])])

    @property
    def _costs(self) -> dict[str, float | None]:
        return {"--seconds": self.seconds, "--max-calls": self.max_calls, "--max-jobs": self.max_jobs}
