"""Serves the shared pages from loopback, each under its number: a small asyncio server in a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import multiprocessing
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection

SHARED = Path(__file__).resolve().parent.parent.parent / "shared" / "data" / "wcxb-dev" / "html"


def load(limit: int | None = None) -> dict[str, bytes]:
    """Return the shared pages by number, decompressed."""
    files = sorted(SHARED.glob("*.html.gz"))[:limit]
    if not files:
        raise SystemExit(f"The shared pages are not in {SHARED}.")
    return {file.name.removesuffix(".html.gz"): gzip.decompress(file.read_bytes()) for file in files}


@contextlib.contextmanager
def serving(pages: dict[str, bytes]) -> Iterator[str]:
    """Serve pages while the body runs; gives the URL before the numbers."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.Process(target=_serve, args=(pages, theirs), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}/"
    finally:
        process.terminate()
        process.join()


def _serve(pages: dict[str, bytes], report: Connection) -> None:
    # Many pages declare their encoding in the HTML, as on the web; the header names none.
    head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\r\n"
    answers = {number: head.format(len(body)).encode() + body for number, body in pages.items()}
    missing = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                request = await reader.readuntil(b"\r\n\r\n")
                number = request.split(b" ", 2)[1].decode().strip("/")
                writer.write(answers.get(number, missing))
                await writer.drain()
        writer.close()

    async def run() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=1024)
        report.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())
