"""The pools that fake values are sampled from, drawn from Faker once for each locale.

Nobody can be reached through them: e-mail domains are example.com and example.org, phone numbers are of the range
that is reserved for fiction (555-01XX), IP addresses are of the ranges reserved for documentation.
"""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
import pyarrow as pa
from faker import Faker

from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.profiles.texts import Pool

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["BROWSERS", "DOMAINS", "IP_ADDRESSES", "PAGES", "PHONES", "PRODUCTS", "Columns", "Pools", "pools"]

_SEED: Final = 20181025
_NAMES: Final = 2048
_ADDRESSES: Final = 512
_COMPANIES: Final = 64

Columns: TypeAlias = Mapping[str, Pool]
"""Pools side by side: what stands at one place of each belongs together."""


def _columns(rows: Sequence[Mapping[str, str | None]]) -> Columns:
    return {name: Pool.of([row[name] for row in rows]) for name in rows[0]}


DOMAINS: Final = ("@example.com", "@example.org")
"""What e-mail addresses end with: of one length."""

PHONES: Final = Pool.of([f"1-{area}-555-01{line:02}" for area in (202, 303, 404, 617) for line in range(100)])
"""Phone numbers."""

IP_ADDRESSES: Final = Pool.of(
    [f"{net}.{host}" for net in ("192.0.2", "198.51.100", "203.0.113") for host in range(1, 255)]
)
"""IPv4 addresses."""

_AGENT: Final = "Mozilla/5.0 ({platform}) AppleWebKit/537.36 (KHTML, like Gecko) {name}/{version} Safari/537.36"
_PLATFORMS: Final = {
    "Windows": "Windows NT 10.0; Win64; x64",
    "macOS": "Macintosh; Intel Mac OS X 10_15_7",
    "Linux": "X11; Linux",
}

BROWSERS: Final = _columns(
    [
        {
            "name": name,
            "version": f"{version}.0",
            "userAgent": _AGENT.format(platform=platform, name=name, version=f"{version}.0"),
            "operatingSystem": system,
        }
        for name, versions in {
            "Chrome": (68, 69, 70),
            "Firefox": (61, 62, 63),
            "Safari": (11, 12),
            "Edge": (17, 18),
        }.items()
        for version in versions
        for system, platform in _PLATFORMS.items()
    ]
)
"""Browsers: name, version, the header they send and the system they run on."""

PAGES: Final = _columns(
    [
        {"name": f"{section} {number}", "URL": f"https://www.example.com/{section.lower()}/{number}"}
        for section in ("Home", "Category", "Product", "Cart", "Help")
        for number in range(40)
    ]
)
"""Pages of a web shop."""

PRODUCTS: Final = _columns(
    [
        {"SKU": f"SKU-{5 * number + place:04}", "name": f"{kind} {number}"}
        for number in range(40)
        for place, kind in enumerate(("Jacket", "Boots", "Tent", "Lamp", "Rope"))
    ]
)
"""What the web shop sells."""


@dataclass(frozen=True, slots=True)
class Pools:
    """Values of one locale.

    Attributes:
        names: Whole persons: ``firstName``, ``middleName``, ``lastName``, ``fullName`` and ``gender``.
        mailboxes: The first part of each person's e-mail address, with a dot at its end.
        addresses: ``street1``, ``city``, ``stateProvince``, ``postalCode``.
        coordinates: The ``latitude`` and the ``longitude`` of each address.
        companies: Names of companies.
        country: The country's name, in a pool of one; there may be none.
        country_code: Its two letters, in the same way.
        language: The locale as browsers write it, in a pool of one.
    """

    names: Columns
    mailboxes: pa.StringArray
    addresses: Columns
    coordinates: Mapping[str, NDArray[np.float64]]
    companies: Pool
    country: Pool
    country_code: Pool
    language: Pool


@lru_cache(maxsize=8)
def pools(locale: str) -> Pools:
    """The pools of a locale; always the same with one version of Faker.

    Raises:
        ConfigurationError: Faker does not know the locale.
    """
    try:
        faker = Faker(locale)
    except AttributeError as error:
        raise ConfigurationError(f"locale {locale!r} is unknown to Faker: use one such as en_US or de_DE") from error
    faker.seed_instance(_SEED)
    names = _names(faker)
    addresses, coordinates = zip(*_addresses(faker), strict=True)
    return Pools(
        names=_columns(names),
        mailboxes=pa.array([_mailbox(name) for name in names]),
        addresses=_columns(addresses),
        coordinates={name: np.array([point[name] for point in coordinates]) for name in ("latitude", "longitude")},
        companies=Pool.of([faker.company() for _ in range(_COMPANIES)]),
        country=Pool.of([_optional(faker, "current_country")]),
        country_code=Pool.of([_optional(faker, "current_country_code")]),
        language=Pool.of([locale.replace("_", "-")]),
    )


def _optional(faker: Faker, method: str) -> str | None:
    """What a method of the provider answers, or None in a locale that lacks it."""
    draw: Callable[[], str] | None = getattr(faker, method, None)
    return None if draw is None else str(draw())


def _names(faker: Faker) -> list[dict[str, str]]:
    choose = random.Random(_SEED)  # noqa: S311 - fake data, not secrets
    given = {
        "female": [faker.first_name_female() for _ in range(128)],
        "male": [faker.first_name_male() for _ in range(128)],
    }
    family = [faker.last_name() for _ in range(256)]
    return [
        _name(choose.choice(given[gender]), choose.choice(given[gender]), choose.choice(family), gender)
        for gender in ("female", "male")
        for _ in range(_NAMES // 2)
    ]


def _name(first: str, second: str, last: str, gender: str) -> dict[str, str]:
    return {
        "firstName": first,
        "middleName": second[0],
        "lastName": last,
        "fullName": f"{first} {last}",
        "gender": gender,
    }


def _mailbox(name: Mapping[str, str]) -> str:
    return f"{_ascii(name['firstName']) or 'user'}.{_ascii(name['lastName']) or 'name'}."


def _ascii(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return "".join(filter(str.isalnum, letters))


def _addresses(faker: Faker) -> Iterator[tuple[dict[str, str | None], dict[str, float]]]:
    """Addresses, and where they are."""
    country = _optional(faker, "current_country_code")
    for _ in range(_ADDRESSES):
        state = _optional(faker, "state_abbr")
        address = {
            "street1": faker.street_address(),
            "city": faker.city(),
            "stateProvince": state and f"{country}-{state}",
            "postalCode": faker.postcode(),
        }
        yield address, {"latitude": float(faker.latitude()), "longitude": float(faker.longitude())}
