"""A Chromium with the processes below it: started, monitored, and ended without leaving processes behind.

There are two kinds. `devtools/` speaks to Chromium itself, without a process in between; `driven/` has Playwright's
driver (Node.js) do it, for pages that are acted in and whose state is kept. Either way Chromium is steered through
pipes: no port is open that another user of the machine could use. All write into a temporary folder of ours alone. When
this process dies, the pipe ends, and Chromium with it.
"""

from __future__ import annotations

import asyncio
import contextlib
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, Self

import structlog

from pagemill.child_environment import child_environment
from pagemill.errors import BrowserCrashedError, BrowserError
from pagemill.fetching.browser.chromium import switches
from pagemill.fetching.browser.devtools.connection import DevToolsError
from pagemill.fetching.browser.identity import Identity
from pagemill.fetching.browser.launching import process_tree
from pagemill.fetching.browser.launching.account import chromium_account
from pagemill.fetching.browser.launching.folder import BrowserFolder, remove_stale_folders

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence
    from pathlib import Path

    import psutil

    from pagemill.fetching.browser.launching.account import Account
    from pagemill.settings import Settings

log = structlog.get_logger(__name__)

CLOSE_TIMEOUT = 5.0
"""Seconds that something may take to end in good order."""


@dataclass(frozen=True, slots=True)
class Launch:
    """How a Chromium is started."""

    executable: Path
    account: Account
    version: str
    """The executable's version."""
    proxy: str
    """Where its traffic goes if a context has no proxy of its own."""
    images: bool

    @property
    def switches(self) -> list[str]:
        """The switches that both kinds have."""
        return [*switches(images=self.images), f"--user-agent={Identity(self.version).user_agent}"]


class Context(Protocol):
    """An isolated context of a browser."""

    async def close(self) -> None:
        """Close it and its pages. Raises `DevToolsError`."""


