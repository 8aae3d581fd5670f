"""The Brave Search API."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

from pagemill.searching.adapter import RawResult, ServiceRequest, objects_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import SecretStr

URL = "https://api.search.brave.com/res/v1/web/search"
_MOST_RESULTS = 20
_MOST_WORDS = 50
_MOST_CHARACTERS = 400
_LONGEST_TEXT = 50_000
"""Characters of a title or a snippet that are looked at: more than are given out, whatever of them is escaped."""


class Brave:
    """Asks with the start of a prompt that is longer than the service takes."""

    def __init__(self, key: SecretStr, url: str = URL) -> None:
        self._key = key
        self._url = url

    def request(self, prompt: str, limit: int) -> ServiceRequest:
        """Return the request."""
        text = " ".join(prompt.split()[:_MOST_WORDS])[:_MOST_CHARACTERS]
        query: dict[str, str | int] = {
            "q": text,
            "count": min(limit, _MOST_RESULTS),
            "result_filter": "web",
            "text_decorations": "false",
        }
        return ServiceRequest(
            "GET", self._url, query=query, headers={"X-Subscription-Token": self._key.get_secret_value()}
        )

    def results(self, answer: Any) -> Iterator[RawResult]:
        """Yield the results."""
        for item in objects_at(answer, "web", "results"):
            title, snippet = (_unescaped(item.get(name)) for name in ("title", "description"))
            yield RawResult(item.get("url"), title, snippet, item.get("page_age"))


def _unescaped(value: object) -> object:
    return html.unescape(value[:_LONGEST_TEXT]) if isinstance(value, str) else value
