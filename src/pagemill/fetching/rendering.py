"""One page in the browser, from an empty context to its HTML and pictures."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from importlib import resources
from typing import TYPE_CHECKING, Any, Self

from pagemill.errors import (
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
from pagemill.exits import DIRECT
from pagemill.fetching.actions import perform
from pagemill.fetching.captures import capture
from pagemill.fetching.egress_proxy import EgressProxy
from pagemill.fetching.readiness import settle
from pagemill.fetching.tunnel import Tunnels
from pagemill.fetching.verdict import is_challenge
from pagemill.fetching.world import PageMovedError, World
from pagemill.model import FetchedPage, RenderedPage

if TYPE_CHECKING:
    from playwright.async_api import CDPSession, Page

    from pagemill.exits import Exit
    from pagemill.fetching.browser_process import BrowserProcess
    from pagemill.fetching.egress import EgressGuard
    from pagemill.fetching.url import Url
    from pagemill.model import ScrapeOptions
    from pagemill.settings import Settings

VIEWPORT = {"width": 1280, "height": 800}
RESERVE = 1.0
"""Seconds of a page's time that are kept for reading it."""
CHALLENGE_TIME = 10.0
"""Seconds that an interstitial is given to let the page through."""
CHALLENGE_PAUSE = 0.5
_CHALLENGE_TEXT = 5000
"""Characters, scripts included, above which a page with a good status is no interstitial."""
_STATUS_AND_LENGTH = """() => {
  const navigation = performance.getEntriesByType("navigation")[0];
  return [navigation ? navigation.responseStatus : 0, document.body ? document.body.textContent.length : 0];
}"""
_HTML = "text/html; charset=utf-8"

_SERIALIZE = (resources.files("pagemill.fetching") / "scripts" / "serialize.js").read_text()
# In the first moment of each document: media are not loaded. A policy of the page's own (CSP Level 3) does it inside
# Blink, for all frames, and leaves nothing that the page could find; images and fonts are off for the whole process.
_WITHOUT_MEDIA = (resources.files("pagemill.fetching") / "scripts" / "without_media.js").read_text()

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


