from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.api.conftest import Api


async def test_the_countries_are_those_of_the_standard(api: Api) -> None:
    countries = (await api.client.get("/v1/countries")).json()
    assert all(country.keys() == {"code", "name"} for country in countries)
    names = {country["code"]: country["name"] for country in countries}
    assert len(names) == len(countries) == 250  # ISO 3166-1, officially assigned, and Kosovo
    assert names["xk"] == "Kosovo"
    assert all(re.fullmatch("[a-z]{2}", code) for code in names)
    assert (names["us"], names["gb"], names["de"], names["kr"]) == (
        "United States",
        "United Kingdom",
        "Germany",
        "South Korea",
    )
    assert not any("," in name for name in names.values() if "and" not in name), "formal names"
    assert [country["name"] for country in countries] == sorted(names.values())


async def test_every_listed_country_is_taken_in_either_case(api: Api) -> None:
    for code in ("us", "DE", "gB", "xk"):
        job_id = await api.submit("https://example.com/", country=code)
        assert (await api.job(job_id))["country"] == code.lower()


async def test_what_clients_mean_by_a_country(api: Api) -> None:
    for code, meant in (("uk", "gb"), ("UK", "gb"), ("", "us"), (None, "us")):
        job_id = await api.submit("https://example.com/", country=code)
        assert (await api.job(job_id))["country"] == meant
