"""SearXNG, a metasearch engine that operators run themselves. Its settings must allow the format JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pagemill.searching.adapter import RawResult, ServiceRequest, objects_at

if TYPE_CHECKING:
    from collections.abc import Iterator


class SearXng:
    """Asks for the first page of results, whose length the instance decides."""

    def __init__(self, url: str) -> None:
        self._url = f"{url.rstrip('/').removesuffix('/search')}/search"

    def request(self, prompt: str, limit: int) -> ServiceRequest:  # noqa: ARG002 - SearXNG takes no limit
        """Return the request."""
        return ServiceRequest("GET", self._url, query={"q": prompt, "format": "json"})

    def results(self, answer: Any) -> Iterator[RawResult]:
        """Yield the results."""
        for item in objects_at(answer, "results"):
            yield RawResult(item.get("url"), item.get("title"), item.get("content"), item.get("publishedDate"))
