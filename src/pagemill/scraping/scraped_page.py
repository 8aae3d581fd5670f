"""What scraping a URL gives."""

from __future__ import annotations

from dataclasses import dataclass

from pagemill.model import Attempt, FetchedWith


@dataclass(frozen=True, slots=True)
class ScrapedPage:
    """What a URL gave: its values by format and its `metadata`, packed as in `pagemill.bodies`; pictures as PNG."""

    final_url: str
    status_code: int
    bodies: dict[str, bytes]
    cached: bool = False
    """Whether it was there already."""
    fetched_with: FetchedWith = FetchedWith.HTTP
    attempts: tuple[Attempt, ...] = ()
    """The steps of the way there, and how each ended."""
    plain_markdown: bytes | None = None
    """The Markdown that everyone gets, where the options made another one of it."""
