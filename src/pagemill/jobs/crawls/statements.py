"""The SQL of crawls: their frontier (`crawl_urls`), and what is read of them. Statuses change in `jobs.queue` alone.

Invariants:

- A URL of a crawl has one row, by its identity. It is waiting, in hand (it has a position, and a page in the queue), or
  ended (it has a number); it never goes back.
- `jobs.urls_waiting` is the number of waiting rows of a crawl, up to its end: ADD_URLS and RELEASE_PAGES change it with
  the rows, with the job's row locked. So the last page to end knows whether there is more, whatever it sees of others.
- From the statement on that releases it, a page counts in `jobs.pages`, thereby in `unended_pages`, and in
  `pages_left`.

Each may be sent twice; what makes that safe stands above each, after "Repeatable:".
"""

from __future__ import annotations

# The frontier

# $1: the crawl, $2 to $7: of each URL its identity, itself, its host, its depth, its priority and its family or null,
# $8: the position of the page that named them or null, $9: how many a family may have, $10: how many URLs and $11: how
# many hosts a crawl may have. It is sent under a lock of the crawl's own, so that families are counted exactly.
# Repeatable: an identity that is there is not added again, and counts once.
ADD_URLS = """
WITH crawl AS (
    SELECT id, urls_waiting + pages AS urls FROM jobs
    WHERE id = $1 AND completed_at IS NULL AND pages < pages_allowed
    FOR UPDATE
), given AS (
    SELECT link.*, row_number() OVER (PARTITION BY link.family ORDER BY link.place) AS of_family
    FROM unnest($2::bytea[], $3::text[], $4::text[], $5::integer[], $6::float8[], $7::bytea[])
         WITH ORDINALITY AS link (identity, url, host, depth, priority, family, place)
    WHERE NOT EXISTS (SELECT FROM crawl_urls AS known WHERE known.job_id = $1 AND known.identity = link.identity
                      OFFSET 0)  -- so that each is looked up, whatever is known of the table
), known_host AS (
    SELECT host FROM crawl_hosts WHERE job_id = $1
), new_host AS (
    INSERT INTO crawl_hosts (job_id, host)
    SELECT crawl.id, named.host
    FROM crawl CROSS JOIN (
        SELECT host, row_number() OVER (ORDER BY min(place)) AS count FROM given
        WHERE host NOT IN (SELECT host FROM known_host) GROUP BY host
    ) AS named
    WHERE named.count + (SELECT count(*) FROM known_host) <= $11::integer
    ON CONFLICT DO NOTHING
    RETURNING host
), fresh AS (
    SELECT given.*, row_number() OVER (ORDER BY given.place) AS count
    FROM given
    WHERE host IN (SELECT host FROM known_host UNION ALL SELECT host FROM new_host)
      AND (family IS NULL
           OR of_family + (SELECT count(*) FROM crawl_urls AS known
                           WHERE known.job_id = $1 AND known.family = given.family) <= $9::integer)
), added AS (
    INSERT INTO crawl_urls (job_id, identity, url, host, depth, parent, priority, family)
    SELECT crawl.id, fresh.identity, fresh.url, fresh.host, fresh.depth, $8::integer, fresh.priority, fresh.family
    FROM fresh CROSS JOIN crawl
    WHERE crawl.urls + fresh.count <= $10::integer
    ORDER BY fresh.place
    ON CONFLICT DO NOTHING
    RETURNING identity
)
UPDATE jobs SET urls_waiting = urls_waiting + (SELECT count(*) FROM added)
WHERE id = $1 AND EXISTS (SELECT FROM added)
RETURNING urls_waiting
"""

