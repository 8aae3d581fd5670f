"""The browser of a worker: started for the first page, recycled after many pages or much memory, ended when idle.

There is one Chromium, with images and fonts off. Only while pictures of pages are asked for there is another, with
them on: nothing but a switch of the whole process keeps them from being loaded without asking us about each. Pages with
actions or a session have one that Playwright drives; Playwright is not even imported before the first of them. Pages
under which a browser ended are tried again one by one, in a browser of their own: one that ends it ends no other page.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

import structlog

from pagemill.errors import BrowserCrashedError, BrowserError, FetchError, FetchTimeoutError, PageError
from pagemill.fair_semaphore import FairSemaphore, current_key
from pagemill.fetching.browser.chromium import find_chromium
from pagemill.fetching.browser.devtools.process import DevToolsBrowser
from pagemill.fetching.browser.devtools.tab import DevToolsTab
from pagemill.fetching.browser.driven.process import DrivenBrowser
from pagemill.fetching.browser.driven.tab import DrivenTab
from pagemill.fetching.browser.egress_proxy import EgressProxy
from pagemill.fetching.browser.rendering import Rendering
from pagemill.fetching.browser.screenshots import SCREENSHOT_FORMATS
from pagemill.fetching.browser.tab import TabOptions, Tabs
from pagemill.fetching.proxies.rotation import ProxyRotation, proxies_for
from pagemill.fetching.proxies.scores import MemoryProxyScores
from pagemill.observability.metrics import BROWSER_ENDS, BROWSER_PAGES, BROWSER_PROCESSES, BROWSER_STARTS
from pagemill.observability.stages import Stage, request_attributes

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from pagemill.fetching.browser.process import BrowserProcess
    from pagemill.fetching.browser.tab import Tab
    from pagemill.fetching.egress.guard import EgressGuard
    from pagemill.fetching.proxies.rotation import Accept
    from pagemill.fetching.proxies.scores import ProxyScores
    from pagemill.fetching.url import Url
    from pagemill.model import RenderedPage, ScrapeOptions, SessionState
    from pagemill.proxies import Proxy
    from pagemill.settings import Settings

log = structlog.get_logger(__name__)

ATTEMPTS = 2
"""How often a page is tried when the browser process ends while it is rendered."""
_MONITOR_INTERVAL = 5.0
_MEMORY_INTERVAL = 0.5
_CHECKS_PER_IDLE_TIME = 4


@dataclass(frozen=True, slots=True)
class _Purpose:
    """What a browser process is for: pages with images or without, side by side or one by one after a crash."""

    images: bool
    driven: bool = False
    """Whether Playwright drives it."""
    one_by_one: bool = False


@dataclass(frozen=True, slots=True)
class _Request:
    """A page to render."""

    url: Url
    options: ScrapeOptions
    deadline: float
    session: SessionState | None = field(repr=False)

    @property
    def needs_driver(self) -> bool:
        """Whether Playwright has to carry something out, or to keep the context's state."""
        return bool(self.options.actions) or self.options.session is not None or self.session is not None


