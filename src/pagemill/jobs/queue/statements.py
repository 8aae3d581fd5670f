"""Every SQL statement of jobs, pages and workers, together so that they can be reviewed together.

Invariants that they keep:

- A job, its pages and thereby its queue entries appear in one statement: all or none. So do its end and the
  deliveries to its webhooks.
- Statuses change here alone, and only forward: a page's in CLAIM_PAGES, COMPLETE_PAGE, FAIL_PAGE,
  RESCUE_PAGES, CANCEL_JOB, STOP_CRAWL and STOP_BATCH; a job's where its pages' change.
- A page in a worker's hands is ended only by the worker that took it last (`worker_id` and `attempt` are checked), so
  that a worker that was taken for dead has no effect any more. CANCEL_JOB, STOP_CRAWL and STOP_BATCH end those in
  nobody's.
- Each may be sent twice, at once or late: a statement whose answer got lost is repeated, and the first one may still
  be under way on the server. What makes that safe stands above each, after "Repeatable:"; a test asks for it.
- A trigger of the schema keeps `unended_pages`: the sum of `pages` of the jobs that have not ended. That of a
  crawl grows with each page that is released. Batches by upload do not count: `jobs.batches` limits them.
- What the database says a worker holds, the worker holds: RECONCILE_PAGES puts back the rest.
"""

from __future__ import annotations

from pagemill.jobs.queue.columns import JOB_COLUMNS, PAGE_COLUMNS

# Jobs

_PLACE = """
    SELECT coalesce(by_key > 0 AND by_key + {pages} > {key_limit}::bigint, false) AS key_full,
           coalesce(in_all > 0 AND in_all + {pages} > {limit}::bigint, false) AS "full"
    FROM (
        SELECT coalesce(sum(pages) FILTER (WHERE key_id = {key}), 0) AS by_key,
               coalesce(sum(pages) FILTER (WHERE key_id = ''), 0) AS in_all
        FROM unended_pages WHERE key_id IN ({key}, '')
    ) AS queued"""

