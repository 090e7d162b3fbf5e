"""Clients that send what they should not: headers, tokens, secrets."""

from __future__ import annotations

import json
from base64 import b64encode, encodebytes
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

import httpx

from pytest_aep_export import AepClient
from pytest_aep_export.judge.own import performed
from pytest_aep_export.judge.scenario import Scenario
from pytest_aep_export.judge.subject import Surroundings
from pytest_aep_export.judge.trace import Performance
from tests.judge.defects.bending import Memory, Send, again, concerns, form, header, query, reads, sends, takes, whole
from tests.judge.defects.defect import JOBS, Act, Defect


def probes(request: httpx.Request, send: Send, _: Memory) -> httpx.Response:
    """Ask for what the API does not have before each list."""
    if concerns("listExportJobs", request):
        whole(send(again(request, url=request.url.copy_with(path=f"{JOBS}/all/count"))))
    return send(request)


def token_for_each_call(request: httpx.Request, send: Send, memory: Memory) -> httpx.Response:
    """Ask for a token before each call."""
    if not concerns("*", request):
        memory["ask"] = request
        return send(request)
    token = json.loads(whole(send(again(memory["ask"]))))["access_token"]
    return send(again(request, headers={**request.headers, "authorization": f"Bearer {token}"}))


def needs_a_lifetime(document: Any) -> None:
    """Read how long a token is good for."""
    document["expires_in"]


def shows_its_secret(request: httpx.Request, send: Send, memory: Memory) -> httpx.Response:
    """Send the client secret with each call."""
    if not concerns("*", request):
        memory["secret"] = httpx.QueryParams(request.content.decode())["client_secret"]
        return send(request)
    return send(again(request, headers={**request.headers, "x-client-secret": memory["secret"]}))


def shows_its_secret_in_basic(request: httpx.Request, send: Send, memory: Memory) -> httpx.Response:
    """Send the client secret with each call, as HTTP's Basic has it."""
    if not concerns("*", request):
        memory["form"] = httpx.QueryParams(request.content.decode())
        return send(request)
    pair = f"{memory['form']['client_id']}:{memory['form']['client_secret']}"
    return send(again(request, headers={**request.headers, "x-basic": b64encode(pair.encode()).decode()}))


def shows_its_token(request: httpx.Request, send: Send, _: Memory) -> httpx.Response:
    """Send the token in the address as well."""
    if not concerns("*", request):
        return send(request)
    token = request.headers["authorization"].partition(" ")[2]
    return send(again(request, url=request.url.copy_merge_params({"access_token": token})))


def prints(client: AepClient, scenario: Scenario, surroundings: Surroundings) -> Performance:
    """Print the token."""
    done = performed(client, scenario, surroundings)
    return replace(done, output=f"token: {client.token()}".encode())


def prints_encoded(encode: Callable[[bytes], str]) -> Act:
    """Print the token, but not as it is."""

    def act(client: AepClient, scenario: Scenario, surroundings: Surroundings) -> Performance:
        done = performed(client, scenario, surroundings)
        return replace(done, output=f"token: {encode(client.token().encode())}".encode())

    return act


def keeps_its_token(client: AepClient, scenario: Scenario, surroundings: Surroundings) -> Performance:
    """Keep the token in a file."""
    done = performed(client, scenario, surroundings)
    (surroundings.folder / "token.json").write_text(json.dumps({"access_token": client.token()}))
    return done


DEFECTS: Final[Mapping[str, Defect]] = {
    "names no sandbox": Defect("003", "", header("*", x_sandbox_name=None)),
    "names no organisation": Defect("003", "", header("*", x_gw_ims_org_id=None)),
    "names no API key": Defect("003", "", header("*", x_api_key=None)),
    "creates jobs in plain text": Defect("004", "", header("createExportJob", content_type="text/plain")),
    "calls what there is not": Defect("005", "", probes),
    "authorises with Token": Defect("006", "", header("*", authorization="Token abcdefghijk")),
    "sends no token": Defect("003", "", header("*", authorization=None)),
    "has another API key": Defect("007", "", header("*", x_api_key="another-key")),
    "creates datasets in plain text": Defect("008", "", header("createDataset", content_type="text/plain")),
    "asks for a page size of its own": Defect("009", "", query("listExportJobs", pageSize="5")),
    "reads with a body": Defect(
        "010", "", sends("getExportJob", lambda r: again(r, content=b"{}", headers=dict(r.headers)))
    ),
    "asks for a token without scopes": Defect("011", "", form(lambda fields: fields.pop("scope"))),
    "asks for a token with a password": Defect("011", "", form(lambda fields: fields.update(grant_type="password"))),
    "asks for a token for each call": Defect("012", "", token_for_each_call),
    "does not replace a token": Defect("013", "token-expires-while-waiting", takes(401, 403)),
    "needs a token's lifetime": Defect("014", "token-without-a-lifetime", reads("requestToken", needs_a_lifetime)),
    "shows its secret to the API": Defect("016", "", shows_its_secret),
    "shows its token in addresses": Defect("009 017", "", shows_its_token),
    "shows its secret to the API in base64": Defect("016", "", shows_its_secret_in_basic),
    "prints its token": Defect("079", "", act=prints),
    "prints its token in base64": Defect("079", "", act=prints_encoded(lambda token: encodebytes(token).decode())),
    "prints its token in hex": Defect("079", "", act=prints_encoded(bytes.hex)),
    "leaves its token in a file": Defect("080", "", act=keeps_its_token),
}