class Rendering:
    """A context with one page in it, and its way out. Used as `async with Rendering(...) as rendering`.

    `deadline` is the event loop's time at which the page is taken as it is. Leaving closes the context and the proxy,
    whatever happened; where the context does not close, the browser is killed.
    """

    def __init__(  # noqa: PLR0913 - what a page is rendered with
        self,
        process: BrowserProcess,
        guard: EgressGuard,
        settings: Settings,
        url: Url,
        options: ScrapeOptions,
        *,
        way: Exit = DIRECT,
    ) -> None:
        self._way = way
        self._process = process
        self._guard = guard
        self._settings = settings
        self._url = url
        self._options = options
        self._stack = AsyncExitStack()
        self._crashed = asyncio.Event()

    async def __aenter__(self) -> Self:
        from playwright.async_api import Error

        async with AsyncExitStack() as stack:
            self._proxy = await stack.enter_async_context(self._way_out())
            self._process.on_gone(self._crashed)
            stack.callback(self._process.forget, self._crashed)
            self._context = await self._process.new_context(**self._context_options())
            stack.push_async_callback(self._process.close_context, self._context)
            try:
                async with asyncio.timeout(self._settings.browser_answer_timeout):
                    await self._open_page()
            except (Error, TimeoutError):
                await self._process.kill()
                raise BrowserCrashedError("The browser ended, or did not answer, as the page was opened.") from None
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def render(self, deadline: float) -> RenderedPage:
        """Navigate, wait, act, and take what is there. Raises a subclass of `FetchError`."""
        try:
            await self._navigate(deadline)
            await self._until_ready(deadline)
            await self._past_challenge(deadline)
            if self._options.wait_for:
                await asyncio.sleep(self._options.wait_for / 1000)
            if self._options.actions:
                await perform(self._options.actions, self._page, deadline)
                await self._until_ready(deadline)
            captures = await capture(self._page, self._options.formats, deadline)
            page = await self._read(deadline)
        except TimeoutError:
            raise FetchTimeoutError(f"The page of {self._url.host} took too long to render.") from None
        return RenderedPage(page, captures)

    def _way_out(self) -> EgressProxy:
        tunnels = None if self._way.direct else Tunnels(self._way, self._guard.resolver, self._settings)
        return EgressProxy(self._guard, self._settings.connect_timeout, tunnels)

    def _context_options(self) -> dict[str, Any]:
        return {
            "proxy": {"server": self._proxy.url, "bypass": "<-loopback>"},
            "accept_downloads": False,
            "viewport": VIEWPORT,
            "screen": VIEWPORT,
            "locale": "en-US",
            "permissions": [],
            "extra_http_headers": dict(self._options.headers) or None,
        }

    async def _open_page(self) -> None:
        if self._options.cookies:
            await self._context.add_cookies([self._cookie(index) for index in range(len(self._options.cookies))])
        if not self._process.images:
            await self._context.add_init_script(_WITHOUT_MEDIA)
        self._page = page = await self._context.new_page()
        page.on("crash", lambda _: self._crashed.set())
        self._context.on("page", self._close_popup)
        self._session: CDPSession = await self._context.new_cdp_session(page)
        tree = await self._session.send("Page.getFrameTree")
        self._frame_id = tree["frameTree"]["frame"]["id"]
        self._world = World(self._session, self._frame_id, self._crashed)
        await self._session.send("Emulation.setUserAgentOverride", self._user_agent())

    def _user_agent(self) -> dict[str, Any]:
        if self._options.user_agent is not None:  # without client hints, which it may contradict
            return {"userAgent": self._options.user_agent}
        identity = self._process.identity
        return {"userAgent": identity.user_agent, "userAgentMetadata": identity.client_hints()}

    def _cookie(self, index: int) -> Any:
        cookie = self._options.cookies[index]
        if cookie.domain is None:
            return {"name": cookie.name, "value": cookie.value, "url": self._url.public_href}
        return {"name": cookie.name, "value": cookie.value, "domain": cookie.domain, "path": cookie.path}

    def _close_popup(self, page: Page) -> None:
        if page is not self._page:
            self._process.run(page.close())

    async def _navigate(self, deadline: float) -> None:
        from playwright.async_api import Error

        navigate = asyncio.ensure_future(self._session.send("Page.navigate", {"url": self._url.href}))
        crash = asyncio.ensure_future(self._crashed.wait())
        try:
            async with asyncio.timeout_at(deadline):
                await asyncio.wait({navigate, crash}, return_when=asyncio.FIRST_COMPLETED)
            if not navigate.done():
                raise BrowserCrashedError("The browser ended as the page was loaded.")
            reply = navigate.result()
        except Error:
            raise BrowserCrashedError("The browser ended as the page was loaded.") from None
        finally:
            navigate.cancel()
            crash.cancel()
        if reply.get("isDownload"):
            raise UnsupportedContentTypeError(f"What {self._url.host} sent is a file to download, and no page.")
        if "errorText" in reply:
            raise self._navigation_failure(reply["errorText"])

    def _navigation_failure(self, error: str) -> FetchError:
        if self._proxy.last_failure is not None:
            return self._proxy.last_failure
        host = self._url.host
        if error == _ABORTED:
            return UnsupportedContentTypeError(f"What {host} sent is no page that a browser shows.")
        kind = _NET_ERRORS.get(error, FetchError)
        return kind(f"The browser could not load the page of {host}: {error.removeprefix('net::')}.")

    async def _until_ready(self, deadline: float) -> None:
        loop = asyncio.get_running_loop()
        limit = min(deadline - RESERVE, loop.time() + self._settings.ready_timeout)
        await settle(self._world, self._proxy, limit)

    async def _past_challenge(self, deadline: float) -> None:
        """Where a known vendor's interstitial stands, give its scripts time to let the page through."""
        loop = asyncio.get_running_loop()
        limit = min(deadline - RESERVE, loop.time() + min(CHALLENGE_TIME, self._settings.ready_timeout))
        while loop.time() < limit and await self._looks_like_challenge(limit):
            seen = await self._serialized(deadline)
            body = (seen["html"] or "").encode("utf-8", "replace")
            if not is_challenge(seen["status"], body):
                return
            await asyncio.sleep(CHALLENGE_PAUSE)
            await self._until_ready(deadline)

    async def _looks_like_challenge(self, limit: float) -> bool:
        try:
            async with asyncio.timeout_at(limit):
                status, length = await self._world.call(_STATUS_AND_LENGTH)
        except PageMovedError:
            return True
        except (TimeoutError, ValueError):
            return False
        return bool(status >= 400 or length < _CHALLENGE_TEXT)

    async def _read(self, deadline: float) -> FetchedPage:
        seen = await self._serialized(deadline)
        url = self._checked(seen["url"])
        failure = self._proxy.failures.get((url.host, url.port))
        if failure is not None and seen["status"] in (403, 502, 504):
            raise failure
        if seen["html"] is None:
            limit = self._settings.max_body_bytes
            raise BodyTooLargeError(f"The rendered page is larger than the limit of {limit} bytes.")
        body = seen["html"].encode("utf-8", "replace")
        return FetchedPage(self._url.public_href, url.public_href, seen["status"] or 200, _HTML, body)

    def _checked(self, text: str) -> Url:
        """The address that the page ended on, which must be one that may be fetched."""
        try:
            return self._guard.check_url(text)
        except FetchError:
            if self._proxy.last_failure is not None:
                raise self._proxy.last_failure from None
            raise

    async def _serialized(self, deadline: float) -> dict[str, Any]:
        """What `serialize.js` returns. A script that never ends is stopped for it, once."""
        loop = asyncio.get_running_loop()
        while loop.time() < deadline:
            try:
                async with asyncio.timeout_at(min(deadline, loop.time() + RESERVE)):
                    seen = await self._world.call(_SERIALIZE, self._settings.max_body_bytes)
            except PageMovedError:
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
        try:
            async with asyncio.timeout(RESERVE):
                await self._world.interrupt()
        except (PageMovedError, TimeoutError):
            return
