"""Which hosts have a name of their own in the metrics: a limited number, since each name costs memory for good."""

from __future__ import annotations

from collections import Counter
from urllib.parse import urlsplit

OTHER = "other"
_PAGES_TO_BE_NAMED = 10
_CANDIDATES_PER_LABEL = 10


class HostLabels:
    """The first `limit` hosts that had some pages get a label of their own; all others are `other`.

    With the limit 0 there are none: which hosts people read may be personal.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._named: set[str] = set()
        self._candidates: Counter[str] = Counter()

    def of(self, url: str) -> str | None:
        """The label of the host of a page that ended, or None where hosts are not counted."""
        if not self._limit:
            return None
        try:
            host = urlsplit(url).hostname or OTHER
        except ValueError:
            return OTHER
        if host in self._named:
            return host
        if len(self._named) >= self._limit:
            return OTHER
        self._candidates[host] += 1
        if self._candidates[host] >= _PAGES_TO_BE_NAMED:
            self._named.add(host)
            del self._candidates[host]
            return host
        if len(self._candidates) > self._limit * _CANDIDATES_PER_LABEL:
            for rarest in [name for name, pages in self._candidates.items() if pages == 1] or list(self._candidates):
                del self._candidates[rarest]
        return OTHER
