"""A site of any number of generated pages, with all that makes crawling one hard.

Pages are `/docs/N`, each linking to ten others, so that all can be reached. Beside them: a calendar and a shop without
end, a path that loops, sessions in links, the same content under two addresses, pages that fail or are slow, a private
part that robots.txt closes, sitemaps in an index (one compressed) and a subdomain in links.
"""

from __future__ import annotations

import asyncio
import gzip
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self
from urllib.parse import parse_qs, urlsplit

from tests.web.http_server import HttpServer, Response, redirect

if TYPE_CHECKING:
    from tests.web.http_server import Request

LINKS = 10
SITEMAP_PAGES = 1000


@dataclass
class GeneratedSite:
    """The site; `async with site.serving()` starts its server, which records what it was asked."""

    pages: int = 100
    traps: bool = False
    robots: str | None = "User-agent: *\nDisallow: /private\n"
    sitemaps: bool = True
    slow: float = 0.0
    """Seconds that each page takes."""
    failing: frozenset[int] = frozenset()
    """Pages that answer 500."""
    limit_after: int | None = None
    """After so many requests the next five answer 429."""
    name: str = ""
    """Its host name, which its documents say too, where a server has several sites. They share no content then."""
    neighbours: tuple[str, ...] = ()
    """URLs of other sites that its first page links to."""
    server: HttpServer = field(default_factory=HttpServer)

    def __post_init__(self) -> None:
        self.server.fallback = self.answer

    async def __aenter__(self) -> Self:
        await self.server.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.server.__aexit__(*error)

    def url(self, path: str = "/") -> str:
        return self.server.url(path, self.name or None)

    @property
    def asked(self) -> Counter[str]:
        """How often each target was asked for."""
        return Counter(request.target for request in self.server.requests)

    @property
    def asked_pages(self) -> Counter[str]:
        """The same of what is no file for crawlers."""
        files = ("/robots.txt", "/sitemap", "/feed", "/rss.xml", "/atom.xml")
        return Counter({target: count for target, count in self.asked.items() if not target.startswith(files)})

    async def answer(self, request: Request) -> Response:
        """What is at a target."""
        path = request.path
        if path == "/robots.txt":
            return self._robots()
        if path.startswith("/sitemap"):
            return self._sitemap(path)
        if self.limit_after is not None and 0 <= len(self.server.requests) - self.limit_after < 5:
            return Response(b"slower", 429)
        if self.slow:
            await asyncio.sleep(self.slow)
        return self._page(request)

    def _robots(self) -> Response:
        if self.robots is None:
            return Response(b"no", 404)
        sitemap = f"Sitemap: {self.url('/sitemap.xml')}\n" if self.sitemaps else ""
        return Response((self.robots + sitemap).encode(), content_type="text/plain")

    def _sitemap(self, path: str) -> Response:
        if not self.sitemaps:
            return Response(b"no", 404)
        parts = -(-self.pages // SITEMAP_PAGES)
        if path == "/sitemap.xml":
            names = "".join(f"<sitemap><loc>{self.url(f'/sitemap-{n}.xml.gz')}</loc></sitemap>" for n in range(parts))
            return Response(f"<sitemapindex>{names}</sitemapindex>".encode(), content_type="application/xml")
        part = int(path.removeprefix("/sitemap-").removesuffix(".xml.gz") or 0)
        numbers = range(part * SITEMAP_PAGES, min(self.pages, (part + 1) * SITEMAP_PAGES))
        urls = "".join(f"<url><loc>{self.url(f'/docs/{n}')}</loc><lastmod>2024-05-17</lastmod></url>" for n in numbers)
        return Response(gzip.compress(f"<urlset>{urls}</urlset>".encode()), content_type="application/gzip")

    def _page(self, request: Request) -> Response:
        path = request.path
        if path in {"/", "/index"}:
            documents = [f"/docs/{n}" for n in range(min(LINKS, self.pages))]
            return self._html("Start", [*documents, *self._traps(), *self.neighbours])
        if path.startswith("/docs/") and path[6:].rstrip("/").isdigit():
            return self._document(int(path[6:].rstrip("/")))
        if path.startswith("/moved/"):
            return redirect(f"/docs/{path.removeprefix('/moved/')}")
        if path.startswith("/copy/"):
            return self._document(int(path.removeprefix("/copy/")))
        if self.traps and path.startswith(("/calendar/", "/shop", "/loop/", "/private/", "/account")):
            return self._trap(request)
        return Response(b"<html><body><p>There is nothing here.</p></body></html>", 404)

    def _document(self, number: int) -> Response:
        if number >= self.pages:
            return Response(b"nothing", 404)
        if number in self.failing:
            return Response(b"broken", 500)
        return self._html(f"Document {number}", [f"/docs/{n}" for n in self._named_by(number)])

    def _named_by(self, number: int) -> range:
        return range(number * LINKS, min(self.pages, (number + 1) * LINKS))

    def _html(self, title: str, links: list[str]) -> Response:
        anchors = "".join(f'<li><a href="{link}">{link.strip("/")}</a></li>' for link in links)
        title = f"{title} {self.name}".strip()
        text = f"<p>{title} says what no other page says, in words enough to be taken for content.</p>" * 4
        body = f"<html><head><title>{title}</title></head><body><nav><ul>{anchors}</ul></nav>"
        return Response(f"{body}<article><h1>{title}</h1>{text}</article></body></html>".encode())

    def _traps(self) -> list[str]:
        if not self.traps:
            return []
        return [
            "/docs/1/",
            "/docs/2?utm_source=nav",
            "/docs/3;jsessionid=0A1B",
            "/docs/4#part",
            "/copy/5",
            "/moved/6",
            "/private/0",
            "/calendar/2024/1",
            "/shop?color=0&size=0",
            "/loop/a/",
            "/account?sid=1",
            "/missing",
            "https://elsewhere.example/",
        ]

    def _trap(self, request: Request) -> Response:
        path = request.path
        if path.startswith("/calendar/"):
            _, _, year, month = path.split("/")
            following = int(year) * 12 + int(month)
            return self._html(f"Month {following}", [f"/calendar/{following // 12}/{following % 12 + 1}"])
        if path.startswith("/shop"):
            query = {name: int(values[0]) for name, values in parse_qs(urlsplit(request.target).query).items()}
            color, size = query.get("color", 0), query.get("size", 0)
            links = [f"/shop?color={color + 1}&size={size}", f"/shop?size={size + 1}&color={color}"]
            return self._html(f"Shop {color} {size}", links)
        if path.startswith("/loop/"):
            return self._html(f"Loop {path}", ["a/"])  # relative: each page leads one deeper
        return self._html(f"Page {path}", ["/private/1"])
