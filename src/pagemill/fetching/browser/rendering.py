"""One page in the browser, from an empty tab to its HTML and pictures."""

from __future__ import annotations

import asyncio
from importlib import resources
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pagemill.errors import (
    BlockedAddressError,
    BodyTooLargeError,
    BrowserCrashedError,
    BrowserError,
    CertificateError,
    ConnectionResetByHostError,
    FetchError,
    FetchTimeoutError,
    InvalidResponseError,
    TooManyRedirectsError,
    UnfetchableUrlError,
    UnsupportedContentTypeError,
)
from pagemill.fetching.browser.devtools.connection import DevToolsError
from pagemill.fetching.browser.driven.actions import perform
from pagemill.fetching.browser.driven.tab import DrivenTab
from pagemill.fetching.browser.egress_proxy import PROXY_ERROR_STATUSES
from pagemill.fetching.browser.extra_headers import send_extra_headers
from pagemill.fetching.browser.identity import LANGUAGES
from pagemill.fetching.browser.isolated_world import DocumentReplacedError, IsolatedWorld
from pagemill.fetching.browser.page_activity import PageActivity, refuse_navigations
from pagemill.fetching.browser.readiness import wait_until_ready
from pagemill.fetching.browser.screenshots import SCREENSHOT_FORMATS, Screenshots
from pagemill.fetching.verdict import is_challenge
from pagemill.model import FetchedPage, RenderedPage

if TYPE_CHECKING:
    from pagemill.fetching.browser.readiness import PageState
    from pagemill.fetching.browser.tab import Tab
    from pagemill.fetching.egress.guard import EgressGuard
    from pagemill.fetching.url import Url
    from pagemill.model import Cookie, Format, ScrapeOptions, SessionState
    from pagemill.settings import Settings

READ_TIME = 1.0
"""Seconds of a page's time that are kept for reading it."""
_SESSION_RESERVE = 0.1
"""Seconds of a page's time that are kept for going on without its session, where that cannot be had."""
CHALLENGE_CHECK_INTERVAL = 0.5
_CHALLENGE_TEXT = 2000
"""Characters of text above which a page with a good status is no interstitial."""
_HTML = "text/html; charset=utf-8"
_PAGE_TYPES = frozenset({"text/html", "application/xhtml+xml", "application/vnd.wap.xhtml+xml"})
_ERROR_PAGE = "chrome-error:"

_SERIALIZE = (resources.files("pagemill.fetching.browser") / "scripts" / "serialize.js").read_text()

# What Chromium calls failed navigations (net/base/net_error_list.h).
_NET_ERRORS: dict[str, type[FetchError]] = {
    "net::ERR_TIMED_OUT": FetchTimeoutError,
    "net::ERR_CONNECTION_TIMED_OUT": FetchTimeoutError,
    "net::ERR_TOO_MANY_REDIRECTS": TooManyRedirectsError,
    "net::ERR_CERT_AUTHORITY_INVALID": CertificateError,
    "net::ERR_CERT_COMMON_NAME_INVALID": CertificateError,
    "net::ERR_CERT_DATE_INVALID": CertificateError,
    "net::ERR_CERT_INVALID": CertificateError,
    "net::ERR_EMPTY_RESPONSE": ConnectionResetByHostError,
    "net::ERR_CONNECTION_RESET": ConnectionResetByHostError,
    "net::ERR_CONNECTION_CLOSED": ConnectionResetByHostError,
    "net::ERR_INVALID_RESPONSE": InvalidResponseError,
    "net::ERR_INVALID_HTTP_RESPONSE": InvalidResponseError,
    "net::ERR_UNKNOWN_URL_SCHEME": UnfetchableUrlError,
    "net::ERR_UNSAFE_PORT": UnfetchableUrlError,
}
_ABORTED = "net::ERR_ABORTED"
_WITHOUT_PAGE = (204, 205)
"""Statuses upon which browsers stay where they are."""


