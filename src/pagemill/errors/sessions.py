"""What keeps the state of a page's browser from being saved as a session: the page itself still completes."""

from __future__ import annotations

from pagemill.errors.root import PagemillError


class SessionError(PagemillError):
    """The session could not be saved."""

    code = "session_failed"


class SessionTooLargeError(SessionError):
    """The cookies and the storage are more than a session may hold."""

    code = "session_too_large"


class TooManySessionsError(SessionError):
    """The key has as many sessions as it may."""

    code = "too_many_sessions"