# $9: the hash of a request that may come again, or null. Nothing is stored where the same one came less than $10 ago;
# nor, where $11 says so, while the job of that one runs or less than $10 after its end. A job that was cancelled does
# not count.
# Nor where its key, or all keys together, would have more than $12 or $13 pages in jobs that have not ended: then
# `key_full` or `full` is true. A job of any size is taken where there are none. What is submitted meanwhile is not
# counted yet.
# $14: the span that submits it. $15, $16: the kind of job and what it is to find. The first URL of a crawl is in its
# frontier, as released: $17: its identity, $18: its host. $19: how the URL of $8 is told, or null: of the start of the
# job at once, where it is to be. $20: the job that is run again so, or null.
# Repeatable: the caller made the id, and an id that is there is not inserted again; GET_JOB then finds the job.
SUBMIT_JOB = f"""
WITH place AS ({_PLACE.format(key="$2", pages="cardinality($5::text[])", key_limit="$12", limit="$13")}
), fresh AS (
    INSERT INTO recent_requests AS recent (key_id, request_hash, job_id)
    SELECT $2, $9::bytea, $1 FROM place WHERE $9 IS NOT NULL AND NOT key_full AND NOT "full"
    ON CONFLICT (key_id, request_hash) DO UPDATE SET job_id = excluded.job_id, created_at = now()
    -- A single row by its id: EXISTS might be planned as a hash of all jobs.
    WHERE coalesce((SELECT cancelled_at IS NOT NULL FROM jobs WHERE id = recent.job_id), false)
       OR recent.created_at < now() - $10::interval
      AND NOT ($11::boolean AND coalesce((
          SELECT completed_at IS NULL OR completed_at >= now() - $10::interval FROM jobs WHERE id = recent.job_id
      ), false))
    RETURNING job_id
), job AS (
    INSERT INTO jobs (id, key_id, batch, options, pages, pages_left, idempotency_key, request_hash, webhook_url,
                      trace_context, kind, site, pages_allowed, webhook, retry_of)
    SELECT $1, $2, $3, $4, cardinality($5::text[]), cardinality($5::text[]), $6, $7, $8, $14, $15, $16,
           coalesce(($16::jsonb ->> 'limit')::integer, 0), $19, $20
    FROM place WHERE NOT key_full AND NOT "full" AND ($9 IS NULL OR EXISTS (SELECT FROM fresh))
    ON CONFLICT DO NOTHING
    RETURNING {JOB_COLUMNS}
), page AS (
    INSERT INTO pages (job_id, key_id, position, url)
    SELECT job.id, job.key_id, submitted.ordinality - 1, submitted.url
    FROM job, unnest($5::text[]) WITH ORDINALITY AS submitted (url, ordinality)
    ORDER BY submitted.ordinality
), seed AS (
    INSERT INTO crawl_urls (job_id, identity, url, host, depth, priority, position)
    SELECT job.id, $17::bytea, ($5::text[])[1], $18, 0, 1, 0 FROM job WHERE job.kind = 'crawl'
), seed_host AS (
    INSERT INTO crawl_hosts (job_id, host) SELECT job.id, $18 FROM job WHERE job.kind = 'crawl'
), started AS (
    INSERT INTO webhook_deliveries (id, key_id, job_id, event, url)
    SELECT 'whd_' || replace(gen_random_uuid()::text, '-', ''), job.key_id, job.id, 'job.started', $8
    FROM job WHERE $19::jsonb -> 'events' ? 'job.started'
    RETURNING id
)
SELECT {JOB_COLUMNS}, key_full, "full", (SELECT pg_notify('pagemill_queue', '') FROM job),
       (SELECT pg_notify('pagemill_queue', 'crawls') FROM job WHERE kind = 'crawl'),
       (SELECT pg_notify('pagemill_queue', 'deliveries') FROM started)
FROM place LEFT JOIN job ON true
"""

# Whether SUBMIT_JOB would take $2 pages of the key $1. $3, $4: as its $12 and $13.
# Repeatable: it only reads.
FIND_PLACE = _PLACE.format(key="$1", pages="$2::integer", key_limit="$3", limit="$4")

# Repeatable: it only reads.
GET_JOB = f"SELECT {JOB_COLUMNS} FROM jobs WHERE id = $1 AND key_id = $2"
# Repeatable: it only reads.
GET_JOB_BY_IDEMPOTENCY_KEY = f"SELECT {JOB_COLUMNS} FROM jobs WHERE key_id = $1 AND idempotency_key = $2"
# Repeatable: it only reads.
GET_RECENT_JOB = f"""
SELECT {JOB_COLUMNS} FROM jobs
WHERE id = (SELECT job_id FROM recent_requests WHERE key_id = $1 AND request_hash = $2)
"""

# Repeatable: it only reads.
GET_REPEATED_JOB = f"""
SELECT {JOB_COLUMNS} FROM jobs
WHERE id = (
    SELECT recent.job_id FROM recent_requests AS recent JOIN jobs ON jobs.id = recent.job_id
    WHERE recent.key_id = $1 AND recent.request_hash = $2 AND cancelled_at IS NULL
      AND (recent.created_at >= now() - $3::interval
           OR $4::boolean AND (completed_at IS NULL OR completed_at >= now() - $3::interval)))
"""

