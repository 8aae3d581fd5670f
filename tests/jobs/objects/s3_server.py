"""A server that speaks S3 (moto), and a way to it that can be cut."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
import time
import urllib.request
from typing import TYPE_CHECKING, Self

from tests.service.running import free_port
from tests.web.listener import Listener

if TYPE_CHECKING:
    from types import TracebackType

BUCKET = "bodies"
_START_TIMEOUT = 60


class S3Server:
    """A server in a process of its own, which keeps objects in memory. It has one bucket, `BUCKET`."""

    def __init__(self) -> None:
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        words = (sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port))
        self._process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        bucket = urllib.request.Request(f"http://127.0.0.1:{self.port}/{BUCKET}", method="PUT")
        deadline = time.monotonic() + _START_TIMEOUT
        while True:
            try:
                urllib.request.urlopen(bucket, timeout=10).close()
                return self
            except OSError:
                if time.monotonic() > deadline:
                    self._process.kill()
                    raise
                time.sleep(0.1)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()


class Relay(Listener):
    """Passes connections on to a port of this machine, until it is `cut`; from `mended` on again, on the same port."""

    def __init__(self, target: int) -> None:
        super().__init__(port=free_port())  # none that another connection could be given while it is cut
        self._target = target

    async def cut(self) -> None:
        """Refuse connections, and end those that are open."""
        await self.__aexit__()

    async def mend(self) -> None:
        """Pass connections on again."""
        await self.__aenter__()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, connection: int) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._target)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(_pass_on(reader, back))
                group.create_task(_pass_on(there, writer))
        except* ConnectionError:
            pass
        finally:
            back.close()


async def _pass_on(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    while part := await source.read(65536):
        target.write(part)
        await target.drain()
    with contextlib.suppress(OSError):
        target.write_eof()
