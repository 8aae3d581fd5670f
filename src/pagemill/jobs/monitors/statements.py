"""The SQL statements of monitors.

Invariants that they keep:

- A due time starts one run, in one statement: `next_run_at` moves on as `job_id` is set. That is the id of the job that
  the run will be; so whoever submits it, and however often, there is one job.
- A monitor has one run at a time: `job_id` stays until FINISH_RUN, or until the monitor is to watch something else.
- What a run needs next is done by the worker that claimed it last (`job_id` and `claims` are checked). One that took it
  and vanished is waited for until its lease ends; then others take it. A lease that was taken later than now is over:
  the clock was set back since.
- What a page's comparison gives is written once: `compared` moves on in the same statement.
- Each may be sent twice, at once or late; what makes that safe stands above each, after "Repeatable:".
"""

from __future__ import annotations

_COLUMNS = """monitors.id, monitors.key_id, monitors.request, monitors.url, monitors.options, monitors.site,
       monitors.interval_minutes, monitors.alert_webhook_url, monitors.is_active, monitors.expires_at,
       monitors.revision, monitors.next_run_at, monitors.job_id, monitors.submitted, monitors.claims, monitors.compared,
       monitors.checks, monitors.last_checked_at, monitors.last_changed_at, monitors.last_alerted_at,
       monitors.error_code, monitors.error_message, monitors.created_at, monitors.updated_at,
       coalesce(monitors.expires_at <= now(), false) AS expired"""

# Monitors, for those who ask

# $1: the id, $2: the key, $3: what was asked for, … $12: how many monitors a key may have; $13: the same request that
# came less than this ago is taken for this one, sent again. No row is returned where there are too many.
# Repeatable: the caller made the id, and the monitor that is there is returned.
INSERT_MONITOR = f"""
WITH earlier AS (
    SELECT id FROM monitors
    WHERE key_id = $2 AND (id = $1 OR (request = $3 AND created_at > now() - $13::interval AND created_at <= now()))
    ORDER BY id = $1 DESC, created_at DESC LIMIT 1
), made AS (
    INSERT INTO monitors (id, key_id, request, url, options, site, interval_minutes, alert_webhook_url, is_active,
                          expires_at, revision, next_run_at)
    SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, CASE WHEN $9 THEN now() END
    WHERE NOT EXISTS (SELECT FROM earlier) AND (SELECT count(*) FROM monitors WHERE key_id = $2) < $12::bigint
    ON CONFLICT DO NOTHING
    RETURNING {_COLUMNS}
)
SELECT * FROM made
UNION ALL
SELECT {_COLUMNS} FROM monitors JOIN earlier ON earlier.id = monitors.id
"""

# Repeatable: it only reads.
GET_MONITOR = f"SELECT {_COLUMNS} FROM monitors WHERE id = $1 AND key_id = $2"
# Repeatable: it only reads.
LIST_MONITORS = f"""
SELECT {_COLUMNS} FROM monitors
WHERE key_id = $1 AND (created_at, id) < ($2, $3)
ORDER BY created_at DESC, id DESC LIMIT $4
"""

# $3: the revision that was read, $4: the next one; $13: whether it watches something else from now on, and so begins
# anew. No row is returned where it was changed otherwise meanwhile.
# Repeatable: the caller made the next revision. A repetition finds it and changes nothing but the same values.
UPDATE_MONITOR = f"""
WITH old AS (
    SELECT id, revision FROM monitors WHERE id = $1 AND key_id = $2 AND revision IN ($3, $4) FOR UPDATE
), forgotten AS (
    DELETE FROM monitor_pages USING old
    WHERE monitor_pages.monitor_id = old.id AND $13::boolean AND old.revision = $3
)
UPDATE monitors
SET request = $5, url = $6, options = $7, site = $8, interval_minutes = $9, alert_webhook_url = $10, is_active = $11,
    expires_at = $12, revision = $4, updated_at = now(), scheduled_at = now(),
    next_run_at = CASE WHEN NOT $11::boolean OR coalesce($12::timestamptz <= now(), false) THEN NULL
                       WHEN monitors.next_run_at IS NULL OR ($13 AND old.revision = $3) THEN now()
                       ELSE least(monitors.next_run_at, now() + make_interval(mins => $9)) END,
    job_id = CASE WHEN $13 AND old.revision = $3 THEN NULL ELSE monitors.job_id END,
    submitted = submitted AND NOT ($13 AND old.revision = $3),
    compared = CASE WHEN $13 AND old.revision = $3 THEN -1 ELSE compared END,
    checks = CASE WHEN $13 AND old.revision = $3 THEN 0 ELSE checks END
FROM old WHERE monitors.id = old.id
RETURNING {_COLUMNS}
"""

