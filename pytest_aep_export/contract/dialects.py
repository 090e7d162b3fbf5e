"""The documented variants of the API, as values: a dialect is one way of answering that some source shows.

``canonical`` follows the "emulator" column of ``divergences.md``. The others follow one source each, where it differs.
Numbers such as D-31 name the divergence that a member decides.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal

from pytest_aep_export.errors import ConfigurationError

__all__ = ["CANONICAL", "DIALECTS", "Dialect", "dialect"]


@dataclass(frozen=True, slots=True, eq=False)
class Dialect:
    """One documented way of answering.

    Attributes:
        name: What it is called in options and reports.
        dataset_key: How a job's answer spells the target dataset: alone, in the list, or both (D-31).
        dataset_key_in_list: The same, in the job list.
        cancel: What a cancel is answered with: 204 and nothing, or 200 and a message (D-7).
        batches: The shape of ``destination.batches``: an array, or a single object (D-47).
        echo: Whether a job repeats the ``fields``, ``filter`` and ``additionalFields`` of its request (D-26).
        counters: Whether ``metrics`` holds the counters of exported profiles (D-43).
        write_timer: Whether ``metrics`` holds ``aCPDatasetWriteTime`` (D-43).
        batch_id: The form of batch ids: a ULID, or 32 hexadecimal digits (D-25).
        dataset_path: The prefix of a created dataset's reference (D-73).
        missing_token_status: What a call without a token is answered with (D-16).
    """

    name: str
    dataset_key: Literal["datasetId", "dataSetId"] = "datasetId"
    dataset_key_in_list: Literal["datasetId", "dataSetId"] = "datasetId"
    cancel: Literal["empty", "message"] = "empty"
    batches: Literal["array", "object"] = "array"
    echo: bool = True
    counters: bool = True
    write_timer: bool = True
    batch_id: Literal["ulid", "hex"] = "ulid"
    dataset_path: Literal["@/dataSets/", "@/datasets/"] = "@/dataSets/"
    missing_token_status: Literal[401, 403] = 403


CANONICAL: Final = Dialect("canonical")
_PROFILE_GUIDE: Final = Dialect(
    "profile-guide",
    dataset_key="dataSetId",
    echo=False,
    counters=False,
    batch_id="hex",
    dataset_path="@/datasets/",
)
_SEGMENTATION_GUIDE: Final = Dialect(
    "segmentation-guide", dataset_key="dataSetId", dataset_key_in_list="dataSetId", write_timer=False
)
_OPENAPI: Final = replace(
    CANONICAL, name="openapi", cancel="message", batches="object", counters=False, missing_token_status=401
)

DIALECTS: Final[dict[str, Dialect]] = {d.name: d for d in (CANONICAL, _PROFILE_GUIDE, _SEGMENTATION_GUIDE, _OPENAPI)}
"""Every dialect by name."""


def dialect(name: str) -> Dialect:
    """The dialect of that name.

    Raises:
        ConfigurationError: No dialect is called so.
    """
    if name not in DIALECTS:
        raise ConfigurationError(f"dialect {name!r} is unknown: use one of {', '.join(DIALECTS)}")
    return DIALECTS[name]
