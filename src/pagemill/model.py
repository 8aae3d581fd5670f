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


METADATA = "metadata"
"""The name of a page's metadata among its bodies: it is made whether or not a client asks for it."""


TEXT = "text"
"""The name of a page's content as plain text, a line for each block: only `pagemill.bulk` asks for it."""

TEXT_LANGUAGE = "text_language"
"""The name of the language that the content is written in: as `TEXT`."""

READABILITY = "readability"
"""The name of the share of its words that stand in sentences: as `TEXT`."""


PAGE_TYPE = "page_type"
"""The name of what kind of page it is: as `TEXT`."""


class LinkStyle(StrEnum):
    """How Markdown writes links; the values are those of the wire."""

    INLINE = "inline"
    REFERENCE = "reference"
    NONE = "none"


DEFAULT_FORMATS = (Format.HTML, Format.CLEANED_HTML, Format.MARKDOWN)


class ActionType(StrEnum):
    """What an action does; the values are those of the wire."""

    WAIT = "wait"
    WAIT_FOR = "wait_for"
    CLICK = "click"
    SCROLL = "scroll"
    WRITE = "write"
    PRESS = "press"


@dataclass(frozen=True, slots=True)
class Action:
    """Something to do in a rendered page before it is captured. Which fields count depends on the type."""

    type: ActionType
    selector: str | None = None
    """The element to wait for, click, or scroll; a CSS selector."""
    milliseconds: int | None = None
    """How long to wait, or to wait at most."""
    direction: str = "down"
    """Where to scroll: `up` or `down`."""
    text: str = ""
    """What to write where the focus is."""
    key: str = ""
    """The key to press, by its name in the UI Events standard (`Enter`, `a`), with modifiers like `Control+A`."""


@dataclass(frozen=True, slots=True)
class Cookie:
    """A cookie to send. Without a domain it is one of the page's own host."""

    name: str
    value: str
    domain: str | None = None
    path: str = "/"


@dataclass(frozen=True, slots=True)
class SessionUse:
    """Which kept session the browser begins with, and under which name its state is saved when the page was read."""

    id: str | None = None
    name: str | None = None
    save_as: str | None = None
    """None: nothing is saved."""

    @property
    def is_empty(self) -> bool:
        """Whether the browser begins with none."""
        return self.id is None and self.name is None

    @property
    def may_be_new(self) -> bool:
        """Whether there need be no session of this name yet: it is saved under the same."""
        return self.id is None and self.name is not None and self.name == self.save_as


@dataclass(frozen=True, slots=True)
class SessionState:
    """The cookies and the storage of a browser context, as Playwright has them. They are secret."""

    json: bytes = field(repr=False)


class SessionFault(StrEnum):
    """Why the state of a browser context could not be had."""

    NO_ANSWER = "no_answer"
    TOO_LARGE = "too_large"
    TOO_MANY_ORIGINS = "too_many_origins"


MIN_TOKENS = 50
"""The least limit of Markdown's tokens. A smaller one would leave next to nothing beside the line about the cut."""


@dataclass(frozen=True, slots=True)
class MarkdownOptions:
    """How a client wants its Markdown."""

    links: LinkStyle = LinkStyle.INLINE
    images: bool = True
    """Whether it shows images."""
    front_matter: bool = False
    """Whether YAML front matter stands before it."""
    max_tokens: int | None = None
    """About how many tokens it may have; None for all of it."""

    @property
    def rewrites(self) -> bool:
        """Whether it has to be written anew, from the cleaned HTML."""
        return self.links is not LinkStyle.INLINE or not self.images


class BlockRole(StrEnum):
    """What a block of text is on its page."""

    TITLE = "title"
    BODY = "body"
    CAPTION = "caption"
    META = "meta"
    """Byline and date."""
    COMMENTS = "comments"
    JUNK = "junk"


