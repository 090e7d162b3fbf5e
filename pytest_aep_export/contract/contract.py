"""The contract itself: one document, loaded once, that matches and judges requests and answers."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from pytest_aep_export.contract.bodies import UnreadableBodyError, parse
from pytest_aep_export.contract.document import operations, read
from pytest_aep_export.contract.requests import RequestValidator
from pytest_aep_export.contract.responses import ResponseValidator
from pytest_aep_export.contract.routes import Routes
from pytest_aep_export.contract.schemas import Schemas
from pytest_aep_export.contract.values import Match, Operation, Violation
from pytest_aep_export.exchange import Request, Response

__all__ = ["Contract", "load"]


class Contract:
    """What the API promises and asks for.

    Attributes:
        document: The OpenAPI document.
        operations: Every operation by its ``operationId``.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        found = list(operations(document))
        self.document = document
        self.operations: Mapping[str, Operation] = {operation.id: operation for operation, _ in found}
        self._routes = Routes(self.operations.values())
        self._schemas = Schemas(document)
        self._requests = RequestValidator(document, self._schemas)
        nodes = {operation.id: node for operation, node in found}
        self._responses = ResponseValidator(document, nodes, self._schemas)

    def match(self, method: str, path: str) -> Match | None:
        """The operation that a method and a path are for, or None; one trailing slash makes no difference."""
        return self._routes.match(method, path)

    def allowed_methods(self, path: str) -> tuple[str, ...]:
        """The methods that a path knows; none when the path is unknown."""
        return self._routes.allowed_methods(path)

    def schema(self, name: str, dialect: str | None = None) -> dict[str, Any]:
        """A named schema with all that it refers to, as one JSON Schema of draft 2020-12.

        Raises:
            KeyError: The contract has no such schema.
        """
        return self._schemas.bundle(self.document["components"]["schemas"][name], dialect)

    def validate_request(self, request: Request) -> list[Violation]:
        """What is wrong with a request; nothing when it may be sent."""
        match = self.match(request.method, request.path)
        if match is None:
            known = ", ".join(self.allowed_methods(request.path)) or "no method"
            return [
                Violation("", f"an operation of the contract; {known} is known here", _call(request), "the contract")
            ]
        return self._requests.validate(match, request)

    def validate_response(self, operation_id: str, response: Response, dialect: str | None = None) -> list[Violation]:
        """What is wrong with an answer.

        Args:
            operation_id: What was asked.
            response: What was answered.
            dialect: Also report what deviates from this dialect. Without one, only what contradicts all of them.

        Raises:
            KeyError: The contract has no such operation.
        """
        return self._responses.validate(self.operations[operation_id], response, dialect)

    def validate_job(self, body: bytes, dialect: str | None = None) -> list[Violation]:
        """What is wrong with an export job, from its bytes: as JSON, by its schema and by its rules."""
        try:
            value = parse(body)
        except UnreadableBodyError as error:
            return [Violation("", "an export job in JSON", str(error), "facts, export-jobs section 3")]
        return self._responses.document("ShownJob", value, dialect)

    def is_valid_response(self, operation_id: str, response: Response) -> bool:
        """Whether an answer contradicts none of the documented variants; the verdict alone.

        Raises:
            KeyError: The contract has no such operation.
        """
        return not self._responses.validate(self.operations[operation_id], response, None)


def _call(request: Request) -> str:
    return f"{request.method} {request.path}"


@cache
def load() -> Contract:
    """The contract that this package ships; the document is read once."""
    return Contract(read())
