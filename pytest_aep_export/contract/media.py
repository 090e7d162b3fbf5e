"""Media types, as far as the contract tells them apart."""

from __future__ import annotations

from pytest_aep_export.exchange import Headers

__all__ = ["is_json", "media_type"]


def media_type(headers: Headers) -> str:
    """The content's type without its parameters, in lower case; an empty text where none is named."""
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def is_json(media: str) -> bool:
    """Whether a type says JSON, by itself or by its suffix."""
    return media == "application/json" or (media.startswith("application/") and media.endswith("+json"))
