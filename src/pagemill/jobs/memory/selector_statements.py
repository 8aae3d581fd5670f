"""The SQL of learnt selectors. Why each may be sent twice stands above it, after "Repeatable:".

While a host's first page for a schema teaches, its worker holds the lesson, as long as it is alive
(`workers.seen_at`): one that died holds nobody up.
"""

from __future__ import annotations

# Repeatable: it only reads.
GET_SELECTORS = "SELECT learned FROM selectors WHERE host = $1 AND schema_hash = $2"

# Repeatable: it sets values.
PUT_SELECTORS = """
INSERT INTO selectors (host, schema_hash, learned) VALUES ($1, $2, $3)
ON CONFLICT (host, schema_hash) DO UPDATE SET learned = EXCLUDED.learned, learned_at = now()
"""

# $1, $2: host and schema, $3: the worker, $4: the silence after which a worker counts as dead, $5: the longest that a
# lesson is held.
# Repeatable: its holder acquires it again. One that arrives after RELEASE_LEARNING_LOCK is held for $5 at most.
ACQUIRE_LEARNING_LOCK = """
INSERT INTO selector_lessons AS lesson (host, schema_hash, holder) VALUES ($1, $2, $3)
ON CONFLICT (host, schema_hash) DO UPDATE SET holder = $3, held_since = now()
WHERE lesson.holder = $3 OR lesson.held_since < now() - $5::interval
   OR NOT EXISTS (SELECT FROM workers WHERE id = lesson.holder AND seen_at > now() - $4::interval)
RETURNING host
"""

# Repeatable: a lock that is released, or another's, stays as it is.
RELEASE_LEARNING_LOCK = "DELETE FROM selector_lessons WHERE host = $1 AND schema_hash = $2 AND holder = $3"

# Lessons go too whose worker died, and which nobody held since.
# Repeatable: a repetition deletes the next ones, which are as old.
DELETE_OLD_SELECTORS = """
WITH left_behind AS (
    DELETE FROM selector_lessons WHERE held_since < now() - $1::interval
), deleted AS (
    DELETE FROM selectors WHERE (host, schema_hash) IN (
        SELECT host, schema_hash FROM selectors WHERE learned_at < now() - $1::interval
        ORDER BY learned_at LIMIT $2 FOR UPDATE SKIP LOCKED
    ) RETURNING host
)
SELECT count(*) AS selectors FROM deleted
"""