# The pages of a batch by upload are not counted: there may be a million.
_LIST_JOBS = """
SELECT job.*, page.cached,
       CASE WHEN job.kind = 'bulk' THEN (SELECT url FROM batch_lines WHERE batch_id = job.id AND position = 0)
            ELSE page.url END AS url,  page.error_code, page.error_message,
       CASE WHEN job.kind = 'bulk' THEN job.pages_in_all ELSE page.pages END AS pages,
       CASE WHEN job.kind = 'bulk' THEN job.pages_completed ELSE page.completed END AS completed,
       CASE WHEN job.kind = 'bulk' THEN job.pages_failed ELSE page.failed END AS failed
FROM (
    SELECT {columns}, pages_completed, pages - pages_left - pages_completed AS pages_failed,
           CASE WHEN kind = 'bulk' THEN pages_allowed ELSE pages END AS pages_in_all
    FROM jobs
    WHERE key_id = $1 AND (created_at, id) < ($2, $3) {condition}
    ORDER BY created_at DESC, id DESC LIMIT $4
) AS job
CROSS JOIN LATERAL (
    SELECT count(*) AS pages, count(*) FILTER (WHERE status = 'completed') AS completed,
           count(*) FILTER (WHERE status = 'failed') AS failed,
           bool_and(cached) AS cached, min(url) FILTER (WHERE position = 0) AS url,
           min(error_code) FILTER (WHERE position = 0) AS error_code,
           min(error_message) FILTER (WHERE position = 0) AS error_message
    FROM pages WHERE job_id = job.id AND (job.kind <> 'bulk' OR position = 0)
) AS page
ORDER BY job.created_at DESC, job.id DESC
"""

# Each status with the words that its index goes by.
# Repeatable: they only read.
LIST_JOBS = {
    status: _LIST_JOBS.format(columns=JOB_COLUMNS, condition=condition)
    for status, condition in (
        (None, ""),
        ("pending", "AND status = 'pending' AND completed_at IS NULL"),
        ("processing", "AND status = 'processing' AND completed_at IS NULL"),
        ("completed", "AND status = 'completed'"),
        ("failed", "AND status = 'failed'"),
    )
}

# Repeatable: it only reads.
GET_PAGES = f"SELECT {PAGE_COLUMNS} FROM pages WHERE job_id = $1 ORDER BY position"
# A job of one page for a client that sends the key with the hash $1: key, job and page at once. $2: the job.
# Repeatable: it only reads.
GET_POLLED_JOB = f"""
SELECT keys.hash, keys.operator, {", ".join(f"jobs.{column.strip()}" for column in JOB_COLUMNS.split(","))},
       {", ".join(f"pages.{column.strip()} AS page_{column.strip()}" for column in PAGE_COLUMNS.split(","))}
FROM keys JOIN jobs ON jobs.id = $2 AND jobs.key_id = keys.id
JOIN pages ON pages.job_id = jobs.id AND pages.position = 0
WHERE keys.hash = $1 AND keys.revoked_at IS NULL AND jobs.kind = 'scrape' AND NOT jobs.batch
"""
# Repeatable: it only reads.
GET_PAGE = f"SELECT {PAGE_COLUMNS} FROM pages WHERE job_id = $1 AND position = $2"

# Where bodies are: in their rows, or from `start` on in `object`. $2: the formats, or null for all but pictures, which
# are not part of the answer that holds a job. Sizes stand in the rows of the table, so that no body is read but those
# of at most $3 bytes, which come along.
# Repeatable: it only reads.
GET_BODY_PLACES = """
SELECT format, coalesce(octet_length(body), size) AS size, start,
       CASE WHEN body IS NULL THEN pages.object END AS object,
       CASE WHEN octet_length(body) <= $3 THEN body END AS content
FROM bodies JOIN pages ON pages.id = bodies.page_id
WHERE bodies.page_id = $1
  AND CASE WHEN $2::text[] IS NULL THEN format NOT IN ('screenshot', 'screenshotFullPage') ELSE format = ANY ($2) END
"""
# Repeatable: it only reads. $3: from which byte on, counted from 1; $4: how many. Bodies are stored as they are:
# only that part is read.
GET_BODY_PART = "SELECT substring(body FROM $3 FOR $4) AS part FROM bodies WHERE page_id = $1 AND format = $2"