# Puts pages that wait for their host back into the queue: one of each host whose turn it is, and takes the turn for it.
# It is the oldest of a key that is drawn by lot, so that keys with many of them do not hold up the others.
# $1: seconds between two turns, $2: how many hosts. `hosts` is how many are waited for.
# Repeatable: a repetition releases the next ones, in the hosts' next turns.
RELEASE_WAITING_PAGES = """
WITH RECURSIVE host AS (
    (SELECT waits_for_host AS name FROM pages WHERE waits_for_host IS NOT NULL AND completed_at IS NULL
     ORDER BY waits_for_host LIMIT 1)
    UNION ALL
    SELECT (SELECT waits_for_host FROM pages
            WHERE waits_for_host IS NOT NULL AND completed_at IS NULL AND waits_for_host > host.name
            ORDER BY waits_for_host LIMIT 1)
    FROM host WHERE host.name IS NOT NULL
), due AS MATERIALIZED (
    SELECT host.name FROM host LEFT JOIN host_turns AS turn ON turn.host = host.name
    WHERE host.name IS NOT NULL
      AND coalesce(turn.next_at <= now() OR turn.updated_at > now() + interval '1 minute', true)
    ORDER BY random() LIMIT $2
), turn AS (
    INSERT INTO host_turns AS known (host, next_at)
    SELECT name, now() + make_interval(secs => $1::float8) FROM due ORDER BY name
    ON CONFLICT (host) DO UPDATE SET
        next_at = now() + make_interval(secs => greatest($1, known.slowdown, known.latency, known.crawl_delay)),
        updated_at = now()
    WHERE known.next_at <= now() OR known.updated_at > now() + interval '1 minute'
    RETURNING host
), drawn AS (
    SELECT page.id
    FROM turn
    CROSS JOIN LATERAL (
        WITH RECURSIVE key AS (
            (SELECT key_id AS id FROM pages WHERE waits_for_host = turn.host AND completed_at IS NULL
             ORDER BY key_id LIMIT 1)
            UNION ALL
            SELECT (SELECT key_id FROM pages
                    WHERE waits_for_host = turn.host AND completed_at IS NULL AND key_id > key.id
                    ORDER BY key_id LIMIT 1)
            FROM key WHERE key.id IS NOT NULL
        )
        SELECT id FROM key WHERE id IS NOT NULL ORDER BY random() LIMIT 1
    ) AS key
    CROSS JOIN LATERAL (
        SELECT id FROM pages
        WHERE waits_for_host = turn.host AND key_id = key.id AND completed_at IS NULL
        ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
    ) AS page
), released AS (
    UPDATE pages SET waits_for_host = NULL, has_turn = true FROM drawn WHERE pages.id = drawn.id
    RETURNING pages.id
), notice AS (
    SELECT pg_notify('pagemill_queue', '') FROM released LIMIT 1
)
SELECT (SELECT count(*) FROM host WHERE name IS NOT NULL) AS hosts, (SELECT count(*) FROM released) AS pages,
       (SELECT count(*) FROM notice) AS notices
"""

