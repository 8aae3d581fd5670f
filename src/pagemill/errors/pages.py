"""What ends a page as failed: the root of these, and what its worker or its client did."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pagemill.errors.root import PagemillError

if TYPE_CHECKING:
    from pagemill.model import Attempt


class PageError(PagemillError):
    """A page could not be scraped. `retryable` says whether the same request may go better a little later."""

    retryable: ClassVar[bool] = False
    attempts: tuple[Attempt, ...] = ()
    """The steps that were tried, and how each ended."""


class DeadlineExceededError(PageError):
    """The page took longer than a job may."""

    code = "timeout"


class WorkerCrashedError(PageError):
    """The page took its worker down again and again."""

    code = "worker_crashed"


class CancelledPageError(PageError):
    """The job was cancelled before the page was begun."""

    code = "cancelled"


class RobotsDisallowedError(PageError):
    """The robots.txt of the host keeps crawlers away from the page, or could not be had."""

    code = "robots_disallowed"


class SessionNotFoundError(PageError):
    """The session that the page was to begin with was deleted meanwhile."""

    code = "session_not_found"


class SessionUnreadableError(PageError):
    """The session that the page was to begin with cannot be decrypted, or the browser does not take it."""

    code = "session_unreadable"


class InternalPageError(PageError):
    """A fault of our own; the details are in the log."""

    code = "internal_error"
