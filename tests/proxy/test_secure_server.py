"""The emulator with TLS: the same as without, on another port."""

from __future__ import annotations

import ssl

import httpx

from pytest_aep_export import AepClient, Emulator, EmulatorServer
from pytest_aep_export.proxy import Authority


def test_both_ports_show_the_same_state():
    """What is exported at the plain port is read at the encrypted one, with links to where the client asked."""
    with (
        Authority() as authority,
        Emulator(profiles=1) as emulator,
        EmulatorServer(emulator) as plain,
        EmulatorServer(emulator, tls=authority.context) as secure,
        AepClient((who := emulator.create_tenant().credentials), base_url=plain.url, pause=lambda _: None) as client,
        httpx.Client(verify=ssl.create_default_context(cafile=str(authority.pem))) as browser,
    ):
        job = client.wait_for_export_job(client.create_export_job(client.create_dataset("one for both").id))
        answer = browser.get(
            f"{secure.url}/data/foundation/export/batches/{job.batch_ids[0]}/files",
            headers={
                "Host": "platform.adobe.io",
                "Authorization": f"Bearer {client.token()}",
                "x-api-key": who.client_id,
                "x-gw-ims-org-id": who.org_id,
                "x-sandbox-name": who.sandbox,
            },
            extensions={"sni_hostname": "platform.adobe.io"},
        )

    assert (plain.url, secure.url) == (f"http://127.0.0.1:{plain.port}", f"https://127.0.0.1:{secure.port}")
    [file] = answer.json()["data"]
    assert file["_links"]["self"]["href"].startswith("https://platform.adobe.io/data/foundation/export/files/")