class Rendering:
    """One page's loading in a tab that is its own."""

    def __init__(self, tab: Tab, guard: EgressGuard, settings: Settings, url: Url, options: ScrapeOptions) -> None:
        self._tab = tab
        self._guard = guard
        self._settings = settings
        self._url = url
        self._options = options
        self._activity = PageActivity(tab.session)
        self._state: PageState | None = None

    async def render(self, deadline: float, session: SessionState | None = None) -> RenderedPage:
        """Navigate, wait, act, and take what is there, beginning with the state of a session.

        `deadline` is the event loop's time at which the page is taken as it is. Raises a subclass of `FetchError`, and
        `SessionUnreadableError`.
        """
        saves = self._options.session is not None and self._options.session.save_as is not None
        try:
            if session is not None:
                async with asyncio.timeout_at(deadline):
                    await self._driven.begin_with(session)
            if saves:
                self._driven.note_origins()
            await self._set_up()
            await self._load(deadline)
            if self._options.wait_for:
                await self._wait(self._options.wait_for / 1000, deadline)
            if self._options.actions:
                await self._act(deadline)
            page, screenshots = await self._capture(deadline)
        except TimeoutError:
            raise FetchTimeoutError(f"The page of {self._url.host} took too long to render.") from None
        state = await self._driven.session_state(deadline - _SESSION_RESERVE) if saves else None
        return RenderedPage(page, screenshots, state)

    @property
    def _driven(self) -> DrivenTab:
        """The tab, which Playwright drives where there is a session or an action: see `needs_driver`."""
        assert isinstance(self._tab, DrivenTab)  # noqa: S101
        return self._tab

    async def _set_up(self) -> None:
        """Set cookies, extra HTTP headers and the user agent."""
        options = self._options
        try:
            async with asyncio.timeout(self._settings.browser.browser_answer_timeout):
                if options.cookies:
                    await self._tab.add_cookies([self._cookie(cookie) for cookie in options.cookies])
                if options.headers:
                    await send_extra_headers(
                        options.headers, self._url, self._tab.session, self._tab.process.run_in_background
                    )
                await asyncio.gather(
                    self._tab.session.send("Emulation.setUserAgentOverride", self._user_agent()),
                    self._activity.start(),
                )
        except (DevToolsError, TimeoutError):
            await self._tab.process.kill()
            raise BrowserCrashedError("The browser ended, or did not answer, before the page was loaded.") from None

    def _user_agent(self) -> dict[str, Any]:
        languages = {"acceptLanguage": LANGUAGES}
        if self._options.user_agent is not None:  # without client hints, which it may contradict
            return languages | {"userAgent": self._options.user_agent}
        identity = self._tab.process.identity
        return languages | {"userAgent": identity.user_agent, "userAgentMetadata": identity.client_hints()}

    def _cookie(self, cookie: Cookie) -> dict[str, Any]:
        """A cookie as the browser takes it: one without a domain is for the folder of the page (RFC 6265, 5.1.4)."""
        if cookie.domain is not None:
            return {"name": cookie.name, "value": cookie.value, "domain": cookie.domain, "path": cookie.path}
        page = urlsplit(self._url.public_href)
        folder = page.path[: page.path.rfind("/") + 1]
        secure = page.scheme == "https"
        return {"name": cookie.name, "value": cookie.value, "domain": page.hostname, "path": folder, "secure": secure}

    async def _load(self, deadline: float) -> None:
        """Load the page, and wait until it is ready. Raises `UnsupportedContentTypeError` where it is no page."""
        await self._navigate(self._url.href, deadline)
        await self._until_ready(deadline)
        await self._return_from_nowhere(deadline)
        if self._state is not None and self._state.content_type not in _PAGE_TYPES:
            self._raise_failure(self._checked(self._state.url), self._state.status)
            kind = self._state.content_type
            raise UnsupportedContentTypeError(f"What {self._url.host} sent is {kind}, and no page to render.")
        await self._wait_for_challenge(deadline)

    async def _wait(self, seconds: float, deadline: float) -> None:
        """Let the page have more time, in which it may go on to another."""
        navigations = self._activity.navigations
        await asyncio.sleep(seconds)
        if self._activity.navigations != navigations:
            await self._until_ready(deadline)
            await self._return_from_nowhere(deadline)

    async def _return_from_nowhere(self, deadline: float) -> None:
        """Where the page loaded and then went on to where nothing answers, load it once more, and stay.

        The first document is the page then, as a reader saw it.
        """
        if self._options.actions or not self._went_nowhere():
            return
        try:
            async with asyncio.timeout(self._settings.browser.browser_answer_timeout):
                session = await self._tab.new_session()
                await refuse_navigations(session, self._leads_nowhere, self._tab.process)
        except (DevToolsError, TimeoutError):
            raise BrowserCrashedError("The browser ended as the page was loaded.") from None
        await self._navigate(self._url.href, deadline)
        await self._until_ready(deadline)

    def _went_nowhere(self) -> bool:
        """Whether the page went on by itself, and nothing answered there; a blocked address does not count."""
        if self._activity.requested_url is None or self._state is None:
            return False
        failures = self._tab.proxy.failures
        if self._state.url.startswith(_ERROR_PAGE):
            target = self._check(self._activity.requested_url)
            failure = (failures.get((target.host, target.port)) if target else None) or self._tab.proxy.last_failure
            return target is not None and not isinstance(failure, BlockedAddressError)
        shown = self._check(self._state.url)
        failure = failures.get((shown.host, shown.port)) if shown else None
        answered = failure is None or self._state.status not in PROXY_ERROR_STATUSES
        return not answered and not isinstance(failure, BlockedAddressError)

    def _check(self, text: str) -> Url | None:
        try:
            return self._guard.check_url(text)
        except FetchError:
            return None

    async def _leads_nowhere(self, text: str) -> bool:
        """Whether nothing answers at a URL, as far as is known: its host has no address, or was not reached before."""
        url = self._check(text)
        if url is None or (url.host, url.port) == (self._url.host, self._url.port):
            return False
        failure = self._tab.proxy.failures.get((url.host, url.port))
        if failure is None:
            try:
                await self._guard.resolve(url.host, url.port)
            except FetchError as error:
                failure = error
        return failure is not None and not isinstance(failure, BlockedAddressError)

    async def _act(self, deadline: float) -> None:
        navigations = self._activity.navigations
        self._activity.opened_window = None

        async def follow_window() -> None:
            nonlocal navigations
            opened, self._activity.opened_window = self._activity.opened_window, None
            if opened is not None and self._activity.navigations == navigations:
                await self._follow(opened, deadline)
            navigations = self._activity.navigations

        timeout = self._settings.browser.action_timeout
        await perform(self._options.actions, self._driven.page, deadline, timeout, follow_window)
        await self._until_ready(deadline)
        await follow_window()

    async def _follow(self, opened: str, deadline: float) -> None:
        """Load in the page's own tab what it opened in another."""
        try:
            url = self._guard.check_url(opened)
        except UnfetchableUrlError:
            return
        await self._navigate(url.href, deadline, referrer=self._driven.page.url)
        await self._until_ready(deadline)

    async def _take_screenshots(self, deadline: float) -> dict[Format, bytes]:
        if SCREENSHOT_FORMATS.isdisjoint(self._options.formats):
            return {}
        screenshots = Screenshots(self._tab.session, self._world, self._settings, self._until_drawn)
        return await screenshots.take(self._options.formats, deadline)

    async def _navigate(self, url: str, deadline: float, referrer: str | None = None) -> None:
        target = {"url": url} if referrer is None else {"url": url, "referrer": referrer}
        self._activity.requested_url = None
        navigate = asyncio.ensure_future(self._tab.session.send("Page.navigate", target))
        crash = asyncio.ensure_future(self._tab.crashed.wait())
        try:
            async with asyncio.timeout_at(deadline):
                await asyncio.wait({navigate, crash}, return_when=asyncio.FIRST_COMPLETED)
            if not navigate.done():
                raise BrowserCrashedError("The browser ended as the page was loaded.")
            reply = navigate.result()
        except DevToolsError:
            raise BrowserCrashedError("The browser ended as the page was loaded.") from None
        finally:
            navigate.cancel()
            crash.cancel()
        if reply.get("isDownload"):
            raise UnsupportedContentTypeError(f"What {self._url.host} sent is a file to download, and no page.")
        if "errorText" in reply:
            raise self._navigation_failure(reply["errorText"])
        self._world = IsolatedWorld(self._tab.session, reply["frameId"], self._tab.crashed)

    def _navigation_failure(self, error: str) -> FetchError:
        if self._tab.proxy.last_failure is not None:
            return self._tab.proxy.last_failure
        host = self._url.host
        if error == _ABORTED and self._activity.status_code in _WITHOUT_PAGE:
            return UnsupportedContentTypeError(f"What {host} sent is no page that a browser shows.")
        if error == _ABORTED:  # no process could be started for the page, or it ended
            return BrowserCrashedError("The browser gave up loading the page.")
        kind = _NET_ERRORS.get(error, FetchError)
        return kind(f"The browser could not load the page of {host}: {error.removeprefix('net::')}.")

    async def _until_ready(self, deadline: float) -> PageState | None:
        loop = asyncio.get_running_loop()
        limit = min(deadline - READ_TIME, loop.time() + self._settings.browser.ready_timeout)
        self._state = await wait_until_ready(self._world, self._tab.proxy, self._activity, limit, self._settings)
        return self._state

    async def _until_drawn(self, limit: float) -> None:
        """Wait again, without a word about the page's text, which stood before."""
        await wait_until_ready(self._world, self._tab.proxy, self._activity, limit, self._settings)

    async def _wait_for_challenge(self, deadline: float) -> None:
        """Where a known vendor's interstitial stands, give its scripts time to let the page through."""
        loop = asyncio.get_running_loop()
        limit = min(deadline - READ_TIME, loop.time() + self._settings.browser.challenge_timeout)
        while self._state is not None and _may_be_challenge(self._state) and loop.time() < limit:
            seen = await self._serialized(deadline)
            body = (seen["html"] or "").encode("utf-8", "replace")
            if not is_challenge(seen["status"], body):
                return
            await asyncio.sleep(CHALLENGE_CHECK_INTERVAL)
            await self._until_ready(deadline)

    async def _capture(self, deadline: float) -> tuple[FetchedPage, dict[Format, bytes]]:
        """Take the pictures and read the page, once more where it went on to where nothing answers meanwhile."""
        try:
            screenshots = await self._take_screenshots(deadline - READ_TIME)
            return await self._read(deadline), screenshots
        except FetchError:
            if self._options.actions:
                raise
            await self._until_ready(deadline)
            if not self._went_nowhere():
                raise
        await self._return_from_nowhere(deadline)
        screenshots = await self._take_screenshots(deadline - READ_TIME)
        return await self._read(deadline), screenshots

    async def _read(self, deadline: float) -> FetchedPage:
        seen = await self._serialized(deadline)
        url = self._checked(seen["url"])
        self._raise_failure(url, seen["status"])
        if seen["html"] is None:
            limit = self._settings.fetching.max_body_bytes
            raise BodyTooLargeError(f"The rendered page is larger than the limit of {limit} bytes.")
        body = seen["html"].encode("utf-8", "replace")
        settled = self._state is not None and self._state.settled
        return FetchedPage(self._url.public_href, url.public_href, seen["status"] or 200, _HTML, body, settled=settled)

    def _raise_failure(self, url: Url, status: int) -> None:
        """Raise why `url` could not be had, where the answer is the proxy's own."""
        failure = self._tab.proxy.failures.get((url.host, url.port))
        if failure is not None and status in PROXY_ERROR_STATUSES:
            raise failure

    def _checked(self, text: str) -> Url:
        """The address that the page ended on, which must be one that may be fetched."""
        try:
            return self._guard.check_url(text)
        except FetchError:
            if self._tab.proxy.last_failure is not None:
                raise self._tab.proxy.last_failure from None
            raise

    async def _serialized(self, deadline: float) -> dict[str, Any]:
        """What `serialize.js` returns. A script that never ends is stopped for it, once."""
        loop = asyncio.get_running_loop()
        while loop.time() < deadline:
            try:
                async with asyncio.timeout_at(min(deadline, loop.time() + READ_TIME)):
                    seen = await self._world.evaluate(_SERIALIZE, self._settings.fetching.max_body_bytes)
            except DocumentReplacedError:
                continue
            except TimeoutError:
                await self._interrupt()
                continue
            except ValueError:
                raise BrowserError("The rendered page could not be read.") from None
            if isinstance(seen, dict):
                return seen
        raise TimeoutError

    async def _interrupt(self) -> None:
        self._state = None
        try:
            async with asyncio.timeout(READ_TIME):
                await self._world.interrupt()
        except (DocumentReplacedError, TimeoutError):
            return


def _may_be_challenge(state: PageState) -> bool:
    return state.status >= 400 or state.length < _CHALLENGE_TEXT
