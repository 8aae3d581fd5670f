"""The answers on the wire, as the OpenAPI document has them."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, Required

from typing_extensions import TypedDict


class FirecrawlDocument(TypedDict, total=False):
    """A page that completed, with the formats that were asked for."""

    metadata: Required[dict[str, Any]]
    markdown: str
    html: str
    rawHtml: str
    summary: str
    links: list[str]
    images: list[str]
    json: Any
    screenshot: str
    warning: str


class FirecrawlScraped(TypedDict):
    """The answer to a scrape."""

    success: Literal[True]
    data: FirecrawlDocument


class FirecrawlSubmitted(TypedDict):
    """The answer to a submission."""

    success: Literal[True]
    id: str
    url: NotRequired[str]
    invalidURLs: NotRequired[list[str]]
    warning: NotRequired[str]


class FirecrawlJob(TypedDict):
    """The status of a batch or a crawl, with documents."""

    success: Literal[True]
    status: Literal["scraping", "completed", "failed", "cancelled"]
    total: int
    completed: int
    creditsUsed: int
    expiresAt: str
    data: list[FirecrawlDocument]
    next: NotRequired[str]
    error: NotRequired[str]


class FirecrawlFailure(TypedDict):
    """A page that failed."""

    id: str
    timestamp: str | None
    url: str
    code: str
    error: str


class FirecrawlFailures(TypedDict):
    """The pages of a job that failed."""

    success: Literal[True]
    errors: list[FirecrawlFailure]
    robotsBlocked: list[str]


class FirecrawlCancelled(TypedDict):
    """The answer to a cancellation."""

    success: Literal[True]
    status: Literal["cancelled"]


class FirecrawlActiveCrawl(TypedDict):
    """A crawl that runs."""

    id: str
    teamId: str
    url: str
    created_at: str
    options: dict[str, Any]


class FirecrawlActiveCrawls(TypedDict):
    """The crawls that run."""

    success: Literal[True]
    crawls: list[FirecrawlActiveCrawl]


class FirecrawlLink(TypedDict):
    """A URL of a site."""

    url: str
    title: NotRequired[str]


class FirecrawlMap(TypedDict):
    """The URLs of a site."""

    success: Literal[True]
    id: str
    links: list[FirecrawlLink]
    warning: NotRequired[str]


class FirecrawlExtract(TypedDict):
    """The data of several pages; empty until they have ended."""

    success: bool
    status: Literal["processing", "completed", "failed", "cancelled"]
    data: Any
    expiresAt: str
    sources: NotRequired[dict[str, list[str]]]
    creditsUsed: NotRequired[int]
    error: NotRequired[str]
    warning: NotRequired[str]


class FirecrawlResults(TypedDict):
    """What a search found: each with `url`, `title` and `description`, and with a document where one was asked for."""

    web: list[dict[str, Any]]


class FirecrawlSearch(TypedDict):
    """The answer to a search."""

    success: Literal[True]
    id: str
    data: FirecrawlResults
    warning: NotRequired[str]