# Batches by upload are deleted in smaller steps, by `jobs.batches`.
# Repeatable: a repetition deletes the next ones, which are as old.
DELETE_ENDED_JOBS = """
WITH deleted AS (
    DELETE FROM jobs WHERE id IN (
        SELECT id FROM jobs WHERE completed_at < now() - $1::interval AND kind <> 'bulk'
        ORDER BY completed_at LIMIT $2 FOR UPDATE SKIP LOCKED
    ) RETURNING id
)
SELECT count(*) AS jobs FROM deleted
"""

# The queue

# A page that waits for its host is not in the queue.
_QUEUED = "worker_id IS NULL AND completed_at IS NULL AND waits_for_host IS NULL"

# The keys that have pages in the queue: an entry of the index for each is read.
_WAITING_KEYS = f"""WITH RECURSIVE waiting_key AS (
    (SELECT key_id FROM pages WHERE {_QUEUED} ORDER BY key_id LIMIT 1)
    UNION ALL
    SELECT (SELECT key_id FROM pages
            WHERE {_QUEUED} AND key_id > waiting_key.key_id
            ORDER BY key_id LIMIT 1)
    FROM waiting_key WHERE waiting_key.key_id IS NOT NULL
)"""

# Keys are served in turn: a waiting page's turn is its place among its key's waiting pages, after as many turns as
# the key has pages in hand. $1: the worker, $2: how many pages, $3, $4: pages with crashes from $3 to below $4;
# $5: pages that a key may have in hand, or null for any number; $6: keys whose pages are left alone.
# Repeatable: a repetition takes other pages. The worker never learns of the first ones, and RECONCILE_PAGES puts them
# back.
CLAIM_PAGES = f"""
{_WAITING_KEYS}, held AS (
    SELECT key_id, count(*) AS pages FROM pages
    WHERE worker_id IS NOT NULL AND completed_at IS NULL GROUP BY key_id
), candidate AS (
    SELECT page.id,
           coalesce(held.pages, 0) + row_number() OVER (PARTITION BY waiting_key.key_id ORDER BY page.id) AS turn
    FROM waiting_key
    CROSS JOIN LATERAL (
        SELECT id FROM pages
        WHERE key_id = waiting_key.key_id AND {_QUEUED}
          AND crashes >= $3 AND crashes < $4
        ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED
    ) AS page
    LEFT JOIN held ON held.key_id = waiting_key.key_id
    WHERE waiting_key.key_id <> ALL ($6::text[])
), waiting AS (
    SELECT id, turn FROM candidate WHERE $5::integer IS NULL OR turn <= $5 ORDER BY turn, id LIMIT $2
), claimed AS (
    UPDATE pages
    SET status = 'processing', worker_id = $1, attempt = attempt + 1, started_at = coalesce(started_at, now())
    FROM waiting WHERE pages.id = waiting.id
    RETURNING pages.id, pages.job_id, pages.url, pages.attempt, pages.crashes, pages.position, pages.has_turn,
              pages.created_at, pages.options, waiting.turn
), pending_job AS (
    SELECT id FROM jobs WHERE id IN (SELECT job_id FROM claimed) AND status = 'pending' FOR UPDATE SKIP LOCKED
), started_job AS (
    UPDATE jobs SET status = 'processing' FROM pending_job WHERE jobs.id = pending_job.id
)
SELECT claimed.id, claimed.job_id, jobs.key_id, claimed.url, claimed.attempt, claimed.crashes,
       coalesce(claimed.options, jobs.options) AS options, jobs.kind, jobs.site, claimed.position, claimed.has_turn,
       extract(epoch FROM now() - claimed.created_at)::float8 AS age, jobs.trace_context,
       (SELECT version FROM correction_versions WHERE key_id = jobs.key_id) AS corrections_version
FROM claimed JOIN jobs ON jobs.id = claimed.job_id
ORDER BY claimed.turn, claimed.id
"""

