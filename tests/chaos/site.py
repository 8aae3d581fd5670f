"""The pages that are scraped under faults, what each may end as, and who is told by webhook."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from typing import TYPE_CHECKING, Self

import orjson

from pagemill.errors import FetchError
from tests.web.hostile import OK, HostileServer, bomb, drips
from tests.web.http_server import HttpServer, Request, Response

if TYPE_CHECKING:
    from random import Random

WORDS = "Ordinary words of an article, one line after another, that a reader came for. "
_ARTICLE = (
    f"<html><title>Page {{}}</title><body><article><h1>Title {{}}</h1><p>{WORDS * 20}</p></article></body></html>"
)
_SHELL = """<html><title>App</title><body>
<noscript>You need to enable JavaScript.</noscript><div id="root"></div>
<script>
document.getElementById("root").innerHTML = "<main><h1>Drawn</h1><p>" + %r.repeat(20) + "</p></main>"</script>"""
_BROKEN = (
    b"<table><p>\xff\xfe<b><i></table><script>if (</scr</b><article><h1>Half</h1><p>" + WORDS.encode() * 9 + b"<div"
)

KINDS = {"static": 80, "slow": 6, "huge": 2, "broken": 4, "missing": 2, "browser": 3, "unreliable": 2, "endless": 0.3,
         "bomb": 0.4, "killer": 0.3}  # fmt: skip
"""Kinds of pages, and how many in a hundred."""

COMPLETED = frozenset({None})
_FETCH_ERRORS = frozenset(
    {FetchError.code, *(kind.code for kind in FetchError.__subclasses__())}
    | {kind.code for parent in FetchError.__subclasses__() for kind in parent.__subclasses__()}
)
ENDS: dict[str, frozenset[str | None]] = {
    "missing": frozenset({"http_error", "http_status"}),
    "endless": COMPLETED | _FETCH_ERRORS,  # a browser shows what has come so far
    "bomb": _FETCH_ERRORS,
    "unreliable": COMPLETED | _FETCH_ERRORS,
    "killer": COMPLETED | {"extraction_crashed", "extraction_timeout"},
}
"""The codes that pages of a kind may end with; all others complete. None: completed."""


class ChaosSite:
    """Servers for every kind of page, on loopback. `network` is what the unreliable one suffers at the moment."""

    def __init__(self) -> None:
        self.network = "fine"
        self._pages = HttpServer()
        self._pages.fallback = self._page
        self._unreliable = HttpServer()
        self._unreliable.fallback = self._unreliable_page
        self._endless = HostileServer(drips(OK + b"\r\n<html>", b"<p>more</p>", 0.5))
        self._bomb = HostileServer(self._send_bomb)
        self._killer_body = b"<html><body>" + b"<p><b><i><u>a" * 700_000
        self._bomb_bytes = bomb("gzip", 30, b"more words ")  # a browser, too, finds it too large: it leaves out spaces
        self._stack = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        for server in (self._pages, self._unreliable, self._endless, self._bomb):
            await self._stack.enter_async_context(server)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def urls(self, count: int, random: Random) -> list[str]:
        """Choose pages; no two have the same URL."""
        kinds = random.choices(list(KINDS), list(KINDS.values()), k=count)
        servers = {"unreliable": self._unreliable, "endless": self._endless, "bomb": self._bomb}
        return [
            servers.get(kind, self._pages).url(f"/{kind}/{random.getrandbits(64):x}-{number}")
            for number, kind in enumerate(kinds)
        ]

    async def _page(self, request: Request) -> Response:
        kind = kind_of(request.path)
        if kind == "slow":
            await asyncio.sleep(2)
        if kind == "missing":
            return Response(b"not here", 404)
        if kind == "broken":
            return Response(_BROKEN)
        if kind == "killer":
            return Response(self._killer_body)
        if kind == "huge":
            return Response(b"<html><body><article>" + f"<p>{WORDS}</p>".encode() * 5_000)
        text = _SHELL % WORDS if kind == "browser" else _ARTICLE.format(request.path, request.path)
        return Response(text.encode())

    async def _unreliable_page(self, request: Request) -> Response:
        if self.network == "stalls":
            await asyncio.sleep(60)
        if self.network == "resets":
            raise ConnectionResetError
        return Response(_ARTICLE.format(request.path, request.path).encode())

    async def _send_bomb(self, writer: asyncio.StreamWriter) -> None:
        writer.write(self._bomb_bytes)
        await writer.drain()


class Receiver(HttpServer):
    """Is told of jobs, and refuses every fifth time."""

    def __init__(self) -> None:
        super().__init__()
        self.told: Counter[str] = Counter()
        self._calls = 0
        self.fallback = self._hook

    def _hook(self, request: Request) -> Response:
        self._calls += 1
        if self._calls % 5 == 0:
            return Response(b"not now", 500)
        self.told[orjson.loads(request.body)["jobId"]] += 1
        return Response(b"thanks")


def kind_of(path: str) -> str:
    """The kind of the page at a path, or at a URL."""
    return path.rsplit("/", 2)[-2]
