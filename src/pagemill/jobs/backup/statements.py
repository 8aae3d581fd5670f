"""The SQL of backups.

Nothing here is sent twice: a backup or a restore whose connection is lost fails as a whole.
"""

from __future__ import annotations

# Repeatable: it only reads.
EXISTING_TABLES = "SELECT name FROM unnest($1::text[]) AS name WHERE to_regclass(name) IS NOT NULL"
# Repeatable: it only reads.
SCHEMA_VERSION = "SELECT max(version) FROM schema_versions"

# Columns that PostgreSQL computes are not copied.
# Repeatable: it only reads.
COLUMNS = """
SELECT attname AS name, attidentity <> '' AS identity FROM pg_attribute
WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
ORDER BY attnum
"""

# The next number of an identity column. $1: the table, $2: the column.
# Repeatable: it only reads.
LAST_NUMBER = """
SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence($1, $2)::regclass), 0) AS number
"""
# Repeatable: the same number again changes nothing.
SET_LAST_NUMBER = "SELECT setval(pg_get_serial_sequence($1, $2), greatest($3, 1))"

# Whether anything was ever stored: keys beside the one that the first migration makes, or jobs.
# Repeatable: it only reads.
HOLDS_DATA = "SELECT EXISTS (SELECT FROM jobs) OR EXISTS (SELECT FROM keys WHERE hash IS NOT NULL) AS holds_data"

# Repeatable: it deletes what the first migration made.
DELETE_MIGRATED_KEYS = "DELETE FROM keys"

# Repeatable: it only reads.
NAMES_OBJECTS = "SELECT EXISTS (SELECT FROM pages WHERE object IS NOT NULL) AS names_objects"

# The workers that had something in hand when the backup was made are not here: what they had waits again, and no
# crash is counted.
# Repeatable: what nobody has in hand stays so.
RELEASE = {
    "pages": "UPDATE pages SET worker_id = NULL WHERE worker_id IS NOT NULL AND completed_at IS NULL",
    "webhook_deliveries": """
        UPDATE webhook_deliveries SET worker_id = NULL, next_attempt_at = now()
        WHERE worker_id IS NOT NULL AND next_attempt_at IS NOT NULL
    """,
}