# A job ends with its last page: completed if any page was. A crawl, or a batch by upload, goes on while URLs wait that
# may be released.
_COUNTED = """
        pages_left = pages_left - ended.pages,
        pages_completed = pages_completed + ended.completed,
        status = CASE WHEN {goes_on} THEN 'processing'::status
                      WHEN pages_completed + ended.completed > 0 THEN 'completed'::status
                      ELSE 'failed'::status END,
        completed_at = CASE WHEN NOT ({goes_on}) THEN now() END"""
_GOES_ON = "pages_left > ended.pages OR least(urls_waiting, pages_allowed - jobs.pages) > 0"
_ENDED_COLUMNS = """jobs.id, jobs.completed_at, jobs.key_id, jobs.webhook_url, jobs.webhook, jobs.pages_completed,
              jobs.created_at, jobs.kind, jobs.pages - jobs.pages_left AS pages_ended,
              CASE WHEN jobs.kind = 'bulk' THEN 'batch.completed'
                   WHEN jobs.kind <> 'scrape' THEN jobs.kind || '.' || jobs.status
                   WHEN jobs.batch THEN 'batch.completed' ELSE 'job.' || jobs.status END AS event"""

# Beside: `notice` tells those who wait for a job, or for the next page of a crawl. Pages of crawls, and of batches by
# upload, are numbered as they end: who has the job's row commits before the next. Deliveries to its webhooks are
# queued. PostgreSQL runs a SELECT in a WITH only where it is referred to, so each statement counts the notices.
_TELL = """, numbered AS (
    SELECT page.job_id, page.position, job.kind,
           job.pages_ended - count(*) OVER (PARTITION BY page.job_id)
               + row_number() OVER (PARTITION BY page.job_id ORDER BY page.position) AS number
    FROM page JOIN job ON job.id = page.job_id WHERE job.kind IN ('crawl', 'bulk')
), ended_url AS (
    UPDATE crawl_urls SET number = ended.number
    FROM numbered AS ended
    WHERE ended.kind = 'crawl' AND crawl_urls.job_id = ended.job_id AND crawl_urls.position = ended.position
), ended_line AS (
    INSERT INTO batch_ends (batch_id, number, position)
    SELECT job_id, number, position FROM numbered WHERE kind = 'bulk'
), message AS (
    SELECT id AS job_id, key_id, webhook_url, webhook, event, NULL::integer AS page_position, true AS is_public FROM job
    WHERE completed_at IS NOT NULL
    UNION ALL
    SELECT job.id, job.key_id, job.webhook_url, job.webhook, 'page.completed', page.position, job.kind = 'crawl'
    FROM page JOIN job ON job.id = page.job_id
    WHERE (job.kind = 'crawl' OR job.webhook IS NOT NULL) AND page.status = 'completed'
), delivery AS (
    INSERT INTO webhook_deliveries (id, key_id, endpoint_id, job_id, event, url, page_position)
    SELECT 'whd_' || replace(gen_random_uuid()::text, '-', ''), message.key_id, target.endpoint_id, message.job_id,
           message.event, target.url, message.page_position
    FROM message
    CROSS JOIN LATERAL (
        SELECT NULL AS endpoint_id, message.webhook_url AS url
        WHERE message.webhook_url IS NOT NULL
          AND (message.webhook IS NULL OR message.webhook -> 'events' ? message.event)
        UNION ALL
        SELECT id, url FROM webhook_endpoints
        WHERE message.is_public AND key_id = message.key_id AND is_active AND message.event = ANY (events)
    ) AS target
    RETURNING id
), notice AS (
    SELECT pg_notify('pagemill_ended', id) FROM job WHERE completed_at IS NOT NULL OR kind = 'crawl'
), delivery_notice AS (
    SELECT pg_notify('pagemill_queue', 'deliveries') FROM delivery LIMIT 1
)"""

_END_JOB = f""", job AS (
    UPDATE jobs SET {_COUNTED.format(goes_on=_GOES_ON)}
    FROM (
        SELECT job_id, count(*) AS pages, count(*) FILTER (WHERE status = 'completed') AS completed
        FROM page GROUP BY job_id ORDER BY job_id
    ) AS ended
    WHERE jobs.id = ended.job_id
    RETURNING {_ENDED_COLUMNS}
){_TELL}"""

