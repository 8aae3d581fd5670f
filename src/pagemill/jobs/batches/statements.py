"""The SQL of batches by upload. Statuses change in `jobs.queue` alone.

Invariants:

- Lines are copied in while there is no job; ACCEPT_BATCH makes the job of all of them at once. So a batch is there
  whole or not at all.
- A line's page has its position. Pages are released in the order of lines: those of the positions below `jobs.pages`.
- `jobs.pages_allowed` is the number of lines, `jobs.urls_waiting` how many of them are not released.
- A page of a batch that ended has a number, its place in the order of completion: `jobs.queue` gives it.

Each may be sent twice; what makes that safe stands above each, after "Repeatable:".
"""

from __future__ import annotations

from pagemill.jobs.queue.columns import JOB_COLUMNS, PAGE_COLUMNS

# Uploads

# Repeatable: what is there stays.
BEGIN_UPLOAD = "INSERT INTO batches (id, key_id) VALUES ($1, $2) ON CONFLICT DO NOTHING"

# Sent before lines are copied, in the same transaction. $1: the batch, $2, $3: from this position to below that.
# Repeatable: with it the copying is, as each position has one line.
CLEAR_LINES = "DELETE FROM batch_lines WHERE batch_id = $1 AND position >= $2 AND position < $3"

# What an upload that broke off left, at most $2 lines of it.
# Repeatable: what is deleted is not there to be deleted again.
DELETE_UPLOAD = """
WITH upload AS (
    UPDATE batches SET deleted_at = coalesce(deleted_at, now()) WHERE id = $1 AND accepted_at IS NULL RETURNING id
), line AS (
    DELETE FROM batch_lines WHERE batch_id IN (SELECT id FROM upload) AND position IN (
        SELECT position FROM batch_lines WHERE batch_id = $1 ORDER BY position LIMIT $2)
    RETURNING position
)
SELECT count(*) AS lines FROM line
"""

# $1: the key, $2 to $4: how many batches a key may have that have not ended, and how many URLs may wait of a key, and
# in all; null for any number. $5: how many URLs are to be added.
_PLACE = """
    SELECT coalesce(count(*) FILTER (WHERE key_id = $1) >= $2::bigint, false) AS many_batches,
           coalesce(sum(urls_waiting) FILTER (WHERE key_id = $1) > 0
                    AND sum(urls_waiting) FILTER (WHERE key_id = $1) + $5::integer > $3::bigint, false) AS key_full,
           coalesce(sum(urls_waiting) > 0 AND sum(urls_waiting) + $5 > $4::bigint, false) AS "full"
    FROM jobs WHERE kind = 'bulk' AND completed_at IS NULL"""

# Repeatable: it only reads.
FIND_PLACE = _PLACE

# $1 to $5: as in _PLACE, $6: the batch, $7: its options, $8, $9: its idempotency key and the hash of its request,
# $10: who is told of its end, $11: the span that submits it.
# Repeatable: the caller made the id, and an id that is there is not inserted again; GET_JOB then finds the job.
ACCEPT_BATCH = f"""
WITH place AS ({_PLACE}
), upload AS (
    SELECT id FROM batches WHERE id = $6 AND key_id = $1 AND deleted_at IS NULL AND accepted_at IS NULL FOR UPDATE
), job AS (
    INSERT INTO jobs (id, key_id, batch, options, pages_left, idempotency_key, request_hash, webhook_url,
                      trace_context, kind, pages_allowed, urls_waiting)
    SELECT upload.id, $1, true, $7, 0, $8, $9, $10, $11, 'bulk', $5, $5
    FROM upload CROSS JOIN place WHERE NOT many_batches AND NOT key_full AND NOT "full"
    ON CONFLICT DO NOTHING
    RETURNING {JOB_COLUMNS}
), batch AS (
    UPDATE batches SET accepted_at = now(), lines = $5 FROM job WHERE batches.id = job.id
)
SELECT {JOB_COLUMNS}, many_batches, key_full, "full", (SELECT pg_notify('pagemill_queue', 'batches') FROM job)
FROM place LEFT JOIN job ON true
"""

# The queue