# Puts the best URLs of crawls into the queue: one of each host whose turn it is, as long as it has fewer than $2 in
# hand (1 where it asks for a delay), and a crawl fewer than $1. The turn is taken by setting the host's time, which is
# checked on the row as it is at that moment; so no two do so at once. $3: seconds between two turns. $4: how many
# crawls: as many are locked, drawn by lot from those that have a host whose turn it is, so that each comes to its own.
# Crawls are counted in the order of their rows in `unended_pages`, so that two of these seldom wait for one another.
# Repeatable: a repetition releases the next ones, for which the same limits hold.
RELEASE_PAGES = """
WITH crawl AS MATERIALIZED (
    SELECT id, key_id, pages, pages_left,
           least(pages_allowed - pages, urls_waiting, $1::integer - pages_left) AS room
    FROM jobs
    WHERE kind = 'crawl' AND completed_at IS NULL AND urls_waiting > 0 AND pages < pages_allowed
      AND pages_left < $1
      AND EXISTS (SELECT FROM crawl_hosts AS known LEFT JOIN host_turns AS turn ON turn.host = known.host
                  WHERE known.job_id = jobs.id
                    AND coalesce(turn.next_at <= now() OR turn.updated_at > now() + interval '1 minute', true))
    ORDER BY random() LIMIT $4 FOR UPDATE SKIP LOCKED
), wanted AS MATERIALIZED (
    SELECT DISTINCT ON (known.host) known.host, crawl.id AS job_id
    FROM crawl
    JOIN crawl_hosts AS known ON known.job_id = crawl.id
    LEFT JOIN host_turns AS turn ON turn.host = known.host
    WHERE coalesce(turn.next_at <= now() OR turn.updated_at > now() + interval '1 minute', true)
      AND EXISTS (SELECT FROM crawl_urls AS waiting
                  WHERE waiting.job_id = crawl.id AND waiting.host = known.host AND waiting.position IS NULL
                  OFFSET 0)
      AND (SELECT count(*) FROM (
               SELECT job_id, position FROM crawl_urls
               WHERE host = known.host AND position IS NOT NULL AND number IS NULL
               OFFSET 0  -- so that the plan begins with these few
           ) AS in_hand
           JOIN pages AS page ON page.job_id = in_hand.job_id AND page.position = in_hand.position
           WHERE page.worker_id IS NOT NULL OR page.has_turn)
          < CASE WHEN turn.crawl_delay > 0 OR turn.slowdown >= 1 THEN 1 ELSE $2::integer END
    ORDER BY known.host, crawl.pages_left, random()
), turn AS (
    INSERT INTO host_turns AS known (host, next_at)
    SELECT host, now() + make_interval(secs => $3::float8) FROM wanted ORDER BY host
    ON CONFLICT (host) DO UPDATE SET
        next_at = now() + make_interval(secs => greatest($3, known.slowdown, known.latency, known.crawl_delay)),
        updated_at = now()
    WHERE known.next_at <= now() OR known.updated_at > now() + interval '1 minute'
    RETURNING host
), best AS (
    SELECT wanted.job_id, url.identity, url.url,
           row_number() OVER (PARTITION BY wanted.job_id ORDER BY url.priority DESC) AS count
    FROM turn JOIN wanted ON wanted.host = turn.host
    CROSS JOIN LATERAL (
        SELECT identity, url, priority FROM crawl_urls AS waiting
        WHERE waiting.job_id = wanted.job_id AND waiting.host = wanted.host AND waiting.position IS NULL
        ORDER BY priority DESC, id LIMIT 1
        FOR UPDATE SKIP LOCKED
    ) AS url
), released AS (
    UPDATE crawl_urls SET position = crawl.pages + best.count - 1
    FROM best JOIN crawl ON crawl.id = best.job_id
    WHERE crawl_urls.job_id = best.job_id AND crawl_urls.identity = best.identity AND best.count <= crawl.room
    RETURNING crawl_urls.job_id, crawl.key_id, crawl_urls.position, crawl_urls.url
), page AS (
    INSERT INTO pages (job_id, key_id, position, url, has_turn)
    SELECT job_id, key_id, position, url, true FROM released ORDER BY job_id, position
), counted AS (
    UPDATE jobs SET pages_left = pages_left + new.pages, pages = jobs.pages + new.pages,
                    urls_waiting = urls_waiting - new.pages
    FROM (SELECT job_id, count(*)::integer AS pages FROM released
          GROUP BY job_id ORDER BY hashtext(job_id) & 15, job_id) AS new
    WHERE jobs.id = new.job_id
    RETURNING jobs.id
), notice AS (
    SELECT pg_notify('pagemill_queue', '') FROM counted LIMIT 1
)
SELECT (SELECT count(*) FROM crawl) AS crawls, (SELECT count(*) FROM released) AS pages,
       (SELECT count(*) FROM counted) AS counted, (SELECT count(*) FROM notice) AS notices
"""

# Repeatable: it only reads.
ANY_CRAWL = "SELECT id FROM jobs WHERE kind = 'crawl' AND completed_at IS NULL LIMIT 1"
# Repeatable: it only reads. $1: how old.
OVERDUE_CRAWLS = """
SELECT id, key_id FROM jobs
WHERE kind = 'crawl' AND completed_at IS NULL AND created_at < now() - $1::interval AND pages < pages_allowed
ORDER BY created_at LIMIT 100
"""

