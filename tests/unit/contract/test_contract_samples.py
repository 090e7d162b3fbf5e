"""Every JSON sample of the seed, transcribed: valid in the dialect of the page that shows it.

The files are named after the seed's sections: "Creare un set di dati di destinazione" (create-dataset), "Avvia processo
di esportazione" (start-export), "Elenca tutti i processi di esportazione" (list-exports), "Monitorare l'avanzamento
dell'esportazione" (monitor-export) and "Ulteriori esempi di payload di esportazione" (appendix).
"""

from collections.abc import Callable
from typing import Any

import pytest

from pytest_aep_export.contract import Contract
from pytest_aep_export.exchange import Request, Response

JOBS = "https://platform.adobe.io/data/core/ups/export/jobs"


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("create-dataset-request", "https://platform.adobe.io/data/foundation/catalog/dataSets"),
        ("start-export-request", JOBS),
        ("appendix-profiles-only-request", JOBS),
        ("appendix-events-only-request", JOBS),
    ],
)
def test_the_seeds_requests_may_be_sent(
    contract: Contract, sample: Callable[[str], Any], ask: Callable[..., Request], name: str, url: str
):
    """The contract refuses none of the requests that the seed shows."""
    assert contract.validate_request(ask("POST", url, json=sample(name))) == []


@pytest.mark.parametrize(
    ("operation", "status", "name"),
    [
        ("createDataset", 201, "create-dataset-response"),
        ("createExportJob", 200, "start-export-response"),
        ("listExportJobs", 200, "list-exports-response"),
        ("getExportJob", 200, "monitor-export-response"),
    ],
)
def test_the_seeds_answers_are_valid_in_their_dialect(
    contract: Contract,
    sample: Callable[[str], Any],
    tell: Callable[..., Response],
    operation: str,
    status: int,
    name: str,
):
    """Each answer that the seed shows contradicts no source and follows the profile guide's dialect."""
    answer = tell(status, sample(name))
    assert contract.is_valid_response(operation, answer)
    assert contract.validate_response(operation, answer, "profile-guide") == []


def test_the_seeds_jobs_differ_from_the_canonical_dialect(contract: Contract, sample: Callable[[str], Any]):
    """The spelling of the dataset's id and the collage of times are what the canonical dialect does otherwise."""
    from json import dumps  # noqa: PLC0415 - one call

    found = contract.validate_job(dumps(sample("monitor-export-response")).encode(), "canonical")
    assert {(v.pointer, v.source, v.level) for v in found} == {
        ("/destination/datasetId", "D-31", "SHOULD"),
        ("/creationTime", "D-20", "SHOULD"),
        ("/updateTime", "D-20", "SHOULD"),
    }