# Repeatable: whoever asks whether there was one asks GET_MONITOR before.
DELETE_MONITOR = "DELETE FROM monitors WHERE id = $1 AND key_id = $2"

_CHANGE_COLUMNS = """monitor_changes.id, monitor_changes.monitor_id, monitor_changes.job_id, monitor_changes.kind,
       monitor_changes.url, monitor_changes.summary, monitor_changes.diff, monitor_changes.diff_json,
       monitor_changes.changed_at"""

# $2: only those before the one of this id, or null.
# Repeatable: it only reads.
LIST_CHANGES = f"""
SELECT {_CHANGE_COLUMNS} FROM monitor_changes
WHERE monitor_id = $1
  AND ($2::text IS NULL
       OR (changed_at, id) < (SELECT changed_at, id FROM monitor_changes WHERE id = $2 AND monitor_id = $1))
ORDER BY changed_at DESC, id DESC LIMIT $3
"""
# Repeatable: it only reads.
GET_CHANGE = f"SELECT {_CHANGE_COLUMNS} FROM monitor_changes WHERE id = $2 AND monitor_id = $1"
# Repeatable: it only reads.
HAS_CHANGE = "SELECT EXISTS (SELECT FROM monitor_changes WHERE id = $2 AND monitor_id = $1) AS found"

# What a run found, and how much that is in all.
# Repeatable: it only reads.
LIST_CHANGES_OF_RUN = f"""
SELECT {_CHANGE_COLUMNS}, monitors.url AS monitor_url, count(*) OVER () AS changes
FROM monitor_changes JOIN monitors ON monitors.id = monitor_changes.monitor_id
WHERE monitor_changes.job_id = $1 AND monitors.key_id = $2
ORDER BY changed_at, id LIMIT $3
"""

# Runs

# $3: the id of the job to be. A run that is under way goes on, and is returned.
# Repeatable: the caller made the job's id, and knows its run by it. One that arrives when that run is over starts
# another.
START_RUN = f"""
WITH started AS (
    UPDATE monitors SET job_id = $3, submitted = false, leased_at = now(), claims = 1, compared = -1, started_at = now()
    WHERE id = $1 AND key_id = $2 AND job_id IS NULL AND coalesce(expires_at > now(), true)
    RETURNING {_COLUMNS}
)
SELECT * FROM started
UNION ALL
SELECT {_COLUMNS} FROM monitors WHERE id = $1 AND key_id = $2 AND NOT EXISTS (SELECT FROM started)
"""

