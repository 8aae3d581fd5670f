"""The SQL of sessions.

Invariants that they keep:

- A session belongs to one API key, and every statement asks for it.
- A state is written and read whole, by one statement: of two pages that save the same session, the last one wins.
- Each may be sent twice, at once or late; what makes that safe stands above each, after "Repeatable:".
"""

from __future__ import annotations

_COLUMNS = "id, name, website, domains, origins, cookies, storage_items, created_at, updated_at, used_at"

# $1: the id of a new one, $2: the key, $3: its name, … $10: how many sessions a key may have. `id` is null where the
# key was revoked, or has too many: then `full` says so. Who saves holds a lock of the key, so that the count is exact.
# Repeatable: the same state again. One that arrives late may bring back what was saved over, or deleted, meanwhile:
# whole, as if it had been saved then.
SAVE_SESSION = """
WITH place AS (
    SELECT keys.id AS key_id, NOT EXISTS (SELECT FROM sessions WHERE key_id = $2 AND name = $3)
           AND (SELECT count(*) FROM sessions WHERE key_id = $2) >= $10::bigint AS "full"
    FROM keys WHERE keys.id = $2 AND revoked_at IS NULL
), saved AS (
    INSERT INTO sessions (id, key_id, name, state, website, domains, origins, cookies, storage_items)
    SELECT $1, key_id, $3, $4, $5, $6, $7, $8, $9 FROM place WHERE NOT "full"
    ON CONFLICT (key_id, name) DO UPDATE
    SET state = excluded.state, website = excluded.website, domains = excluded.domains, origins = excluded.origins,
        cookies = excluded.cookies, storage_items = excluded.storage_items, updated_at = now(), used_at = now()
    RETURNING id
)
SELECT (SELECT id FROM saved) AS id, coalesce((SELECT "full" FROM place), false) AS "full"
"""

# $1: the key, $2, $3: the id or the name. The time of the use is kept to the minute, so that many pages with one
# session do not wait for each other.
# Repeatable: it reads, and sets a time.
USE_SESSION = """
WITH used AS (
    UPDATE sessions SET used_at = now()
    WHERE key_id = $1 AND (id = $2 OR name = $3) AND used_at < now() - interval '1 minute'
)
SELECT state FROM sessions WHERE key_id = $1 AND (id = $2 OR name = $3)
"""

# Repeatable: it only reads.
GET_SESSION = f"SELECT {_COLUMNS} FROM sessions WHERE key_id = $1 AND (id = $2 OR name = $3)"

# Repeatable: it only reads.
LIST_SESSIONS = f"SELECT {_COLUMNS} FROM sessions WHERE key_id = $1 ORDER BY name"

# No row is returned where there is none. Another session of that name is a violation of UNIQUE.
# Repeatable: the same name again.
RENAME_SESSION = f"UPDATE sessions SET name = $3 WHERE key_id = $1 AND id = $2 RETURNING {_COLUMNS}"

# Repeatable: what is deleted is not there to be deleted again. The caller looks for it first.
DELETE_SESSION = "DELETE FROM sessions WHERE key_id = $1 AND id = $2"

# Those that nobody used for $1, and those of keys that were revoked as a page saved them; at most $2.
# Repeatable: a repetition deletes the next ones, which are as old.
DELETE_UNUSED_SESSIONS = """
WITH deleted AS (
    DELETE FROM sessions WHERE id IN (
        (SELECT id FROM sessions WHERE used_at < now() - $1::interval ORDER BY used_at LIMIT $2)
        UNION ALL
        (SELECT sessions.id FROM keys JOIN sessions ON sessions.key_id = keys.id
         WHERE keys.revoked_at IS NOT NULL LIMIT $2)
    ) RETURNING id
)
SELECT count(*) AS sessions FROM deleted
"""
