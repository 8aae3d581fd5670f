"""What proves that a page has not changed since it was fetched: ETag and Last-Modified (RFC 9110, 8.8 and 13)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pagemill.fetching.url import Url


@dataclass(frozen=True, slots=True)
class Validators:
    """What the page at `url`, the one that answered in the end, came with."""

    url: str
    etag: str | None
    last_modified: str | None

    def __bool__(self) -> bool:
        """Whether there is anything to ask by."""
        return bool(self.etag or self.last_modified)

    def headers_for(self, url: Url) -> list[str]:
        """The header lines of a conditional request: none for another URL, whose validators mean something else."""
        if url.public_href != self.url:
            return []
        lines = [f"If-None-Match: {self.etag}"] if self.etag else []
        return [*lines, f"If-Modified-Since: {self.last_modified}"] if self.last_modified else lines
