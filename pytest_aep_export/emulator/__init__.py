"""A stateful emulator of the profile-export-jobs API that really runs the export.

`app` puts it together: `gateway` admits requests and records them, one module per service answers, `tenants`, `store`
and `jobs` hold the state, `advance` and `exporting` make jobs succeed, `server` puts it on a socket. What goes wrong on
purpose stands in `personas` and in `faults`, which `faulty` and `wire` do. How answers may differ is a `variation`, one
of `choices`, and done by `varied`.
"""

from pytest_aep_export.emulator.app import Emulator, Tenant
from pytest_aep_export.emulator.behaviour import Behaviour
from pytest_aep_export.emulator.fault_plan import FaultPlan
from pytest_aep_export.emulator.faults import Fault
from pytest_aep_export.emulator.journal import Journal
from pytest_aep_export.emulator.server import EmulatorServer
from pytest_aep_export.emulator.truth import LoadedProfiles
from pytest_aep_export.emulator.variation import Variation

__all__ = [
    "Behaviour",
    "Emulator",
    "EmulatorServer",
    "Fault",
    "FaultPlan",
    "Journal",
    "LoadedProfiles",
    "Tenant",
    "Variation",
]
