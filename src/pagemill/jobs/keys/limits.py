"""How much each key may submit. Counted in the database, so that it holds across API processes."""

from __future__ import annotations

import math
import secrets
from typing import TYPE_CHECKING

from pagemill.errors import RateLimitedError
from pagemill.jobs.keys import statements

if TYPE_CHECKING:
    from pagemill.jobs.database.pool import Database
    from pagemill.settings import Settings


class Limits:
    """The limits of the settings; 0 sets none. What is refused does not count."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._per_minute = settings.limits.submits_per_minute
        self._per_day = settings.limits.pages_per_day

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self._per_minute or self._per_day)

    async def admit(self, key_id: str, endpoint: str, pages: int, submission: int | None = None) -> None:
        """Count a submission of so many pages. Raises errors.RateLimitedError where it is too many.

        One with a number of its own, `submission`, is counted once however often it comes.
        """
        submission = secrets.randbits(63) if submission is None else submission
        if self._per_minute:
            await self._count_submit(key_id, endpoint, submission)
        if self._per_day:
            await self._count_pages(key_id, pages, submission)

    async def _count_submit(self, key_id: str, endpoint: str, submission: int) -> None:
        if await self._database.row(statements.COUNT_SUBMIT, key_id, endpoint, self._per_minute, submission):
            return
        row = await self._database.row(statements.SECONDS_UNTIL_NEXT_SUBMIT, key_id, endpoint, self._per_minute)
        raise RateLimitedError(
            f"At most {self._per_minute} submissions a minute are taken here from one key.", _whole_seconds(row)
        )

    async def _count_pages(self, key_id: str, pages: int, submission: int) -> None:
        if await self._database.row(statements.COUNT_PAGES, key_id, pages, self._per_day, submission):
            return
        row = await self._database.row(statements.SECONDS_UNTIL_MIDNIGHT)
        raise RateLimitedError(f"At most {self._per_day} pages a day are taken from one key.", _whole_seconds(row))


def _whole_seconds(row: dict[str, float] | None) -> int:
    return max(1, math.ceil(row["seconds"])) if row else 1
