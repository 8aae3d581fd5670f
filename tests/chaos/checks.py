"""What must be true when the faults are over: nothing lost, nothing twice, nothing stuck."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pagemill.errors import CancelledPageError
from tests.chaos.site import COMPLETED, ENDS, kind_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pagemill.jobs.database.pool import Database
    from tests.chaos.site import Receiver

TRACK_ENDS = (
    "CREATE TABLE page_ends (page_id bigint NOT NULL)",
    """CREATE FUNCTION track_end() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN INSERT INTO page_ends VALUES (NEW.id); RETURN NULL; END $$""",
    """CREATE TRIGGER track_end AFTER UPDATE ON pages FOR EACH ROW
       WHEN (NEW.completed_at IS NOT NULL OR OLD.completed_at IS NOT NULL) EXECUTE FUNCTION track_end()""",
)
"""Every end of a page is written down beside it, and every change after that."""

_TWICE = "SELECT page_id FROM page_ends GROUP BY page_id HAVING count(*) > 1"
_UNENDED = (
    "SELECT id, url, status, worker_id, attempt, crashes FROM pages WHERE completed_at IS NULL OR worker_id IS NOT NULL"
)
_WRONG_JOBS = """
SELECT id FROM jobs WHERE completed_at IS NULL OR pages_left <> 0
   OR pages_completed <> (SELECT count(*) FROM pages WHERE job_id = jobs.id AND status = 'completed')
   OR pages <> (SELECT count(*) FROM pages WHERE job_id = jobs.id)
   OR status <> CASE WHEN pages_completed > 0 THEN 'completed' ELSE 'failed' END::status
"""
_WRONG_COUNTS = "SELECT key_id FROM unended_pages GROUP BY key_id HAVING sum(pages) <> 0"
_EMPTY = """
SELECT id FROM pages WHERE status = 'completed'
   AND NOT EXISTS (SELECT FROM bodies WHERE page_id = pages.id AND format = 'html' AND octet_length(body) > 0)
"""
_PAGES = "SELECT url, error_code, error_message, crashes FROM pages WHERE job_id = ANY ($1::text[])"


async def faults_found(
    database: Database, submitted: Mapping[str, list[str]], receiver: Receiver, *, cancelled: int = 0
) -> list[str]:
    """Return what is wrong, in words. `submitted`: the URLs of each accepted job; `cancelled`: how many ended so."""
    found = []
    for name, statement in (
        ("ended twice", _TWICE),
        ("not ended", _UNENDED),
        ("job does not agree with its pages", _WRONG_JOBS),
        ("queued pages counted wrongly", _WRONG_COUNTS),
        ("completed without a body", _EMPTY),
    ):
        found += _first([f"{name}: {dict(row)}" for row in await database.rows(statement)])
    pages = await database.rows(_PAGES, list(submitted))
    wanted = sorted(url for urls in submitted.values() for url in urls)
    if sorted(row["url"] for row in pages) != wanted:
        found.append(f"{len(wanted)} pages were accepted, and {len(pages)} are there")
    allowed = {CancelledPageError.code} if cancelled else set()
    found += _first(
        [
            f"failed: {dict(row)}"
            for row in pages
            if row["error_code"] not in ENDS.get(kind_of(row["url"]), COMPLETED) | allowed
        ]
    )
    return found + _first([f"not told by webhook: {job}" for job in untold(submitted, receiver)])


def _first(found: list[str]) -> list[str]:
    """The first of each kind, and how many more there are."""
    return found if len(found) <= 5 else [*found[:5], f"and {len(found) - 5} more of these"]


def untold(jobs: Iterable[str], receiver: Receiver) -> list[str]:
    """The jobs that no webhook told of."""
    return [job for job in jobs if not receiver.told[job]]
