"""How the pages of a request are to be scraped, in this service's terms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pagemill.api.firecrawl.requests.actions import asked_actions
from pagemill.api.firecrawl.requests.fields import ScrapeFields
from pagemill.api.firecrawl.requests.formats import asked_formats
from pagemill.api.firecrawl.requests.refusals import refuse_unserved, warnings_about
from pagemill.api.wire.page_fields import checked_headers, checked_selectors
from pagemill.api.wire.request_validation import checked_country
from pagemill.errors import InvalidSchemaError
from pagemill.model import ScrapeOptions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pagemill.api.firecrawl.requests.fields import LocationFields
    from pagemill.api.resources import Resources
    from pagemill.model import JsonObject
    from pagemill.settings import Settings

_LANGUAGES = "accept-language"


@dataclass(frozen=True, slots=True)
class AskedOptions:
    """The options, and what of the request they leave out."""

    options: ScrapeOptions
    warnings: tuple[str, ...] = ()


async def asked_options(
    fields: ScrapeFields | None, resources: Resources, key_id: str, place: str = ""
) -> AskedOptions:
    """Return how pages are to be scraped; `place` is where the fields stand in the request. Raises errors.RequestError.

    A field that cannot be served is refused where ignoring it would change what the program relies on.
    """
    fields = fields or ScrapeFields()
    refuse_unserved(fields, place=place)
    asked = asked_formats(fields.formats, place)
    options = ScrapeOptions(
        formats=asked.formats,
        country=asked_country(fields.location, resources.settings, place),
        force_fresh=fields.max_age == 0,
        max_age=fields.max_age / 1000 if fields.max_age else None,
        actions=asked_actions(fields.actions or (), place),
        headers=checked_headers({**_languages(fields.location, fields.headers or {}), **(fields.headers or {})}),
        timeout=fields.timeout / 1000 if fields.timeout else None,
        only_main_content=fields.only_main_content is not False,
        include_tags=checked_selectors(fields.include_tags or (), f"{place}includeTags"),
        exclude_tags=checked_selectors(fields.exclude_tags or (), f"{place}excludeTags"),
        wait_for=fields.wait_for or 0,
        output_schema=await checked_schema(asked.schema, f"{place}formats", resources, key_id),
    )
    return AskedOptions(options, (*asked.warnings, *warnings_about(fields, place)))


def asked_country(location: LocationFields | None, settings: Settings, place: str = "") -> str:
    """Return the code of the country that a request leaves from. Raises errors.RequestError."""
    return checked_country(location.country if location else None, settings, f"{place}location.country")


async def checked_schema(schema: JsonObject | None, name: str, resources: Resources, key_id: str) -> str | None:
    """Return the JSON text of a schema that can be used. Raises errors.InvalidSchemaError, naming the field."""
    if schema is None:
        return None
    try:
        return await resources.schemas.check(schema, key_id)
    except InvalidSchemaError as error:
        raise InvalidSchemaError(f"The schema in `{name}` is not valid: {error.message}.") from None


def joined(warnings: Sequence[str]) -> dict[str, str]:
    """Return the field `warning` of an answer: nothing where there is none."""
    return {"warning": " ".join(warnings)} if warnings else {}


def _languages(location: LocationFields | None, headers: dict[str, str]) -> dict[str, str]:
    """Return the header that asks for the languages (RFC 9110 section 12.5.4), unless the request has its own."""
    if location is None or not location.languages or _LANGUAGES in map(str.lower, headers):
        return {}
    weighted = [f"{name};q={max(0.1, 1 - place / 10):.1f}" for place, name in enumerate(location.languages)]
    return {"Accept-Language": ",".join([location.languages[0], *weighted[1:]])}
