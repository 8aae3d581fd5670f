"""What the tools take. The JSON Schema of each model is a tool's input schema."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from pagemill.client.options import to_fields

if TYPE_CHECKING:
    from collections.abc import Mapping

Url = Annotated[str, Field(min_length=1, description="The page: http or https.")]
Texts = Annotated[list[str], Field(max_length=50)]
JOB_ID = r"^(job|batch|map|crawl)_[0-9a-z]{1,64}$"
JobId = Annotated[str, Field(pattern=JOB_ID, description="The `job_id` that another tool answered with.")]
Index = Annotated[int, Field(ge=0, le=2**31 - 2)]

LEAST_TOKENS, MOST_TOKENS = 100, 100_000
LONGEST_WAIT = 600


class Arguments(BaseModel):
    """Arguments of a tool. None other are taken, so that a model learns of a wrong name."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sent_as: ClassVar[dict[str, str]] = {}
    """Fields of the API's requests that take an argument of another name."""

    @classmethod
    def in_own_terms(cls, message: str) -> str:
        """Return a message of the API with the names of the arguments in place of those of its fields."""
        named = {next(iter(to_fields({name: ""}))): name for name in cls.model_fields}
        return with_argument_names(message, named | cls.sent_as)


def with_argument_names(message: str, named: Mapping[str, str]) -> str:
    """Return a message of the API in which fields and parameters have the names of the arguments that they stand for.

    Others keep theirs: a service with other limits than the tools' may refuse what no argument says.
    """

    def argument(found: re.Match[str]) -> str:
        name = named.get(found["name"])
        return found[0] if name is None else f"The argument `{name}{found['place']}`"

    return _FIELD.sub(argument, message)


_FIELD = re.compile(r"The (?:field|parameter) `(?P<name>\w+)(?P<place>[^`]*)`")


class Answer(Arguments):
    """How much is answered."""

    max_tokens: int | None = Field(
        None,
        ge=LEAST_TOKENS,
        le=MOST_TOKENS,
        description="About how many tokens of text to return at most. The rest can be read on later.",
    )


class Waiting(Answer):
    """How long is waited, and how much is answered."""

    wait: float | None = Field(
        None,
        ge=0,
        le=LONGEST_WAIT,
        allow_inf_nan=False,
        description="Seconds to wait for the end. What has not ended by then goes on: ask `crawl_status`.",
    )


class Fetching(Waiting):
    """How pages are fetched."""

    country: str | None = Field(None, description="Where the request leaves from: ISO 3166-1 alpha-2, lower case.")
    use_browser: bool | None = Field(
        None, description="Render in a browser at once. Pages that need one are found out without this."
    )
    force_fresh: bool | None = Field(None, description="Fetch the page even if a cached copy would do.")
    wait_for: int | None = Field(None, ge=0, description="Milliseconds to wait in the browser once the page is there.")
    session_name: str | None = Field(None, description="A saved session, for pages behind a log-in.")


class Scraping(Fetching):
    """How pages become Markdown."""

    only_main_content: bool | None = Field(None, description="false: the whole page with menus and footers.")
    include_tags: Texts | None = Field(None, description="CSS selectors: only these parts of the page.")
    exclude_tags: Texts | None = Field(None, description="CSS selectors: not these parts of the page.")
    links: Literal["inline", "reference", "none"] | None = Field(
        None, description="How links are written; `none` saves tokens."
    )
    images: bool | None = Field(None, description="false: no images, which saves tokens.")


class ScrapeArguments(Scraping):
    """A page to scrape."""

    url: Url


class BatchArguments(Scraping):
    """Pages to scrape."""

    urls: list[str] = Field(min_length=1, max_length=100, description="The pages: http or https.")


class ExtractArguments(Fetching):
    """A page to make JSON of."""

    url: Url
    output_schema: dict[str, Any] | None = Field(
        None, description="JSON Schema of the data that is wanted. Without one the page's own markup decides."
    )


class MapArguments(Waiting):
    """A site whose URLs are to be found."""

    url: Url
    search: str | None = Field(None, description="URLs that are about this text come first.")
    limit: int | None = Field(None, ge=1, description="How many URLs at most; 100 if not said.")
    depth: int | None = Field(None, ge=0, description="How many links are followed; 2 if not said.")
    include_subdomains: bool | None = Field(None, description="Whether hosts below the site's belong to it.")


class CrawlArguments(Scraping):
    """A site whose pages are to be scraped."""

    url: Url
    max_pages: int | None = Field(None, ge=1, description="How many pages at most; 10 if not said.")
    depth: int | None = Field(None, ge=0, description="How many links are followed; 1 if not said.")
    include_patterns: Texts | None = Field(None, description="Only URLs that match any, such as `/blog/**`.")
    exclude_patterns: Texts | None = Field(None, description="No URLs that match any of these.")
    include_subdomains: bool | None = Field(None, description="Whether hosts below the site's belong to it.")
    use_sitemap: bool | None = Field(None, description="Whether the URLs of the site's sitemaps are crawled too.")
    query: str | None = Field(None, description="Pages that are about this text are taken first.")


class StatusArguments(Waiting):
    """A job to ask for."""

    job_id: JobId
    start: Index = Field(0, description="The index of the first page, or URL of a map, to return: `next_start`.")


class ReadArguments(Answer):
    """A part of a page to read."""

    job_id: JobId
    page: Index = Field(0, description="The page's `index`.")
    offset: int = Field(0, ge=0, description="The first character to return: `next_offset`.")
    format: Literal["markdown", "json"] = Field("markdown", description="`json`: what `extract` made of the page.")


class SearchArguments(Answer):
    """A search of the web."""

    sent_as: ClassVar[dict[str, str]] = {"prompt": "query"}

    query: str = Field(min_length=1, max_length=2000, description="What to search for.")
    limit: int | None = Field(None, ge=1, le=100, description="How many results at most.")
