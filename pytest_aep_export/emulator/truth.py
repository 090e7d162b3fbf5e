"""What an export of a sandbox must contain: the oracle's word, for whoever wants to compare."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pytest_aep_export.emulator import exporting, jobs, merge_policies
from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.exporter.plan import ExportPlan, plan
from pytest_aep_export.model import ExportJob

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa

    from pytest_aep_export.contract.union import Union
    from pytest_aep_export.emulator.app import Tenant
    from pytest_aep_export.emulator.store import Store
    from pytest_aep_export.emulator.tenants import Sandbox
    from pytest_aep_export.profiles import ProfileData
    from pytest_aep_export.profiles.partitions import Partition

__all__ = ["LoadedProfiles", "expected"]


@dataclass(frozen=True, slots=True)
class LoadedProfiles:
    """Profile data that a tenant exports from, and the truth about its exports.

    Attributes:
        data: The data.
        tenant: Whose it is.
    """

    data: ProfileData
    tenant: Tenant

    @property
    def fragments(self) -> pa.Table:
        """The profile records, one row each."""
        return self.data.fragments

    @property
    def events(self) -> pa.Table:
        """The events, one row each."""
        return self.data.events

    @property
    def partitions(self) -> tuple[Partition, ...]:
        """The data in pieces that have nothing to do with each other."""
        return self.data.partitions

    def expected(self, asked: Mapping[str, Any] | ExportJob) -> list[dict[str, Any]]:
        """See `Tenant.expected`."""
        return self.tenant.expected(asked)


def expected(store: Store, sandbox: Sandbox, asked: Mapping[str, Any] | ExportJob) -> list[dict[str, Any]]:
    """See `Tenant.expected`."""
    from pytest_aep_export.exporter.reference import rows  # noqa: PLC0415 - only who asks pays for it
    from pytest_aep_export.profiles import ProfileData  # noqa: PLC0415 - loads numpy and Arrow

    data, behaviour = sandbox.data, sandbox.organisation.behaviour
    plans = [replace(each, unselected=behaviour.unselected) for each in _plans(store, sandbox.key, asked, data.union)]
    shares = [ProfileData((partition,), data.union) for partition in data.partitions]
    return [row for each in plans for share in shares for row in rows(each, share)]


def _plans(store: Store, tenant: str, asked: Mapping[str, Any] | ExportJob, union: Union) -> Sequence[ExportPlan]:
    """What each batch exports."""
    if not isinstance(asked, ExportJob):
        return _of_request(store, tenant, asked, union)
    job = jobs.find(store, tenant, str(asked.id))
    if job is None:
        raise ConfigurationError(f"nothing can be expected of export job {asked.id}: this tenant has no such job")
    return [exporting.plan_of(job, target, union) for target in job.targets]


def _of_request(store: Store, tenant: str, request: Mapping[str, Any], union: Union) -> Sequence[ExportPlan]:
    policy = merge_policies.chosen(store, tenant, request)
    if policy is None:
        raise ConfigurationError("nothing can be expected of this request: this sandbox has no merge policy for it")
    whole = plan(request, policy, union)
    apart = request.get("destination", {}).get("segmentPerBatch") and whole.segments
    return whole.per_segment() if apart else (whole,)
