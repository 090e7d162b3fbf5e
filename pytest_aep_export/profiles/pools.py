"""The pools that fake values are sampled from, drawn from Faker once for each locale.

Nobody can be reached through them: e-mail domains are example.com and example.org, phone numbers are of the range
that is reserved for fiction (555-01XX), IP addresses are of the ranges reserved for documentation.
"""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import pyarrow as pa
from faker import Faker

from pytest_aep_export.errors import ConfigurationError

__all__ = ["BROWSERS", "DOMAINS", "IP_ADDRESSES", "PAGES", "PHONES", "PRODUCTS", "Pools", "pools"]

_SEED: Final = 20181025
_NAMES: Final = 2048
_ADDRESSES: Final = 512
_COMPANIES: Final = 64

DOMAINS: Final = ("@example.com", "@example.org")
"""What e-mail addresses end with: of one length."""

PHONES: Final = pa.array([f"1-{area}-555-01{line:02}" for area in (202, 303, 404, 617) for line in range(100)])
"""Phone numbers."""

IP_ADDRESSES: Final = pa.array(
    [f"{net}.{host}" for net in ("192.0.2", "198.51.100", "203.0.113") for host in range(1, 255)]
)
"""IPv4 addresses."""

_AGENT: Final = "Mozilla/5.0 ({platform}) AppleWebKit/537.36 (KHTML, like Gecko) {name}/{version} Safari/537.36"
_PLATFORMS: Final = {
    "Windows": "Windows NT 10.0; Win64; x64",
    "macOS": "Macintosh; Intel Mac OS X 10_15_7",
    "Linux": "X11; Linux",
}

BROWSERS: Final = pa.Table.from_pylist(
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

PAGES: Final = pa.table(
    {
        "name": [
            f"{section} {number}" for section in ("Home", "Category", "Product", "Cart", "Help") for number in range(40)
        ],
        "URL": [
            f"https://www.example.com/{section}/{number}"
            for section in ("home", "category", "product", "cart", "help")
            for number in range(40)
        ],
    }
)
"""Pages of a web shop."""

PRODUCTS: Final = pa.table(
    {
        "SKU": [f"SKU-{number:04}" for number in range(200)],
        "name": [f"{kind} {number}" for number in range(40) for kind in ("Jacket", "Boots", "Tent", "Lamp", "Rope")],
    }
)
"""What the web shop sells."""


@dataclass(frozen=True, slots=True)
class Pools:
    """Values of one locale.

    Attributes:
        names: Whole persons: ``firstName``, ``middleName``, ``lastName``, ``fullName``, ``gender``, and ``local``, the
            first part of an e-mail address with a dot at its end.
        addresses: ``street1``, ``city``, ``stateProvince``, ``postalCode``, ``latitude``, ``longitude``.
        companies: Names of companies.
        country: The country's name, a text or null.
        country_code: Its two letters, a text or null.
        language: The locale as browsers write it.
    """

    names: pa.Table
    addresses: pa.Table
    companies: pa.Array[Any]
    country: pa.Scalar[Any]
    country_code: pa.Scalar[Any]
    language: str


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
    return Pools(
        names=pa.Table.from_pylist(_names(faker)),
        addresses=pa.Table.from_pylist(_addresses(faker)),
        companies=pa.array([faker.company() for _ in range(_COMPANIES)]),
        country=pa.scalar(_optional(faker, "current_country"), pa.string()),
        country_code=pa.scalar(_optional(faker, "current_country_code"), pa.string()),
        language=locale.replace("_", "-"),
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
        "local": f"{_ascii(first) or 'user'}.{_ascii(last) or 'name'}.",
    }


def _ascii(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return "".join(filter(str.isalnum, letters))


def _addresses(faker: Faker) -> list[dict[str, Any]]:
    country = _optional(faker, "current_country_code")
    return [_address(faker, country) for _ in range(_ADDRESSES)]


def _address(faker: Faker, country: str | None) -> dict[str, Any]:
    state = _optional(faker, "state_abbr")
    return {
        "street1": faker.street_address(),
        "city": faker.city(),
        "stateProvince": state and f"{country}-{state}",
        "postalCode": faker.postcode(),
        "latitude": float(faker.latitude()),
        "longitude": float(faker.longitude()),
    }
