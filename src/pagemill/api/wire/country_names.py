"""The names of countries by their ISO 3166-1 alpha-2 code."""

from __future__ import annotations

from functools import cache

import iso3166

DEFAULT = "us"
_OTHER_CODES = {"uk": "gb"}
"""Codes that are in use but not assigned (ISO 3166-1 reserves them), and what they stand for."""

# Everyday English names where the standard's own are formal.
_EVERYDAY_NAMES = {
    "bn": "Brunei",
    "bo": "Bolivia",
    "cd": "Democratic Republic of the Congo",
    "cg": "Republic of the Congo",
    "fk": "Falkland Islands",
    "fm": "Micronesia",
    "gb": "United Kingdom",
    "ir": "Iran",
    "kp": "North Korea",
    "kr": "South Korea",
    "la": "Laos",
    "md": "Moldova",
    "mf": "Saint Martin",
    "nr": "Nauru",
    "ps": "Palestine",
    "ru": "Russia",
    "sx": "Sint Maarten",
    "sy": "Syria",
    "tw": "Taiwan",
    "tz": "Tanzania",
    "us": "United States",
    "va": "Vatican City",
    "ve": "Venezuela",
    "vg": "British Virgin Islands",
    "vi": "U.S. Virgin Islands",
    "vn": "Vietnam",
}


@cache
def country_names() -> dict[str, str]:
    """Return the names of all countries by their code in lower case, in the order of the names."""
    names = {country.alpha2.lower(): country.name for country in iso3166.countries}
    return dict(sorted((names | _EVERYDAY_NAMES).items(), key=lambda item: item[1]))


def country_code(text: str | None) -> str | None:
    """Return the code of `country_names` that a client means, or None. Without a text it is the default."""
    code = (text or DEFAULT).lower()
    code = _OTHER_CODES.get(code, code)
    return code if code in country_names() else None
