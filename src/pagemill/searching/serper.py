"""Serper, which gives the results of Google."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pagemill.searching.adapter import RawResult, ServiceRequest, objects_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import SecretStr

URL = "https://google.serper.dev/search"


class Serper:
    """Asks for organic results."""

    def __init__(self, key: SecretStr, url: str = URL) -> None:
        self._key = key
        self._url = url

    def request(self, prompt: str, limit: int) -> ServiceRequest:
        """Return the request."""
        return ServiceRequest(
            *("POST", self._url),
            fields={"q": prompt, "num": limit},
            headers={"X-API-KEY": self._key.get_secret_value()},
        )

    def results(self, answer: Any) -> Iterator[RawResult]:
        """Yield the results."""
        for item in objects_at(answer, "organic"):
            yield RawResult(item.get("link"), item.get("title"), item.get("snippet"), item.get("date"))