# What the caller is told beside: that the notices were sent, and which jobs ended.
_NOTICES = """(SELECT count(*) FROM notice) + (SELECT count(*) FROM delivery_notice) AS notices,
       (SELECT jsonb_agg(jsonb_build_object(
            'id', id, 'event', event, 'completed', pages_completed,
            'pages', CASE WHEN kind = 'bulk' THEN pages_ended
                          ELSE (SELECT count(*) FROM pages WHERE job_id = job.id) END,
            'seconds', round(extract(epoch FROM completed_at - created_at), 3)))
        FROM job WHERE completed_at IS NOT NULL) AS ended_jobs"""

# `pages` is 1 where the page ended so, by this statement or by an earlier sending of it. $6, $7: formats and bodies, or
# nulls where $11 is the object that holds them: $12, $13: from which byte on, and how many.
# Repeatable: a page that ended has no worker any more, so only the first sending ends it and counts it in its job.
COMPLETE_PAGE = f"""
WITH page AS (
    UPDATE pages SET status = 'completed', worker_id = NULL, completed_at = now(), final_url = $4, status_code = $5,
                     cached = $8, fetched_with = $9, attempts = $10, object = $11
    WHERE id = $1 AND attempt = $2 AND worker_id = $3 AND completed_at IS NULL
    RETURNING id, job_id, status, position
), body AS (
    INSERT INTO bodies (page_id, format, body, start, size)
    SELECT page.id, packed.format, packed.body, packed.start, packed.size
    FROM page, unnest($6::text[], $7::bytea[], $12::bigint[], $13::bigint[]) AS packed (format, body, start, size)
)
{_END_JOB}
SELECT (SELECT count(*) FROM page)
           + (SELECT count(*) FROM pages WHERE id = $1 AND attempt = $2 AND status = 'completed') AS pages,
       {_NOTICES}
"""

# Repeatable: as COMPLETE_PAGE.
FAIL_PAGE = f"""
WITH page AS (
    UPDATE pages SET status = 'failed', worker_id = NULL, completed_at = now(), error_code = $4, error_message = $5,
                     status_code = $6, attempts = $7
    WHERE id = $1 AND attempt = $2 AND worker_id = $3 AND completed_at IS NULL
    RETURNING id, job_id, status, position
)
{_END_JOB}
SELECT (SELECT count(*) FROM page)
           + (SELECT count(*) FROM pages WHERE id = $1 AND attempt = $2 AND status = 'failed' AND error_code = $4)
           AS pages,
       {_NOTICES}
"""

# Repeatable: it only reads.
GET_TIME = "SELECT clock_timestamp() AS time"

# Pages that no worker holds end as failed. $1: the job, $2: its key, $3, $4: the failure's code and message, $5: when
# it was asked for, by GET_TIME. `pages` is how many ended so since then.
# Repeatable: a page ends once, and what an earlier sending ended is counted again.
CANCEL_JOB = f"""
WITH page AS (
    UPDATE pages SET status = 'failed', completed_at = now(), error_code = $3, error_message = $4
    WHERE job_id = $1 AND worker_id IS NULL AND completed_at IS NULL
      AND EXISTS (SELECT FROM jobs WHERE id = $1 AND key_id = $2)
    RETURNING id, job_id, status, position
)
{_END_JOB}
SELECT (SELECT count(*) FROM page)
           + (SELECT count(*) FROM pages
              WHERE job_id = $1 AND key_id = $2 AND error_code = $3 AND completed_at >= $5::timestamptz) AS pages,
       {_NOTICES}
"""

# That a client wants no more of a job. It is sent before CANCEL_JOB, STOP_CRAWL or STOP_BATCH.
# Repeatable: the first time stays; what ended is not cancelled.
MARK_CANCELLED = """
UPDATE jobs SET cancelled_at = coalesce(cancelled_at, now())
WHERE id = $1 AND key_id = $2 AND completed_at IS NULL
RETURNING id
"""