# Puts the next URLs of batches into it, of each at most $2 at once, so that it has at most $1 pages there; of at most
# $3 batches that are drawn by lot. None is released for a few that ended. `batches` is how many have URLs that wait.
# Batches that another worker releases just then are left to it.
# Repeatable: a repetition releases the next ones, for which the same limit holds.
RELEASE_LINES = """
WITH batch AS MATERIALIZED (
    SELECT id, key_id, pages, least($1::integer - pages_left, $2::integer, urls_waiting, pages_allowed - pages) AS room
    FROM jobs
    WHERE kind = 'bulk' AND completed_at IS NULL AND urls_waiting > 0 AND pages < pages_allowed
      AND pages_left <= $1 / 2
    ORDER BY random() LIMIT $3 FOR UPDATE SKIP LOCKED
), released AS (
    INSERT INTO pages (job_id, key_id, position, url, options)
    SELECT batch.id, batch.key_id, line.position, line.url, line.options
    FROM batch CROSS JOIN LATERAL (
        SELECT position, url, options FROM batch_lines
        WHERE batch_id = batch.id AND position >= batch.pages AND position < batch.pages + batch.room
    ) AS line
    ORDER BY line.position
    RETURNING job_id
), grown AS (
    UPDATE jobs SET pages = jobs.pages + counted.pages, pages_left = pages_left + counted.pages,
                    urls_waiting = urls_waiting - counted.pages
    FROM (SELECT job_id, count(*) AS pages FROM released GROUP BY job_id) AS counted
    WHERE jobs.id = counted.job_id
), notice AS (
    SELECT pg_notify('pagemill_queue', '') FROM released LIMIT 1
)
SELECT (SELECT count(*) FROM released) AS pages, (SELECT count(*) FROM notice) AS notices,
       (SELECT count(*) FROM jobs
        WHERE kind = 'bulk' AND completed_at IS NULL AND urls_waiting > 0 AND pages < pages_allowed) AS batches
"""

# What clients read

_BATCH = f"""
SELECT {", ".join(f"jobs.{column.strip()}" for column in JOB_COLUMNS.split(","))},
       jobs.pages, jobs.pages_left, jobs.pages_completed, jobs.pages_allowed, batches.lines
FROM jobs JOIN batches ON batches.id = jobs.id AND batches.deleted_at IS NULL
WHERE jobs.id = $1 AND jobs.key_id = $2"""

# Repeatable: it only reads.
GET_BATCH = _BATCH

# Pages that ended, in the order of completion. $1: the batch, $2: after this number, $3: at most up to that one, $4:
# how many.
# Repeatable: it only reads.
LIST_ENDED_LINES = f"""
SELECT ended.number, line.own_id, page.options,
       {", ".join(f"page.{column.strip()}" for column in PAGE_COLUMNS.split(","))}
FROM (
    SELECT number, position FROM batch_ends
    WHERE batch_id = $1 AND number > $2 AND number <= $3 ORDER BY number LIMIT $4
) AS ended
JOIN pages AS page ON page.job_id = $1 AND page.position = ended.position
JOIN batch_lines AS line ON line.batch_id = $1 AND line.position = ended.position
ORDER BY ended.number
"""

# Retention

# From now on they are not there for clients. $1: the age of batches that ended, $2: that of uploads that broke off.
# Repeatable: the first time stays.
RETIRE_BATCHES = """
UPDATE batches SET deleted_at = now()
WHERE deleted_at IS NULL AND CASE
    WHEN accepted_at IS NULL THEN created_at < now() - $2::interval
    ELSE NOT EXISTS (SELECT FROM jobs
                     WHERE jobs.id = batches.id AND coalesce(completed_at >= now() - $1::interval, true))
END
"""

# Takes one of those apart: at most $1 rows of each kind; itself once nothing is left of it. An upload that broke off
# keeps its row for $2, as long as a statement of its may still be under way.
# Repeatable: what is deleted is not there to be deleted again.
DELETE_RETIRED = """
WITH batch AS (
    SELECT id, accepted_at IS NOT NULL OR created_at < now() - $2::interval AS may_go FROM batches
    WHERE deleted_at IS NOT NULL AND (accepted_at IS NOT NULL OR created_at < now() - $2::interval)
    ORDER BY deleted_at LIMIT 1 FOR UPDATE SKIP LOCKED
), page AS (
    DELETE FROM pages WHERE id IN (
        SELECT pages.id FROM pages JOIN batch ON pages.job_id = batch.id LIMIT $1)
    RETURNING id
), ended AS (
    DELETE FROM batch_ends WHERE (batch_id, number) IN (
        SELECT batch_id, number FROM batch_ends JOIN batch ON batch_id = batch.id LIMIT $1)
    RETURNING number
), line AS (
    DELETE FROM batch_lines WHERE (batch_id, position) IN (
        SELECT batch_id, position FROM batch_lines JOIN batch ON batch_id = batch.id LIMIT $1)
    RETURNING position
), empty AS (
    SELECT id FROM batch
    WHERE may_go AND NOT EXISTS (SELECT FROM page) AND NOT EXISTS (SELECT FROM ended) AND NOT EXISTS (SELECT FROM line)
), job AS (
    DELETE FROM jobs WHERE id IN (SELECT id FROM empty)
), gone AS (
    DELETE FROM batches WHERE id IN (SELECT id FROM empty) RETURNING id
)
SELECT (SELECT count(*) FROM batch) AS batches, (SELECT count(*) FROM gone) AS gone
"""
