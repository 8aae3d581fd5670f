"""A Chromium process with Playwright's driver: started, monitored, and ended without leaving processes behind.

The driver (Node.js) is our child and Chromium is its child, talked to through pipes: no port is open that another user
of the machine could steer the browser by. Both write into a temporary folder of ours alone. When this process dies, the
driver's input ends, and it takes Chromium with it.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

import structlog

from pagemill.child_environment import child_environment
from pagemill.errors import BrowserCrashedError, BrowserError
from pagemill.fetching.browser.chromium import switches
from pagemill.fetching.browser.identity import Identity
from pagemill.fetching.browser.launching import process_tree
from pagemill.fetching.browser.launching.account import chromium_account
from pagemill.fetching.browser.launching.driver import BrowserFolder, remove_stale_folders, start_driver

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence
    from pathlib import Path

    import psutil
    from playwright.async_api import Browser as PlaywrightBrowser
    from playwright.async_api import BrowserContext, CDPSession, Playwright

    from pagemill.settings import Settings

log = structlog.get_logger(__name__)

_CLOSE_TIMEOUT = 5.0


class BrowserProcess:
    """One Chromium. Made by `start`; ended by `close`, or by `kill` when it does not answer."""

    def __init__(
        self, driver: Playwright, browser: PlaywrightBrowser, folder: BrowserFolder, settings: Settings, *, images: bool
    ) -> None:
        self._driver = driver
        self._browser = browser
        self._folder = folder
        self._settings = settings
        self._session: CDPSession | None = None
        self._processes: list[psutil.Process] = []
        self._ended: asyncio.Task[None] | None = None
        self._pages: set[asyncio.Event] = set()
        self._background: set[asyncio.Task[None]] = set()
        self.images = images
        """Whether pages load images and fonts."""
        self.disconnected = asyncio.Event()
        """Set once Chromium ended, for whatever reason."""
        self.identity = Identity(browser.version)
        browser.on("disconnected", lambda _: self._on_disconnected())

    @classmethod
    async def start(cls, executable: Path, proxy: str, settings: Settings, *, images: bool) -> BrowserProcess:
        """Start a Chromium whose traffic goes to `proxy` where its contexts have none of their own.

        Raises `BrowserError`.
        """
        from playwright.async_api import Error

        process_tree.become_subreaper()
        await asyncio.to_thread(remove_stale_folders)
        account = await chromium_account(settings, executable)
        if account.warning is not None:
            log.warning(account.warning)
        folder = await asyncio.to_thread(BrowserFolder.make, account)
        driver: Playwright | None = None
        try:
            async with asyncio.timeout(settings.browser.browser_start_timeout):
                driver = await start_driver(folder, account)
                version = await _version(executable)
                browser = await driver.chromium.launch(
                    executable_path=executable,
                    args=[*switches(images=images), f"--user-agent={Identity(version).user_agent}"],
                    proxy={"server": proxy, "bypass": "<-loopback>"},
                    chromium_sandbox=account.sandbox,
                    handle_sigint=False,
                    handle_sigterm=False,
                    handle_sighup=False,
                    timeout=settings.browser.browser_start_timeout * 1000,
                )
            process = cls(driver, browser, folder, settings, images=images)
            process._session = await browser.new_browser_cdp_session()
            process._processes = await asyncio.to_thread(process_tree.of, folder.temporary)
            await asyncio.to_thread(
                process_tree.limit_tabs, process._processes, settings.browser.browser_tab_memory, account
            )
        except (Error, TimeoutError, OSError):
            log.exception("the browser did not start", executable=str(executable))
            await _terminate(driver, folder)
            raise BrowserError("The browser did not start; the log says why.") from None
        except BaseException:
            await _terminate(driver, folder)
            raise
        log.info("browser started", executable=str(executable), version=browser.version)
        return process

    @property
    def version(self) -> str:
        """Chromium's version."""
        return self._browser.version

    @property
    def contexts(self) -> int:
        """How many contexts are open."""
        return len(self._browser.contexts)

    async def new_context(self, **options: Any) -> BrowserContext:
        """A new isolated context. Raises `BrowserCrashedError` when the browser ended or does not answer."""
        from playwright.async_api import Error

        opening = asyncio.ensure_future(self._browser.new_context(**options))
        try:
            async with asyncio.timeout(self._settings.browser.browser_answer_timeout):
                return await asyncio.shield(opening)
        except (Error, TimeoutError):
            await self.kill()
            raise BrowserCrashedError("The browser ended, or did not answer, when the page was to be opened.") from None
        finally:
            if not opening.done():  # cancelled, or killed: what may still come is closed
                self.run_in_background(self._discard(opening))

    async def close_context(self, context: BrowserContext) -> None:
        """Close a context, or the whole browser where that does not work. Goes on when cancelled."""
        await asyncio.shield(self.run_in_background(self._close_context(context)))

    def add_disconnect_event(self, event: asyncio.Event) -> None:
        """Set `event` when Chromium ends."""
        if self.disconnected.is_set():
            event.set()
        self._pages.add(event)

    def remove_disconnect_event(self, event: asyncio.Event) -> None:
        """Undo `add_disconnect_event`."""
        self._pages.discard(event)

    def run_in_background(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run a coroutine as a background task; its Playwright errors are ignored."""
        task = asyncio.create_task(_ignoring_errors(work))
        self._background.add(task)
        task.add_done_callback(self._background.discard)
        return task

    async def is_responsive(self) -> bool:
        """Whether Chromium answers within the time that the settings give it."""
        from playwright.async_api import Error

        if self.disconnected.is_set() or self._session is None:
            return False
        try:
            async with asyncio.timeout(self._settings.browser.browser_answer_timeout):
                await self._session.send("Browser.getVersion")
        except (Error, TimeoutError):
            return False
        return True

    async def measure_memory(self) -> int:
        """The memory of all its processes, in bytes; shared pages count for each of them in part."""
        return await asyncio.to_thread(process_tree.memory, self._folder.temporary)

    async def kill_largest(self) -> None:
        """End the process that has grown most: a tab's, as a rule, whose page then fails alone."""
        await asyncio.to_thread(process_tree.kill_largest, self._folder.temporary)

    async def close(self) -> None:
        """End Chromium and its driver in good order; kill what does not end."""
        from playwright.async_api import Error

        with contextlib.suppress(Error, TimeoutError):
            async with asyncio.timeout(_CLOSE_TIMEOUT):
                await self._browser.close()
        await self.kill()

    async def kill(self) -> None:
        """End Chromium and its driver at once. May be called any number of times."""
        if self._ended is None:
            self._ended = asyncio.create_task(self._end(), name="end a browser")
        await asyncio.shield(self._ended)

    async def _end(self) -> None:
        processes = await asyncio.to_thread(process_tree.kill_chromium, self._folder.temporary, self._processes)
        self._on_disconnected()
        await _terminate(self._driver, self._folder, processes)
        log.info("browser ended")

    async def _discard(self, opening: asyncio.Future[BrowserContext]) -> None:
        await self._close_context(await opening)

    async def _close_context(self, context: BrowserContext) -> None:
        from playwright.async_api import Error

        try:
            async with asyncio.timeout(self._settings.browser.browser_answer_timeout):
                await context.close()
        except (Error, TimeoutError):
            if not self.disconnected.is_set():
                log.warning("a page could not be closed; the browser is killed")
                await self.kill()

    def _on_disconnected(self) -> None:
        self.disconnected.set()
        for event in self._pages:
            event.set()


async def _ignoring_errors(work: Coroutine[Any, Any, None]) -> None:
    from playwright.async_api import Error

    with contextlib.suppress(Error):
        await work


async def _terminate(driver: Playwright | None, folder: BrowserFolder, known: Sequence[psutil.Process] = ()) -> None:
    """End the driver, then everything of it that still runs, and remove the folder. `known` are processes of it."""
    known = [*known, *await asyncio.to_thread(process_tree.of, folder.temporary)]
    if driver is not None:
        try:
            async with asyncio.timeout(_CLOSE_TIMEOUT):
                await driver.stop()
        except Exception:  # noqa: BLE001 - a driver that fell over says so in many ways; it is killed below
            log.warning("the browser's driver did not end in good order")
    await asyncio.to_thread(process_tree.kill_rest, folder.temporary, known)
    await asyncio.to_thread(folder.remove)


async def _version(executable: Path) -> str:
    process = await asyncio.create_subprocess_exec(
        executable, "--version", stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL, env=child_environment(),
    )  # fmt: skip
    try:
        output, _ = await process.communicate()
    except BaseException:
        process.kill()
        await process.wait()
        raise
    return next((word for word in output.decode("utf-8", "replace").split() if word[:1].isdigit()), "0")
