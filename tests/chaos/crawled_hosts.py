"""One large site of several hosts, for a crawl: each a generated site, on one server that notes who asked when."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple, Self

from tests.web.generated_site import GeneratedSite
from tests.web.http_server import HttpServer, Response

if TYPE_CHECKING:
    from tests.web.http_server import Request

CRAWL_DELAY = 1.0
DELAYED = "delayed.localhost"
"""The host whose robots.txt asks for `CRAWL_DELAY`."""
_ROBOTS = "User-agent: *\nDisallow: /private\n"
_SLOW_EACH = 500
"""Of so many documents one takes `_SLOW_SECONDS`."""
_SLOW_SECONDS = 2.0
_FAILING_EACH = 100
_DELAYED_PAGES = 100


class Asked(NamedTuple):
    """One request."""

    moment: float
    host: str
    target: str


class CrawledHosts:
    """`pages` documents over `hosts` hosts: `localhost` and names below it. One more asks for a delay."""

    def __init__(self, pages: int, hosts: int) -> None:
        self.asked: list[Asked] = []
        self._server = HttpServer()
        self._server.fallback = self._answer
        names = ["localhost", *(f"part{number}.localhost" for number in range(1, hosts))]
        rest = max(pages - _DELAYED_PAGES, hosts)
        self._shares = {name: rest // hosts + (number < rest % hosts) for number, name in enumerate(names)}
        self._shares[DELAYED] = min(pages, _DELAYED_PAGES)
        self._sites: dict[str, GeneratedSite] = {}

    async def __aenter__(self) -> Self:
        await self._server.__aenter__()
        port = self._server.url("/").rstrip("/").rpartition(":")[2]
        self.url = f"http://localhost:{port}/"
        others = tuple(f"http://{name}:{port}/" for name in self._shares if name != "localhost")
        for name, share in self._shares.items():
            first = name == "localhost"
            self._sites[name] = GeneratedSite(
                pages=share,
                traps=first,
                robots=_ROBOTS + (f"Crawl-delay: {CRAWL_DELAY:g}\n" if name == DELAYED else ""),
                sitemaps=first,
                failing=frozenset(range(_FAILING_EACH + 7, share, _FAILING_EACH)),
                name=name,
                neighbours=others if first else (),
                server=self._server,
            )
            self._server.fallback = self._answer  # each site puts itself there
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._server.__aexit__(*error)

    async def _answer(self, request: Request) -> Response:
        name = request.headers.get("host", "").partition(":")[0]
        self.asked.append(Asked(time.monotonic(), name, request.target))
        self._server.requests.clear()  # `asked` has all that counts
        number = request.path.removeprefix("/docs/")
        if number.isdigit() and int(number) % _SLOW_EACH == _SLOW_EACH - 1:
            await asyncio.sleep(_SLOW_SECONDS)
        site = self._sites.get(name)
        return Response(b"no such host", 404) if site is None else await site.answer(request)

    def broken_rules(self) -> list[str]:
        """What was asked for that robots.txt closes, or before robots.txt was read, in words."""
        found = [f"closed, and asked for: {asked}" for asked in self.asked if asked.target.startswith("/private")]
        seen: set[str] = set()
        for asked in self.asked:
            if asked.target != "/robots.txt" and asked.host not in seen:
                found.append(f"asked for before robots.txt: {asked}")
            seen.add(asked.host)
        return found

    def rates(self) -> list[tuple[str, int, float, float]]:
        """Of each host: requests, requests a second, and the most requests of any ten seconds, a second."""
        rows = []
        for host, count in sorted(Counter(asked.host for asked in self.asked).items()):
            moments = [asked.moment for asked in self.asked if asked.host == host]
            rows.append((host, count, count / max(1.0, moments[-1] - moments[0]), most_in(moments, 10.0) / 10.0))
        return rows

    def repeated(self) -> int:
        """How many requests were for a target that had been asked for before, but for what each host has once."""
        counts = Counter((asked.host, asked.target) for asked in self.asked)
        return sum(counts.values()) - len(counts)


def most_in(moments: list[float], seconds: float) -> int:
    """The most of these moments that lie within so many seconds."""
    most, first = 0, 0
    for last, moment in enumerate(moments):
        while moment - moments[first] > seconds:
            first += 1
        most = max(most, last - first + 1)
    return most
