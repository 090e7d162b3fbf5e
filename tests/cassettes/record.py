"""Records the cassettes of the library anew, from the emulator: ``python tests/cassettes/record.py``.

Ids, times and data derive from the emulator's seed; only the client's own request ids differ from run to run.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pytest_aep_export.cassettes import describe, library, record
from pytest_aep_export.client import AepClient
from pytest_aep_export.emulator import Emulator, EmulatorServer

SUCCEEDED: Final = "export/succeeded"
FIELDS: Final = "personID,personalEmail.address"


def succeeded(folder: Path | None = None) -> None:
    """A token, a dataset, and an export of five profiles that is waited for and read."""
    with Emulator(profiles=5) as emulator, EmulatorServer(emulator) as server:
        credentials = emulator.create_tenant().credentials
        with (
            record(
                SUCCEEDED,
                credentials=credentials,
                base_url=server.url,
                folder=folder,
                metadata=describe("emulator", dialect="canonical"),
            ),
            AepClient(credentials, base_url=server.url, pause=lambda _seconds: None) as client,
        ):
            dataset = client.create_dataset("Profile Data Export")
            job = client.wait_for_export_job(client.create_export_job(dataset_id=dataset.id, fields=FIELDS))
            client.read_table(job)


if __name__ == "__main__":
    succeeded()
    print(library() / f"{SUCCEEDED}.yaml")  # noqa: T201 - the program's only output
