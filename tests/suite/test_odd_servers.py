"""The suite against servers that are odd but right, servers that are in trouble, and servers that leak."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest

from pytest_aep_export.emulator import Emulator, EmulatorServer
from pytest_aep_export.model import Credentials
from pytest_aep_export.suite.api import Api
from pytest_aep_export.suite.courtesy import Courtesy
from pytest_aep_export.suite.registry import load
from pytest_aep_export.suite.sending import Neighbours, Patience, Target
from pytest_aep_export.suite.verdicts import Outcome, Result, Verdict, combine
from tests.suite.quick import run

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

Answer = tuple[int, dict[str, str], bytes]
Serve = Callable[..., Any]

CALM = {Verdict.PASS, Verdict.NOT_APPLICABLE}


def outcomes(target: Target, watcher: Any, select: str = "") -> dict[str, list[Outcome]]:
    """What the tests of the selected requirements found."""
    return run(target, watcher, select).outcomes


def doubts(found: dict[str, list[Outcome]]) -> dict[str, str]:
    """The verdicts that are neither a pass nor without anything to judge."""
    verdicts = {name: combine(load()[name].level, several) for name, several in found.items()}
    return {name: str(verdict) for name, verdict in verdicts.items() if verdict not in CALM}


class Rewriting:
    """An application whose requests are changed, or answered, on their way in."""

    def __init__(self, application: ASGIApp, change: Callable[[Scope], Answer | None]) -> None:
        self._application = application
        self._change = change

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Change the request; answer it, or let the application do so."""
        answer = self._change(scope)
        if answer is None:
            await self._application(scope, receive, send)
            return
        status, headers, body = answer
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": raw})
        await send({"type": "http.response.body", "body": body})


@contextmanager
def serving(change: Callable[[Scope], Answer | None]) -> Iterator[Target]:
    """A target with a second sandbox and another organisation, in front of which requests are changed."""
    with Emulator(profiles=20) as emulator:
        emulator.app = Rewriting(emulator.app, change)
        with EmulatorServer(emulator) as server:
            mine = emulator.create_tenant(("prod", "second")).credentials
            target = Target(server.url, mine, patience=Patience(poll=0, deadline=5, answer=20))
            target.neighbours = Neighbours("second", emulator.create_tenant().credentials)
            target.capabilities = frozenset({"second-sandbox", "second-organisation"})
            target.courtesy = Courtesy(5, pause=lambda _: None)
            yield target
            target.close()


def slashes(scope: Scope) -> Answer | None:
    """Redirects every path with a trailing slash to the one without."""
    path = scope["path"]
    query = f"?{scope['query_string'].decode()}" if scope["query_string"] else ""
    return (308, {"location": f"{path.rstrip('/')}{query}"}, b"") if path.endswith("/") else None


def no_slashes(scope: Scope) -> Answer | None:
    """Redirects every path without a trailing slash to the one with it."""
    path, query = scope["path"], scope["query_string"].decode()
    if path.endswith("/") or "/ims/" in path:
        return None
    return 307, {"location": f"{path}/{'?' if query else ''}{query}"}, b""


@pytest.mark.parametrize(
    ("change", "warned"), [(slashes, {"EXP-LIST-004": "warn", "EXP-DATASET-011": "warn"}), (no_slashes, {})]
)
def test_a_server_that_redirects_slashes_breaks_no_must(
    change: Callable[[Scope], Answer | None], warned: dict[str, str], watcher: Any
):
    """A redirect that clients follow is followed; only what speaks of it is not met, and that is no MUST."""
    with serving(change) as target:
        found = outcomes(target, watcher, "not EXP-ROWS and not EXP-FILTER and not EXP-MERGE")
    assert doubts(found) == warned


