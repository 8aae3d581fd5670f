"""Whether to ask again after a failure, and when: back-off with jitter, and `Retry-After` (RFC 9110, 10.2.3)."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from pagemill.errors import FetchError, HttpStatusError

if TYPE_CHECKING:
    from pagemill.settings import Settings

# Those that the same request may not meet a little later: too early, too many, and the server's own troubles, with
# those of Cloudflare's range that say that the site behind it did not answer.
RETRYABLE_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524})


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often, and how long between."""

    attempts: int
    delay: float
    """Seconds before the first retry; it doubles."""
    max_delay: float
    """Seconds that it does not double beyond; a host may ask for more with `Retry-After`."""

    @classmethod
    def of(cls, settings: Settings) -> RetryPolicy:
        """The policy of the settings."""
        return cls(settings.fetching.fetch_attempts, settings.fetching.retry_delay, settings.fetching.max_retry_delay)

    def wait(self, error: FetchError, attempt: int) -> float | None:
        """Seconds to wait after the `attempt`-th attempt (from 1) failed; None when there is to be no other."""
        if attempt >= self.attempts or not is_retryable(error):
            return None
        delay = min(self.delay * 2.0 ** (attempt - 1), self.max_delay)
        # Half of it is left to chance, so that requests that failed together do not come back together.
        delay *= random.uniform(0.5, 1.0)  # noqa: S311
        asked = error.retry_after if isinstance(error, HttpStatusError) else None
        return delay if asked is None else max(delay, asked)


def is_retryable(error: FetchError) -> bool:
    """Whether the same request may go better a little later."""
    if isinstance(error, HttpStatusError):
        return error.status_code in RETRYABLE_STATUSES
    return error.retryable


def parse_retry_after(value: str, now: datetime) -> float | None:
    """Seconds that a Retry-After header asks for: a number, or an HTTP date. None for anything else."""
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(text) if len(text) < 10 else float("inf")
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())
