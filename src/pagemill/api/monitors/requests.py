"""The request bodies of monitors, and how they are checked."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from pagemill.api.sites.requests import CrawlRequest, checked_patterns, crawl_site
from pagemill.api.wire.country_names import DEFAULT
from pagemill.api.wire.request_validation import receiver_url, scrape_options, single_url
from pagemill.api.wire.scrape_request import SESSION_ID, SESSION_NAME, ScrapeFields, SessionId, SessionName
from pagemill.errors import NotSupportedError, RequestError
from pagemill.jobs.monitors.monitor import Definition
from pagemill.model import Format
from pagemill.sites.moments import moment
from pagemill.sites.patterns import MAX_LENGTH, MAX_PATTERNS

if TYPE_CHECKING:
    from pagemill.model import JsonObject, SiteOptions
    from pagemill.settings import Settings
    from pagemill.structuring.schemas.checker import SchemaChecker

MAX_INTERVAL = 525_600
"""Minutes of a year."""
MAX_DEPTH = 5
_PATTERNS = list[Annotated[str, Field(max_length=MAX_LENGTH)]]
_UNSUPPORTED = "Not there yet: asking for it is refused as `not_supported`."


class Scope(StrEnum):
    """What is watched; the values are those of the wire."""

    PAGE = "page"
    SITE = "site"


class WatchMode(StrEnum):
    """What of a page counts; the values are those of the wire."""

    FULL_PAGE = "full_page"
    SPECIFIC_DATA = "specific_data"


class WatchFormat(StrEnum):
    """In which form pages are compared; the values are those of the wire."""

    MARKDOWN = "markdown"
    HTML = "html"
    CLEANED_HTML = "cleaned_html"


_FORMATS = {
    WatchFormat.MARKDOWN: Format.MARKDOWN,
    WatchFormat.HTML: Format.HTML,
    WatchFormat.CLEANED_HTML: Format.CLEANED_HTML,
}


class MonitorFields(BaseModel):
    """What every monitor takes. Every field may be left out or null. Unknown ones are kept: warnings name them."""

    model_config = ConfigDict(alias_generator=to_camel, strict=True, frozen=True, extra="allow")

    scope: Annotated[Scope, Field(strict=False)] | None = Field(
        Scope.PAGE, description="One page, or the pages of a site, which is crawled."
    )
    watch_mode: Annotated[WatchMode, Field(strict=False)] | None = Field(
        WatchMode.FULL_PAGE,
        description="Whether the whole content counts, or only the structured JSON that `outputSchema` asks for.",
    )
    watch_format: Annotated[WatchFormat, Field(strict=False)] | None = Field(
        WatchFormat.MARKDOWN, description="The form of the content that is compared."
    )
    output_schema: dict[str, Any] | None = Field(
        None, description="JSON Schema of structured JSON that is compared too. `specific_data` needs it."
    )
    use_browser: bool | None = Field(False, description="Render the page in a browser.")
    country: str | None = Field(
        DEFAULT, pattern="^([A-Za-z]{2})?$", description="Where requests leave from: a code of `GET /v1/countries`."
    )
    is_active: bool | None = Field(True, description="Whether it runs.")
    expires_at: str | None = Field(
        None,
        max_length=64,
        description="When it ends: RFC 3339, or a date, whose day is included. Empty: never.",
        json_schema_extra={"examples": ["2030-01-31"]},
    )
    alert_webhook_url: str | None = Field(
        None, description="Told of changes: http or https. Empty: nobody. Signed with the account's secret."
    )
    max_pages: Annotated[int, Field(ge=1)] | None = Field(10, description="Of a site: how many pages at most.")
    max_depth: Annotated[int, Field(ge=0, le=MAX_DEPTH)] | None = Field(
        2, description="Of a site: how many links are followed, one after another."
    )
    include_patterns: _PATTERNS | None = Field(
        None,
        max_length=MAX_PATTERNS,
        description="Of a site: only URLs that match any: globs, or regular expressions in slashes.",
    )
    exclude_patterns: _PATTERNS | None = Field(
        None, max_length=MAX_PATTERNS, description="Of a site: no URLs that match any of these."
    )
    ai_mode: bool | None = Field(False, description=f"Judge changes by a language model. {_UNSUPPORTED}")
    alert_emails: str | None = Field(None, description=f"Addresses to be told of changes. {_UNSUPPORTED}")
    session_id: SessionId | None = Field(None, description=SESSION_ID)
    session_name: SessionName | None = Field(None, description=SESSION_NAME)


class MonitorRequest(MonitorFields):
    """A page or a site to watch."""

    url: str = Field(description="The page, or where the site begins.", json_schema_extra={"format": "uri"})
    interval_minutes: Annotated[int, Field(ge=1, le=MAX_INTERVAL)] = Field(
        description="Minutes between two runs. The service has a shortest interval, 15 by default."
    )

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"url": "https://example.com/prices", "intervalMinutes": 60}]}
    )


class MonitorPatch(MonitorFields):
    """What is to change of a monitor; what is left out, or null, stays."""

    url: str | None = Field(
        None, description="The page, or where the site begins.", json_schema_extra={"format": "uri"}
    )
    interval_minutes: Annotated[int, Field(ge=1, le=MAX_INTERVAL)] | None = Field(
        None, description="Minutes between two runs."
    )


class ExpiryRequest(BaseModel):
    """When a monitor is to end."""

    model_config = ConfigDict(alias_generator=to_camel, strict=True, frozen=True, extra="ignore")

    expires_at: str | None = Field(
        None, max_length=64, description="When it ends: RFC 3339, or a date, whose day is included. Null: never."
    )


async def definition(
    request: MonitorRequest, settings: Settings, schemas: SchemaChecker, key_id: str, *, may_be_over: bool = False
) -> Definition:
    """Return what a monitor is to do. `may_be_over`: the end may have passed, as it was given before.

    Raises errors.RequestError, and errors.NotSupportedError, naming the field.
    """
    _refuse_unsupported(request)
    if request.interval_minutes < settings.monitors.monitor_min_interval:
        shortest = settings.monitors.monitor_min_interval
        raise RequestError(f"The field `intervalMinutes` is not valid: at least {shortest} are taken.")
    options = await scrape_options(_scrape_fields(request), settings, schemas, key_id)
    site = _site(request, settings)
    alert = request.alert_webhook_url
    return Definition(
        request=stored(request),
        url=single_url(request.url, settings),
        options=options,
        site=site,
        interval_minutes=request.interval_minutes,
        alert_webhook_url=receiver_url(alert, "alertWebhookUrl", settings) if alert else None,
        is_active=request.is_active is not False,
        expires_at=end_of(request.expires_at, may_be_over=may_be_over) if request.expires_at else None,
    )


def stored(request: MonitorFields) -> JsonObject:
    """Return what was given of the fields that are known, as JSON holds it."""
    given = request.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_unset=True)
    known = {field.alias for field in MonitorRequest.model_fields.values()}
    return {name: value for name, value in given.items() if name in known}


def patched(before: JsonObject, patch: JsonObject) -> MonitorRequest:
    """Return the request of a monitor with some fields changed."""
    return MonitorRequest.model_validate(before | patch)


def _scrape_fields(request: MonitorRequest) -> ScrapeFields:
    watches_data = request.watch_mode is WatchMode.SPECIFIC_DATA
    if watches_data and request.output_schema is None:
        raise RequestError("The field `outputSchema` is required where `watchMode` is `specific_data`.")
    text = _FORMATS[request.watch_format or WatchFormat.MARKDOWN]
    return ScrapeFields.model_validate(
        {
            "formats": [Format.JSON if watches_data else text],
            "outputSchema": request.output_schema,
            "useBrowser": request.use_browser,
            "country": request.country,
            "forceFresh": True,
            "sessionId": request.session_id,
            "sessionName": request.session_name,
        }
    )


def _site(request: MonitorRequest, settings: Settings) -> SiteOptions | None:
    """Return what the crawls of a site are to find; None where a page is watched, whose patterns are checked too."""
    if request.scope is Scope.SITE:
        return crawl_site(_crawl_request(request, settings), settings).options
    checked_patterns(request.include_patterns or (), "includePatterns")
    checked_patterns(request.exclude_patterns or (), "excludePatterns")
    return None


def _crawl_request(request: MonitorRequest, settings: Settings) -> CrawlRequest:
    pages = 10 if request.max_pages is None else request.max_pages
    most = min(settings.monitors.monitor_max_pages, settings.sites.crawl_max_pages)
    depth = 2 if request.max_depth is None else request.max_depth
    if pages > most:
        raise RequestError(f"The field `maxPages` is not valid: at most {most} is taken.")
    if depth > settings.sites.crawl_max_depth:
        raise RequestError(f"The field `maxDepth` is not valid: at most {settings.sites.crawl_max_depth} is taken.")
    return CrawlRequest.model_validate(
        {
            "url": request.url,
            "maxPages": pages,
            "depth": depth,
            "includePatterns": request.include_patterns,
            "excludePatterns": request.exclude_patterns,
            "useSitemap": True,
        }
    )


def end_of(text: str, *, may_be_over: bool = False) -> datetime:
    """Return when a monitor ends. A date's own day is part of its time. Raises errors.RequestError."""
    end = moment(text, ends_day=True)
    if end is None:
        raise RequestError("The field `expiresAt` is not valid: it is neither a time nor a date.")
    if not may_be_over and end <= datetime.now(UTC):
        raise RequestError("The field `expiresAt` is not valid: it has passed.")
    return end


def _refuse_unsupported(request: MonitorRequest) -> None:
    for name in ("ai_mode", "alert_emails"):
        if getattr(request, name):
            raise NotSupportedError(f"The field `{to_camel(name)}` is not supported by this version.")
