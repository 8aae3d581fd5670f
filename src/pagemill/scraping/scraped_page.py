"""What scraping a URL gives."""

from __future__ import annotations

from dataclasses import dataclass, field

from pagemill.model import Attempt, FetchedWith, SessionFault, SessionState


@dataclass(frozen=True, slots=True)
class ScrapedPage:
    """What a URL gave: its values by format and its `metadata`, packed as in `pagemill.bodies`; pictures as PNG."""

    final_url: str
    status_code: int
    bodies: dict[str, bytes]
    cached: bool = False
    """Whether it was there already."""
    fetched_with: FetchedWith = FetchedWith.HTTP
    quality: float | None = None
    """How good the choice of content is expected to be, from 0 to 1; None for a page that was there already."""
    attempts: tuple[Attempt, ...] = ()
    """The steps of the way there, and how each ended."""
    plain_markdown: bytes | None = None
    """The Markdown that everyone gets, where the options made another one of it."""
    session: SessionState | SessionFault | None = field(default=None, repr=False)
    """The state of the browser's context, or why it could not be had, until it is saved."""
