"""The SQL of object storage."""

from __future__ import annotations

# Repeatable: it only reads.
GET_OWNER = "SELECT id FROM object_owner"

# $1: how many. What is taken is due again after a while, should the worker die with it.
# Repeatable: a repetition takes the next ones, and the first ones are due again later.
CLAIM_DELETED_OBJECTS = """
UPDATE deleted_objects SET due_at = now() + interval '10 minutes'
FROM (
    SELECT url FROM deleted_objects WHERE due_at <= now() ORDER BY due_at LIMIT $1 FOR UPDATE SKIP LOCKED
) AS due
WHERE deleted_objects.url = due.url
RETURNING deleted_objects.url
"""

# Repeatable: what is deleted is not there to be deleted again, and no URL comes a second time.
FORGET_DELETED_OBJECTS = "DELETE FROM deleted_objects WHERE url = ANY ($1::text[])"

# One worker looks for orphans, once in $1.
# Repeatable: after a lost answer nobody looks, until the next time.
CLAIM_SWEEP = "UPDATE object_owner SET swept_at = now() WHERE swept_at < now() - $1::interval RETURNING id"

# $1: URLs of objects, $2, $3: for each the page or the key in the cache whose row would name it.
# Repeatable: what is marked is not marked again; it is counted less.
MARK_ORPHANS = """
WITH marked AS (
    INSERT INTO deleted_objects (url)
    SELECT found.url FROM unnest($1::text[], $2::bigint[], $3::bytea[]) AS found (url, page_id, key)
    WHERE NOT EXISTS (SELECT FROM pages WHERE id = found.page_id AND object = found.url)
      AND NOT EXISTS (SELECT FROM cached_pages WHERE key = found.key AND object = found.url)
      AND NOT EXISTS (SELECT FROM cached_bodies WHERE cached_bodies.key = found.key AND object = found.url)
    ON CONFLICT DO NOTHING
    RETURNING 1
)
SELECT count(*) AS objects FROM marked
"""
