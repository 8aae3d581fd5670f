"""Pages over HTTP, as a browser asks for them, each to addresses that the egress guard has checked.

Pages are anonymous: cookies live for the redirects of one attempt, and connections are the only thing shared.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from curl_cffi import AsyncCurl, Curl, CurlECode, CurlError, CurlInfo, CurlMOpt, CurlOpt

from pagemill.errors import (
    BlockedAddressError,
    FetchError,
    FetchTimeoutError,
    HttpStatusError,
    InvalidRedirectError,
    PageError,
    TooManyRedirectsError,
    UnfetchableUrlError,
)
from pagemill.fetching.egress.guard import EgressGuard
from pagemill.fetching.http import request_options
from pagemill.fetching.http.curl_errors import failure_of
from pagemill.fetching.http.curl_handle import browser_handle, limit_size
from pagemill.fetching.http.host_concurrency import HostLimiter
from pagemill.fetching.http.request_options import is_same_origin
from pagemill.fetching.http.response_reader import REDIRECTS, ResponseReader
from pagemill.fetching.http.retry import RetryPolicy, parse_retry_after
from pagemill.fetching.http.route import direct_route, proxy_failure, proxy_route
from pagemill.fetching.proxies.addresses import proxy_addresses
from pagemill.fetching.proxies.rotation import ProxyRotation, proxies_for
from pagemill.fetching.proxies.scores import MemoryProxyScores
from pagemill.model import FetchedPage
from pagemill.observability.metrics import FETCHES
from pagemill.observability.stages import Stage, request_attributes
from pagemill.observability.tracing import Kind

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from contextlib import AbstractContextManager

    from pagemill.fetching.http.request_options import RequestFields
    from pagemill.fetching.proxies.rotation import Accept
    from pagemill.fetching.proxies.scores import ProxyScores
    from pagemill.fetching.url import IPAddress, Url
    from pagemill.proxies import Proxy
    from pagemill.settings import Settings

    FindRefresh = Callable[[FetchedPage], Awaitable[str | None]]

IDLE_HANDLES = 64
IDLE_CONNECTIONS = 128


class HttpFetcher:
    """Fetches pages. One for each process, used as `async with HttpFetcher(settings) as fetcher`."""

    def __init__(self, settings: Settings, guard: EgressGuard | None = None, scores: ProxyScores | None = None) -> None:
        self._settings = settings
        self._own_guard = guard is None
        self._guard = guard or EgressGuard(settings)
        self._scores = scores or MemoryProxyScores(settings.egress.proxy_half_life)
        self._retries = RetryPolicy.of(settings)
        self._hosts = HostLimiter(settings.fetching.host_concurrency, settings.fetching.host_spare_requests)
        self._handles: list[Curl] = []
        self._multi: AsyncCurl | None = None

    async def __aenter__(self) -> Self:
        self._handles.append(browser_handle(self._settings))  # wrong settings are told now
        self._guard.open()
        self._multi = AsyncCurl()
        self._multi.setopt(CurlMOpt.MAXCONNECTS, IDLE_CONNECTIONS)  # type: ignore[no-untyped-call]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections. Requests under way must have ended or been cancelled."""
        if self._multi is not None:
            await self._multi.close()  # type: ignore[no-untyped-call]
            self._multi = None
        for curl in self._handles:
            curl.close()
        self._handles.clear()
        if self._own_guard:
            await self._guard.close()

    async def fetch(  # noqa: PLR0913 - what a request is made of, most of it optional
        self,
        url: str,
        deadline: float | None = None,
        country: str = "us",
        fields: RequestFields = request_options.NONE,
        accept: Accept | None = None,
        *,
        refresh: FindRefresh | None = None,
    ) -> FetchedPage:
        """The page at `url`, after redirects, decompressed, as seen from `country`; `fields` go with the request.
        A page that is still as their validators say comes with the status 304 and no body. `accept` may refuse a page
        that came: its error is then how the attempt ended. `refresh` finds where a page leads by itself, which is
        followed like a redirect; where nothing comes of that, the page is what had come before.

        `deadline` is a time of the event loop: back-off and `Retry-After` are kept only when they end before it.
        Without one, the settings' `job_deadline` from now. A failed proxy is left for another that the country has, at
        once. Raises subclasses of `FetchError`; `HttpStatusError` for a status of 4xx or 5xx. Cancelling aborts the
        transfer.
        """
        loop = asyncio.get_running_loop()
        if deadline is None:
            deadline = loop.time() + self._settings.jobs.job_deadline
        proxies = ProxyRotation(
            self._guard.check_url(url).host,
            proxies_for(self._settings, country),
            self._scores,
            deadline,
            teaches=not fields.own,
        )
        while True:
            proxy = await proxies.take()
            try:
                page = await self._attempt(url, proxy, deadline, fields, refresh)
                proxies.record_latency()
                if accept is not None:
                    await accept(page)
            except FetchError as error:
                if await proxies.failed(error) and proxies.attempts < self._retries.attempts:
                    wait: float | None = 0.0
                else:
                    wait = self._retries.wait(error, proxies.attempts)
                if wait is None or loop.time() + wait >= deadline:
                    raise
            except PageError:  # `accept` could not read it, but the proxy brought it
                await proxies.succeeded()
                raise
            else:
                await proxies.succeeded()
                return page
            await asyncio.sleep(wait)

    async def _attempt(
        self, text: str, proxy: Proxy, deadline: float, fields: RequestFields, refresh: FindRefresh | None
    ) -> FetchedPage:
        curl = self._handles.pop() if self._handles else browser_handle(self._settings)
        try:
            curl.setopt(CurlOpt.COOKIELIST, "ALL")
            return await self._follow(curl, text, proxy, deadline, fields, refresh=refresh)
        finally:
            curl.setopt(CurlOpt.HTTPHEADER, [])
            if len(self._handles) < IDLE_HANDLES and self._multi is not None:
                self._handles.append(curl)
            else:
                curl.close()

    async def _follow(  # noqa: PLR0913 - what a request is made of
        self,
        curl: Curl,
        text: str,
        proxy: Proxy,
        deadline: float,
        fields: RequestFields,
        *,
        refresh: FindRefresh | None,
    ) -> FetchedPage:
        url = self._guard.check_url(text)
        first = url
        for cookie in fields.cookie_lines(first.host):
            curl.setopt(CurlOpt.COOKIELIST, cookie)
        budget = self._settings.fetching.fetch_timeout
        loop = asyncio.get_running_loop()
        loaded: FetchedPage | None = None
        for _ in range(self._settings.fetching.max_redirects + 1):
            try:
                async with self._hosts.slot(url.host):
                    started = loop.time()
                    lines = fields.header_lines(same_origin=is_same_origin(url, first)) + fields.condition_lines(url)
                    curl.setopt(CurlOpt.HTTPHEADER, lines)
                    reader = await self._request(curl, url, proxy, min(budget, deadline - started), fields.enough)
                    budget -= loop.time() - started
                if reader.redirects:
                    url = self._redirected(url, reader.location)
                    continue
                if reader.status in REDIRECTS and not reader.body:
                    raise InvalidRedirectError(f"The page of {url.host} redirects, but does not say where to.")
                page = _page(text, url, reader)
            except BlockedAddressError:
                raise
            except FetchError:
                if loaded is None:
                    raise
                return loaded
            target = await refresh(page) if refresh is not None else None
            if target is None:
                return page
            loaded, url = page, self._guard.check_url(target)
        raise TooManyRedirectsError(f"The page redirected more than {self._settings.fetching.max_redirects} times.")

    def _redirected(self, url: Url, location: str) -> Url:
        try:
            return self._guard.check_url(location, url)
        except UnfetchableUrlError as error:
            raise InvalidRedirectError(f"The page of {url.host} redirects to something that is no web page.") from error

    async def _request(
        self, curl: Curl, url: Url, proxy: Proxy, seconds: float, most: int | None = None
    ) -> ResponseReader:
        """As `_exchange`, counted and timed."""
        attributes = request_attributes("GET", url.public_href)
        outcome = "error"
        try:
            with Stage("http", "GET", Kind.CLIENT, attributes) as span:
                reader = await self._exchange(curl, url, proxy, seconds, most)
                outcome = f"{reader.status // 100}xx"
                span.set(http__response__status_code=reader.status)
                if reader.status >= 400:
                    span.fail(str(reader.status))
            return reader
        finally:
            FETCHES.add(outcome)

    async def _exchange(
        self, curl: Curl, url: Url, proxy: Proxy, seconds: float, most: int | None = None
    ) -> ResponseReader:
        """Ask for one URL, through one proxy, within so many seconds. `most`: bytes of the body that are enough."""
        loop = asyncio.get_running_loop()
        started = loop.time()
        addresses = await self._guard.resolve(url.host, url.port)
        route = await self._route(curl, url, proxy, addresses)
        seconds -= loop.time() - started
        if seconds <= 0:
            raise FetchTimeoutError(f"The answer of {url.host} took too long.")

        def connected() -> None:
            self._check_peer(curl, url, proxy, addresses)

        curl.setopt(CurlOpt.URL, url.href)
        curl.setopt(CurlOpt.REQUEST_TARGET, url.target)  # libcurl would rewrite `%2f` to `%2F`
        curl.setopt(CurlOpt.TIMEOUT_MS, max(1, int(seconds * 1000)))
        limit_size(curl, self._settings, bounded=most is None)
        try:
            with route:
                return await self._answer(curl, self._new_reader(url.host, connected, most))
        except CurlError as error:
            of_proxy = None if proxy.direct else proxy_failure(error, curl, url.host)
            raise of_proxy or failure_of(error, curl, url.host) from error
        finally:
            curl.clean_handles_and_buffers()

    async def _route(
        self, curl: Curl, url: Url, proxy: Proxy, addresses: Sequence[IPAddress]
    ) -> AbstractContextManager[None]:
        if proxy.direct:
            return direct_route(curl, url, addresses)
        return proxy_route(curl, url, addresses, proxy, await proxy_addresses(self._guard.resolver, proxy))

    def _new_reader(self, host: str, connected: Callable[[], None], most: int | None) -> ResponseReader:
        return ResponseReader(host, self._settings.fetching.max_body_bytes, connected, most)

    async def _answer(self, curl: Curl, reader: ResponseReader) -> ResponseReader:
        try:
            await self._perform(curl, reader)
        except CurlError as error:
            if error.code == CurlECode.BAD_CONTENT_ENCODING and reader.unknown_coding:
                return await self._undecoded(curl, reader)
            if error.code == CurlECode.FILESIZE_EXCEEDED:
                reader.over_limit()
            if reader.failure is not None:
                raise reader.failure from None
            reader.transfer_failed(error.code)
            if not reader.enough:
                raise
        reader.finish()
        return reader

    async def _undecoded(self, curl: Curl, reader: ResponseReader) -> ResponseReader:
        """Ask again, and take the body as it comes."""
        curl.setopt(CurlOpt.HTTP_CONTENT_DECODING, 0)
        try:
            return await self._answer(curl, reader.again())
        finally:
            curl.setopt(CurlOpt.HTTP_CONTENT_DECODING, 1)

    async def _perform(self, curl: Curl, reader: ResponseReader) -> None:
        if self._multi is None:
            raise RuntimeError("the fetcher is not open")
        curl.setopt(CurlOpt.HEADERFUNCTION, reader.on_header)
        curl.setopt(CurlOpt.WRITEFUNCTION, reader.on_body)
        multi = self._multi
        try:
            await multi.add_handle(curl)
        finally:
            if self._multi is not None:
                multi.remove_handle(curl)  # does nothing once the transfer has ended; aborts it when cancelled
        if self._multi is None:
            raise RuntimeError("the fetcher was closed during a transfer")

    def _check_peer(self, curl: Curl, url: Url, proxy: Proxy, addresses: Sequence[IPAddress]) -> None:
        """The last line: the connection, new or reused, must lead to an address that may be fetched from.

        Through a proxy the address is the proxy's, and there must be one.
        """
        if not proxy.direct:
            if curl.getinfo(CurlInfo.USED_PROXY) != 1:
                raise BlockedAddressError(f"The answer of {url.host} did not come through the proxy.")
            return
        peer = curl.getinfo(CurlInfo.PRIMARY_IP)
        text = peer.decode() if isinstance(peer, bytes) else ""
        if not text:
            raise BlockedAddressError(f"The address that answered for {url.host} is not known.")
        if any(str(address) == text for address in addresses):
            return
        self._guard.check_address(text, url.host, url.port)


def _page(text: str, url: Url, reader: ResponseReader) -> FetchedPage:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in reader.headers.items()}
    page = FetchedPage(
        text, url.public_href, reader.status, reader.content_type, reader.body, headers, not reader.timed_out
    )
    if reader.status < 400:
        return page
    asked = reader.header(b"retry-after")
    raise HttpStatusError(
        f"The page answered with HTTP status {reader.status}.",
        reader.status,
        parse_retry_after(asked, datetime.now(UTC)) if asked else None,
        page,
    )