@dataclass(frozen=True, slots=True)
class Correction:
    """The role that a person gave to a block, for the same block of pages that are built alike."""

    id: str
    hosts: tuple[str, ...]
    """The hosts of its pages, without `www.`."""
    template: tuple[int, ...]
    """The signature of its page's template: see `extraction.choosing.template`."""
    path: tuple[tuple[str, tuple[str, ...]], ...]
    """The block's element and those around it, from the inside out: the tag, and the class names and id of each."""
    text: str | None
    """A digest of the block's text, where only blocks with this text are meant; None for all on the path."""
    role: BlockRole


@dataclass(frozen=True, slots=True)
class ScrapeOptions:
    """How a URL is to be scraped, the same for every page of a job."""

    formats: tuple[Format, ...] = DEFAULT_FORMATS
    country: str = "us"
    force_fresh: bool = False
    """Whether to fetch the page whatever the cache holds."""
    max_age: float | None = None
    """Seconds since it was fetched that a page from the cache may be old; None for the setting."""
    use_browser: bool = False
    actions: tuple[Action, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    cookies: tuple[Cookie, ...] = ()
    user_agent: str | None = None
    timeout: float | None = None
    """Seconds that the page may take in all; None for the setting."""
    only_main_content: bool = True
    include_tags: tuple[str, ...] = ()
    """CSS selectors: of the page's body, only these parts."""
    exclude_tags: tuple[str, ...] = ()
    """CSS selectors: without these parts."""
    include_comments: bool = False
    """Whether readers' comments count as content."""
    markdown: MarkdownOptions = MarkdownOptions()
    """How the Markdown that is returned looks. Everything else is made of the plain Markdown."""
    wait_for: int = 0
    """Milliseconds to wait after a rendered page has settled."""
    output_schema: str | None = None
    """The JSON Schema of structured JSON, as checked JSON text; None for our own."""
    session: SessionUse | None = None
    """The kept session that the page has to do with."""
    sealed: str | None = None
    """The values of headers and cookies and what actions write, encrypted; these are empty then. They may be secret."""
    corrections: tuple[Correction, ...] = ()
    """Roles that blocks were given, for the URL's host. Not stored with the job: a page takes those of its time."""

    @property
    def is_private(self) -> bool:
        """Whether anything of the request's own goes to the host, or is done on its page: others may see another."""
        return bool(self.headers or self.cookies or self.user_agent or self.actions or self.session)


class JobKind(StrEnum):
    """What a job is for; the values begin the ids of all but `scrape`."""

    SCRAPE = "scrape"
    MAP = "map"
    CRAWL = "crawl"
    BULK = "bulk"
    """A batch by upload."""


@dataclass(frozen=True, slots=True)
class SiteOptions:
    """What a map or a crawl is to find, beside the options of its pages."""

    url: str = ""
    """Where it begins; its host is the site."""
    limit: int = 100
    """The most URLs of a map, or pages of a crawl."""
    depth: int = 2
    """How many links may lead to a page, one after another."""
    limit_per_level: int = 100
    """Of a map: the most pages that are opened at each depth."""
    subdomains: bool = False
    external_links: bool = False
    search: str | None = None
    """What a map's URLs are ordered by, or which pages a crawl takes first."""
    sitemap: bool = True
    ignore_robots: bool = False
    include: tuple[str, ...] = ()
    """Patterns of URLs, as `pagemill.sites.patterns` reads them; none: any."""
    exclude: tuple[str, ...] = ()
    since: str | None = None
    """Of a crawl: contents only of pages that changed after this moment (RFC 3339)."""
    monitor_id: str | None = None
    """Of a crawl: contents only of pages that differ from what this monitor knows."""


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
    open_graph: dict[str, str] = field(default_factory=dict)
    """Open Graph properties (ogp.me) by name, without `og:`."""


@dataclass(frozen=True, slots=True)
class Refresh:
    """Where a page leads by itself after some seconds."""

    seconds: float
    url: str
    """An absolute address."""


@dataclass(frozen=True, slots=True)
class Signals:
    """Signals that tell whether a page contains its content or scripts still have to insert it."""

    words: int
    """Words of the whole page that are visible without scripts, counted up to a limit."""
    scripts: int
    """The number of executable scripts. Data blocks such as JSON-LD do not count."""
    mount_point: bool = False
    """Whether the page has an element into which a framework renders."""
    noscript_warning: bool = False
    """Whether a `<noscript>` mentions JavaScript."""
    script_characters: int = 0
    """Characters of inline scripts, data blocks included."""
    frameset: bool = False
    """Whether it is a `<frameset>`, whose frames hold all that there is."""
    refresh: Refresh | None = None
    """Where its `<meta http-equiv="refresh">` leads."""


@dataclass(frozen=True, slots=True)
class Content:
    """The result of extraction from a page's bytes."""

    html: str
    """The decoded page, unchanged."""
    cleaned_html: str
    """The content alone, as valid HTML with absolute URLs."""
    markdown: str
    """The same content as GitHub-flavoured Markdown."""
    metadata: Metadata = field(default_factory=Metadata)
    links: tuple[Link, ...] = ()
    images: tuple[Image, ...] = ()
    quality: float = 1.0
    """The expected word F1 of the selected content, from 0 to 1."""
    signals: Signals | None = None
    """None for documents that are not HTML."""
    page_type: str | None = None
    """What kind of page it is, where that is asked for and sure enough."""


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
    headers: dict[str, str] = field(default_factory=dict)
    """Those of the response by name in lower case; the first where one came twice."""
    settled: bool = True
    """Whether it is the page as it stands in the end: False where a rendered page was taken before it was done, or was
    still empty."""


class FetchedWith(StrEnum):
    """What a page was fetched with; the values are those of the wire."""

    HTTP = "http"
    BROWSER = "browser"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One step on the way to a page, and how it ended."""

    fetched_with: FetchedWith
    outcome: str
    """`ok`, `javascript_shell`, `blocked`, or the code of an error."""
    duration: float
    """In seconds."""
    status_code: int | None = None
    vendor: str | None = None
    """Who blocked it, where that is known."""


@dataclass(frozen=True, slots=True)
class RenderedPage:
    """What the browser made of a URL: the page as it stood, as HTML in UTF-8, and pictures of it (PNG) by format."""

    page: FetchedPage
    screenshots: dict[Format, bytes]
    session: SessionState | SessionFault | None = field(default=None, repr=False)
    """The state of its context, where that is to be saved, or why it could not be had."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a page failed: one of the codes of `pagemill.errors`, and a sentence for a person."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class JobWebhook:
    """How the `webhook_url` of a job is told as Firecrawl's API has it."""

    kind: str
    """What the job is called: `crawl`, `batch_scrape` or `extract`."""
    events: tuple[str, ...]
    """Those of `jobs.webhooks.endpoints.Event` that are told."""
    metadata: JsonObject
    """Sent along as it came."""
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """HTTP headers of the request's own, as they came. They may be secret, and are not kept so."""
    sealed_headers: str | None = field(default=None, repr=False)
    """The same as they are kept: encrypted."""


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
    webhook_url: str | None = None
    """Told when it ends."""
    kind: JobKind = JobKind.SCRAPE
    site: SiteOptions | None = None
    """Of a map or a crawl."""
    cancelled_at: datetime | None = None
    """When a client cancelled it, where that was before it ended."""
    webhook: JobWebhook | None = None
    """None where the URL is told of its end alone, in this service's own form."""


@dataclass(frozen=True, slots=True)
class JobSummary:
    """A job as it stands in a list."""

    job: Job
    url: str
    """The first of its URLs."""
    pages: int
    completed: int
    failed: int
    cached: bool
    failure: Failure | None
    """Of the first URL."""


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
    final_url: str | None = None
    status_code: int | None = None
    fetched_with: FetchedWith | None = None
    attempts: tuple[Attempt, ...] = ()
