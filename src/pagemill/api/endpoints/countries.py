"""The countries that a request can leave from: ISO 3166-1 alpha-2."""

from __future__ import annotations

from fastapi import APIRouter

from pagemill.api.middleware.api_keys import KeyId
from pagemill.api.wire.answer_shapes import Country
from pagemill.api.wire.country_names import country_names

router = APIRouter(prefix="/v1", tags=["Countries"])


@router.get("/countries", operation_id="listCountries", summary="List the countries to leave from")
async def list_countries(_key_id: KeyId) -> list[Country]:
    """Every ISO 3166-1 country, with its code as `country` takes it."""
    return [{"code": code, "name": name} for code, name in country_names().items()]
