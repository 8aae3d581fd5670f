"""Pages over HTTP, as a browser asks for them, each to addresses that the egress guard has checked.

Pages are anonymous: cookies live for the redirects of one attempt, and connections are the only thing shared.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from ipaddress import IPv6Address
from typing import TYPE_CHECKING, Self

from curl_cffi import AsyncCurl, Curl, CurlECode, CurlError, CurlInfo, CurlMOpt, CurlOpt

from pagemill.errors import (
    BlockedAddressError,
    FetchError,
    FetchTimeoutError,
    HttpStatusError,
    InvalidRedirectError,
    TooManyRedirectsError,
    UnfetchableUrlError,
)
from pagemill.fetching.browser_handle import browser_handle
from pagemill.fetching.curl_failures import failure_of
from pagemill.fetching.egress import EgressGuard
from pagemill.fetching.exchange import Exchange
from pagemill.fetching.hosts import HostSlots
from pagemill.fetching.retry import RetryPolicy, parse_retry_after
from pagemill.model import FetchedPage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pagemill.fetching.url import IPAddress, Url
    from pagemill.settings import Settings

IDLE_HANDLES = 64
IDLE_CONNECTIONS = 128


class HttpFetcher:
    """Fetches pages. One for each process, used as `async with HttpFetcher(settings) as fetcher`."""

    def __init__(self, settings: Settings, guard: EgressGuard | None = None) -> None:
        self._settings = settings
        self._own_guard = guard is None
        self._guard = guard or EgressGuard(settings)
        self._retries = RetryPolicy.of(settings)
        self._hosts = HostSlots(settings.host_concurrency)
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

    async def fetch(self, url: str, deadline: float | None = None) -> FetchedPage:
        """The page at `url`, after redirects, decompressed.

        `deadline` is a time of the event loop: back-off and `Retry-After` are kept only when they end before it.
        Without one, the settings' `job_deadline` from now. Raises subclasses of `FetchError`; `HttpStatusError` for
        a status of 4xx or 5xx. Cancelling aborts the transfer.
        """
        loop = asyncio.get_running_loop()
        if deadline is None:
            deadline = loop.time() + self._settings.job_deadline
        attempt = 1
        while True:
            try:
                return await self._attempt(url, deadline)
            except FetchError as error:
                wait = self._retries.wait(error, attempt)
                if wait is None or loop.time() + wait >= deadline:
                    raise
            await asyncio.sleep(wait)
            attempt += 1

    async def _attempt(self, text: str, deadline: float) -> FetchedPage:
        curl = self._handles.pop() if self._handles else browser_handle(self._settings)
        try:
            curl.setopt(CurlOpt.COOKIELIST, "ALL")
            return await self._follow(curl, text, deadline)
        finally:
            if len(self._handles) < IDLE_HANDLES and self._multi is not None:
                self._handles.append(curl)
            else:
                curl.close()

    async def _follow(self, curl: Curl, text: str, deadline: float) -> FetchedPage:
        url = self._guard.check_url(text)
        budget = self._settings.fetch_timeout
        loop = asyncio.get_running_loop()
        for _ in range(self._settings.max_redirects + 1):
            async with self._hosts.slot(url.host):
                started = loop.time()
                exchange = await self._exchange(curl, url, min(budget, deadline - started))
                budget -= loop.time() - started
            if not exchange.redirects:
                return _page(text, url, exchange)
            url = self._redirected(url, exchange.header(b"location"))
        raise TooManyRedirectsError(f"The page redirected more than {self._settings.max_redirects} times.")

    def _redirected(self, url: Url, location: str | None) -> Url:
        if not location:
            raise InvalidRedirectError(f"The page of {url.host} redirects, but does not say where to.")
        try:
            return self._guard.check_url(location, url)
        except UnfetchableUrlError as error:
            raise InvalidRedirectError(f"The page of {url.host} redirects to something that is no web page.") from error

    async def _exchange(self, curl: Curl, url: Url, seconds: float) -> Exchange:
        """Ask for one URL, within so many seconds."""
        loop = asyncio.get_running_loop()
        started = loop.time()
        addresses = await self._guard.resolve(url.host, url.port)
        seconds -= loop.time() - started
        if seconds <= 0:
            raise FetchTimeoutError(f"The answer of {url.host} took too long.")

        def connected() -> None:
            self._check_peer(curl, url, addresses)

        curl.setopt(CurlOpt.URL, url.href)
        curl.setopt(CurlOpt.REQUEST_TARGET, url.target)  # libcurl would rewrite `%2f` to `%2F`
        curl.setopt(CurlOpt.TIMEOUT_MS, max(1, int(seconds * 1000)))
        curl.setopt(CurlOpt.RESOLVE, [_pin(url, addresses)] if url.address is None else [])
        try:
            return await self._answer(curl, Exchange(url.host, self._settings.max_body_bytes, connected))
        except CurlError as error:
            raise failure_of(error, curl, url.host) from error
        finally:
            curl.clean_handles_and_buffers()

    async def _answer(self, curl: Curl, exchange: Exchange) -> Exchange:
        try:
            await self._perform(curl, exchange)
        except CurlError as error:
            if error.code == CurlECode.BAD_CONTENT_ENCODING and exchange.unknown_coding:
                return await self._undecoded(curl, exchange)
            if error.code == CurlECode.FILESIZE_EXCEEDED:
                exchange.over_limit()
            if exchange.failure is not None:
                raise exchange.failure from None
            exchange.broke()
            if not exchange.enough:
                raise
        exchange.finish()
        return exchange

    async def _undecoded(self, curl: Curl, exchange: Exchange) -> Exchange:
        """Ask again, and take the body as it comes."""
        curl.setopt(CurlOpt.HTTP_CONTENT_DECODING, 0)
        try:
            return await self._answer(curl, exchange.again())
        finally:
            curl.setopt(CurlOpt.HTTP_CONTENT_DECODING, 1)

    async def _perform(self, curl: Curl, exchange: Exchange) -> None:
        if self._multi is None:
            raise RuntimeError("the fetcher is not open")
        curl.setopt(CurlOpt.HEADERFUNCTION, exchange.on_header)
        curl.setopt(CurlOpt.WRITEFUNCTION, exchange.on_body)
        multi = self._multi
        try:
            await multi.add_handle(curl)
        finally:
            if self._multi is not None:
                multi.remove_handle(curl)  # does nothing once the transfer has ended; aborts it when cancelled
        if self._multi is None:
            raise RuntimeError("the fetcher was closed during a transfer")

    def _check_peer(self, curl: Curl, url: Url, addresses: Sequence[IPAddress]) -> None:
        """The last line: the connection, new or reused, must lead to an address that may be fetched from."""
        peer = curl.getinfo(CurlInfo.PRIMARY_IP)
        text = peer.decode() if isinstance(peer, bytes) else ""
        if not text:
            raise BlockedAddressError(f"The address that answered for {url.host} is not known.")
        if any(str(address) == text for address in addresses):
            return
        self._guard.check_address(text, url.host)


def _pin(url: Url, addresses: Sequence[IPAddress]) -> str:
    """An entry of CURLOPT_RESOLVE: the only addresses for this host and port. The `+` lets it time out again."""
    listed = ",".join(f"[{address}]" if isinstance(address, IPv6Address) else str(address) for address in addresses)
    return f"+{url.host}:{url.port}:{listed}"


def _page(text: str, url: Url, exchange: Exchange) -> FetchedPage:
    page = FetchedPage(text, url.public_href, exchange.status, exchange.content_type, exchange.body)
    if exchange.status < 400:
        return page
    asked = exchange.header(b"retry-after")
    raise HttpStatusError(
        f"The page answered with HTTP status {exchange.status}.",
        exchange.status,
        parse_retry_after(asked, datetime.now(UTC)) if asked else None,
        page,
    )
