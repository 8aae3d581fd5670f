"""What the service answers, as objects. `raw` of each is the answer itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

COMPLETED = "completed"
FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Page:
    """A page that ended. What was not asked for is None."""

    url: str
    status: str
    """`completed` or `failed`."""
    markdown: str | None = None
    html: str | None = None
    cleaned_html: str | None = None
    json: Any = None
    """What `generate_json` or `output_schema` made of the page."""
    summary: str | None = None
    links: tuple[Mapping[str, str], ...] = ()
    images: tuple[Mapping[str, str], ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    final_url: str | None = None
    status_code: int | None = None
    cached: bool = False
    error: str | None = None
    """Why it failed: a sentence, and a code in parentheses."""
    duration_ms: int | None = None
    session: Mapping[str, Any] | None = None
    """What became of the session that `save_session` asked for: its `name`, whether it is `saved`, an `error`."""
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)
    screenshots: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    """Pictures (PNG) by format, of `pagemill.scrape`. A service's are at the addresses in `raw`."""

    @property
    def is_completed(self) -> bool:
        """Whether the page was scraped."""
        return self.status == COMPLETED

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Self:
        """Return the page of a job, or of a result in a batch or a crawl."""
        return cls(**_page_fields(answer))


@dataclass(frozen=True, slots=True)
class CrawlPage(Page):
    """A page of a crawl."""

    number: int = 0
    """Its place in the order of completion: a crawl is read on after it."""
    depth: int = 0
    parent: str | None = None
    duplicate_of: str | None = None
    """The URL of an earlier page of the same content."""

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Self:
        """Return the page of a result in a crawl."""
        return cls(
            **_page_fields(answer),
            number=answer["number"],
            depth=answer.get("depth") or 0,
            parent=answer.get("parent"),
            duplicate_of=answer.get("duplicateOf"),
        )


@dataclass(frozen=True, slots=True)
class BatchPage(Page):
    """A page of an uploaded batch."""

    number: int = 0
    """Its place in the order of completion: a batch is read on after it."""
    index: int = 0
    """Its place in the upload, from 0."""
    id: str | None = None
    """What its line called it."""

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Self:
        """Return the page of a result in an uploaded batch."""
        return cls(**_page_fields(answer), number=answer["number"], index=answer["index"], id=answer.get("id"))


@dataclass(frozen=True, slots=True)
class MappedPage:
    """A URL that a map found."""

    url: str
    title: str | None
    last_modified: str | None
    source: str | None
    """`sitemap`, `feed` or `link`."""
    depth: int | None


@dataclass(frozen=True, slots=True)
class SiteMap:
    """The URLs of a site."""

    url: str
    links: tuple[str, ...]
    external_links: tuple[str, ...]
    pages: tuple[MappedPage, ...]
    is_complete: bool
    """Whether the site was looked at to the end."""
    is_limit_reached: bool
    """Whether `limit` URLs were found, so that the site may have more."""
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Self:
        """Return the map of a job."""
        pages = (
            MappedPage(page["url"], page.get("title"), page.get("lastModified"), page.get("source"), page.get("depth"))
            for page in answer.get("pages") or ()
        )
        return cls(
            url=answer["url"],
            links=tuple(answer.get("links") or ()),
            external_links=tuple(answer.get("externalLinks") or ()),
            pages=tuple(pages),
            is_complete=bool(answer.get("complete")),
            is_limit_reached=bool(answer.get("limitReached")),
            raw=answer,
        )


@dataclass(frozen=True, slots=True)
class SearchResult:
    """A page that a search found."""

    url: str
    title: str
    snippet: str
    date: str | None = None
    """When it was published: YYYY-MM-DD."""
    last_updated: str | None = None
    """When it changed last: YYYY-MM-DD."""
    page: Page | None = None
    """The page itself, failed or not, where the search was to scrape."""

    @classmethod
    def of(cls, answer: Mapping[str, Any], page: Page | None) -> Self:
        """Return a result of a search."""
        return cls(
            url=answer["url"],
            title=answer.get("title") or "",
            snippet=answer.get("snippet") or "",
            date=answer.get("date"),
            last_updated=answer.get("last_updated"),
            page=page,
        )


@dataclass(frozen=True, slots=True)
class Session:
    """A saved session, without what it holds. Times are RFC 3339."""

    id: str
    name: str
    domains: tuple[str, ...]
    """Those that have cookies in it."""
    origins: tuple[str, ...]
    """Those that have local storage in it."""
    created_at: str
    updated_at: str
    last_used_at: str
    expires_at: str
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Self:
        """Return a session of a list."""
        return cls(
            id=answer["id"],
            name=answer["name"],
            domains=tuple(answer["domains"]),
            origins=tuple(answer["origins"]),
            created_at=answer["createdAt"],
            updated_at=answer["updatedAt"],
            last_used_at=answer["lastUsedAt"],
            expires_at=answer["expiresAt"],
            raw=answer,
        )


def _page_fields(answer: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "url": answer["url"],
        "status": answer["status"],
        "markdown": answer.get("markdown"),
        "html": answer.get("html"),
        "cleaned_html": answer.get("cleanedHtml"),
        "json": answer.get("generatedJson"),
        "summary": answer.get("summary"),
        "links": tuple(answer.get("links") or ()),
        "images": tuple(answer.get("images") or ()),
        "metadata": answer.get("metadata") or {},
        "final_url": answer.get("finalUrl"),
        "status_code": answer.get("statusCode"),
        "cached": bool(answer.get("cached")),
        "error": answer.get("error"),
        "duration_ms": answer.get("durationMs"),
        "session": answer.get("session"),
        "raw": answer,
    }