# Those that are due, of keys that are valid, at most $1. A due time that was missed, since nobody was there, starts one
# run, and the next one is a whole interval later.
# Repeatable: a repetition takes others. The worker never learns of the first ones: CLAIM_RUN gives them to somebody
# when their lease ends.
START_DUE_RUNS = f"""
WITH due AS (
    SELECT monitors.id FROM monitors JOIN keys ON keys.id = monitors.key_id
    WHERE next_run_at <= now() AND next_run_at IS NOT NULL AND job_id IS NULL
      AND coalesce(expires_at > now(), true) AND keys.revoked_at IS NULL
    ORDER BY next_run_at LIMIT $1 FOR UPDATE OF monitors SKIP LOCKED
)
UPDATE monitors
SET job_id = CASE WHEN site IS NULL THEN 'job_' ELSE 'crawl_' END
                 || left(replace(gen_random_uuid()::text, '-', ''), 24),
    submitted = false, leased_at = now(), claims = 1, compared = -1, scheduled_at = now(), started_at = now(),
    next_run_at = CASE WHEN next_run_at + make_interval(mins => interval_minutes) > now()
                       THEN next_run_at + make_interval(mins => interval_minutes)
                       ELSE now() + make_interval(mins => interval_minutes) END
FROM due WHERE monitors.id = due.id
RETURNING {_COLUMNS}
"""

# Repeatable: it sets a value, of this run alone.
MARK_SUBMITTED = """
UPDATE monitors SET submitted = true, leased_at = NULL WHERE id = $1 AND job_id = $2 AND NOT submitted
"""

# A run that may not be submitted now: the next try is due in $4 seconds, or after an interval where that is sooner.
# Repeatable: a run that was given up has no job any more.
POSTPONE_RUN = """
UPDATE monitors
SET job_id = NULL, leased_at = NULL, error_code = $5, error_message = $6, scheduled_at = now(),
    next_run_at = CASE WHEN next_run_at IS NOT NULL
                       THEN least(now() + make_interval(secs => $4::float8),
                                  now() + make_interval(mins => interval_minutes)) END
WHERE id = $1 AND job_id = $2 AND claims = $3 AND NOT submitted
"""

# A run that nobody works on and that has something to be done: it is not submitted yet, or its job has ended or is
# gone.
# $1: the lease, $2: keys whose runs are left alone.
# Repeatable: a repetition takes another. The worker never learns of the first one: others take it when its lease ends.
CLAIM_RUN = f"""
WITH ready AS (
    SELECT monitors.id FROM monitors LEFT JOIN jobs ON jobs.id = monitors.job_id
    WHERE monitors.job_id IS NOT NULL AND monitors.key_id <> ALL ($2::text[])
      AND (leased_at IS NULL OR leased_at < now() - $1::interval OR leased_at > now() + interval '1 minute')
      AND (NOT submitted OR jobs.id IS NULL OR jobs.completed_at IS NOT NULL)
    LIMIT 1 FOR UPDATE OF monitors SKIP LOCKED
)
UPDATE monitors SET leased_at = now(), claims = claims + 1
FROM ready WHERE monitors.id = ready.id
RETURNING {_COLUMNS}
"""

# A run that a worker gives back is anybody's at once.
# Repeatable: whoever claimed it since has other `claims`.
RELEASE_RUN = "UPDATE monitors SET leased_at = NULL WHERE id = $1 AND job_id = $2 AND claims = $3 AND submitted"

# What is known of pages by a monitor that began anew since, before the first page of its first run is compared.
# Repeatable: what was recorded moved `compared` on, so that nothing of it is deleted.
FORGET_PAGES = """
DELETE FROM monitor_pages USING monitors
WHERE monitor_pages.monitor_id = $1 AND monitors.id = $1 AND job_id = $2 AND claims = $3
  AND compared = -1 AND checks = 0
"""

# The pages of a run's job after a position.
# Repeatable: it only reads.
LIST_RUN_PAGES = """
SELECT pages.id, pages.position, pages.url, pages.status, pages.status_code, pages.error_code, pages.error_message,
       pages.completed_at, crawl_urls.identity
FROM pages LEFT JOIN crawl_urls ON crawl_urls.job_id = pages.job_id AND crawl_urls.position = pages.position
WHERE pages.job_id = $1 AND pages.position > $2
ORDER BY pages.position LIMIT $3
"""
# Repeatable: it only reads.
GET_KNOWN_PAGE = """
SELECT content, data, captured_at,
       EXISTS (SELECT FROM monitor_snapshots WHERE monitor_id = $1 AND page = $2) AS has_snapshot
FROM monitor_pages WHERE monitor_id = $1 AND page = $2
"""

