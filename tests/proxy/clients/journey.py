"""What each Python client does: a token, the list of jobs, and a host that is not Adobe's. Its name is the argument.

No client is told of a proxy, of an authority or of an address of the emulator's: the environment does that.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import sys
import urllib.parse
import urllib.request
from typing import Any

TOKEN = "https://ims-na1.adobelogin.com/ims/token/v3"
JOBS = "https://platform.adobe.io/data/core/ups/export/jobs"
OTHER = "https://example.org/"
FORM = {
    "grant_type": "client_credentials",
    "client_id": os.environ["AEP_CLIENT_ID"],
    "client_secret": os.environ["AEP_CLIENT_SECRET"],
    "scope": os.environ["AEP_SCOPES"],
}


def headers(token: str) -> dict[str, str]:
    """What the gateway wants to see."""
    return {
        "Authorization": f"Bearer {token}",
        "x-api-key": os.environ["AEP_CLIENT_ID"],
        "x-gw-ims-org-id": os.environ["AEP_ORG_ID"],
        "x-sandbox-name": os.environ["AEP_SANDBOX_NAME"],
    }


def say(what: object) -> None:
    """Print a line."""
    sys.stdout.write(f"{what}\n")


def with_module(client: Any) -> None:
    """The journey with requests, httpx or httpx2, which are called alike."""
    token = client.post(TOKEN, data=FORM).json()["access_token"]
    say(client.get(JOBS, headers=headers(token)).status_code)
    client.get(OTHER)


def with_urllib() -> None:
    """The journey with the standard library."""
    with urllib.request.urlopen(TOKEN, urllib.parse.urlencode(FORM).encode()) as answer:
        token = json.load(answer)["access_token"]
    with urllib.request.urlopen(urllib.request.Request(JOBS, headers=headers(token))) as answer:
        say(answer.status)
    urllib.request.urlopen(OTHER)


async def with_aiohttp() -> None:
    """The journey with aiohttp, which looks for a proxy only if it is asked to."""
    import aiohttp  # noqa: PLC0415 - only here

    async with aiohttp.ClientSession(trust_env=True) as session:
        async with session.post(TOKEN, data=FORM) as answer:
            token = (await answer.json())["access_token"]
        async with session.get(JOBS, headers=headers(token)) as answer:
            say(answer.status)
        async with session.get(OTHER):
            pass


def with_aep_client() -> None:
    """The journey with our own client, pointed at nothing."""
    from pytest_aep_export import AepClient, Credentials  # noqa: PLC0415 - only here

    who = Credentials(os.environ["AEP_CLIENT_ID"], os.environ["AEP_CLIENT_SECRET"], os.environ["AEP_ORG_ID"])
    with AepClient(who) as client:
        say({0: 200}[len(list(client.list_export_jobs()))])
    with AepClient(who, base_url=OTHER) as client:
        client.token()


def with_aepp() -> None:
    """The journey with Adobe's own client, which knows where Adobe's services are."""
    import aepp  # noqa: PLC0415 - only here
    from aepp import connector  # noqa: PLC0415 - the same
    from aepp.customerprofile import Profile  # noqa: PLC0415 - the same

    config = aepp.configure(
        org_id=os.environ["AEP_ORG_ID"],
        client_id=os.environ["AEP_CLIENT_ID"],
        secret=os.environ["AEP_CLIENT_SECRET"],
        scopes=os.environ["AEP_SCOPES"],
        sandbox=os.environ["AEP_SANDBOX_NAME"],
        connectInstance=True,
    )
    page = Profile(config=config).getExportJobs()
    say({0: 200}[len(page["records"])])
    connector.requests.get(OTHER, timeout=10)


def main(name: str) -> None:
    """The journey with the client of that name; the last step has to fail."""
    try:
        if name == "aiohttp":
            asyncio.run(with_aiohttp())
        elif name == "urllib":
            with_urllib()
        elif name == "AepClient":
            with_aep_client()
        elif name == "aepp":
            with_aepp()
        else:
            with_module(importlib.import_module(name))
    except Exception as error:  # noqa: BLE001 - each client has its own, and it is printed
        say("refused" if "403" in str(error) else repr(error))
    else:
        say("reached")


main(sys.argv[1])
