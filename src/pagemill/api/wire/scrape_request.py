"""The request bodies of submissions. Their names in camelCase are generated here."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, PlainValidator, WithJsonSchema
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from pagemill.api.wire.actions import LONGEST_WAIT, ActionFields
from pagemill.api.wire.country_names import DEFAULT
from pagemill.api.wire.page_fields import MAX_COOKIES, MAX_HEADERS, MAX_SELECTORS, CookieFields
from pagemill.model import DEFAULT_FORMATS, MIN_TOKENS, Format, LinkStyle

MAX_ACTIONS = 15
MAX_TOKENS = 100_000_000
SessionId = Annotated[str, Field(max_length=100)]
_SESSION_NAME = r"^[^\x00-\x1f\x7f]{0,100}$"
SessionName = Annotated[str, Field(max_length=100, pattern=_SESSION_NAME)]
SESSION_ID = "The id of a saved session: the browser begins with its cookies and local storage."
SESSION_NAME = "The name of a saved session, in place of its id."


def _save_session(value: object) -> bool | str | None:
    """Take `true`, `false` or a name. A union would name its kinds in errors."""
    if value is None or isinstance(value, bool) or (isinstance(value, str) and re.fullmatch(_SESSION_NAME, value)):
        return value
    raise PydanticCustomError("save_session", "it is neither true nor false, nor a name of at most 100 characters")


_SAVE_SESSION_SCHEMA = {"anyOf": [{"type": "boolean"}, {"type": "string", "maxLength": 100}, {"type": "null"}]}
SaveSession = Annotated[bool | str | None, PlainValidator(_save_session), WithJsonSchema(_SAVE_SESSION_SCHEMA)]


class JobFields(BaseModel):
    """What every job takes. Every field may be left out or null. Unknown ones are kept, so that warnings name them."""

    model_config = ConfigDict(alias_generator=to_camel, strict=True, frozen=True, extra="allow")

    country: str | None = Field(
        DEFAULT,
        pattern="^([A-Za-z]{2})?$",
        description="Where the request leaves from: a code of `GET /v1/countries`, in either case. "
        "`uk` is `gb`. Empty means the default.",
    )
    use_browser: bool | None = Field(False, description="Render the page in a browser.")
    webhook_url: str | None = Field(
        None,
        alias="webhook_url",
        validation_alias=AliasChoices("webhook_url", "webhookUrl"),
        description="Called when the job ends: http or https. `webhookUrl` is the same.",
    )


class ScrapeFields(JobFields):
    """How to scrape."""

    formats: list[Annotated[Format, Field(strict=False)]] | None = Field(
        list(DEFAULT_FORMATS), description="What to return. None, or an empty list, means the default."
    )
    force_fresh: bool | None = Field(False, description="Fetch the page even if a cached copy would do.")
    max_age: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = Field(
        None,
        description="Seconds since it was fetched that a cached copy may be old; the service has a limit of its own.",
    )
    generate_json: bool | None = Field(False, description="Return structured JSON as well.")
    output_schema: dict[str, Any] | None = Field(
        None, description="JSON Schema of the structured JSON. Its presence asks for the JSON."
    )
    actions: list[ActionFields] | None = Field(
        None,
        max_length=MAX_ACTIONS,
        description="What to do in the browser before the page is captured. Their presence asks for the browser.",
    )
    wait_for: Annotated[int, Field(ge=0, le=LONGEST_WAIT)] | None = Field(
        None, description="Milliseconds to wait in the browser after the page has settled."
    )
    timeout: Annotated[float, Field(gt=0, le=3600, allow_inf_nan=False)] | None = Field(
        None, description="Seconds that the page may take in all; the service has a limit of its own."
    )
    headers: dict[str, str] | None = Field(
        None, max_length=MAX_HEADERS, description="HTTP headers to send to the page's host."
    )
    cookies: Annotated[list[CookieFields], Field(max_length=MAX_COOKIES)] | dict[str, str] | None = Field(
        None, description="Cookies to send: a list, or an object of names and values."
    )
    user_agent: str | None = Field(None, max_length=1000, description="The user agent to send.")
    only_main_content: bool | None = Field(
        True, description="Whether the cleaned HTML and the Markdown hold the content alone, or the whole page."
    )
    include_tags: list[Annotated[str, Field(max_length=1000)]] | None = Field(
        None, max_length=MAX_SELECTORS, description="CSS selectors: only these parts of the page."
    )
    exclude_tags: list[Annotated[str, Field(max_length=1000)]] | None = Field(
        None, max_length=MAX_SELECTORS, description="CSS selectors: not these parts of the page."
    )
    include_comments: bool | None = Field(False, description="Whether readers' comments count as content.")
    links: Annotated[LinkStyle, Field(strict=False)] | None = Field(
        LinkStyle.INLINE, description="How the Markdown writes links: inline, as references, or as their text alone."
    )
    images: bool | None = Field(True, description="Whether the Markdown shows images.")
    front_matter: bool | None = Field(
        False, description="Whether YAML front matter with title, url, author and date stands before the Markdown."
    )
    max_tokens: Annotated[int, Field(ge=MIN_TOKENS, le=MAX_TOKENS)] | None = Field(
        None,
        description="About how many tokens the Markdown may have. What has more is cut, and its last line says so.",
    )
    session_id: SessionId | None = Field(None, description=SESSION_ID)
    session_name: SessionName | None = Field(None, description=SESSION_NAME)
    save_session: SaveSession = Field(
        False,
        description="Save cookies and local storage as a session once the page was read: under `sessionName`, or under "
        "the name given here.",
    )


class ScrapeRequest(ScrapeFields):
    """One URL to scrape."""

    url: str = Field(description="The page: http or https.", json_schema_extra={"format": "uri"})

    model_config = ConfigDict(json_schema_extra={"examples": [{"url": "https://example.com", "formats": ["markdown"]}]})


class BatchRequest(ScrapeFields):
    """Several URLs to scrape in the same way."""

    urls: list[Annotated[str, Field(json_schema_extra={"format": "uri"})]] = Field(
        min_length=1, description="The pages: http or https. One that is not valid refuses the whole batch."
    )

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"urls": ["https://example.com/a", "https://example.com/b"]}]}
    )
