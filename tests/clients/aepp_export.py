"""A program around Adobe's own client, `aepp`, that does what its environment asks for and leaves the rest to `aepp`.

It decides nothing that `aepp` decides: errors that `aepp` hands back as JSON have no ``id`` and no ``status``, and what
is missing raises. Only waiting is its own, for which `aepp` has no method. Judge it with
``aep-export judge -- python tests/clients/aepp_export.py``.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import aepp
from aepp.catalog import Catalog
from aepp.customerprofile import Profile
from aepp.dataaccess import DataAccess
from aepp.segmentation import Segmentation


def connected(environ: Mapping[str, str]) -> Any:
    """The configuration of aepp, as its documentation makes it, but for two addresses."""
    configured: Any = aepp.configure(
        org_id=environ["AEP_ORG_ID"],
        client_id=environ["AEP_CLIENT_ID"],
        secret=environ["AEP_CLIENT_SECRET"],
        scopes=environ["AEP_SCOPES"],
        sandbox=environ["AEP_SANDBOX_NAME"],
        environment="support",
        endpoint=environ["AEP_BASE_URL"],
        connectInstance=True,
    )
    configured.getConfigObject()["oauthTokenEndpointV2"] = environ["AEP_IMS_URL"]
    return configured


def created(config: Any, profile: Profile) -> Any:
    """The id of a new job, for whole profiles and a dataset of its own."""
    [reference] = Catalog(config=config).createUnionProfileDataset()
    return profile.createExportJob(
        {"destination": {"datasetId": reference.rpartition("/")[2]}, "schema": {"name": "_xdm.context.profile"}}
    )["id"]


def export(config: Any, environ: Mapping[str, str]) -> None:
    """Create a job, wait for it, and read every file of its batch."""
    profile = Profile(config=config)
    job_id = created(config, profile)
    deadline = time.monotonic() + float(environ["AEP_TIMEOUT_SECONDS"])
    job = profile.getExportJob(job_id)
    while job["status"] in {"NEW", "PROCESSING"}:
        if time.monotonic() > deadline:
            raise TimeoutError(f"job {job_id} is still {job['status']}")
        time.sleep(float(environ["AEP_POLL_SECONDS"]))
        job = profile.getExportJob(job_id)
    if job["status"] != "SUCCEEDED":
        raise RuntimeError(f"job {job_id} ended as {job['status']}: {job.get('errors')}")
    access: Any = DataAccess(config=config)
    for file in access.getBatchFiles(job["destination"]["batchId"]):
        for part in access.getFiles(file["dataSetFileId"])["data"]:
            content = access.getFiles(file["dataSetFileId"], path=part["name"])
            (Path(environ["AEP_OUTPUT_DIR"]) / part["name"]).write_bytes(content.getvalue())


def jobs(config: Any, _: Mapping[str, str]) -> None:
    """List every job."""
    for job in Segmentation(config=config).getExportJobs():
        print(job["id"])  # noqa: T201 - what a program says


def cancel(config: Any, _: Mapping[str, str]) -> None:
    """Create a job, and cancel it."""
    profile = Profile(config=config)
    answer = profile.deleteExportJob(created(config, profile))
    if answer not in range(200, 300):
        raise RuntimeError(f"the cancel was answered with {answer}")


TASKS: Mapping[str, Callable[[Any, Mapping[str, str]], None]] = {"export": export, "list": jobs, "cancel": cancel}


def main(environ: Mapping[str, str] = os.environ) -> None:
    """Do what the environment asks for."""
    TASKS[environ["AEP_TASK"]](connected(environ), environ)


if __name__ == "__main__":
    main()
