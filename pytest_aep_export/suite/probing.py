"""Whether a target can be judged at all, found out in bounded time before anything is judged."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from pytest_aep_export.errors import ConfigurationError, TransportError
from pytest_aep_export.exchange import Exchange
from pytest_aep_export.model import Problem
from pytest_aep_export.suite.api import DATASETS, JOBS, POLICIES
from pytest_aep_export.suite.courtesy import BusyError
from pytest_aep_export.suite.expect import UnmetError, array, pick, status
from pytest_aep_export.suite.sending import Target, TargetError, require_json

__all__ = ["probe"]

_PROBE_SECONDS: Final = 10.0
_LISTS: Final = (JOBS, DATASETS)
"""Two services: one that is broken is a defect to be judged; two that refuse have been called wrongly."""
_PRODUCTION: Final = "prod"


def probe(target: Target, *, allow_production: bool = False) -> None:
    """Find out in bounded time whether the target can be judged: it answers, speaks JSON, and takes the credentials.

    Args:
        target: Is asked for a token, two lists and, if it is the live service, what sort of sandbox it is.
        allow_production: Whether the live service may be judged in a production sandbox.

    Raises:
        TargetError: It cannot; the message says what to do.
        ConfigurationError: It can, but in a production sandbox, which nobody has allowed.
    """
    if target.recorded is not None:  # it has been judged, and is only played again
        return
    try:
        with target.within(_PROBE_SECONDS):
            target.token()
            exchanges = [target.send("GET", path, query={"limit": 1}) for path in _LISTS]
            policies = target.send("GET", POLICIES, query={"limit": 1}) if target.kind == "live" else None
    except TransportError as error:
        raise TargetError(f"{error}; is the server up, and is --target right?") from error
    except BusyError as error:
        raise TargetError(str(error)) from error
    for exchange in exchanges:
        require_json(exchange, target.base_url, "--target")
    _require_admission(target, exchanges)
    if policies and not allow_production:
        _refuse_production(target.credentials.sandbox, policies)


def _require_admission(target: Target, exchanges: list[Exchange]) -> None:
    refused = [e.response for e in exchanges if 400 <= e.response.status < 500]  # noqa: PLR2004 - the client's fault
    if len(refused) == len(exchanges):
        problem = Problem.from_json(refused[0].json())
        raise TargetError(
            f"{target.base_url} refuses every call with {refused[0].status} ({problem}): "
            "check AEP_ORG_ID and AEP_SANDBOX_NAME, and that the integration may work there"
        )


def _refuse_production(sandbox: str, policies: Exchange) -> None:
    """Refuse a production sandbox; merge policies, where there are some, tell its type (facts, merge-policies)."""
    kind = _sandbox_type(policies)
    if kind == "production" or (not kind and sandbox == _PRODUCTION):
        known = "is a production sandbox" if kind else "is of no known type, and called as production sandboxes are"
        raise ConfigurationError(
            f"the sandbox {sandbox!r} {known}: name a development sandbox in AEP_SANDBOX_NAME, "
            "or add --allow-production if you mean it"
        )


def _sandbox_type(policies: Exchange) -> str:
    """The type that a merge policy shows for its sandbox; empty where none shows any."""
    with suppress(UnmetError):
        for number in range(len(array(status(policies, {200}, "merge policies are listed"), "/children"))):
            with suppress(UnmetError):
                return str(pick(policies, f"/children/{number}/sandbox/type"))
    return ""
