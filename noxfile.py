"""The checks by name, each in an environment of its own: `nox -l` lists them, `.ci/run` decides."""

from __future__ import annotations

import nox

PROJECT = nox.project.load_toml("pyproject.toml")
PYTHONS = nox.project.python_versions(PROJECT)

nox.needs_version = ">=2025.5"
nox.options.default_venv_backend = "uv"
nox.options.reuse_venv = "yes"
nox.options.sessions = ["tests", "lint", "typing", "imports", "build"]


def _sync(session: nox.Session, *arguments: str) -> None:
    """Install what `uv.lock` says into the session's environment."""
    environment = {"UV_PROJECT_ENVIRONMENT": session.virtualenv.location}
    python = f"--python={session.virtualenv.location}"
    session.run_install("uv", "sync", "--frozen", "--quiet", "--no-default-groups", python, *arguments, env=environment)


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Run the tests; arguments go to pytest."""
    _sync(session, "--all-extras", "--group=test")
    session.run("pytest", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and spelling."""
    _sync(session, "--group=lint")
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("codespell")


@nox.session
def typing(session: nox.Session) -> None:
    """Check types under mypy and pyright."""
    _sync(session, "--all-extras", "--group=test", "--group=typing")
    session.run("mypy")
    session.run("pyright", f"--pythonpath={session.virtualenv.location}/bin/python")


@nox.session
def imports(session: nox.Session) -> None:
    """Check that imports keep to their direction."""
    _sync(session, "--all-extras", "--group=lint")
    session.run("lint-imports", "--no-cache")


@nox.session
def build(session: nox.Session) -> None:
    """Build the wheel and the sdist, check the metadata, and test what they hold."""
    _sync(session, "--all-extras", "--group=test", "--group=release")
    session.run("validate-pyproject", "pyproject.toml")
    session.run("python", "-m", "build", "--outdir", session.create_tmp())
    session.run("pytest", "tests/packaging")


@nox.session
def benchmarks(session: nox.Session) -> None:
    """Measure what the README claims; arguments go to `python -m benchmarks`."""
    _sync(session, "--all-extras", "--group=test")
    session.run("python", "-m", "benchmarks", *session.posargs)
