"""The URLs that a sitemap, a feed or a page names."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a file is."""

    SITEMAP = "sitemap"
    INDEX = "index"
    FEED = "feed"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Entry:
    """A URL that a file names."""

    url: str
    title: str = ""
    last_modified: str | None = None
    priority: float | None = None
