"""Every exception that a user of this package can meet.

::

    AepError                        the root: catch it to catch them all
    ├── ConfigurationError          a setting, option, file or extra that cannot work
    │   └── InvalidRowsError        profile data with rows that the union schema does not allow
    ├── TransportError              no answer arrived: refused, reset, timed out
    ├── ApiError                    the API answered with a status of 400 or more
    │   ├── BadRequestError         400, 422: the request is wrong
    │   ├── AuthenticationError     401, 403: the credentials are wrong
    │   ├── NotFoundError           404: nothing has that id
    │   ├── RateLimitError          429: too many requests
    │   └── ServerError             5xx: the service failed
    ├── UnexpectedAnswerError       an answer that the contract does not know
    ├── JobFailedError              the export job ended in another status than SUCCEEDED
    ├── WaitTimeoutError            the job did not end before the deadline
    ├── DownloadError               a file's bytes do not add up to what was announced
    └── ExportError                 the emulator could not compute an export

This module imports the standard library only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_aep_export.exchange import Exchange
    from pytest_aep_export.model import ExportJob, Problem
    from pytest_aep_export.profiles import RowError

__all__ = [
    "AepError",
    "ApiError",
    "AuthenticationError",
    "BadRequestError",
    "ConfigurationError",
    "DownloadError",
    "ExportError",
    "InvalidRowsError",
    "JobFailedError",
    "NotFoundError",
    "RateLimitError",
    "ServerError",
    "TransportError",
    "UnexpectedAnswerError",
    "WaitTimeoutError",
]


class AepError(Exception):
    """The root of every exception that this package raises on purpose."""


class ConfigurationError(AepError):
    """A setting, option, file or extra that cannot work; the message says what to do."""


class InvalidRowsError(ConfigurationError):
    """Profile data with rows that the union schema does not allow; none of it was loaded.

    Attributes:
        errors: What is wrong, up to a number that is fit to be shown.
        count: How many errors there are in all.
    """

    def __init__(self, errors: Sequence[RowError], count: int) -> None:
        self.errors = tuple(errors)
        self.count = count
        more = [f"and {count - len(errors)} more"] if count > len(errors) else []
        lines = [f"no row was loaded, because of {count} error{'s' * (count > 1)}:", *map(str, errors), *more]
        super().__init__("\n  ".join(lines))


class TransportError(AepError):
    """No answer arrived: the connection was refused or reset, or the time ran out."""


class _ExchangeError(AepError):
    """An error that one exchange shows; its message ends with the command that reproduces it."""

    def __init__(self, message: str, exchange: Exchange) -> None:
        self.exchange = exchange
        self.status = exchange.response.status
        self.request_id = exchange.response.headers.get("x-request-id", "")
        self.body = exchange.response.body
        self.curl = exchange.request.curl()
        suffix = f" (request id {self.request_id})" if self.request_id else ""
        super().__init__(f"{message}{suffix}\nreproduce with: {self.curl}")


class ApiError(_ExchangeError):
    """The API answered with a status of 400 or more.

    Attributes:
        exchange: The request and its answer.
        status: The HTTP status.
        problem: What the error body says, whichever of the API's error envelopes it used.
        request_id: The answer's ``x-request-id``, or an empty text.
        body: The answer's bytes.
        curl: A command that repeats the request, with its secrets taken out.
    """

    def __init__(self, exchange: Exchange, problem: Problem) -> None:
        self.problem = problem
        request = exchange.request
        super().__init__(
            f"{request.method} {request.path} was answered with {exchange.response.status}: {problem}", exchange
        )


class BadRequestError(ApiError):
    """400 or 422: the request is wrong."""


class AuthenticationError(ApiError):
    """401 or 403: the credentials are missing, expired or not entitled."""


class NotFoundError(ApiError):
    """404: nothing has that id."""


class RateLimitError(ApiError):
    """429: too many requests."""


class ServerError(ApiError):
    """5xx: the service failed."""


class UnexpectedAnswerError(_ExchangeError):
    """An answer that the contract does not know, such as a body that is not JSON."""


class JobFailedError(AepError):
    """The export job ended in another status than ``SUCCEEDED``; ``job`` holds it."""

    def __init__(self, job: ExportJob) -> None:
        self.job = job
        reasons = "; ".join(f"{error.code}: {error.message}" for error in job.errors) or "the job names no error"
        super().__init__(f"export job {job.id} ended as {job.status}: {reasons}")


class WaitTimeoutError(AepError):
    """The job did not end before the deadline; ``job`` holds its last state."""

    def __init__(self, job: ExportJob, waited: float) -> None:
        self.job = job
        self.waited = waited
        super().__init__(
            f"export job {job.id} is still {job.status} after {waited:g} s: give it a longer timeout, or cancel it"
        )


class DownloadError(AepError):
    """A file's bytes do not add up to what was announced."""


class ExportError(AepError):
    """The emulator could not compute an export; ``code`` goes into the job's ``errors``."""

    def __init__(self, message: str, code: str = "unknown") -> None:
        self.code = code
        super().__init__(message)