_STOP = f"""
WITH page AS (
    UPDATE pages SET status = 'failed', completed_at = now(), error_code = $3, error_message = $4
    WHERE job_id = $1 AND worker_id IS NULL AND completed_at IS NULL {{of_key}}
      AND EXISTS (SELECT FROM jobs WHERE id = $1 AND key_id = $2 AND kind = '{{kind}}')
    RETURNING id, job_id, status, position
), ended AS (
    SELECT count(*) AS pages, 0 AS completed FROM page
), job AS (
    UPDATE jobs SET {_COUNTED.format(goes_on="pages_left > ended.pages")},
        pages_allowed = jobs.pages
    FROM ended WHERE jobs.id = $1 AND jobs.key_id = $2 AND jobs.kind = '{{kind}}' AND jobs.completed_at IS NULL
    RETURNING {_ENDED_COLUMNS}
){_TELL}
SELECT (SELECT count(*) FROM job) AS jobs,"""

# The same as CANCEL_JOB of a crawl, of which nothing more is released either. `jobs` is 1 where it had not ended.
# `pages` is how many ended so in all, `pages_now` how many since $5.
# Repeatable: as CANCEL_JOB; what ended does not end again.
STOP_CRAWL = f"""{_STOP.format(kind="crawl", of_key="")}
       (SELECT count(*) FROM page)
           + (SELECT count(*) FROM pages WHERE job_id = $1 AND key_id = $2 AND error_code = $3) AS pages,
       (SELECT count(*) FROM page)
           + (SELECT count(*) FROM pages
              WHERE job_id = $1 AND key_id = $2 AND error_code = $3 AND completed_at >= $5::timestamptz) AS pages_now,
       {_NOTICES}
"""

# The same of a batch by upload. No other pages of it are looked at than those in the queue, nor counted.
# Repeatable: as STOP_CRAWL.
STOP_BATCH = f"""{_STOP.format(kind="bulk", of_key="AND key_id = $2 AND waits_for_host IS NULL")}
       (SELECT count(*) FROM page) AS pages, {_NOTICES}
"""

# A worker's pages go back to the queue as they were, but for those that it holds. $1: the worker, $2, $3: ids and
# attempts of those.
# Repeatable: what went back is not the worker's any more. One that arrives late may put back what the worker claimed
# since: `attempt` then keeps two workers from ending a page twice.
RECONCILE_PAGES = """
WITH released AS (
    UPDATE pages SET worker_id = NULL
    WHERE worker_id = $1 AND completed_at IS NULL
      AND NOT EXISTS (SELECT FROM unnest($2::bigint[], $3::integer[]) AS held (id, attempt)
                      WHERE held.id = pages.id AND held.attempt = pages.attempt)
    RETURNING id
), notice AS (
    SELECT pg_notify('pagemill_queue', '') FROM released LIMIT 1
)
SELECT (SELECT count(*) FROM released) AS pages, (SELECT count(*) FROM notice) AS notices
"""

# A page whose host may not be asked yet leaves its worker, and waits outside the queue: RELEASE_WAITING_PAGES of
# `jobs.crawls` puts it back. $1: the page, $2: its attempt, $3: the worker, $4: the host.
# Repeatable: a page that left has no worker any more, and `attempt` has grown when it has one again.
DEFER_PAGE = """
UPDATE pages SET worker_id = NULL, waits_for_host = $4, has_turn = false
WHERE id = $1 AND attempt = $2 AND worker_id = $3 AND completed_at IS NULL
RETURNING pg_notify('pagemill_queue', 'crawls')
"""