# What a page holds now, $7 and $8, or nulls where that is known; how it differs, where $10 is the change's id; and the
# snapshot that is kept of it, where $15 is the snapshot's id.
# Repeatable: the position has grown in `compared`, so only the first sending finds the run where it was.
RECORD_PAGE = """
WITH run AS (
    UPDATE monitors SET compared = $4, leased_at = now()
    WHERE id = $1 AND job_id = $2 AND claims = $3 AND compared < $4
    RETURNING id
), page AS (
    INSERT INTO monitor_pages AS known (monitor_id, page, url, content, data, captured_at, seen_in, seen_at)
    SELECT id, $5, $6, $7, $8, $9, $2, now() FROM run
    ON CONFLICT (monitor_id, page) DO UPDATE SET
        content = coalesce(excluded.content, known.content), data = coalesce(excluded.data, known.data),
        captured_at = CASE WHEN excluded.content IS NULL AND excluded.data IS NULL THEN known.captured_at
                           ELSE excluded.captured_at END,
        seen_in = excluded.seen_in, seen_at = excluded.seen_at
), snapshot AS (
    INSERT INTO monitor_snapshots (id, monitor_id, page, job_id, url, status_code, content_hash, content, data,
                                   captured_at)
    SELECT $15::text, id, $5, $2, $6, $17, $16, $7, $8, $9 FROM run WHERE $15::text IS NOT NULL
)
INSERT INTO monitor_changes (id, monitor_id, job_id, kind, url, summary, diff, diff_json)
SELECT $10::text, id, $2, $11, $6, $12, $13, $14 FROM run WHERE $10::text IS NOT NULL
"""

_GONE = "seen_in <> $2 AND ($7::boolean OR page = ANY ($8::bytea[]))"

