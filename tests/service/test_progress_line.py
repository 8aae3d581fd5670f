"""What `pagemill serve` shows at a terminal."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pty
import signal
import sys
import time

from tests.service.running import RunningService, ended, submit
from tests.web.http_server import HttpServer, Response

PAGE = Response(b"<html><body><article><h1>Title</h1><p>Words of a page.</p></article></body></html>")


class AtTerminal(RunningService):
    """A service whose standard error is a terminal. `shown` is what came there."""

    async def start(self):
        began = time.monotonic()
        terminal, stderr = pty.openpty()
        self.shown = ""
        loop = asyncio.get_running_loop()
        self.process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "pagemill", *self._words),
            env={**os.environ, "TERM": "xterm", "COLUMNS": "200", **self._settings},
            stdout=asyncio.subprocess.PIPE,
            stderr=stderr,
        )
        os.close(stderr)

        def read():
            data = b""
            with contextlib.suppress(OSError):  # it is closed on the other side
                data = os.read(terminal, 65536)
            if not data:
                loop.remove_reader(terminal)
                os.close(terminal)
            self.shown += data.decode("utf-8", "replace")

        loop.add_reader(terminal, read)
        async with asyncio.timeout(60):
            self.ready_line = (await self.process.stdout.readline()).decode().strip()
        self.seconds_to_ready = time.monotonic() - began

    async def until_shown(self, text):
        async with asyncio.timeout(30):
            while text not in self.shown:
                await asyncio.sleep(0.05)


async def test_one_line_tells_the_progress_and_warnings_stand_above_it(scratch):
    async with HttpServer({"/": PAGE}) as web, AtTerminal(scratch / "terminal", workers=1) as service:
        assert service.ready_line.startswith("Pagemill is ready")
        async with service.client() as client:
            job = await submit(client, [web.url("/"), web.url("/gone"), web.url("/other")])
            await ended(client, job["id"])
            await service.until_shown("0 queued   0 running   1 completed   2 failed")
            assert "pages/s" in service.shown
            assert "page completed" not in service.shown
            assert "job submitted" not in service.shown
            [worker] = service.of("worker")
            os.kill(worker.pid, signal.SIGKILL)
            await service.until_shown("process ended, restarting it")
    assert "Traceback" not in service.shown


async def test_log_lines_come_where_they_are_asked_for(scratch):
    async with (
        HttpServer({"/": PAGE}) as web,
        AtTerminal(scratch / "terminal-logs", workers=1, PAGEMILL_PROGRESS="false") as service,
        service.client() as client,
    ):
        await ended(client, (await submit(client, [web.url("/")]))["id"])
        await service.until_shown("page completed")
        assert "pages/s" not in service.shown
