"""`pagemill serve`: starts the database, the API and the workers, and keeps them alive.

The children are processes of this same program. The supervisor binds the API's socket and hands it down, so that
clients who connect while the API restarts wait a moment instead of being refused.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from pagemill.api.listener import listen
from pagemill.data_folder import DataFolder
from pagemill.errors import BrowserUnavailableError, OperatorError, UnavailableError
from pagemill.fetching.browser.chromium import find_chromium
from pagemill.fetching.browser.launching.account import chromium_account
from pagemill.jobs.database.embedded import EmbeddedPostgres
from pagemill.jobs.database.migrator import migrate
from pagemill.jobs.database.pool import Database
from pagemill.jobs.keys.keys import Keys
from pagemill.jobs.queue.claims import rescue
from pagemill.jobs.worker_id import new_worker_id
from pagemill.observability import instruments, metrics
from pagemill.process_lifetime import stop_on_signals
from pagemill.progress_line import CHILD_LOG_LEVEL

if TYPE_CHECKING:
    import socket
    from pathlib import Path

    from pagemill.progress_line import ProgressLine
    from pagemill.settings import Settings

log = structlog.get_logger(__name__)

_FIRST_BACKOFF = 0.1
_LONGEST_BACKOFF = 30.0
_STABLE_AFTER = 10.0
_READY_TIMEOUT = 60.0
_KILL_AFTER_GRACE = 3.0
_RESCUE_WAIT = 5.0


@dataclass(frozen=True, slots=True)
class Child:
    """A child process to keep: its name, its command line arguments and the file descriptors that it inherits."""

    name: str
    arguments: tuple[str, ...]
    inherited: tuple[int, ...] = ()

    @property
    def metrics_name(self) -> str:
        """What its metrics go by: the same for the process that is started in its place."""
        return self.name.replace(" ", "-")


class Supervisor:
    """One `pagemill serve`."""

    def __init__(self, settings: Settings, progress: ProgressLine | None = None) -> None:
        self._settings = settings
        self._progress = progress
        self._relaying: set[asyncio.Task[None]] = set()
        self._folder = DataFolder(settings.database.data_dir)
        timeout = settings.database.database_start_timeout
        self._embedded = (
            None if settings.database.database_url else EmbeddedPostgres(settings.database.data_dir, timeout)
        )
        self._url = settings.database.database_url or ""
        self._metrics_folder: Path | None = None
        self._stopping = asyncio.Event()
        self._killing = asyncio.Event()

    async def run(self) -> None:
        """Serve until told to stop. Raises OperatorError when the service cannot start."""
        stop_on_signals(self._stopping, self._killing.set)
        with self._folder, listen(self._settings.service.host, self._settings.service.port) as listener:
            try:
                self._folder.ensure_secret_key()
                self._share_metrics()
                if self._embedded:
                    await self._embedded.start()
                    self._url = self._embedded.url
                new_key = await self._prepare_database()
                await self._announce_browser()
                await self._supervise(listener, new_key)
            finally:
                if self._embedded:
                    await self._embedded.stop()
                for relaying in self._relaying:
                    relaying.cancel()
        log.info("stopped")

    def _share_metrics(self) -> None:
        """Let this process and its children count into one folder, which the API reads."""
        if self._settings.observability.metrics:
            self._metrics_folder = self._settings.database.data_dir.resolve() / "metrics"
            instruments.clear_folder(self._metrics_folder)
            os.environ[instruments.FOLDER_VARIABLE] = str(self._metrics_folder)
            metrics.turn_on(self._settings, "supervisor")

    def _database(self, wait: float) -> Database:
        timeout = self._settings.database.database_connect_timeout
        return Database(self._url, connections=1, wait=wait, connect_timeout=timeout)

    async def _prepare_database(self) -> str | None:
        """Migrate, put back what an earlier run left in hand, and return a first API key if one was made."""
        try:
            async with self._database(wait=self._settings.database.database_start_timeout) as database:
                for step in await migrate(database):
                    log.info("database migrated", version=step.version, name=step.name)
                if self._embedded:  # nobody else can have workers on it
                    await rescue(database, self._settings.jobs.max_crashes, silence=0)
                keys = Keys(database)
                if await keys.any():
                    return None
                _, secret = await keys.create("first", operator=True)
                self._folder.write_key(secret)
                return secret
        except (OSError, UnavailableError) as error:
            raise OperatorError(f"The database cannot be reached: {error}") from error

    async def _announce_browser(self) -> None:
        """Say where pages that need a browser will fail, or where it is less safe than it should be."""
        try:
            account = await chromium_account(self._settings, find_chromium(self._settings))
        except BrowserUnavailableError as error:
            log.warning("no browser: pages that need one will fail as browser_unavailable", hint=error.message)
        else:
            if account.warning is not None:
                log.warning(account.warning)

    async def _supervise(self, listener: socket.socket, new_key: str | None) -> None:
        api = Child("api", ("api", "--fd", str(listener.fileno())), inherited=(listener.fileno(),))
        count = self._settings.service.workers or os.cpu_count() or 1
        children = [api, *(Child(f"worker {number + 1}", ("worker",)) for number in range(count))]
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._keep_alive(child)) for child in children]
            if self._embedded:
                tasks.append(group.create_task(self._keep_database_alive(self._embedded)))
            ready = group.create_task(self._announce(listener, new_key))
            if self._progress:
                tasks.append(group.create_task(self._show_progress(self._progress, ready)))
            await self._stopping.wait()
            log.info(
                "stopping: running pages may end, others wait for the next start; a second Ctrl-C ends everything now",
                grace_period=self._settings.service.grace_period,
            )
            ready.cancel()
            await asyncio.gather(*tasks[: len(children)])
            for task in tasks[len(children) :]:
                task.cancel()

    async def _keep_alive(self, child: Child) -> None:
        loop, backoff = asyncio.get_running_loop(), _FIRST_BACKOFF
        while not self._stopping.is_set():
            worker_id = new_worker_id() if child.arguments == ("worker",) else None
            began = loop.time()
            process = await self._start(child, worker_id)
            await self._until_ended(process)
            if self._metrics_folder:
                instruments.forget_process(self._metrics_folder, child.metrics_name)
            if worker_id:
                await self._rescue(worker_id)
            if self._stopping.is_set():
                return
            backoff = _FIRST_BACKOFF if loop.time() - began > _STABLE_AFTER else min(backoff * 2, _LONGEST_BACKOFF)
            metrics.PROCESS_RESTARTS.add(child.arguments[0])
            log.error("process ended, restarting it", process=child.name, code=process.returncode, after=backoff)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(backoff):
                    await self._stopping.wait()

    async def _start(self, child: Child, worker_id: str | None) -> asyncio.subprocess.Process:
        words = (
            *child.arguments,
            "--supervised",
            "--name",
            child.metrics_name,
            *(("--id", worker_id) if worker_id else ()),
        )
        log_level = {"PAGEMILL_LOG_LEVEL": self._child_log_level} if self._progress else {}
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "pagemill", *words),
            stdin=asyncio.subprocess.PIPE,
            pass_fds=child.inherited,
            process_group=0,  # Ctrl-C in the terminal is for us; the children are told
            env={**os.environ, "PAGEMILL_DATABASE_URL": self._url, **log_level},
            stderr=asyncio.subprocess.PIPE if self._progress else None,
        )
        if self._progress and process.stderr:
            relaying = asyncio.create_task(self._progress.relay(process.stderr), name=f"relay the log of {child.name}")
            self._relaying.add(relaying)
            relaying.add_done_callback(self._relaying.discard)
        log.debug("process started", process=child.name, pid=process.pid)
        return process

    @property
    def _child_log_level(self) -> str:
        level = self._settings.service.log_level
        return CHILD_LOG_LEVEL if level.lower() == "info" else level

    async def _show_progress(self, progress: ProgressLine, ready: asyncio.Task[None]) -> None:
        """Show the line once the service is ready. A line that fails is not shown any more."""
        await asyncio.wait((ready,))
        try:
            async with self._database(wait=0) as database:
                await progress.run(database)
        except Exception:
            log.exception("the progress line failed")

    async def _until_ended(self, process: asyncio.subprocess.Process) -> None:
        """Wait for a child to end, ending it where we are to stop."""
        ended, stopping = asyncio.ensure_future(process.wait()), asyncio.ensure_future(self._stopping.wait())
        await asyncio.wait((ended, stopping), return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not ended.done():
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            killing = asyncio.ensure_future(self._killing.wait())
            longest = self._settings.service.grace_period + _KILL_AFTER_GRACE
            await asyncio.wait((ended, killing), timeout=longest, return_when=asyncio.FIRST_COMPLETED)
            killing.cancel()
            if not ended.done():
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await ended

    async def _rescue(self, worker_id: str) -> None:
        """Put back at once what a worker that is gone had in hand. Where that fails, other workers find out."""
        with contextlib.suppress(UnavailableError, OSError):
            async with self._database(wait=_RESCUE_WAIT) as database:
                rescued = await rescue(database, self._settings.jobs.max_crashes, dead_worker=worker_id)
                if rescued.released or rescued.failed:
                    log.warning("rescued the pages of a dead worker", released=rescued.released, failed=rescued.failed)

    async def _keep_database_alive(self, server: EmbeddedPostgres) -> None:
        backoff = _FIRST_BACKOFF
        while True:
            code = await server.wait()
            metrics.PROCESS_RESTARTS.add("database")
            log.error("the database server ended, restarting it", code=code, after=backoff)
            await asyncio.sleep(backoff)
            backoff = min(backoff * 2, _LONGEST_BACKOFF)
            try:
                await server.start()
            except OperatorError as error:
                log.error("the database server did not start", error=error.message)  # noqa: TRY400 - no trace needed
            else:
                backoff = _FIRST_BACKOFF

    async def _announce(self, listener: socket.socket, new_key: str | None) -> None:
        """Print the one line that says the service is ready, and the first key where it was just made."""
        host, port = listener.getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        deadline = asyncio.get_running_loop().time() + _READY_TIMEOUT
        while not await _is_ready(host, port):
            if asyncio.get_running_loop().time() > deadline:
                log.error("not ready yet; see the lines above", url=f"http://{shown}:{port}/ready")
                deadline += _READY_TIMEOUT
            await asyncio.sleep(0.05)
        line = f"Pagemill is ready on http://{shown}:{port}"
        if new_key:
            line += f" - your API key, shown this once: {new_key}"
        print(line, flush=True)  # noqa: T201 - this is for the person who started it


async def _is_ready(host: str, port: int) -> bool:
    """Ask `GET /ready`; any address that is listened on is reached through loopback."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    try:
        async with asyncio.timeout(5):
            reader, writer = await asyncio.open_connection(host, port)
            writer.write(b"GET /ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            answer = await reader.readline()
            writer.close()
    except (OSError, TimeoutError):
        return False
    return answer.split()[1:2] == [b"200"]
