"""Clients that try again when they should not, or do not when they should."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from pytest_aep_export.client import RetryPolicy
from pytest_aep_export.errors import TransportError, UnexpectedAnswerError
from tests.judge.defects.bending import Bend, Memory, Send, concerns, takes, whole
from tests.judge.defects.defect import Defect, content_with

if TYPE_CHECKING:
    import httpx


def without_retry_after(is_wanted: Callable[[str], bool]) -> Bend:
    """Pass over a ``Retry-After`` of some form."""

    def bend(request: httpx.Request, send: Send, _: Memory) -> httpx.Response:
        response = send(request)
        if is_wanted(response.headers.get("retry-after", "")):
            del response.headers["retry-after"]
        return response

    return bend


def repeats_refusals(request: httpx.Request, send: Send, _: Memory) -> httpx.Response:
    """Send once more what was refused."""
    response = send(request)
    if response.status_code in {400, 403, 404} and concerns("*", request):
        whole(response)
        return send(request)
    return response


DEFECTS: Final[Mapping[str, Defect]] = {
    "gives up at 429": Defect("038", "told-to-wait-a-second", takes(429, 400)),
    "gives up at 503": Defect("039", "down-for-a-moment", takes(503, 500)),
    "passes over how long to wait": Defect("040", "told-to-wait-two-seconds", without_retry_after(str.isdigit)),
    "passes over until when to wait": Defect(
        "041", "told-until-when-to-wait", without_retry_after(lambda text: "," in text)
    ),
    "tries again without pause": Defect(
        "042", "down-for-a-while", settings={"retry": RetryPolicy(start=1e-6, maximum=1e-6)}
    ),
    "tries again for ever": Defect("043", "down-for-good", settings={"retry": RetryPolicy(attempts=10**9)}),
    "repeats what was refused": Defect("044", "looks-are-forbidden", repeats_refusals),
    "takes nonsense for success": Defect(
        "045",
        "looks-are-cut-json looks-are-no-http",
        act=content_with(UnexpectedAnswerError, TransportError, when=lambda e: "/export/jobs/" in str(e)),
    ),
}
