"""A harness for `AepClient`: requests come in on standard input and answers go out on standard output, a line each.

docs/harness.md describes the protocol. Try it with ``aep-export harness smoke -- python harness.py``.
"""

from __future__ import annotations

import json
import platform
import sys
import traceback
from datetime import date, datetime
from typing import Any

import pytest_aep_export
from pytest_aep_export import AepClient, AepError, Credentials, ExportJob
from pytest_aep_export.client import PollPolicy
from pytest_aep_export.errors import JobFailedError


class Harness:
    """A client and the commands that it understands; each is a method of the same name."""

    def start(self, request: dict[str, Any]) -> dict[str, Any]:
        """Make the client."""
        if request["version"] != 1:
            raise NotImplementedError("this harness speaks version 1 of the protocol")
        credentials = {name: request["credentials"][name] for name in Credentials.__dataclass_fields__}
        self.client = AepClient(Credentials(**credentials), base_url=request["url"], ims_url=request["ims_url"])
        self.poll = PollPolicy(request["poll_seconds"], 1, request["poll_seconds"])
        self.timeout = request["timeout_seconds"]
        return {
            "name": "AepClient",
            "language": f"Python {platform.python_version()}",
            "version": pytest_aep_export.__version__,
        }

    def create_dataset(self, request: dict[str, Any]) -> dict[str, Any]:
        """Create a dataset on the union schema."""
        return {"id": self.client.create_dataset(request["name"]).id}

    def create_job(self, request: dict[str, Any]) -> dict[str, Any]:
        """Create a job that exports everything."""
        return shown(self.client.create_export_job(request["dataset"]))

    def get_job(self, request: dict[str, Any]) -> dict[str, Any]:
        """Look at a job."""
        return shown(self.client.get_export_job(request["job"]))

    def list_jobs(self, _: dict[str, Any]) -> dict[str, Any]:
        """List every job."""
        return {"jobs": [shown(job) for job in self.client.list_export_jobs()]}

    def wait_for_job(self, request: dict[str, Any]) -> dict[str, Any]:
        """Wait until a job has succeeded."""
        return shown(self.client.wait_for_export_job(request["job"], timeout=self.timeout, poll=self.poll))

    def cancel_job(self, request: dict[str, Any]) -> dict[str, Any]:
        """Cancel a job."""
        self.client.cancel_export_job(request["job"])
        return {}

    def read_rows(self, request: dict[str, Any]) -> dict[str, Any]:
        """Read every row that a job exported."""
        return {"rows": self.client.read_table(request["job"]).to_pylist(maps_as_pydicts="strict")}

    def stop(self, _: dict[str, Any]) -> dict[str, Any]:
        """Close the client."""
        self.client.close()
        return {}


def shown(job: ExportJob) -> dict[str, Any]:
    """A job in the words of the protocol."""
    return {"id": job.id, "status": str(job.status), "errors": errors_of(job)}


def errors_of(job: ExportJob) -> list[dict[str, str]]:
    """The reasons that a job gives."""
    return [{"code": error.code, "message": error.message} for error in job.errors]


def answer(harness: Harness, request: dict[str, Any]) -> dict[str, Any]:
    """What became of a request: a result, an error that the client reports, or one of this harness."""
    command = getattr(harness, request["cmd"], None)
    if command is None:
        return {"errored": {"message": f"there is no command {request['cmd']!r}"}}
    try:
        return {"result": command(request)}
    except JobFailedError as error:
        return {"failed": {"message": str(error), "errors": errors_of(error.job)}}
    except AepError as error:
        return {"failed": {"message": str(error)}}
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the harness that is broken
        return {"errored": {"message": repr(error), "traceback": traceback.format_exc()}}


def plain(value: object) -> str:
    """What JSON has no word for."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{value!r} cannot be told in JSON")


def main() -> None:
    """Answer requests until ``stop``, or until there are no more."""
    harness = Harness()
    for line in sys.stdin:
        request = json.loads(line)
        told = {"seq": request["seq"], **answer(harness, request)}
        sys.stdout.write(json.dumps(told, default=plain) + "\n")
        sys.stdout.flush()
        if request["cmd"] == "stop":
            break


if __name__ == "__main__":
    main()
