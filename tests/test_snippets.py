"""The snippets of the guides that are not in Python do what they say, where their language is installed.

Where Node or a JDK must not be missing, AEP_HARNESSES_REQUIRED says so.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from pytest_aep_export import Emulator, EmulatorServer, Tenant

DOCS: Final = Path(__file__).parents[1] / "docs"
JAVA: Final = """
import java.net.*;
import java.net.http.*;
import java.nio.charset.StandardCharsets;

class Snippet {
    static String encode(String text) { return URLEncoder.encode(text, StandardCharsets.UTF_8); }

    public static void main(String[] arguments) throws Exception {
SNIPPET
    }
}
"""


def snippets(language: str) -> dict[str, str]:
    """Every snippet in a language, by its page and number."""
    pages = {page.stem: page.read_text("utf-8").split(f"```{language}\n")[1:] for page in sorted(DOCS.glob("*.md"))}
    return {
        f"{name}-{number}": textwrap.dedent(text.partition("```")[0])
        for name, texts in pages.items()
        for number, text in enumerate(texts)
    }


@pytest.fixture
def served() -> Iterator[tuple[Tenant, dict[str, str]]]:
    """A tenant, and the environment in which a program finds it."""
    with Emulator(profiles=1) as emulator, EmulatorServer(emulator) as server:
        tenant = emulator.create_tenant()
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AEP_")}
        yield tenant, kept | server.env(tenant.credentials)


def ran(command: list[str], folder: Path, environ: dict[str, str] | None = None) -> None:
    """Run a program, which has to succeed."""
    if shutil.which(command[0]) is None:
        missing = f"{command[0]} is not installed"
        pytest.fail(missing) if os.environ.get("AEP_HARNESSES_REQUIRED") else pytest.skip(missing)
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_snippet_is_left_out():
    """These are all that there are in these languages: whoever writes another one adds it here."""
    found = [name for language in ("js", "mjs", "javascript", "typescript", "java") for name in snippets(language)]
    assert found == ["client-node-0", "proxy-0", "client-java-0"]


@pytest.mark.parametrize("name", snippets("js"))
def test_a_snippet_for_node_can_be_read(name: str, tmp_path: Path):
    """Node finds no mistake in it."""
    (tmp_path / "snippet.mjs").write_text(snippets("js")[name], "utf-8")
    ran(["node", "--check", "snippet.mjs"], tmp_path)


def test_the_guide_for_node_lists_jobs(served: tuple[Tenant, dict[str, str]], tmp_path: Path):
    """What it shows runs as it stands: it gets a token and lists the jobs."""
    tenant, environ = served
    (tmp_path / "export.mjs").write_text(snippets("js")["client-node-0"], "utf-8")
    ran(["node", "export.mjs"], tmp_path, environ)
    assert [each.operation for each in tenant.journal] == ["requestToken", "listExportJobs"]
    assert {each.response.status for each in tenant.journal} == {200}


def test_the_guide_for_java_gets_a_token(served: tuple[Tenant, dict[str, str]], tmp_path: Path):
    """What it shows compiles as the body of a program, and gets a token."""
    tenant, environ = served
    body = textwrap.indent(snippets("java")["client-java-0"], " " * 8)
    (tmp_path / "Snippet.java").write_text(JAVA.replace("SNIPPET", body), "utf-8")
    ran(["java", "Snippet.java"], tmp_path, environ)
    assert [(each.operation, each.response.status) for each in tenant.journal] == [("requestToken", 200)]