def test_a_server_that_is_busy_now_and_then_is_judged_all_the_same(watcher: Any):
    """Every third request is refused because of the rate of calls, and no verdict depends on it."""
    asked = []

    def limit(_: Scope) -> Answer | None:
        asked.append(1)
        refusal = json.dumps({"error_code": "429050", "message": "Too many requests"}).encode()
        return (429, {"retry-after": "0", "content-type": "application/json"}, refusal) if len(asked) % 3 == 0 else None

    with serving(limit) as target:
        target.courtesy = Courtesy(1000, pause=lambda _: None)
        found = outcomes(target, watcher, "EXP-AUTH or EXP-CREATE or EXP-LIST or EXP-ISO")
    assert doubts(found) == {}


def test_a_server_that_stays_busy_blocks_and_fails_nothing(watcher: Any):
    """Where one service is down all that needs it is blocked by that, in bounded time, and the rest is judged."""
    down = 503, {"content-type": "text/plain"}, b"down"
    with serving(lambda scope: down if "/export/jobs" in scope["path"] else None) as target:
        found = outcomes(target, watcher, "EXP-LIST-001 or EXP-DATASET or EXP-CREATE-001")
    assert doubts(found) == {"EXP-LIST-001": "blocked", "EXP-CREATE-001": "blocked"}
    assert {o.cause for name in ("EXP-LIST-001", "EXP-CREATE-001") for o in found[name]} == {"the target is too busy"}


def test_a_server_without_merge_policies_is_judged(served: Serve, watcher: Any):
    """Where merge policies are not served the policy is the one that a job names; only they themselves are in doubt."""

    def change(call: str, answer: Answer) -> Answer:
        return (404, {"content-type": "application/json"}, b"{}") if "mergePolicies" in call else answer

    with served(change) as target:
        found = outcomes(target, watcher)
    doubted = doubts(found)
    doubted = {name: how for name, how in doubted.items() if not name.startswith("EXP-POLICY-")}
    assert {name.rpartition("-")[0] for name in doubted} <= {"EXP-MERGE", "EXP-ERROR"}
    assert set(doubted.values()) <= {"blocked"}
    assert {o.cause for name in doubted for o in found[name] if o.cause} == {"the tenant's merge policies"}


def test_a_server_that_names_no_policy_at_all_gets_that_of_the_sample(served: Serve, watcher: Any):
    """At last the seed's own policy is asked for, so that creating a job is judged in any case."""

    def change(call: str, answer: Answer) -> Answer:
        status, headers, body = answer
        if "mergePolicies" in call:
            return 404, headers, body
        if call.startswith("POST") and "/export/jobs" in call and status == 200:
            return 200, headers, json.dumps({**json.loads(body), "mergePolicy": {}}).encode()
        return answer

    with served(change) as target:
        found = outcomes(target, watcher, "EXP-CREATE-001 or EXP-CREATE-008")
    assert doubts(found) == {"EXP-CREATE-008": "fail"}


def test_one_root_cause_is_told_once(served: Serve, watcher: Any):
    """Without a dataset the requirement that says so fails, and all that needs one is blocked by exactly that."""

    def change(call: str, answer: Answer) -> Answer:
        return (400, *answer[1:]) if re.match("POST .*/dataSets", call) else answer

    with served(change) as target:
        found = outcomes(target, watcher, "EXP-DATASET-001 or EXP-JOB or EXP-WATCH-002 or EXP-FILES-001 or EXP-ROWS")
    verdicts = doubts(found)
    assert verdicts.pop("EXP-DATASET-001") == "fail"
    assert set(verdicts.values()) == {"blocked"}
    several = [o for name in verdicts for o in found[name]]
    assert {(o.result, o.cause) for o in several} == {(Result.BLOCKED, "EXP-DATASET-001")}
    assert all(o.exchange and o.exchange.response.status == 400 for o in several)


