"""What the scraper asks of whoever keeps sessions. The one that the service uses is `pagemill.jobs.sessions.store`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pagemill.model import ScrapeOptions, SessionState, SessionUse


class KeptSessions(Protocol):
    """Sessions by API key. None of them sees another key's."""

    async def load(self, key_id: str, use: SessionUse) -> SessionState | None:
        """Return the state that a page begins with; None for an empty one.

        Raises errors.SessionNotFoundError and errors.SessionUnreadableError.
        """

    async def open_options(self, key_id: str, options: ScrapeOptions) -> ScrapeOptions:
        """Return the options with their secrets (see `ScrapeOptions.sealed`), where those were encrypted.

        Raises errors.SessionUnreadableError.
        """

    async def save(self, key_id: str, name: str, state: SessionState, url: str) -> str:
        """Keep a state under a name, in place of what was there, and return the session's id.

        `url` is the page that it was taken on. Raises a subclass of errors.SessionError.
        """
