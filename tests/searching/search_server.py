"""A server that speaks the protocols of the search services, as their public documentation has them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from tests.web.http_server import HttpServer, Request, Response

if TYPE_CHECKING:
    import asyncio

    from pagemill.settings import Settings

KEY = "s3cret-of-search"
SERVICES = ("searxng", "brave", "perplexity", "serper")


@dataclass(frozen=True, slots=True)
class Found:
    """What the server knows of a page."""

    url: str
    title: str = "Windmills"
    snippet: str = "The first windmills."
    date: str = "2026-01-02"
    last_updated: str = "2026-02-03"


class SearchServer(HttpServer):
    """`async with SearchServer([…]) as server`, then `server.settings(settings, "brave")` asks it.

    It gives what it knows whatever it is asked, as many as are asked for.
    """

    def __init__(self, found: list[Found] | None = None) -> None:
        super().__init__()
        self.found = found or []
        self.asked: list[dict[str, Any]] = []
        """The parameters of each search, wherever they came."""
        self.response: Response | None = None
        """The answer, instead."""
        self.gate: asyncio.Event | None = None
        """Held until it is set."""
        self.at_once = 0
        self.most_at_once = 0
        self.routes["/search"] = self._searxng
        self.routes["/brave"] = self._brave
        self.routes["/perplexity"] = self._perplexity
        self.routes["/serper"] = self._serper

    def settings(self, settings: Settings, service: str, **changes: Any) -> Settings:
        """Settings for a service here."""
        url = self.url("/") if service == "searxng" else self.url(f"/{service}")
        return settings.changed(
            **{"search_service": service, "search_url": url, "search_api_key": KEY, "search_timeout": 5.0, **changes}
        )

    async def _searxng(self, request: Request) -> Response:
        asked = _query(request)
        if asked.get("format") != "json":
            return Response(b"Forbidden", 403)
        results = [
            {"url": page.url, "title": page.title, "content": page.snippet, "publishedDate": f"{page.date}T10:00:00"}
            for page in self.found
        ]
        answer = {"query": asked["q"], "number_of_results": 0, "results": results, "answers": [], "suggestions": []}
        return await self._answer(request, asked, answer)

    async def _brave(self, request: Request) -> Response:
        if request.headers.get("x-subscription-token") != KEY:
            return Response(b'{"type": "ErrorResponse"}', 401)
        asked = _query(request)
        if len(asked["q"]) > 400 or len(asked["q"].split()) > 50 or not 1 <= int(asked["count"]) <= 20:
            return Response(b'{"type": "ErrorResponse"}', 422)
        results = [
            {"url": page.url, "title": page.title, "description": page.snippet, "page_age": f"{page.date}T10:00:00"}
            for page in self.found[: int(asked["count"])]
        ]
        web = {"web": {"type": "search", "results": results}} if results else {}
        return await self._answer(request, asked, {"type": "search", **web})

    async def _perplexity(self, request: Request) -> Response:
        if request.method != "POST" or request.headers.get("authorization") != f"Bearer {KEY}":
            return Response(b'{"error": {}}', 401)
        asked = json.loads(request.body)
        results = [
            {
                "url": page.url,
                "title": page.title,
                "snippet": page.snippet,
                "date": page.date,
                "last_updated": page.last_updated,
            }
            for page in self.found[: asked["max_results"]]
        ]
        return await self._answer(request, asked, {"id": "1", "results": results})

    async def _serper(self, request: Request) -> Response:
        if request.method != "POST" or request.headers.get("x-api-key") != KEY:
            return Response(b'{"message": "Unauthorized."}', 403)
        asked = json.loads(request.body)
        organic = [
            {"title": page.title, "link": page.url, "snippet": page.snippet, "date": "Jan 2, 2026", "position": 1}
            for page in self.found[: asked["num"]]
        ]
        return await self._answer(request, asked, {"searchParameters": asked, "organic": organic, "credits": 1})

    async def _answer(self, request: Request, asked: dict[str, Any], answer: dict[str, Any]) -> Response:
        assert request.headers["accept-encoding"] == "identity"
        self.asked.append(asked)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            if self.gate is not None:
                await self.gate.wait()
        finally:
            self.at_once -= 1
        return self.response or Response(json.dumps(answer).encode(), content_type="application/json")


def _query(request: Request) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(request.target).query).items()}
