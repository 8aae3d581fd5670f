"""`pagemill serve`: starts the database, the API and the workers, and keeps them alive.

The children are processes of this same program. The supervisor binds the API's socket and hands it down, so that
clients who connect while the API restarts wait a moment instead of being refused.

SIGHUP replaces the children one by one (a rolling restart). Each new process must say that it is ready before the old
one is asked to end. The new processes run the code that is installed by then.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from typing import TYPE_CHECKING

import structlog

from pagemill.api.listener import listen, loopback_of
from pagemill.data_folder import DataFolder
from pagemill.errors import BrowserUnavailableError, OperatorError, UnavailableError
from pagemill.fetching.browser.chromium import find_chromium
from pagemill.fetching.browser.launching.account import chromium_account
from pagemill.jobs.database.embedded import EmbeddedPostgres
from pagemill.jobs.database.migrator import migrate
from pagemill.jobs.database.pool import Database
from pagemill.jobs.keys.keys import Keys
from pagemill.jobs.metrics_history.recorder import HistoryRecorder
from pagemill.jobs.queue.claims import rescue
from pagemill.jobs.worker_id import new_worker_id
from pagemill.observability import instruments, metrics
from pagemill.process_lifetime import first_completed, stop_on_signals
from pagemill.progress_line import CHILD_LOG_LEVEL
from pagemill.supervisor.child_process import Child, ChildProcess, Start
from pagemill.supervisor.fork_server_keeper import ForkServerKeeper
from pagemill.supervisor.orphans import adopt_orphans, child_pids, end_orphans, reap_orphans
from pagemill.supervisor.silent_workers import SilentWorkers

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from pagemill.progress_line import ProgressLine
    from pagemill.settings import Settings

log = structlog.get_logger(__name__)

_FIRST_BACKOFF = 0.1
_LONGEST_BACKOFF = 30.0
_STABLE_AFTER = 10.0
_READY_TIMEOUT = 60.0
_RESCUE_WAIT = 5.0


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
        self._restart_requested = asyncio.Event()
        self._restarting = asyncio.Lock()
        self._current: dict[Child, ChildProcess] = {}
        self._forking = ForkServerKeeper()

    async def run(self) -> None:
        """Serve until told to stop. Raises OperatorError when the service cannot start."""
        stop_on_signals(self._stopping, self._killing.set)
        if not sys.stdin.isatty():  # a terminal sends SIGHUP when it is closed
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._restart_requested.set)
        with self._folder, listen(self._settings.service.host, self._settings.service.port) as listener:
            adopt_orphans()
            others = child_pids()
            reaping = asyncio.create_task(reap_orphans(), name="reap orphans")
            try:
                await self._forking.prepare()  # it imports meanwhile
                self._folder.ensure_secret_key()
                self._share_metrics()
                if self._embedded:
                    await self._embedded.start()
                    self._url = self._embedded.url
                new_key = await self._prepare_database()
                await self._announce_browser()
                await self._supervise(listener, new_key)
            finally:
                await self._forking.end()
                if self._embedded:
                    await self._embedded.stop()
                reaping.cancel()
                await asyncio.to_thread(end_orphans, others)
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
                    await rescue(database, self._settings.jobs.max_crashes, all_workers=True)
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
            others = [
                group.create_task(self._announce(listener, new_key)),
                group.create_task(self._restart_on_request(children)),
                group.create_task(self._kill_silent_workers()),
            ]
            if self._embedded:
                others.append(group.create_task(self._keep_database_alive(self._embedded)))
            if self._metrics_folder:
                others.append(group.create_task(self._keep_metrics_history()))
            if self._progress:
                others.append(group.create_task(self._show_progress(self._progress, others[0])))
            await self._stopping.wait()
            log.info(
                "stopping: running pages may end, others wait for the next start; a second Ctrl-C ends everything now",
                grace_period=self._settings.service.grace_period,
            )
            others[0].cancel()
            await asyncio.gather(*tasks)
            async with self._restarting:  # it ends what it replaced
                for task in others:
                    task.cancel()

    async def _keep_alive(self, child: Child) -> None:
        loop, backoff = asyncio.get_running_loop(), _FIRST_BACKOFF
        while not self._stopping.is_set():
            process = self._current.get(child)
            if process is None:
                process = await self._start(child)
                if child in self._current:  # a restart has put another in its place meanwhile
                    await self._end(process)
                    continue
                self._current[child] = process
            began = loop.time()
            await first_completed(process.ended, self._stopping.wait(), process.replaced.wait())
            if process.replaced.is_set():
                backoff = _FIRST_BACKOFF
                continue
            await self._end(process)
            if self._current.get(child) is process:
                del self._current[child]
            if self._stopping.is_set():
                break
            backoff = _FIRST_BACKOFF if loop.time() - began > _STABLE_AFTER else min(backoff * 2, _LONGEST_BACKOFF)
            metrics.PROCESS_RESTARTS.add(child.arguments[0])
            code = process.ended.result()
            log.error("process ended, restarting it", process=child.name, code=code, after=backoff)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(backoff):
                    await self._stopping.wait()
        if (process := self._current.pop(child, None)) is not None:  # a restart put it in place as we waited
            await self._end(process)

    async def _start(self, child: Child, metrics_name: str | None = None) -> ChildProcess:
        """Start a process. It counts under the child's name, unless it runs beside the one that does."""
        worker_id = new_worker_id() if child.arguments == ("worker",) else None
        relay = self._relay(child.name) if self._progress else None
        start = Start(worker_id, self._environment(), metrics_name or child.metrics_name, relay)
        return await self._forking.start(child, start)

    def _relay(self, name: str) -> Callable[[asyncio.StreamReader], None]:
        """Return what takes the log of a child above the progress line."""

        def begin(log_lines: asyncio.StreamReader) -> None:
            if self._progress:
                task = asyncio.create_task(self._progress.relay(log_lines), name=f"relay the log of {name}")
                self._relaying.add(task)
                task.add_done_callback(self._relaying.discard)

        return begin

    def _environment(self) -> dict[str, str]:
        log_level = {"PAGEMILL_LOG_LEVEL": self._child_log_level} if self._progress else {}
        return {**os.environ, "PAGEMILL_DATABASE_URL": self._url, **log_level}

    async def _end(self, process: ChildProcess) -> None:
        """End a process that did not, and put back what it had in hand."""
        await process.end(self._settings.service.grace_period, self._killing)
        if self._metrics_folder:
            instruments.forget_process(self._metrics_folder, process.metrics_name)
        if process.worker_id:
            await self._rescue(process.worker_id)

    async def _restart_on_request(self, children: Sequence[Child]) -> None:
        while True:
            await self._restart_requested.wait()
            self._restart_requested.clear()
            async with self._restarting:
                await self._restart(children)

    async def _restart(self, children: Sequence[Child]) -> None:
        """Replace the children one by one. The first that does not become ready ends this; the old ones stay."""
        log.info("restarting the processes one by one")
        if not await self._migrate():
            log.error("not restarted: the database was not brought up to date; see the lines above")
            return
        await self._forking.renew()
        for child in children:
            if not await self._replace(child):
                log.error("restart given up: the new process did not become ready", process=child.name)
                return
        log.info("restarted", processes=len(children))

    async def _migrate(self) -> bool:
        """Bring the database up to date by the code that is installed now, which may be newer than ours."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "pagemill", "migrate"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            env=self._environment(),
        )
        return await process.wait() == 0

    async def _replace(self, child: Child) -> bool:
        """Start a new process for a child, and end the old one once the new one is ready."""
        old = self._current.get(child)
        beside = old is not None and old.metrics_name == child.metrics_name
        new = await self._start(child, child.metrics_name + "-next" if beside else None)
        await first_completed(new.ready, self._stopping.wait(), timeout=_READY_TIMEOUT)
        if self._stopping.is_set() or not (new.ready.done() and new.ready.result()):
            await self._end(new)
            return False
        old = self._current.get(child)
        self._current[child] = new
        if old is not None:
            old.replaced.set()
            await self._end(old)
        return True

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

    async def _kill_silent_workers(self) -> None:
        """Kill workers that hang: they would hold their places, and their pages where there is no other worker."""
        interval, seconds = self._settings.jobs.worker_heartbeat, self._settings.jobs.worker_hang_timeout
        async with self._database(wait=0) as database:
            workers = SilentWorkers(database, seconds=seconds, interval=interval)
            while True:
                await asyncio.sleep(interval)
                ready = {each.worker_id: (child, each) for child, each in self._current.items() if each.is_ready}
                try:
                    silent = await workers.poll(worker for worker in ready if worker is not None)
                except UnavailableError:
                    continue
                for worker in silent:
                    child, process = ready[worker]
                    log.error("a worker hangs, and is killed", process=child.name, silent=seconds)
                    process.kill()

    async def _keep_metrics_history(self) -> None:
        """Write down what all processes count."""
        async with self._database(wait=0) as database:
            await HistoryRecorder(database, self._settings).run()

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
    """Ask `GET /ready`."""
    try:
        async with asyncio.timeout(5):
            reader, writer = await asyncio.open_connection(loopback_of(host), port)
            writer.write(b"GET /ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            answer = await reader.readline()
            writer.close()
    except (OSError, TimeoutError):
        return False
    return answer.split()[1:2] == [b"200"]