@dataclass(slots=True, eq=False)
class _Instance:
    """A browser process, its tabs, and its usage counters."""

    purpose: _Purpose
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
        self._slots = FairSemaphore(settings.browser.browser_pages, settings.browser.browser_spare_pages)
        self._one_by_one = FairSemaphore(1)
        self._instances: dict[_Purpose, _Instance] = {}
        self._starting: dict[_Purpose, asyncio.Task[_Instance]] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._retired: set[_Instance] = set()
        self._proxy = EgressProxy(guard, settings.fetching.connect_timeout)
        self._monitoring: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self._proxy.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def processes(self) -> list[BrowserProcess]:
        """The Chromiums that run now."""
        return [instance.process for instance in self._instances.values()]

    def executable(self) -> Path:
        """The Chromium that is run. Raises `BrowserUnavailableError`."""
        return find_chromium(self._settings)

    async def render(  # noqa: PLR0913, PLR0917 - what is asked of a page
        self,
        url: str,
        options: ScrapeOptions,
        deadline: float,
        max_wait: float | None = None,
        accept: Accept | None = None,
        session: SessionState | None = None,
    ) -> RenderedPage:
        """The page at `url` as it stands once it is ready, or when the event loop's time is `deadline`.

        `max_wait` is for how many seconds at most it waits for its turn. A page under which the browser died is tried
        again, once, with no other page beside it. `accept` may refuse a page that came: its error is then how the
        attempt ended, and another proxy may be tried. The page's context begins with `session`. Raises a subclass of
        `FetchError`: `BrowserUnavailableError` where there is no browser; and `SessionUnreadableError`.
        """
        checked = self._guard.check_url(url)
        request = _Request(checked, options, deadline, session)
        executable = self.executable()
        proxies = ProxyRotation(
            checked.host,
            proxies_for(self._settings, options.country),
            self._scores,
            deadline,
            teaches=not options.is_private,
        )
        while True:
            try:
                async with asyncio.timeout_at(deadline), self._page_slot(max_wait):
                    rendered = await self._render_through_proxies(executable, request, proxies)
            except TimeoutError:
                raise FetchTimeoutError(f"The page of {checked.host} took too long to render.") from None
            try:  # nobody waits for this: the turn is over
                if accept is not None:
                    await accept(rendered.page)
            except FetchError as error:
                if not await self._tries_another_proxy(proxies, error) or asyncio.get_running_loop().time() >= deadline:
                    raise
            except PageError:  # it could not be read, but the proxy brought it
                await proxies.succeeded()
                raise
            else:
                await proxies.succeeded()
                return rendered

    @contextlib.asynccontextmanager
    async def _page_slot(self, max_wait: float | None) -> AsyncIterator[None]:
        async with contextlib.AsyncExitStack() as stack:
            try:
                async with asyncio.timeout(max_wait):
                    await stack.enter_async_context(self._slots.slot(current_key.get()))
            except TimeoutError:
                raise BrowserError("The browser is busy with other pages.") from None
            yield

    async def _render_through_proxies(
        self, executable: Path, request: _Request, proxies: ProxyRotation
    ) -> RenderedPage:
        """Render through one of the country's proxies; try another one where it fails."""
        while True:
            proxy = await proxies.take()
            try:
                rendered = await self._try(executable, request, proxy)
            except FetchError as error:
                if not await self._tries_another_proxy(proxies, error):
                    raise
            else:
                proxies.record_latency()
                return rendered

    async def _tries_another_proxy(self, proxies: ProxyRotation, error: FetchError) -> bool:
        """Whether another proxy is tried after this."""
        return await proxies.failed(error) and proxies.attempts < self._settings.fetching.fetch_attempts

    async def _try(self, executable: Path, request: _Request, proxy: Proxy) -> RenderedPage:
        images = not SCREENSHOT_FORMATS.isdisjoint(request.options.formats)
        one_by_one = False
        for attempt in range(1, ATTEMPTS + 1):
            instance: _Instance | None = None
            try:
                async with self._one_by_one.slot(current_key.get()) if one_by_one else contextlib.nullcontext():
                    instance = await self._get_instance(executable, _Purpose(images, request.needs_driver, one_by_one))
                    return await self._render(instance, request, proxy)
            except BrowserError as error:
                if attempt == ATTEMPTS or not _is_fault_of_browser(instance, error):
                    raise
                log.warning("the browser ended under a page, which is tried again", url=request.url.public_href)
                one_by_one = instance is not None
        raise AssertionError("unreachable")

    async def close(self) -> None:
        """End the browser. Pages under way must have ended or been cancelled."""
        if self._monitoring is not None:
            self._monitoring.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._monitoring
            self._monitoring = None
        await asyncio.gather(*self._starting.values(), return_exceptions=True)
        for instance in list(self._instances.values()):
            self._retire(instance, "shutdown")
        if self._ending:
            await asyncio.gather(*self._ending, return_exceptions=True)
        await self._proxy.close()

    async def _render(self, instance: _Instance, request: _Request, proxy: Proxy) -> RenderedPage:
        url, options = request.url, request.options
        tab_options = TabOptions(proxy, visible=instance.process.images or bool(options.actions))
        instance.pages += 1
        instance.open_pages += 1
        BROWSER_PAGES.add()
        attributes = request_attributes("GET", url.public_href)
        try:
            with Stage("browser", "render", attributes=attributes):
                async with await instance.tabs.take(tab_options) as tab:
                    # The next page is not far where there are many: its tab opens meanwhile.
                    if self._slots.full and not instance.retired and not instance.purpose.one_by_one:
                        instance.tabs.preopen(tab_options)
                    rendering = Rendering(tab, self._guard, self._settings, url, options)
                    return await rendering.render(request.deadline, request.session)
        finally:
            instance.open_pages -= 1
            BROWSER_PAGES.add(amount=-1)
            instance.idle_since = asyncio.get_running_loop().time()
            if not instance.open_pages:
                await self._on_idle(instance)

    async def _on_idle(self, instance: _Instance) -> None:
        """No page is open in the process any more."""
        if instance.retired:
            self._end(instance)
        else:
            await asyncio.shield(instance.process.run_in_background(instance.tabs.close()))

    async def _get_instance(self, executable: Path, purpose: _Purpose) -> _Instance:
        """The process to open a page in: the running one, or a new one where that must be replaced.

        All pages share one start: it continues when the page that asked for it first is cancelled.
        """
        instance = self._instances.get(purpose)
        if instance is not None:
            reason = self._reason_for_replacement(instance)
            if reason is None:
                return instance
            self._retire(instance, reason)
        start = self._starting.get(purpose)
        if start is None:
            start = self._starting[purpose] = asyncio.create_task(self._start(executable, purpose))
            start.add_done_callback(lambda done: self._started(done, purpose))
        return await asyncio.shield(start)

    def _started(self, start: asyncio.Task[_Instance], purpose: _Purpose) -> None:
        del self._starting[purpose]
        if not start.cancelled():
            start.exception()  # those who still wait for it are told; there may be none

    async def _start(self, executable: Path, purpose: _Purpose) -> _Instance:
        kind: type[BrowserProcess] = DrivenBrowser if purpose.driven else DevToolsBrowser
        tab: type[Tab] = DrivenTab if purpose.driven else DevToolsTab
        if self._monitoring is None:
            self._monitoring = asyncio.create_task(self._monitor(), name="monitor the browser")
        process = await kind.start(executable, self._proxy.url, self._settings, images=purpose.images)
        BROWSER_STARTS.add()
        BROWSER_PROCESSES.add()
        tabs = Tabs(tab, process, self._guard, self._settings)
        idle_since = asyncio.get_running_loop().time()
        instance = self._instances[purpose] = _Instance(purpose, process, tabs, idle_since=idle_since)
        return instance

    def _reason_for_replacement(self, instance: _Instance) -> str | None:
        """Why the process must be replaced, as the metrics name it; None where it need not be."""
        if instance.process.disconnected.is_set():
            return "crashed"
        if instance.pages >= self._settings.browser.browser_max_pages:
            return "pages"
        return "memory" if instance.memory >= self._settings.browser.browser_recycle_memory else None

    def _retire(self, instance: _Instance, reason: str) -> None:
        """Open no more pages in the process; end it once its last page is closed."""
        BROWSER_ENDS.add(reason)
        instance.retired = True
        self._retired.add(instance)
        if self._instances.get(instance.purpose) is instance:
            del self._instances[instance.purpose]
        if not instance.open_pages:
            self._end(instance)

    def _end(self, instance: _Instance) -> None:
        self._retired.discard(instance)
        task = asyncio.create_task(_close(instance), name="end a browser")
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def _monitor(self) -> None:
        """Measure memory, retire idle processes, and kill those that do not answer."""
        interval = min(_MONITOR_INTERVAL, self._settings.browser.browser_idle_time / _CHECKS_PER_IDLE_TIME)
        steps = max(1, round(interval / _MEMORY_INTERVAL))
        while True:
            for _ in range(steps):
                await asyncio.sleep(interval / steps)
                for instance in [*self._instances.values(), *self._retired]:
                    await self._check_memory(instance)
            for instance in list(self._instances.values()):
                await self._check_health(instance)

    async def _check_memory(self, instance: _Instance) -> None:
        if not instance.open_pages or instance.process.disconnected.is_set():
            return
        limits = self._settings.browser
        least = min(limits.browser_max_memory, limits.browser_recycle_memory)
        instance.memory = await instance.process.measure_memory_from(least)
        if instance.memory > limits.browser_max_memory:
            await instance.process.kill_largest()

    async def _check_health(self, instance: _Instance) -> None:
        idle = asyncio.get_running_loop().time() - instance.idle_since
        if not instance.open_pages and idle >= self._settings.browser.browser_idle_time:
            self._retire(instance, "idle")
        elif not await instance.process.is_responsive():
            reason = "crashed" if instance.process.disconnected.is_set() else "unresponsive"
            log.error("the browser does not answer, and is killed")
            await instance.process.kill()
            self._retire(instance, reason)
        else:
            instance.memory = await instance.process.measure_memory()


async def _close(instance: _Instance) -> None:
    BROWSER_PROCESSES.add(amount=-1)
    await instance.tabs.close()
    await instance.process.close()


def _is_fault_of_browser(instance: _Instance | None, error: BrowserError) -> bool:
    """Whether the page can be tried again: the browser did not start or ended, perhaps because of another page.

    A crashed tab ends no other page, and would crash again.
    """
    return instance is None or (isinstance(error, BrowserCrashedError) and instance.process.disconnected.is_set())
