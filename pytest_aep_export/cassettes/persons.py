"""Data of persons, which are no secrets but should not be shared either: told by their names, and never refused.

Names of persons and streets cannot be told from other words. What can are members that are called after what identifies
or reaches somebody: such a text is worth a look before the file leaves the machine.
"""

from __future__ import annotations

import re
from typing import Final

from pytest_aep_export.cassettes.places import places
from pytest_aep_export.cassettes.scan import Leak

__all__ = ["personal", "told_of_persons"]

_SHOWN: Final = 3
"""Places that are told."""

_MEMBERS: Final = {
    "a phone number": re.compile(r"(?:mobile|home|work|fax|cell)?[_-]?(?:phone|fax|telephone)(?:[_-]?(?:no|number))?"),
    "a social security or tax number": re.compile(
        r"ssn|social[_-]?security(?:[_-]?number)?|tax[_-]?id|national[_-]?id"
    ),
    "a number of a passport or card": re.compile(r"(?:passport|(?:credit)?[_-]?card)(?:[_-]?(?:no|number))|iban"),
    "a date of birth": re.compile(r"(?:birth[_-]?date|date[_-]?of[_-]?birth|birthday|dob)"),
    "a name": re.compile(r"(?:first|last|full|middle)[_-]?name|surname"),
    "an e-mail address": re.compile(r"(?:personal|work)?[_-]?e[_-]?mail(?:[_-]?address)?"),
    "a street": re.compile(r"street\d?|postal[_-]?code"),
}
_SSN: Final = re.compile(r"(?<![\w-])(?!000|666|9)\d{3}-(?!00)\d\d-(?!0000)\d{4}(?![\w-])")
_NOTHING: Final = re.compile(r"|null|true|false|\{\}|\[\]|redacted-\d+@example\.com|REDACTED(?:-\d+)?")


def personal(text: str) -> list[Leak]:
    """What in the text of a cassette's file looks like the data of persons, in the order of its lines."""
    found = []
    for place, name, value in places(text):
        if _NOTHING.fullmatch(value):
            continue
        named = (what for what, member in _MEMBERS.items() if member.fullmatch(name.lower()))
        what = next(named, "a social security number" if _SSN.search(value) else None)
        found += [Leak(what, place)] if what else []
    return found


def told_of_persons(text: str) -> str:
    """What there is to say of a file with the data of persons, as the rest of a sentence; empty where it has none."""
    found = personal(text)
    if not found:
        return ""
    shown = [f"{one.what} ({one.place})" for one in found[:_SHOWN]]
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return f"may hold the data of persons: {', '.join(shown)}{more}; read it before you share it"
