"""Safety: what fuzzing may do where others work. Whatever is not known to be harmless is not sent.

It happens in one sandbox, which says of itself that it is for development. Whatever changes something is sent to what
this run has created and to nothing else; what is created has a name by which anybody can tell where it comes from.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

from pytest_aep_export.contract import load
from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.exchange import Exchange, Request, Response
from pytest_aep_export.fuzz.pacing import close
from pytest_aep_export.fuzz.parties import HeldBackError, Send
from pytest_aep_export.hosts import TOKEN_PATH

__all__ = ["DEVELOPMENT", "PREFIX", "Cautious", "require_development", "sandbox_path"]

DEVELOPMENT: Final = "development"
PREFIX: Final = "aep-export fuzz"
"""How the names begin of what is created, unless told otherwise."""

_SAFE: Final = frozenset({"GET", "HEAD"})
_JOBS: Final = "/data/core/ups/export/jobs"
_DATASETS: Final = "/data/foundation/catalog/dataSets"
_SANDBOXES: Final = "/data/foundation/sandbox-management/sandboxes"
_TOKENS: Final = frozenset({TOKEN_PATH, "/ims/token/v2"})
_PLAIN: Final = re.compile(r"[a-z][a-z0-9-]*")


def sandbox_path(name: str) -> str:
    """Where a sandbox is looked up.

    Raises:
        ConfigurationError: No sandbox has such a name.
    """
    if not _PLAIN.fullmatch(name):
        raise ConfigurationError(f"{name!r} is no sandbox's name: it has small letters, digits and hyphens")
    return f"{_SANDBOXES}/{name}"


def require_development(name: str, answer: Response) -> None:
    """Nothing, if a sandbox says that it is for development.

    Args:
        name: The sandbox.
        answer: What the sandbox API has said of it.

    Raises:
        ConfigurationError: It is for production, or nobody knows what it is for.
    """
    shown = _document(answer.body) if answer.status == HTTPStatus.OK else None
    kind = shown.get("type") if isinstance(shown, dict) and shown.get("name") == name else None
    if kind == DEVELOPMENT:
        return
    if isinstance(kind, str) and kind:
        raise ConfigurationError(
            f"the sandbox {name!r} is for {kind}, where nothing is ever fuzzed: name one for development in "
            "AEP_SANDBOX_NAME"
        )
    raise ConfigurationError(
        f"what the sandbox {name!r} is for is not known (the sandbox API answered {answer.status}), so nothing is "
        "fuzzed there: name one in AEP_SANDBOX_NAME that says that it is for development"
    )


class Cautious:
    """Sends what cannot touch what others have, holds back the rest, and counts what it sends.

    Args:
        send: Sends a request.
        sandbox: The one sandbox in which anything happens.
        org: Its organisation.
        prefix: How the names have to begin of what is created.
        spend: Is told before each request whether it asks for an export job; raises `EndedError` or `HeldBackError`
            where the run may not cost more.

    Attributes:
        created: What the run has created: each request for it, and its answer.
    """

    def __init__(
        self,
        send: Send,
        *,
        sandbox: str,
        org: str,
        prefix: str = PREFIX,
        spend: Callable[[bool], None] = lambda _: None,
    ) -> None:
        self.created: list[Exchange] = []
        self._send = send
        self._whose = {"x-sandbox-name": sandbox, "x-gw-ims-org-id": org}
        self._prefix = prefix
        self._spend = spend
        self._datasets: set[str] = set()
        self._jobs: set[str] = set()
        self._match = load().match

    async def __call__(self, request: Request) -> Response:
        """Send a request.

        Raises:
            HeldBackError: It might touch what is not this run's.
            EndedError: The run may cost no more.
        """
        if reason := self._objection(request):
            raise HeldBackError(f"{request.method} {request.url:.80} was not sent: {reason}")
        path = request.url.partition("?")[0].rstrip("/")
        creates_job = request.method == "POST" and path == _JOBS
        self._spend(creates_job)
        response = await self._send(request)
        if request.method == "POST" and response.status in range(200, 300):
            self._learn(request, response, path)
        return response

    async def aclose(self) -> None:
        """Let go of what the way holds."""
        await close(self._send)

    def _objection(self, request: Request) -> str:
        """Why a request is not sent; empty where it is."""
        path = request.url.partition("?")[0]
        if not path.startswith("/") or path.startswith("//") or any(_leads_astray(name) for name in request.headers):
            return "it is not plain where it leads"
        if path in _TOKENS:
            return "" if request.method == "POST" else "tokens are asked for by POST only"
        for name, mine in self._whose.items():
            said = [value for header, value in request.headers.raw if header.lower() == name]
            if said != [mine] and (said or request.method not in _SAFE):
                return f"its {name} is not that of this run"
        if request.method in _SAFE:
            return ""
        return self._unsafe(request, path)

    def _unsafe(self, request: Request, path: str) -> str:
        """Why a request is not sent that changes something."""
        if request.method == "POST" and path.rstrip("/") == _DATASETS:
            strange = [name for name in _members(request.body, "name") if not name.startswith(self._prefix)]
            return f"the name {strange[0]!r:.40} does not begin with {self._prefix!r}" if strange else ""
        if request.method == "POST" and path.rstrip("/") == _JOBS:
            foreign = set(_members(request.body, "datasetid", r"[0-9a-f]{24}")) - self._datasets
            return f"this run has not created the dataset {min(foreign)}" if foreign else ""
        job = path.removeprefix(f"{_JOBS}/")
        if request.method == "DELETE" and job != path:
            return "" if job in self._jobs else f"this run has not created the job {job}"
        return f"nobody knows what {request.method} does there"

    def _learn(self, request: Request, response: Response, path: str) -> None:
        """Remember what was created."""
        document = _document(response.body)
        if path == _DATASETS and isinstance(document, list) and document and isinstance(document[0], str):
            self._datasets.add(document[0].rpartition("/")[2])
        elif path == _JOBS and isinstance(document, dict) and isinstance(document.get("id"), int | str):
            self._jobs.add(str(document["id"]))
        else:
            return
        match = self._match(request.method, path)
        self.created.append(Exchange(request, response, match.operation.id if match else ""))


def _leads_astray(header: str) -> bool:
    """Whether a header may make another request of one: by its method, its host or its path."""
    return (
        header == "host" or "method" in header or "rewrite" in header or "original" in header or "forwarded" in header
    )


def _document(body: bytes) -> Any:
    """A body, parsed; None where it is no JSON."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _members(body: bytes, name: str, otherwise: str = "") -> list[str]:
    """Every value that a body gives to a member, at any depth and also where it comes twice.

    Args:
        body: The body.
        name: The member, in small letters.
        otherwise: What such a value looks like, to be looked for in what is no JSON, as a lenient server might.
    """
    found: list[str] = []

    def look(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        texts = [value for key, value in pairs if key.lower() == name and isinstance(value, str | int)]
        found.extend(str(text) for text in texts if text != "")
        return dict(pairs)

    try:
        json.loads(body, object_pairs_hook=look)
    except (ValueError, RecursionError):
        return re.findall(otherwise, body.decode("utf-8", "replace")) if otherwise else []
    return found
