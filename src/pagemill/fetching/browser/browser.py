"""The browser of a worker: started on first need, replaced when it is worn, dead or silent, ended when nobody needs it.

There is one Chromium, with images and fonts off. Only while pictures of pages are asked for there is a second, with
them on: nothing but a switch of the whole process keeps them from being loaded without asking us about each.
Playwright is not even imported before the first page.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import structlog

from pagemill.errors import BrowserCrashedError, BrowserError, FetchError, FetchTimeoutError, PageError
from pagemill.fetching.browser.chromium import find_chromium
from pagemill.fetching.browser.egress_proxy import EgressProxy
from pagemill.fetching.browser.rendering import Rendering
from pagemill.fetching.browser.screenshots import PICTURES
from pagemill.fetching.browser.tab import Kind, Tabs
from pagemill.fetching.proxies.rotation import ProxyRotation, proxies_for
from pagemill.fetching.proxies.scores import MemoryProxyScores

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from pagemill.fetching.browser.process import BrowserProcess
    from pagemill.fetching.egress.guard import EgressGuard
    from pagemill.fetching.proxies.rotation import Accept
    from pagemill.fetching.proxies.scores import ProxyScores
    from pagemill.fetching.url import Url
    from pagemill.model import RenderedPage, ScrapeOptions
    from pagemill.proxies import Proxy
    from pagemill.settings import Settings

log = structlog.get_logger(__name__)

TRIES = 2
"""How often a page is opened that the browser died under."""
_WATCH_INTERVAL = 5.0
_MOST_INTERVALS = 4


@dataclass(slots=True)
class _Shift:
    """A process with the pages it had and has."""

    process: BrowserProcess
    tabs: Tabs
    pages: int = 0
    open_pages: int = 0
    memory: int = 0
    idle_since: float = 0.0
    retired: bool = False


class Browser:
    """Renders pages. One for each process, used as `async with Browser(settings, guard) as browser`."""

    def __init__(self, settings: Settings, guard: EgressGuard, scores: ProxyScores | None = None) -> None:
        self._settings = settings
        self._scores = scores or MemoryProxyScores(settings.egress.proxy_half_life)
        self._guard = guard
        self._slots = asyncio.Semaphore(settings.browser.browser_pages)
        self._shifts: dict[bool, _Shift] = {}
        self._starting: dict[bool, asyncio.Task[_Shift]] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._proxy = EgressProxy(guard, settings.fetching.connect_timeout)
        self._watcher: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self._proxy.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def processes(self) -> list[BrowserProcess]:
        """The Chromiums that run now."""
        return [shift.process for shift in self._shifts.values()]

    def executable(self) -> Path:
        """The Chromium that is run. Raises `BrowserUnavailableError`."""
        return find_chromium(self._settings)

    async def render(
        self,
        url: str,
        options: ScrapeOptions,
        deadline: float,
        patience: float | None = None,
        accept: Accept | None = None,
    ) -> RenderedPage:
        """The page at `url` as it stands once it is ready, or when the event loop's time is `deadline`.

        `patience` is for how many seconds at most it waits for its turn. A page under which the browser died is tried
        again, once. `accept` may refuse a page that came: its error is then how the attempt ended, and another proxy
        may be tried. Raises a subclass of `FetchError`; `BrowserUnavailableError` where there is no browser.
        """
        checked = self._guard.check_url(url)
        executable = self.executable()
        proxies = ProxyRotation(checked.host, proxies_for(self._settings, options.country), self._scores, deadline)
        while True:
            try:
                async with asyncio.timeout_at(deadline), self._turn(patience):
                    rendered = await self._through_proxies(executable, checked, options, deadline, proxies)
            except TimeoutError:
                raise FetchTimeoutError(f"The page of {checked.host} took too long to render.") from None
            try:  # nobody waits for this: the turn is over
                if accept is not None:
                    await accept(rendered.page)
            except FetchError as error:
                if not await self._goes_on(proxies, error) or asyncio.get_running_loop().time() >= deadline:
                    raise
            except PageError:  # it could not be read, but the proxy brought it
                await proxies.succeeded()
                raise
            else:
                await proxies.succeeded()
                return rendered

    @contextlib.asynccontextmanager
    async def _turn(self, patience: float | None) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(patience):
                await self._slots.acquire()
        except TimeoutError:
            raise BrowserError("The browser is busy with other pages.") from None
        try:
            yield
        finally:
            self._slots.release()

    async def _through_proxies(
        self, executable: Path, url: Url, options: ScrapeOptions, deadline: float, proxies: ProxyRotation
    ) -> RenderedPage:
        """Leave by the country's proxies, a failed one for another."""
        while True:
            proxy = await proxies.take()
            try:
                rendered = await self._try(executable, url, options, deadline, proxy)
            except FetchError as error:
                if not await self._goes_on(proxies, error):
                    raise
            else:
                proxies.arrived()
                return rendered

    async def _goes_on(self, proxies: ProxyRotation, error: FetchError) -> bool:
        """Whether another proxy is tried after this."""
        return await proxies.failed(error) and proxies.attempts < self._settings.fetching.fetch_attempts

    async def _try(
        self, executable: Path, url: Url, options: ScrapeOptions, deadline: float, proxy: Proxy
    ) -> RenderedPage:
        images = not PICTURES.isdisjoint(options.formats)
        for attempt in range(1, TRIES + 1):
            shift: _Shift | None = None
            try:
                shift = await self._shift(executable, images=images)
                return await self._render(shift, url, options, deadline, proxy)
            except BrowserError as error:
                if attempt == TRIES or not _is_browsers_fault(shift, error):
                    raise
                log.warning("the browser ended under a page, which is tried again", url=url.public_href)
        raise AssertionError("unreachable")

    async def close(self) -> None:
        """End the browser. Pages under way must have ended or been cancelled."""
        if self._watcher is not None:
            self._watcher.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watcher
            self._watcher = None
        await asyncio.gather(*self._starting.values(), return_exceptions=True)
        for shift in list(self._shifts.values()):
            self._retire(shift)
        if self._ending:
            await asyncio.gather(*self._ending, return_exceptions=True)
        await self._proxy.close()

    async def _render(
        self, shift: _Shift, url: Url, options: ScrapeOptions, deadline: float, proxy: Proxy
    ) -> RenderedPage:
        kind = Kind(proxy, looked_at=shift.process.images or bool(options.actions))
        shift.pages += 1
        shift.open_pages += 1
        try:
            async with await shift.tabs.take(kind) as tab:
                if self._slots.locked() and not shift.retired:  # the next page is not far: its tab opens meanwhile
                    shift.tabs.open_ahead(kind)
                return await Rendering(tab, self._guard, self._settings, url, options).render(deadline)
        finally:
            shift.open_pages -= 1
            shift.idle_since = asyncio.get_running_loop().time()
            if not shift.open_pages:
                await self._rest(shift)

    async def _rest(self, shift: _Shift) -> None:
        """Nobody uses the process now."""
        if shift.retired:
            self._end(shift)
        else:
            await asyncio.shield(shift.process.run(shift.tabs.close()))

    async def _shift(self, executable: Path, *, images: bool) -> _Shift:
        """The process to open a page in: the one that runs, or a new one where that is worn or dead.

        A start is for everybody: it goes on when the page that asked for it first is cancelled.
        """
        shift = self._shifts.get(images)
        if shift is not None and not self._worn(shift):
            return shift
        if shift is not None:
            self._retire(shift)
        start = self._starting.get(images)
        if start is None:
            start = self._starting[images] = asyncio.create_task(self._start(executable, images=images))
            start.add_done_callback(lambda done: self._started(done, images=images))
        return await asyncio.shield(start)

    def _started(self, start: asyncio.Task[_Shift], *, images: bool) -> None:
        del self._starting[images]
        if not start.cancelled():
            start.exception()  # those who still wait for it are told; there may be none

    async def _start(self, executable: Path, *, images: bool) -> _Shift:
        from pagemill.fetching.browser.process import BrowserProcess

        if self._watcher is None:
            self._watcher = asyncio.create_task(self._watch(), name="watch the browser")
        process = await BrowserProcess.start(executable, self._proxy.url, self._settings, images=images)
        tabs = Tabs(process, self._guard, self._settings)
        shift = self._shifts[images] = _Shift(process, tabs, idle_since=asyncio.get_running_loop().time())
        return shift

    def _worn(self, shift: _Shift) -> bool:
        settings = self._settings
        return (
            shift.process.gone.is_set()
            or shift.pages >= settings.browser.browser_max_pages
            or shift.memory >= settings.browser.browser_max_memory
        )

    def _retire(self, shift: _Shift) -> None:
        """Open no more pages in it; it ends with the last that is open."""
        shift.retired = True
        if self._shifts.get(shift.process.images) is shift:
            del self._shifts[shift.process.images]
        if not shift.open_pages:
            self._end(shift)

    def _end(self, shift: _Shift) -> None:
        task = asyncio.create_task(_close(shift), name="end a browser")
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def _watch(self) -> None:
        """Measure, retire what idles, and kill what does not answer."""
        interval = min(_WATCH_INTERVAL, self._settings.browser.browser_idle_time / _MOST_INTERVALS)
        while True:
            await asyncio.sleep(interval)
            for shift in list(self._shifts.values()):
                await self._look_at(shift)

    async def _look_at(self, shift: _Shift) -> None:
        idle = asyncio.get_running_loop().time() - shift.idle_since
        if not shift.open_pages and idle >= self._settings.browser.browser_idle_time:
            self._retire(shift)
        elif not await shift.process.answers():
            log.error("the browser does not answer, and is killed")
            await shift.process.kill()
            self._retire(shift)
        else:
            shift.memory = await shift.process.measure()


async def _close(shift: _Shift) -> None:
    await shift.tabs.close()
    await shift.process.close()


def _is_browsers_fault(shift: _Shift | None, error: BrowserError) -> bool:
    """Whether it was not the page's: the browser did not start, or died, perhaps under another page.

    A tab that crashed takes nobody with it, and would crash again.
    """
    return shift is None or (isinstance(error, BrowserCrashedError) and shift.process.gone.is_set())
