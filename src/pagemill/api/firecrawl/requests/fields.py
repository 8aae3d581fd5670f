"""The request bodies: the fields that are read. Unknown ones are kept, so that warnings name them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from pagemill.api.search.requests import MAX_PROMPT
from pagemill.api.wire.actions import LONGEST_WAIT
from pagemill.api.wire.page_fields import MAX_HEADERS, MAX_SELECTORS
from pagemill.api.wire.scrape_request import MAX_ACTIONS
from pagemill.sites.ordering import MAX_QUERY
from pagemill.sites.patterns import MAX_PATTERNS

MAX_FORMATS = 20
MAX_EVENTS = 20
LONGEST_TIMEOUT = 3_600_000
"""Milliseconds."""
MAX_PATH_LENGTH = 800
"""Characters of a pattern of paths: it stands in a longer one of URLs."""
MAX_EXCLUDED_PATHS = MAX_PATTERNS - 2
"""Two more come from other fields."""

_Selectors = Annotated[list[Annotated[str, Field(max_length=1000)]], Field(max_length=MAX_SELECTORS)]
_PathPattern = Annotated[str, Field(min_length=1, max_length=MAX_PATH_LENGTH)]


class _Fields(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, strict=True, frozen=True, extra="allow")


def _or_text(model: type[BaseModel], field: str) -> BeforeValidator:
    """A text stands for an object that has it in this field."""
    return BeforeValidator(
        lambda value: {field: value} if isinstance(value, str) else value, json_schema_input_type=model | str
    )


class FormatFields(_Fields):
    """One of the formats, by its name or with options."""

    type: str
    schema_: dict[str, Any] | None = Field(None, alias="schema")
    prompt: str | None = None
    full_page: bool | None = None
    quality: Any = None
    viewport: Any = None
    check_prompt_injection: Any = None


class LocationFields(_Fields):
    """Where a request leaves from, and which languages it asks for."""

    country: str | None = Field(None, pattern="^([A-Za-z]{2})?$")
    languages: list[Annotated[str, Field(pattern=r"^[A-Za-z0-9*-]{1,35}$")]] | None = Field(None, max_length=20)


class WebhookFields(_Fields):
    """Who is told of a job, and of which events: of all where none are named."""

    url: str
    headers: dict[str, str] | None = Field(None, max_length=MAX_HEADERS)
    metadata: dict[str, Any] | None = None
    events: list[Literal["started", "page", "completed", "failed"]] | None = Field(None, max_length=MAX_EVENTS)


Webhook = Annotated[WebhookFields, _or_text(WebhookFields, "url")]


class ScrapeFields(_Fields):
    """How to scrape. Every field may be left out or null."""

    formats: list[Annotated[FormatFields, _or_text(FormatFields, "type")]] | None = Field(None, max_length=MAX_FORMATS)
    only_main_content: bool | None = None
    include_tags: _Selectors | None = None
    exclude_tags: _Selectors | None = None
    max_age: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    headers: dict[str, str] | None = Field(None, max_length=MAX_HEADERS)
    wait_for: Annotated[int, Field(ge=0, le=LONGEST_WAIT)] | None = None
    timeout: Annotated[float, Field(gt=0, le=LONGEST_TIMEOUT, allow_inf_nan=False)] | None = None
    actions: list[dict[str, Any]] | None = Field(None, max_length=MAX_ACTIONS)
    location: LocationFields | None = None
    parsers: list[Any] | None = None
    mobile: bool | None = None
    remove_base64_images: bool | None = Field(None, alias="removeBase64Images")
    store_in_cache: bool | None = None

    # What the service does by itself, or has no use for.
    skip_tls_verification: Any = None
    block_ads: Any = None
    proxy: Any = None
    fast_mode: Any = None
    use_mock: Any = None
    origin: Any = None
    integration: Any = None
    audit_metadata: Any = None
    tool_detail: Any = None

    # What is refused where it is asked for: ignoring it would break a promise.
    min_age: Any = None
    zero_data_retention: Any = None
    lockdown: Any = None
    redact_pii: Any = Field(None, alias="redactPII")
    check_prompt_injection: Any = None
    threat_protection: Any = None
    profile: Any = None
    domain_tools: Any = None


class FirecrawlScrapeRequest(ScrapeFields):
    """One URL to scrape."""

    url: str


class FirecrawlBatchRequest(ScrapeFields):
    """Several URLs to scrape in the same way."""

    urls: list[str] = Field(min_length=1)
    webhook: Webhook | None = None
    ignore_invalid_urls: bool | None = Field(None, alias="ignoreInvalidURLs")
    max_concurrency: Any = None
    append_to_id: Any = None


class FirecrawlSearchRequest(_Fields):
    """What to search the web for, and how to scrape what is found."""

    query: str = Field(min_length=1, max_length=MAX_PROMPT)
    limit: Annotated[int, Field(ge=1)] | None = None
    scrape_options: ScrapeFields | None = None
    ignore_invalid_urls: Any = Field(None, alias="ignoreInvalidURLs")
    origin: Any = None
    integration: Any = None
    timeout: Any = None

    sources: list[Annotated[FormatFields, _or_text(FormatFields, "type")]] | None = Field(None, max_length=MAX_FORMATS)
    location: Any = None
    country: Any = None
    tbs: Any = None

    categories: Any = None
    include_domains: Any = None
    exclude_domains: Any = None
    enterprise: Any = None


class FirecrawlCrawlRequest(_Fields):
    """A site whose pages are to be scraped."""

    url: str
    limit: Annotated[int, Field(ge=1)] | None = None
    max_discovery_depth: Annotated[int, Field(ge=0)] | None = None
    include_paths: list[_PathPattern] | None = Field(None, max_length=MAX_PATTERNS)
    exclude_paths: list[_PathPattern] | None = Field(None, max_length=MAX_EXCLUDED_PATHS)
    regex_on_full_url: bool | None = Field(None, alias="regexOnFullURL")
    sitemap: Literal["skip", "include", "only"] | None = None
    ignore_query_parameters: bool | None = None
    crawl_entire_domain: bool | None = None
    allow_subdomains: bool | None = None
    ignore_robots_txt: bool | None = None
    scrape_options: ScrapeFields | None = None
    webhook: Webhook | None = None
    delay: Any = None
    max_concurrency: Any = None
    deduplicate_similar_urls: Any = Field(None, alias="deduplicateSimilarURLs")
    origin: Any = None
    integration: Any = None
    audit_metadata: Any = None

    allow_external_links: Any = None
    prompt: Any = None
    robots_user_agent: Any = None
    zero_data_retention: Any = None
    threat_protection: Any = None


class FirecrawlMapRequest(_Fields):
    """A site whose URLs are to be found."""

    url: str
    search: str | None = Field(None, max_length=MAX_QUERY)
    sitemap: Literal["skip", "include", "only"] | None = None
    include_subdomains: bool | None = None
    ignore_query_parameters: bool | None = None
    limit: Annotated[int, Field(ge=1)] | None = None
    timeout: Annotated[float, Field(gt=0, le=LONGEST_TIMEOUT, allow_inf_nan=False)] | None = None
    location: LocationFields | None = None
    ignore_cache: Any = None
    origin: Any = None
    integration: Any = None
    audit_metadata: Any = None

    threat_protection: Any = None


class FirecrawlExtractRequest(_Fields):
    """Pages to make structured data of."""

    urls: list[str] = Field(min_length=1)
    prompt: str | None = None
    schema_: dict[str, Any] | None = Field(None, alias="schema")
    scrape_options: ScrapeFields | None = None
    ignore_invalid_urls: bool | None = Field(None, alias="ignoreInvalidURLs")
    webhook: Webhook | None = None
    show_sources: Any = None
    ignore_sitemap: Any = None
    include_subdomains: Any = None
    origin: Any = None
    integration: Any = None
    audit_metadata: Any = None

    system_prompt: Any = None
    enable_web_search: Any = None
    allow_external_links: Any = None
    agent: Any = None
    threat_protection: Any = None
    zero_data_retention: Any = None
