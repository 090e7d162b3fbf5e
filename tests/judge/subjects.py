"""Clients to be judged: in this process as functions, and as programs of a few lines."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from pytest_aep_export.judge.scenario import Scenario
from pytest_aep_export.judge.subject import Surroundings
from pytest_aep_export.judge.trace import Performance

JOBS = "/data/core/ups/export/jobs"
UNION = {
    "id": "https://ns.adobe.com/xdm/context/profile__union",
    "contentType": "application/vnd.adobe.xed+json;version=1",
}


@dataclass
class Does:
    """A client that does what a function does."""

    act: Callable[[Scenario, Surroundings], Performance | None]
    label: str = "a function"
    virtual: bool = True

    def perform(self, scenario: Scenario, surroundings: Surroundings) -> Performance:
        """Do it."""
        return self.act(scenario, surroundings) or Performance("success")


def calling(surroundings: Surroundings) -> httpx.Client:
    """A client of HTTP that has a token and sends all four headers."""
    who = surroundings.credentials
    form = {"grant_type": "client_credentials", "client_id": who.client_id, "client_secret": who.client_secret}
    url = f"{surroundings.url}/ims/token/v3"
    token = httpx.post(url, data=form | {"scope": "openid"}, trust_env=False).json()["access_token"]
    headers = {
        "Authorization": f"Bearer {token}",
        "x-api-key": who.client_id,
        "x-gw-ims-org-id": who.org_id,
        "x-sandbox-name": who.sandbox,
    }
    return httpx.Client(base_url=surroundings.url, headers=headers, trust_env=False)


def created(http: httpx.Client) -> dict[str, Any]:
    """A new job, for a dataset of its own."""
    made = http.post("/data/foundation/catalog/dataSets", json={"name": "Mine", "schemaRef": UNION}).json()
    dataset = made[0].rpartition("/")[2]
    body = {"destination": {"datasetId": dataset}, "schema": {"name": "_xdm.context.profile"}}
    job: dict[str, Any] = http.post(JOBS, json=body).json()
    return job


def lists_once(_: Scenario, surroundings: Surroundings) -> None:
    """Ask for the first page of the list."""
    with calling(surroundings) as http:
        http.get(JOBS)


def exports(_: Scenario, surroundings: Surroundings) -> Performance:
    """Create a job and look at it until it has ended."""
    with calling(surroundings) as http:
        job = created(http)
        while job["status"] in {"NEW", "PROCESSING"}:
            job = http.get(f"{JOBS}/{job['id']}").json()
    return Performance("success" if job["status"] == "SUCCEEDED" else "failure")


def python(source: str) -> list[str]:
    """The command line of a program in Python, without what takes time to be found."""
    return [sys.executable, "-I", "-c", source]


LISTER = """
import json, os, urllib.parse, urllib.request
def call(url, data=None, **headers):
    return json.load(urllib.request.urlopen(urllib.request.Request(url, data, headers)))
env = os.environ
form = {"grant_type": "client_credentials", "client_id": env["AEP_CLIENT_ID"], "scope": env["AEP_SCOPES"],
        "client_secret": env["AEP_CLIENT_SECRET"]}
token = call(env["AEP_IMS_URL"], urllib.parse.urlencode(form).encode())["access_token"]
base, link = env["AEP_BASE_URL"] + "/data/core/ups", "/export/jobs"
while link:
    page = call(base + link, Authorization=f"Bearer {token}", **{"x-api-key": env["AEP_CLIENT_ID"],
                "x-gw-ims-org-id": env["AEP_ORG_ID"], "x-sandbox-name": env["AEP_SANDBOX_NAME"]})
    link = MORE
"""
"""Lists jobs with nothing but the standard library."""
LISTS = LISTER.replace("MORE", '(page.get("link") or {}).get("next")')
"""Lists all of them."""
LISTS_ONE_PAGE = LISTER.replace("MORE", 'print("my token is", token)')
"""Stops after the first page, and prints a secret."""
