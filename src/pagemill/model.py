"""The nouns of Pagemill: plain frozen data, with no behaviour beyond reading themselves and no I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

JsonObject = dict[str, Any]


class Status(StrEnum):
    """Where a job, or one of its pages, stands. It only ever moves downwards in this list."""

    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"

    @property
    def ended(self) -> bool:
        """Whether nothing will change any more."""
        return self in (Status.COMPLETED, Status.FAILED)


class Format(StrEnum):
    """What a client can ask of a page; the values are those of the wire."""

    HTML = "html"
    CLEANED_HTML = "cleanedHtml"
    MARKDOWN = "markdown"
    JSON = "json"
    LINKS = "links"
    IMAGES = "images"
    SCREENSHOT = "screenshot"
    SCREENSHOT_FULL_PAGE = "screenshotFullPage"
    SUMMARY = "summary"


DEFAULT_FORMATS = (Format.HTML, Format.CLEANED_HTML, Format.MARKDOWN)


@dataclass(frozen=True, slots=True)
class ScrapeOptions:
    """How a URL is to be scraped, the same for every page of a job."""

    formats: tuple[Format, ...] = DEFAULT_FORMATS
    country: str = "us"
    force_fresh: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """A hyperlink of a page: its absolute address and its text."""

    href: str
    text: str


@dataclass(frozen=True, slots=True)
class Image:
    """An image of a page: its absolute address and its alternative text."""

    src: str
    alt: str


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a page says of itself; None where it does not. Dates are ISO 8601, as far as the page gives them."""

    title: str | None = None
    author: str | None = None
    published: str | None = None
    modified: str | None = None
    description: str | None = None
    language: str | None = None
    canonical_url: str | None = None
    site_name: str | None = None


@dataclass(frozen=True, slots=True)
class Content:
    """What extraction makes of a page's bytes."""

    html: str
    """The page as it came, decoded."""
    cleaned_html: str
    """The content alone, as valid HTML with absolute URLs."""
    markdown: str
    """The same content as GitHub-flavoured Markdown."""
    metadata: Metadata = field(default_factory=Metadata)
    links: tuple[Link, ...] = ()
    images: tuple[Image, ...] = ()
    quality: float = 1.0
    """How sure extraction is of its choice of content, from 0 to 1."""


@dataclass(frozen=True, slots=True)
class FetchedPage:
    """The bytes a URL gave, after redirects and content decoding."""

    url: str
    """As it was asked for."""
    final_url: str
    """The address that answered, after redirects."""
    status_code: int
    content_type: str
    """The Content-Type header as it came; empty where there was none."""
    body: bytes


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a page failed: one of the codes of `pagemill.errors`, and a sentence for a person."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Job:
    """One submission: a single URL or a batch. `status` follows from its pages."""

    id: str
    key_id: str
    batch: bool
    status: Status
    options: ScrapeOptions
    created_at: datetime
    completed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Page:
    """One URL of a job, in the order of the submission. Bodies are read on their own, see `jobs.store`."""

    id: int
    job_id: str
    index: int
    url: str
    status: Status
    failure: Failure | None
    cached: bool
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