class BrowserProcess(ABC):
    """One Chromium. Made by `start`; ended by `close`, or by `kill` when it does not answer."""

    identity: Identity

    def __init__(self, folder: BrowserFolder, settings: Settings, *, images: bool) -> None:
        self._folder = folder
        self._settings = settings
        self._processes: list[psutil.Process] = []
        self._ended: asyncio.Task[None] | None = None
        self._pages: set[asyncio.Event] = set()
        self._background: set[asyncio.Task[None]] = set()
        self.images = images
        """Whether pages load images and fonts."""
        self.disconnected = asyncio.Event()
        """Set once Chromium ended, for whatever reason."""

    @classmethod
    async def start(cls, executable: Path, proxy: str, settings: Settings, *, images: bool) -> Self:
        """Start a Chromium whose traffic goes to `proxy` where its contexts have none of their own.

        Raises `BrowserError`.
        """
        process_tree.become_subreaper()
        await asyncio.to_thread(remove_stale_folders)
        account = await chromium_account(settings, executable)
        if account.warning is not None:
            log.warning(account.warning)
        folder = await asyncio.to_thread(BrowserFolder.make, account)
        process = cls(folder, settings, images=images)
        try:
            async with asyncio.timeout(settings.browser.browser_start_timeout):
                version = await _version(executable)
                await process._launch(Launch(executable, account, version, proxy, images))
            process._processes = await asyncio.to_thread(process_tree.of, folder.temporary)
            await asyncio.to_thread(
                process_tree.limit_tabs, process._processes, settings.browser.browser_tab_memory, account
            )
        except (DevToolsError, TimeoutError, OSError):
            log.exception("the browser did not start", executable=str(executable))
            await process._terminate()
            raise BrowserError("The browser did not start; the log says why.") from None
        except BaseException:
            await process._terminate()
            raise
        log.info("browser started", executable=str(executable), version=process.version)
        return process

    @property
    def version(self) -> str:
        """Chromium's version."""
        return self.identity.version

    @property
    @abstractmethod
    def contexts(self) -> int:
        """How many contexts are open."""

    async def close_context(self, context: Context) -> None:
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

    def run_in_background(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[None]:
        """Run a coroutine as a background task; it may raise `DevToolsError`, which is ignored."""
        task = asyncio.create_task(_ignoring_errors(work))
        self._background.add(task)
        task.add_done_callback(self._background.discard)
        return task

    async def is_responsive(self) -> bool:
        """Whether Chromium answers within the time that the settings give it."""
        if self.disconnected.is_set():
            return False
        try:
            async with asyncio.timeout(self._settings.browser.browser_answer_timeout):
                await self._ask()
        except (DevToolsError, TimeoutError):
            return False
        return True

    async def measure_memory(self) -> int:
        """The memory of all its processes, in bytes; shared pages count for each of them in part."""
        return await asyncio.to_thread(process_tree.memory, self._folder.temporary)

    async def measure_memory_from(self, limit: int) -> int:
        """The same, but a number that is above it and below `limit` where it is certain to be below."""
        bound = await asyncio.to_thread(process_tree.memory_bound, self._folder.temporary)
        return bound if bound < limit else await self.measure_memory()

    async def kill_largest(self) -> None:
        """End the process that has grown most: a tab's, as a rule, whose page then fails alone."""
        await asyncio.to_thread(process_tree.kill_largest, self._folder.temporary)

    async def close(self) -> None:
        """End Chromium and its driver in good order; kill what does not end."""
        with contextlib.suppress(DevToolsError, TimeoutError):
            async with asyncio.timeout(CLOSE_TIMEOUT):
                await self._close()
        await self.kill()

    async def kill(self) -> None:
        """End Chromium and its driver at once. May be called any number of times."""
        if self._ended is None:
            self._ended = asyncio.create_task(self._end(), name="end a browser")
        await asyncio.shield(self._ended)

    # What is different for each kind

    @abstractmethod
    async def _launch(self, launch: Launch) -> None:
        """Start Chromium and set its identity. Raises `DevToolsError`, `OSError`."""

    @abstractmethod
    async def _new_context(self, proxy: str, *, visible: bool) -> Context:
        """Open a context. Raises `DevToolsError`."""

    @abstractmethod
    async def _ask(self) -> None:
        """Ask Chromium for anything. Raises `DevToolsError`."""

    @abstractmethod
    async def _close(self) -> None:
        """Ask Chromium to end. Raises `DevToolsError`."""

    @abstractmethod
    async def _disconnect(self) -> None:
        """End what speaks to Chromium, which may not have started yet."""

    # What is the same

    async def _get_context(self, proxy: str, *, visible: bool) -> Context:
        """Open a context. Raises `BrowserCrashedError` when the browser ended or does not answer."""
        opening = asyncio.ensure_future(self._new_context(proxy, visible=visible))
        try:
            async with asyncio.timeout(self._settings.browser.browser_answer_timeout):
                return await asyncio.shield(opening)
        except (DevToolsError, TimeoutError):
            await self.kill()
            self.run_in_background(self._discard(opening))
            raise BrowserCrashedError("The browser ended, or did not answer, when the page was to be opened.") from None
        except asyncio.CancelledError:  # what has come, or may still come, is closed
            self.run_in_background(self._discard(opening))
            raise

    async def _end(self) -> None:
        processes = await asyncio.to_thread(process_tree.kill_chromium, self._folder.temporary, self._processes)
        self._on_disconnected()
        await self._terminate(processes)
        log.info("browser ended")

    async def _terminate(self, known: Sequence[psutil.Process] = ()) -> None:
        """End everything of it that still runs, and remove the folder. `known` are processes of it."""
        known = [*known, *await asyncio.to_thread(process_tree.of, self._folder.temporary)]
        await self._disconnect()
        await asyncio.to_thread(process_tree.kill_rest, self._folder.temporary, known)
        await asyncio.to_thread(self._folder.remove)

    async def _discard(self, opening: asyncio.Future[Context]) -> None:
        await self._close_context(await opening)

    async def _close_context(self, context: Context) -> None:
        try:
            async with asyncio.timeout(self._settings.browser.browser_answer_timeout):
                await context.close()
        except (DevToolsError, TimeoutError):
            if not self.disconnected.is_set():
                log.warning("a page could not be closed; the browser is killed")
                await self.kill()

    def _on_disconnected(self) -> None:
        self.disconnected.set()
        for event in self._pages:
            event.set()


async def _ignoring_errors(work: Coroutine[Any, Any, Any]) -> None:
    with contextlib.suppress(DevToolsError):
        await work


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