# The end of a run. $4: whether it gave something to compare the next one with; $5, $6: why it failed, or nulls; $7:
# whether a page that it did not find is gone; $8: pages that are gone in any case; $9, $10, $11: how many changes,
# pages, and snapshots of each page are kept; $12, $13: how many pages the run had, and how many of these failed; $14:
# how many runs are kept. If anything changed, deliveries are queued. Snapshots go with their page.
# Repeatable: a run that is over is not the monitor's any more.
FINISH_RUN = f"""
WITH found AS (
    SELECT EXISTS (SELECT FROM monitor_changes WHERE monitor_id = $1 AND job_id = $2)
        OR EXISTS (SELECT FROM monitor_pages WHERE monitor_id = $1 AND {_GONE}) AS changed,
           (SELECT checks = 0 FROM monitors WHERE id = $1) AS first
), run AS (
    UPDATE monitors
    SET job_id = NULL, submitted = false, leased_at = NULL, compared = -1, checks = checks + $4::boolean::integer,
        last_checked_at = now(), error_code = $5, error_message = $6,
        last_changed_at = CASE WHEN found.changed THEN now() ELSE last_changed_at END,
        last_alerted_at = CASE WHEN found.changed AND alert_webhook_url IS NOT NULL THEN now() ELSE last_alerted_at END
    FROM found
    WHERE id = $1 AND job_id = $2 AND claims = $3
    RETURNING id, key_id, alert_webhook_url, started_at, found.changed, found.first
), removed AS (
    DELETE FROM monitor_pages USING run WHERE monitor_id = run.id AND {_GONE}
    RETURNING monitor_id, url
), removal AS (
    INSERT INTO monitor_changes (id, monitor_id, job_id, kind, url, summary)
    SELECT 'chg_' || left(replace(gen_random_uuid()::text, '-', ''), 24), monitor_id, $2, 'removed', url,
           'The page is gone.'
    FROM removed
    RETURNING id
), ended AS (
    INSERT INTO monitor_runs (monitor_id, job_id, started_at, outcome, pages, failed_pages, changes, error_code,
                              error_message)
    SELECT id, $2, coalesce(started_at, now()),
           CASE WHEN changed THEN 'changed' WHEN $5::text IS NOT NULL THEN 'failed' WHEN first THEN 'baseline'
                ELSE 'unchanged' END,
           $12, $13,
           (SELECT count(*) FROM monitor_changes WHERE monitor_id = $1 AND job_id = $2)
               + (SELECT count(*) FROM removal),
           $5, $6
    FROM run
    ON CONFLICT DO NOTHING
), delivery AS (
    INSERT INTO webhook_deliveries (id, key_id, endpoint_id, job_id, event, url, monitor_id)
    SELECT 'whd_' || replace(gen_random_uuid()::text, '-', ''), run.key_id, target.endpoint_id, $2, 'monitor.changed',
           target.url, run.id
    FROM run
    CROSS JOIN LATERAL (
        SELECT NULL AS endpoint_id, run.alert_webhook_url AS url WHERE run.alert_webhook_url IS NOT NULL
        UNION ALL
        SELECT id, url FROM webhook_endpoints
        WHERE key_id = run.key_id AND is_active AND 'monitor.changed' = ANY (events)
    ) AS target
    WHERE run.changed
    RETURNING id
), old_change AS (
    DELETE FROM monitor_changes USING run
    WHERE monitor_id = run.id AND monitor_changes.id IN (
        SELECT id FROM monitor_changes WHERE monitor_id = $1 ORDER BY changed_at DESC, id DESC OFFSET $9
    )
), old_page AS (
    DELETE FROM monitor_pages USING run
    WHERE monitor_id = run.id AND NOT ({_GONE}) AND page IN (
        SELECT page FROM monitor_pages WHERE monitor_id = $1 ORDER BY seen_at DESC, page OFFSET $10
    )
), old_snapshot AS (
    DELETE FROM monitor_snapshots USING run
    WHERE monitor_id = run.id AND monitor_snapshots.id IN (
        SELECT id FROM (
            SELECT id, row_number() OVER (PARTITION BY page ORDER BY created_at DESC, id DESC) AS number
            FROM monitor_snapshots WHERE monitor_id = $1
        ) AS version WHERE number > $11::bigint
    )
), old_run AS (
    DELETE FROM monitor_runs USING run
    WHERE monitor_id = run.id AND monitor_runs.job_id IN (
        SELECT job_id FROM monitor_runs WHERE monitor_id = $1
        ORDER BY ended_at DESC, job_id DESC OFFSET $14::bigint - 1
    )
), notice AS (
    SELECT pg_notify('pagemill_queue', 'deliveries') FROM delivery LIMIT 1
)
SELECT (SELECT changed FROM run) AS changed, (SELECT count(*) FROM removal) AS removed,
       (SELECT count(*) FROM notice) AS notices
"""

# Where the clock was set back, what was due in an hour is due in many. Who was scheduled later than now waits as long
# as was meant, from now on. $1 is for transactions that began before one that has ended.
# Repeatable: what was brought forward was scheduled now.
BRING_FORWARD_RUNS = """
WITH brought AS (
    UPDATE monitors
    SET next_run_at = now() + least(next_run_at - scheduled_at, make_interval(mins => interval_minutes)),
        scheduled_at = now()
    WHERE next_run_at IS NOT NULL AND scheduled_at > now() + $1::interval
    RETURNING id
)
SELECT count(*) AS monitors FROM brought
"""

# Those that expired, or whose key was revoked, are not looked at any more.
# Repeatable: what is over has no next run any more.
END_MONITORS = """
WITH ended AS (
    UPDATE monitors SET next_run_at = NULL
    FROM keys
    WHERE keys.id = monitors.key_id AND next_run_at <= now() AND next_run_at IS NOT NULL
      AND (expires_at <= now() OR keys.revoked_at IS NOT NULL)
    RETURNING monitors.id
)
SELECT count(*) AS monitors FROM ended
"""
