"""The Perplexity Search API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pagemill.searching.adapter import RawResult, ServiceRequest, objects_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import SecretStr

URL = "https://api.perplexity.ai/search"
_MOST_RESULTS = 20


class Perplexity:
    """Asks for ranked results, without an answer of a model."""

    def __init__(self, key: SecretStr, url: str = URL) -> None:
        self._key = key
        self._url = url

    def request(self, prompt: str, limit: int) -> ServiceRequest:
        """Return the request."""
        return ServiceRequest(
            *("POST", self._url),
            fields={"query": prompt, "max_results": min(limit, _MOST_RESULTS)},
            headers={"Authorization": f"Bearer {self._key.get_secret_value()}"},
        )

    def results(self, answer: Any) -> Iterator[RawResult]:
        """Yield the results."""
        for item in objects_at(answer, "results"):
            names = ("title", "snippet", "date", "last_updated")
            yield RawResult(item.get("url"), *(item.get(name) for name in names))
