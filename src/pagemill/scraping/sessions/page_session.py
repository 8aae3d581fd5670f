"""The session of one page: loaded before the browser opens it, saved after it was read."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from pagemill import bodies
from pagemill.errors import SessionError, SessionNotFoundError, SessionTooLargeError
from pagemill.model import SessionFault

if TYPE_CHECKING:
    from pagemill.model import JsonObject, ScrapeOptions, SessionState
    from pagemill.scraping.scraped_page import ScrapedPage
    from pagemill.scraping.sessions.kept_sessions import KeptSessions

log = structlog.get_logger(__name__)

SESSION = "session"
"""What became of the session that was to be saved, beside the page's values."""


async def load_session(
    sessions: KeptSessions | None, options: ScrapeOptions, key_id: str
) -> tuple[SessionState | None, ScrapeOptions]:
    """Return the state that the page begins with, None for an empty one, and the options with their secrets.

    Raises as `KeptSessions` does.
    """
    if options.session is None and options.sealed is None:
        return None, options
    if sessions is None:
        raise SessionNotFoundError("There are no sessions without a service.")
    state = await sessions.load(key_id, options.session) if options.session else None
    return state, await sessions.open_options(key_id, options)


async def with_saved_session(
    sessions: KeptSessions | None, page: ScrapedPage, options: ScrapeOptions, key_id: str
) -> ScrapedPage:
    """Save the session of a page where that is asked for, and return the page with what became of it.

    It does not fail: the page is there, whatever becomes of its session.
    """
    name = options.session.save_as if options.session else None
    if name is None or sessions is None:
        return page
    outcome: JsonObject = {"name": name, "saved": False}
    try:
        outcome |= {"id": await _save(sessions, page, name, key_id), "saved": True}
    except SessionError as error:
        outcome["error"] = f"{error.message} ({error.code})"
    except Exception:  # whatever comes after a page's text can only fail itself
        log.exception("a session could not be saved by a fault of ours", url=page.final_url)
        outcome["error"] = f"There is a fault in the service. ({SessionError.code})"
    return replace(page, bodies={**page.bodies, SESSION: bodies.pack(outcome)}, session=None)


async def _save(sessions: KeptSessions, page: ScrapedPage, name: str, key_id: str) -> str:
    if page.session is None:
        raise SessionError("The page was read without a browser, so that there is nothing to save.")
    if isinstance(page.session, SessionFault):
        raise _error(page.session)
    return await sessions.save(key_id, name, page.session, page.final_url)


def _error(fault: SessionFault) -> SessionError:
    match fault:
        case SessionFault.TOO_LARGE:
            return SessionTooLargeError("The cookies and the storage are larger than the limit.")
        case SessionFault.TOO_MANY_ORIGINS:
            return SessionError("The page opened too many origins, frames included.")
        case SessionFault.NO_ANSWER:
            return SessionError("The browser did not give its cookies and storage in time.")