# $1: the crawl, $2: the page's position, $3: hashes by which it is known again, $4: the hash of the URL that it calls
# canonical. It is marked as the same as the earliest page that had one of these; of those that had one of $3, the
# earliest is returned, else this page. A row that is there is updated to itself, so that it is returned even where it
# came after this statement began.
# Repeatable: a hash that is there stays with the page that had it first.
RECORD_CONTENTS = """
WITH owner AS (
    INSERT INTO crawl_contents AS known (job_id, content, position)
    SELECT id, content, $2::integer FROM jobs CROSS JOIN unnest($3::bytea[] || $4::bytea) AS given (content)
    WHERE id = $1
    ORDER BY content
    ON CONFLICT (job_id, content) DO UPDATE SET position = known.position
    RETURNING content, position
), earlier AS (
    SELECT min(position) AS position, min(position) FILTER (WHERE content = ANY ($3)) AS same
    FROM owner WHERE position <> $2
), marked AS (
    UPDATE crawl_urls SET duplicate_of = coalesce(earlier.same, earlier.position)
    FROM earlier WHERE job_id = $1 AND crawl_urls.position = $2 AND earlier.position IS NOT NULL
)
SELECT coalesce(same, $2) AS position FROM earlier
"""

# Repeatable: it sets a value.
MARK_UNCHANGED = "UPDATE crawl_urls SET unchanged = true WHERE job_id = $1 AND position = $2"

# Repeatable: it only reads. $1: the crawl, $2: the position.
GET_DEPTH = "SELECT depth FROM crawl_urls WHERE job_id = $1 AND position = $2"

# What is read

# Repeatable: it only reads.
GET_PROGRESS = """
SELECT jobs.pages, jobs.pages_left, jobs.pages_completed, jobs.pages_allowed, jobs.urls_waiting,
       (SELECT url FROM pages WHERE job_id = jobs.id AND position = 0) AS url
FROM jobs WHERE id = $1
"""

# The pages that ended, in the order of completion. $1: the crawl, $2: after which number, $3: how many.
# Repeatable: it only reads.
LIST_ENDED_PAGES = """
SELECT page.id, page.job_id, page.position, page.url, page.status, page.error_code, page.error_message, page.final_url,
       page.status_code, page.cached, page.fetched_with, page.attempts, page.created_at, page.started_at,
       page.completed_at, url.number, url.depth, url.unchanged,
       (SELECT parent.url FROM crawl_urls AS parent WHERE parent.job_id = $1 AND parent.position = url.parent)
           AS parent,
       (SELECT same.url FROM crawl_urls AS same WHERE same.job_id = $1 AND same.position = url.duplicate_of)
           AS duplicate_of
FROM (
    SELECT number, position, depth, parent, duplicate_of, unchanged FROM crawl_urls
    WHERE job_id = $1 AND number > $2 ORDER BY number LIMIT $3
) AS url
JOIN pages AS page ON page.job_id = $1 AND page.position = url.position
ORDER BY url.number
"""

_SITE_JOB_COLUMNS = """
       id, key_id, batch, options, status, request_hash, created_at, completed_at, cancelled_at, webhook_url, webhook,
       kind, site, pages, pages_left, pages_completed, pages_allowed, urls_waiting,
       (SELECT url FROM pages WHERE job_id = jobs.id AND position = 0) AS url"""

# A key's maps or crawls, newest first. $1: the key, $2: the kind, $3, $4: older than this one, $5: how many.
# Repeatable: it only reads.
LIST_SITE_JOBS = f"""
SELECT {_SITE_JOB_COLUMNS}
FROM jobs WHERE key_id = $1 AND kind = $2 AND kind <> 'scrape' AND (created_at, id) < ($3, $4)
ORDER BY created_at DESC, id DESC LIMIT $5
"""

# A key's crawls that run, newest first. $1: the key, $2: how many.
# Repeatable: it only reads.
LIST_RUNNING_CRAWLS = f"""
SELECT {_SITE_JOB_COLUMNS}
FROM jobs WHERE key_id = $1 AND kind = 'crawl' AND completed_at IS NULL
ORDER BY created_at DESC, id DESC LIMIT $2
"""
