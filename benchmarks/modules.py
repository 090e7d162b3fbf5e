"""How many modules our plugin loads in a pytest run that does not use it.

Exact, so one round is enough: the modules of a run with the plugin that the same run with ``-p no:aep_export`` does not
have. The limit is our own.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Final

from benchmarks.measure import Row, Target, Tick, run_python
from benchmarks.startup import TRIVIAL, command

ROUNDS: Final = 1
LIMIT: Final = 10

_LIST: Final = """
import json, sys, pytest
code = pytest.main(sys.argv[1:])
print("\\n" + json.dumps(sorted(sys.modules)))
sys.exit(code)
"""


def loaded(*options: str, cwd: Path) -> set[str]:
    """The modules that a pytest run has loaded when it ends."""
    words = command(*options)[3:]
    return set(json.loads(run_python(_LIST, *words, cwd=cwd).splitlines()[-1]))


def extra(cwd: Path) -> set[str]:
    """The modules that are loaded because of our plugin."""
    (cwd / "test_trivial.py").write_text(TRIVIAL)
    return loaded(cwd=cwd) - loaded("-p", "no:aep_export", cwd=cwd)


def measure(tick: Tick) -> list[Row]:
    """One row: modules loaded because of us."""
    with tempfile.TemporaryDirectory() as folder:
        ours = len(extra(Path(folder)))
    tick()
    return [Row("modules loaded by a run that does not use us", ours, LIMIT, "modules", Target("<=", 1))]
