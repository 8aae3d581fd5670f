"""The SQL of lists: jobs by filters, the pages of one job, and the frontier of a crawl. All here only read.

Each list goes through an index in its order, from a place on, so that a part costs the same wherever it stands. What no
index knows is looked for among so many rows at a time.
"""

from __future__ import annotations

# Where the rows of a list come from, newest first, by the index that leaves out most. $1: the key, $2, $3: the place
# that the part begins after, $4: the oldest time, $5: how many rows are looked at, $6: the host, or null.
_FROM_JOBS = """
    SELECT id, created_at, status, kind, batch, NULL::text AS url FROM jobs
    WHERE key_id = $1 AND (created_at, id) < ($2::timestamptz, $3::text) AND created_at >= $4::timestamptz {condition}
    ORDER BY created_at DESC, id DESC LIMIT $5
"""
_FROM_HOST = """
    SELECT job.id, page.created_at, job.status, job.kind, job.batch, page.url
    FROM (
        SELECT job_id, created_at, url FROM pages
        WHERE key_id = $1 AND url_host(url) = $6::text AND position = 0
          AND (created_at, job_id) < ($2::timestamptz, $3::text) AND created_at >= $4::timestamptz
        ORDER BY created_at DESC, job_id DESC LIMIT $5
    ) AS page JOIN jobs AS job ON job.id = page.job_id
"""

_SOURCES = {
    "all": _FROM_JOBS.format(condition=""),
    "unended": _FROM_JOBS.format(condition="AND completed_at IS NULL"),
    "failed": _FROM_JOBS.format(condition="AND status = 'failed'"),
    "batches": _FROM_JOBS.format(condition="AND batch AND kind = 'scrape'"),
    "maps": _FROM_JOBS.format(condition="AND kind = 'map'"),
    "crawls": _FROM_JOBS.format(condition="AND kind = 'crawl'"),
    "host": _FROM_HOST,
}

# $7: how many are wanted, $8: status, $9: kind, $10: the code of an error, or `any`, $11: what the URL begins with;
# each of the last four may be null. Only one source knows $6; the others have no URL then. `looked_at` rows were looked
# at, down to `last_created_at` and `last_id`.
_LIST = """
WITH looked_at AS MATERIALIZED ({source}), found AS (
    SELECT id, created_at FROM looked_at
    WHERE ($8::text IS NULL OR status = $8::status)
      AND ($9::text IS NULL
           OR $9 = CASE WHEN kind <> 'scrape' THEN kind WHEN batch THEN 'batch' ELSE 'single' END)
      AND ($10::text IS NULL
           OR $10 = 'any' AND EXISTS (SELECT FROM pages WHERE job_id = looked_at.id AND error_code IS NOT NULL)
           OR EXISTS (SELECT FROM pages WHERE job_id = looked_at.id AND error_code = $10))
      AND ($11::text IS NULL OR starts_with(url, $11)
           OR starts_with(substring(url FROM '^[^:]+://(.*)$'), $11))
      AND ($6::text IS NULL OR url IS NOT NULL)
    ORDER BY created_at DESC, id DESC LIMIT $7
), reached AS (
    SELECT created_at, id FROM looked_at ORDER BY created_at, id LIMIT 1
)
SELECT job.id, job.status, job.kind, job.batch, job.created_at, job.completed_at, job.cancelled_at, job.pages,
       job.pages_left, job.pages_completed, job.urls_waiting, job.pages_allowed, page.url, page.cached,
       page.error_code, (SELECT count(*) FROM looked_at) AS looked_at,
       (SELECT created_at FROM reached) AS last_created_at, (SELECT id FROM reached) AS last_id
FROM (VALUES (true)) AS always (there)
LEFT JOIN found ON true
LEFT JOIN jobs AS job ON job.id = found.id
LEFT JOIN pages AS page ON page.job_id = found.id AND page.position = 0
ORDER BY found.created_at DESC, found.id DESC
"""

# Repeatable: they only read.
LIST_JOBS = {name: _LIST.format(source=source) for name, source in _SOURCES.items()}

# How many there are, up to $5.
# Repeatable: they only read.
COUNT_JOBS = {
    name: f"SELECT count(*) AS jobs FROM ({source}) AS job WHERE $6::text IS NULL OR url IS NOT NULL"
    for name, source in _SOURCES.items()
}

# One job beside what `GET_JOB` of `jobs.queue` gives. $1: the job, $2: its key.
# Repeatable: it only reads.
GET_DETAILS = """
SELECT pages, pages_left, pages_completed, urls_waiting, pages_allowed, retry_of,
       (SELECT earlier.id FROM jobs AS earlier WHERE earlier.id = jobs.retry_of AND earlier.key_id = $2) AS earlier,
       ARRAY(SELECT later.id FROM jobs AS later WHERE later.retry_of = $1 AND later.key_id = $2
             ORDER BY later.created_at DESC LIMIT 20) AS retries,
       (SELECT min(started_at) FROM pages WHERE job_id = $1 AND position = 0) AS started_at
FROM jobs WHERE id = $1 AND key_id = $2
"""

# The errors of a job, the most frequent first. At most $2 failed pages are counted.
# Repeatable: it only reads.
COUNT_ERRORS = """
SELECT error_code, count(*) AS pages FROM (
    SELECT error_code FROM pages WHERE job_id = $1 AND error_code IS NOT NULL ORDER BY error_code LIMIT $2
) AS failed
GROUP BY error_code ORDER BY pages DESC, error_code LIMIT 100
"""

_LISTED_PAGE = """
SELECT page.id, page.job_id, page.position, page.url, page.status, page.error_code, page.error_message,
       page.final_url, page.status_code, page.cached, page.fetched_with, page.attempts, page.created_at,
       page.started_at, page.completed_at, page.attempt, page.crashes, page.waits_for_host, page.options,
       crawled.depth, crawled.duplicate_of, crawled.unchanged
FROM ({source}) AS page
LEFT JOIN crawl_urls AS crawled ON crawled.job_id = page.job_id AND crawled.position = page.position
ORDER BY {order}
"""

# $1: the job, $2: the position that the part begins after, $3: how many.
# Repeatable: it only reads.
LIST_PAGES = _LISTED_PAGE.format(
    source="SELECT * FROM pages WHERE job_id = $1 AND position > $2 ORDER BY position LIMIT $3", order="page.position"
)
# Those that failed, by their errors. $2, $3: the error and the position that the part begins after, $4: the one error
# that is asked for, or null; $5: how many.
# Repeatable: it only reads.
LIST_FAILED_PAGES = _LISTED_PAGE.format(
    source="""
    SELECT * FROM pages
    WHERE job_id = $1 AND error_code IS NOT NULL AND (error_code, position) > ($2::text, $3::integer)
      AND ($4::text IS NULL OR error_code = $4)
    ORDER BY error_code, position LIMIT $5
    """,
    order="page.error_code, page.position",
)

# What waits in the frontier of a crawl. $2: how many URLs are shown, $3: how many hosts are counted.
# Repeatable: it only reads.
GET_FRONTIER = """
SELECT (SELECT count(*) FROM (SELECT FROM crawl_hosts WHERE job_id = $1 LIMIT $3) AS host) AS hosts,
       ARRAY(SELECT url FROM crawl_urls WHERE job_id = $1 AND position IS NULL
             ORDER BY job_id, host, priority DESC, id LIMIT $2) AS next_urls
"""
