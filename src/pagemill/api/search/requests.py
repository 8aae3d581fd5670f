"""The request body of a search, and how it is checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import ConfigDict, Field

from pagemill.api.wire.scrape_request import ScrapeFields
from pagemill.errors import RequestError

if TYPE_CHECKING:
    from pagemill.settings import Settings

MAX_PROMPT = 2000
DEFAULT_LIMIT = 5


class SearchRequest(ScrapeFields):
    """What to search the web for. The other fields say how pages are scraped, with `scrape`."""

    prompt: str = Field(min_length=1, max_length=MAX_PROMPT, description="What to search for.")
    limit: Annotated[int, Field(ge=1)] | None = Field(DEFAULT_LIMIT, description="How many results at most.")
    scrape: bool | None = Field(False, description="Whether the pages that are found are scraped too, as a batch.")

    model_config = ConfigDict(json_schema_extra={"examples": [{"prompt": "history of windmills", "limit": 5}]})


def search_prompt(request: SearchRequest) -> str:
    """Return what to search for, on one line. Raises errors.RequestError."""
    prompt = " ".join(request.prompt.split())
    if not prompt:
        raise RequestError("The field `prompt` is not valid: it is empty.")
    return prompt


def search_limit(request: SearchRequest, settings: Settings) -> int:
    """Return how many results are wanted. Raises errors.RequestError."""
    most = settings.search.search_max_results
    if request.scrape:
        most = min(most, settings.requests.max_batch_urls)
    if request.limit is None:
        return min(DEFAULT_LIMIT, most)
    if request.limit > most:
        raise RequestError(f"The field `limit` is not valid: at most {most} is taken.")
    return request.limit
