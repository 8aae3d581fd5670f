"""The options of a request, under the names of Python. docs/api.md says what each does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypedDict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FormatName = Literal[
    "html", "cleanedHtml", "markdown", "links", "images", "summary", "screenshot", "screenshotFullPage"
]


class JobOptions(TypedDict, total=False):
    """What every job takes."""

    country: str
    use_browser: bool
    webhook_url: str


class ScrapeOptions(JobOptions, total=False):
    """How pages are scraped."""

    formats: Sequence[FormatName]
    force_fresh: bool
    max_age: float
    generate_json: bool
    output_schema: Mapping[str, Any]
    actions: Sequence[Mapping[str, Any]]
    wait_for: int
    timeout: float
    headers: Mapping[str, str]
    cookies: Sequence[Mapping[str, Any]] | Mapping[str, str]
    user_agent: str
    only_main_content: bool
    include_tags: Sequence[str]
    exclude_tags: Sequence[str]
    include_comments: bool
    links: Literal["inline", "reference", "none"]
    images: bool
    front_matter: bool
    max_tokens: int
    session_id: str
    session_name: str
    save_session: bool | str


class MapOptions(JobOptions, total=False):
    """Which URLs of a site a map finds."""

    limit: int
    depth: int
    limit_per_level: int
    include_subdomains: bool
    include_external_links: bool
    search: str
    use_sitemap: bool
    ignore_robots: bool
    session_id: str
    session_name: str


class CrawlOptions(ScrapeOptions, total=False):
    """Which pages of a site a crawl takes, and how they are scraped."""

    max_pages: int
    depth: int
    include_patterns: Sequence[str]
    exclude_patterns: Sequence[str]
    include_subdomains: bool
    use_sitemap: bool
    query: str
    ignore_robots: bool


class SearchOptions(ScrapeOptions, total=False):
    """How many pages a search finds, and how they are scraped, with `scrape`."""

    limit: int
    scrape: bool


class MonitorOptions(TypedDict, total=False):
    """What a monitor watches, and whom it tells."""

    scope: Literal["page", "site"]
    watch_mode: Literal["full_page", "specific_data"]
    watch_format: Literal["markdown", "html", "cleaned_html"]
    output_schema: Mapping[str, Any]
    use_browser: bool
    country: str
    is_active: bool
    expires_at: str
    alert_webhook_url: str
    max_pages: int
    max_depth: int
    include_patterns: Sequence[str]
    exclude_patterns: Sequence[str]


class MonitorPatch(MonitorOptions, total=False):
    """What is to change of a monitor."""

    url: str
    interval_minutes: int


_KEPT = frozenset({"webhook_url"})


def to_fields(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a request: names in camelCase, and none that is None."""
    return {_field(name): value for name, value in options.items() if value is not None}


def _field(name: str) -> str:
    if name in _KEPT:
        return name
    first, *others = name.split("_")
    return first + "".join(part.title() for part in others)