def test_a_job_that_does_not_end_is_waited_for_only_once(served: Serve, watcher: Any, monkeypatch: pytest.MonkeyPatch):
    """What needs a finished job is blocked by the requirement that speaks of its end, without waiting again."""
    waits: list[object] = []
    watch = Api.watch

    def counted(api: Api, identifier: object) -> Any:
        waits.append(identifier)
        return watch(api, identifier)

    monkeypatch.setattr(Api, "watch", counted)

    def still(call: str, answer: Answer) -> Answer:
        if re.fullmatch(f"GET {JOB}", call):
            return 200, answer[1], json.dumps({**json.loads(answer[2]), "status": "PROCESSING"}).encode()
        return answer

    with served(still) as target:
        target.patience = Patience(poll=0.01, deadline=0.05, answer=20)
        found = outcomes(target, watcher, "EXP-WATCH-003 or EXP-WATCH-009 or EXP-WATCH-011 or EXP-FILES-001")
    assert set(doubts(found).values()) == {"blocked"}
    assert {o.cause for several in found.values() for o in several} == {"EXP-WATCH-002"}
    assert sorted(Counter(waits).values()) == [1, 1, 1], "one for each export that these requirements look at"


TENANT = (b"authorization", b"x-api-key", b"x-gw-ims-org-id", b"x-sandbox-name")


@dataclass
class Owner:
    """The tenant that everything belongs to: what names it, what names the visitor, and how it calls."""

    itself: list[bytes] = field(default_factory=list)
    visitor: list[bytes] = field(default_factory=list)
    headers: dict[bytes, bytes] = field(default_factory=dict)


def named(who: Credentials) -> list[bytes]:
    """What names a tenant in the headers of its calls."""
    return [text.encode() for text in (who.client_id, who.org_id, who.sandbox)]


JOB = r"/data/core/ups/export/jobs/\d+"
LEAKS = {
    "a job": (f"GET {JOB}", {1, 12}),
    "the list": ("GET /data/core/ups/export/jobs", {2, 13}),
    "cancelling": (f"DELETE {JOB}", {3, 14}),
    "a dataset": (r"GET /data/foundation/catalog/dataSets/\w+", {4, 15}),
    "a preview": (r"GET .*/preview", {4, 15}),
    "exporting": ("POST /data/core/ups/export/jobs", {5, 16}),
    "a batch": (r"GET /data/foundation/catalog/batches/\w+", {6, 17}),
    "the files": (r"GET /data/foundation/export/batches/\w+/files", {7, 18, 21, 22}),
    "the meta directory": (r"GET /data/foundation/export/batches/\w+/meta", {7, 18, 21, 22}),
    "failed files": (r"GET /data/foundation/export/batches/\w+/failed", {21, 22}),
    "a file": (r"GET /data/foundation/export/files/.*", {8, 19}),
    "the length of a file": (r"HEAD /data/foundation/export/files/.*", {8, 19}),
    "the list of datasets": ("GET /data/foundation/catalog/dataSets", {4, 15}),
}
SANDBOX = {*range(1, 10), 21}
"""The requirements that speak of another sandbox; the others speak of another organisation."""


@pytest.mark.parametrize("who", ["sandbox", "organisation"])
@pytest.mark.parametrize("what", sorted(LEAKS))
def test_a_leak_is_found(what: str, who: str, watcher: Any):
    """A call of another tenant that is answered as if it were the first one's breaks what speaks of that call."""
    call, numbers = LEAKS[what]
    owner = Owner()

    def leak(scope: Scope) -> None:
        headers = dict(scope["headers"])
        whose = [headers.get(name) for name in TENANT[1:]]
        if whose == owner.itself:
            owner.headers = {name: headers[name] for name in TENANT if name in headers}
        elif whose == owner.visitor and re.fullmatch(call, f"{scope['method']} {scope['path']}"):
            scope["headers"] = list((headers | owner.headers).items())

    with serving(leak) as target:
        others = target.neighbours.organisation
        assert others
        mine = target.credentials
        owner.itself = named(mine)
        owner.visitor = named(replace(mine, sandbox="second") if who == "sandbox" else others)
        found = doubts(outcomes(target, watcher, "EXP-ISO"))
    names = [f"EXP-ISO-{number:03d}" for number in numbers if (number in SANDBOX) == (who == "sandbox")]
    assert found == {name: "fail" if load()[name].level == "MUST" else "warn" for name in names}