# The pages of workers that died with them in hand: back to the queue, or failed when that happened $3 times.
# $1, $2: dead workers, each with the last heartbeat that it may have sent, or null for any; $6: all workers are dead.
# $4, $5: the failure's code and message. The clock is not asked: it may have been set.
# Repeatable: what went back has no dead worker any more, so a crash is counted once.
RESCUE_PAGES = f"""
WITH dead AS (
    DELETE FROM workers
    WHERE $6 OR EXISTS (SELECT FROM unnest($1::text[], $2::timestamptz[]) AS silent (id, seen_at)
                        WHERE silent.id = workers.id AND coalesce(silent.seen_at = workers.seen_at, true))
    RETURNING id
), orphan AS (
    SELECT id FROM pages
    WHERE worker_id IS NOT NULL AND completed_at IS NULL
      AND (worker_id IN (SELECT id FROM dead) OR worker_id NOT IN (SELECT id FROM workers))
    ORDER BY id FOR UPDATE SKIP LOCKED
), back AS (
    UPDATE pages SET worker_id = NULL, crashes = crashes + 1
    FROM orphan WHERE pages.id = orphan.id AND crashes + 1 < $3
    RETURNING pages.id
), queue_notice AS (
    SELECT pg_notify('pagemill_queue', '') FROM back LIMIT 1
), page AS (
    UPDATE pages SET status = 'failed', worker_id = NULL, crashes = crashes + 1, completed_at = now(),
                     error_code = $4, error_message = $5
    FROM orphan WHERE pages.id = orphan.id AND crashes + 1 >= $3
    RETURNING pages.id, pages.job_id, pages.status, pages.position
)
{_END_JOB}
SELECT (SELECT count(*) FROM back) AS released, (SELECT count(*) FROM page) AS failed,
       (SELECT count(*) FROM queue_notice) AS queue_notices, {_NOTICES}
"""

# Workers

# Repeatable: it sets a time. One that arrives after REMOVE_WORKER leaves a row that RESCUE_PAGES deletes.
RECORD_HEARTBEAT = """
INSERT INTO workers (id) VALUES ($1)
ON CONFLICT (id) DO UPDATE SET seen_at = now()
"""
# Repeatable: it only reads.
LIST_WORKERS = "SELECT id, seen_at FROM workers"
# Repeatable: what is deleted is not there to be deleted again.
REMOVE_WORKER = "DELETE FROM workers WHERE id = $1"
# Repeatable: it only reads.
COUNT_WORKERS = "SELECT count(*) FROM workers WHERE seen_at > now() - $1::interval"

# What the queue holds, for metrics. It counts entries of small indexes, up to $1 of each, and looks at one page of each
# key. $2: the silence after which a worker counts as dead.
# Repeatable: it only reads.
GET_QUEUE_STATE = f"""
{_WAITING_KEYS}, oldest AS (
    SELECT min(page.created_at) AS created_at
    FROM waiting_key
    CROSS JOIN LATERAL (
        SELECT created_at FROM pages
        WHERE key_id = waiting_key.key_id AND {_QUEUED}
        ORDER BY id LIMIT 1
    ) AS page
)
SELECT (SELECT count(*) FROM (
            SELECT FROM pages WHERE {_QUEUED} ORDER BY key_id, id LIMIT $1
        ) AS page) AS waiting,
       (SELECT count(*) FROM (
            SELECT FROM pages WHERE worker_id IS NOT NULL AND completed_at IS NULL ORDER BY worker_id LIMIT $1
        ) AS page) AS processing,
       (SELECT count(*) FROM (
            SELECT FROM webhook_deliveries WHERE next_attempt_at IS NOT NULL
            ORDER BY receiver, next_attempt_at LIMIT $1
        ) AS delivery) AS deliveries,
       (SELECT count(*) FROM workers WHERE seen_at > now() - $2::interval) AS workers,
       coalesce(extract(epoch FROM now() - (SELECT created_at FROM oldest)), 0)::float8 AS oldest_age,
       coalesce(greatest(extract(epoch FROM now() - (
           SELECT min(next_run_at) FROM monitors WHERE next_run_at IS NOT NULL AND job_id IS NULL
       )), 0), 0)::float8 AS monitor_lag
"""
