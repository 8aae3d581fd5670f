"""The SQL of the page cache.

A page is fetched by one worker at a time, its holder. A holder counts as long as it is alive (`workers.seen_at`), so
that one that died holds nobody up.
"""

from __future__ import annotations

# Repeatable: it only reads.
FIND_CACHED_PAGE = """
SELECT final_url, status_code, content_type, etag, last_modified, extractor, fetched_with,
       extract(epoch FROM now() - fetched_at)::float8 AS age,
       ARRAY(SELECT format FROM cached_bodies WHERE cached_bodies.key = cached_pages.key) AS formats
FROM cached_pages WHERE key = $1 AND fetched_at IS NOT NULL
"""

# Repeatable: it only reads.
GET_CACHED_BODIES = """
SELECT format, body, object, start, size FROM cached_bodies WHERE key = $1 AND format = ANY ($2::text[])
"""
# Repeatable: it only reads.
GET_CACHED_RAW = "SELECT raw, object, raw_size FROM cached_pages WHERE key = $1 AND fetched_at IS NOT NULL"

# $1: the key, $2: the worker, $3: the silence after which a worker counts as dead, $4: the longest that a page is held.
# Repeatable: its holder acquires it again. One that arrives after RELEASE_FETCH_LOCK is held for $4 at most.
ACQUIRE_FETCH_LOCK = """
INSERT INTO cached_pages AS page (key, holder, held_since) VALUES ($1, $2, now())
ON CONFLICT (key) DO UPDATE SET holder = $2, held_since = now()
WHERE page.holder IS NULL OR page.holder = $2 OR page.held_since < now() - $4::interval
   OR NOT EXISTS (SELECT FROM workers WHERE id = page.holder AND seen_at > now() - $3::interval)
RETURNING key
"""

# Repeatable: a lock that is released, or another's, stays as it is.
RELEASE_FETCH_LOCK = "UPDATE cached_pages SET holder = NULL WHERE key = $1 AND holder = $2"

# $1: the key, $2 to $7: what was fetched, $8: the extractor's version, $9, $10: formats and bodies, $11: what it was
# fetched with, $12: the object that holds all of them, where $7 and the bodies are null, $13: how much of it is $7,
# $14, $15: where in it each body begins, and its size. Bodies of other formats, made of what was there before, go.
# Repeatable: it sets values; one that arrives late keeps an older fetch of the page.
STORE_PAGE = """
WITH page AS (
    INSERT INTO cached_pages
        (key, fetched_at, final_url, status_code, content_type, etag, last_modified, raw, extractor, fetched_with,
         object, raw_size)
    VALUES ($1, now(), $2, $3, $4, $5, $6, $7, $8, $11, $12, $13)
    ON CONFLICT (key) DO UPDATE SET
        holder = NULL, fetched_at = now(), final_url = $2, status_code = $3, content_type = $4, etag = $5,
        last_modified = $6, raw = $7, extractor = $8, fetched_with = $11, object = $12, raw_size = $13
    RETURNING key
), gone AS (
    DELETE FROM cached_bodies WHERE key = $1 AND format <> ALL ($9::text[])
)
INSERT INTO cached_bodies (key, format, body, object, start, size)
SELECT page.key, packed.format, packed.body, $12, packed.start, packed.size
FROM page, unnest($9::text[], $10::bytea[], $14::bigint[], $15::bigint[]) AS packed (format, body, start, size)
ORDER BY packed.format
ON CONFLICT (key, format) DO UPDATE SET
    body = EXCLUDED.body, object = EXCLUDED.object, start = EXCLUDED.start, size = EXCLUDED.size
"""

# The same bytes, with bodies made by another version, or in formats that were not asked for before. $1: the key, $2:
# the version, $3, $4: formats and bodies, $5: the object that holds them, $6, $7: where in it, as above.
# Repeatable: it sets values.
STORE_BODIES = """
WITH page AS (
    UPDATE cached_pages SET extractor = $2 WHERE key = $1 AND fetched_at IS NOT NULL RETURNING key
), gone AS (
    DELETE FROM cached_bodies USING cached_pages
    WHERE cached_bodies.key = $1 AND cached_pages.key = $1 AND cached_pages.extractor <> $2
      AND format <> ALL ($3::text[])
)
INSERT INTO cached_bodies (key, format, body, object, start, size)
SELECT page.key, packed.format, packed.body, $5, packed.start, packed.size
FROM page, unnest($3::text[], $4::bytea[], $6::bigint[], $7::bigint[]) AS packed (format, body, start, size)
ORDER BY packed.format
ON CONFLICT (key, format) DO UPDATE SET
    body = EXCLUDED.body, object = EXCLUDED.object, start = EXCLUDED.start, size = EXCLUDED.size
"""

# Repeatable: it sets the time of a page that was just found unchanged.
REFRESH_PAGE = "UPDATE cached_pages SET fetched_at = now(), holder = NULL WHERE key = $1 AND fetched_at IS NOT NULL"

# Repeatable: a repetition deletes the next ones, which are as old.
DELETE_OLD_CACHED_PAGES = """
WITH deleted AS (
    DELETE FROM cached_pages WHERE key IN (
        SELECT key FROM cached_pages WHERE coalesce(fetched_at, held_since) < now() - $1::interval
        ORDER BY coalesce(fetched_at, held_since) LIMIT $2 FOR UPDATE SKIP LOCKED
    ) RETURNING 1
)
SELECT count(*) AS pages FROM deleted
"""
