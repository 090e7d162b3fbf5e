"""The OpenAPI document: read once, its references followed, its operations listed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any, Final

from pytest_aep_export.contract.values import Operation
from pytest_aep_export.errors import ConfigurationError

__all__ = ["METHODS", "Node", "operations", "parameters", "read", "resolve"]

Node = Mapping[str, Any]
"""An object of the document."""

METHODS: Final = ("get", "head", "post", "put", "patch", "delete")


def read() -> dict[str, Any]:
    """The document, parsed by the C loader where PyYAML has one.

    Raises:
        ConfigurationError: It cannot be read, or is no YAML.
    """
    import yaml  # noqa: PLC0415 - costs as much as the rest of this package; only whoever needs the document pays

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    place = files("pytest_aep_export.contract").joinpath("openapi.yaml")
    try:
        text = place.read_bytes()
        document: dict[str, Any] = yaml.load(text, Loader=loader)  # noqa: S506 - both loaders are safe ones
    except (OSError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise ConfigurationError(
            f"the contract cannot be read from {place} ({reason}): reinstall the package"
        ) from error
    return document


def resolve(document: Node, node: Node) -> Node:
    """The node, or what it refers to. References stay inside the document.

    Raises:
        KeyError: The reference points nowhere.
    """
    while "$ref" in node:
        target: Any = document
        for key in node["$ref"].removeprefix("#/").split("/"):
            target = target[key.replace("~1", "/").replace("~0", "~")]
        node = target
    return node


def operations(document: Node) -> Iterator[tuple[Operation, Node]]:
    """Every operation, with the object that describes it."""
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield _operation(method.upper(), path, item[method]), item[method]


def _operation(method: str, path: str, node: Node) -> Operation:
    success = tuple(
        int(status)
        for status, response in node["responses"].items()
        if status.startswith("2") and response.get("x-in-dialects") != []
    )
    in_sandbox = all("sandbox" in schemes for schemes in node.get("security", ())) and node.get("security") != []
    return Operation(node["operationId"], method, path, node["tags"][0], success, in_sandbox)


def parameters(document: Node, operation: Operation) -> list[Node]:
    """The operation's parameters, those that it shares with its path included."""
    item = document["paths"][operation.path]
    listed = [*item.get("parameters", ()), *item[operation.method.lower()].get("parameters", ())]
    return [resolve(document, node) for node in listed]
