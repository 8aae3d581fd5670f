"""The fields of a request, checked as the API does."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from pagemill.api.wire.field_problems import describe
from pagemill.api.wire.request_validation import scrape_options
from pagemill.api.wire.scrape_request import ScrapeFields
from pagemill.errors import NotSupportedError, RequestError
from pagemill.structuring.schemas.checker import SchemaChecker

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pagemill.model import ScrapeOptions
    from pagemill.settings import Settings


async def checked_options(fields: Mapping[str, Any], settings: Settings) -> ScrapeOptions:
    """Return the options that the fields of a request ask for. Raises errors.RequestError, naming the field."""
    try:
        request = ScrapeFields.model_validate(fields)
    except ValidationError as error:
        problem = error.errors()[0]
        raise RequestError(describe({**problem, "loc": ("body", *problem["loc"])})) from None
    async with contextlib.aclosing(SchemaChecker(settings)) as schemas:
        options = await scrape_options(request, settings, schemas, "")
    if options.session is not None:
        raise NotSupportedError("There are no sessions without a service.")
    return options
