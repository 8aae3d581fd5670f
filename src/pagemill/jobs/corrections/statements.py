"""The SQL of corrections.

Invariants that they keep:

- A correction belongs to one API key, and every statement asks for it.
- Whatever changes a key's corrections makes its version grow, in the same statement.
- The HTML of a page is kept for as long as the key has a correction of it.
- Each may be sent twice, at once or late; what makes that safe stands above each, after "Repeatable:".
"""

from __future__ import annotations

_COLUMNS = "id, hosts, path, text, role, instead_of, sample, url, created_at"

_NEXT_VERSION = """
    INSERT INTO correction_versions (key_id) SELECT key_id FROM {source}
    ON CONFLICT (key_id) DO UPDATE SET version = correction_versions.version + 1"""

# $1: the key, $2: the id, … $10: the URL, $11: its hash, $12: the page's HTML or null, $13: the correction that it
# replaces or null, $14, $15: how many corrections and pages a key may have. `id` is null where the key was revoked, or
# has too many: then `full` says so. Who saves holds a lock of the key, so that the counts are exact.
# Repeatable: the same correction again. One that arrives late may bring back what was deleted meanwhile: whole.
SAVE_CORRECTION = f"""
WITH place AS (
    SELECT keys.id AS key_id, NOT EXISTS (SELECT FROM corrections WHERE key_id = $1 AND id IN ($2, $13))
           AND (SELECT count(*) FROM corrections WHERE key_id = $1) >= $14::bigint AS "full"
    FROM keys WHERE keys.id = $1 AND revoked_at IS NULL
), taken AS (
    SELECT key_id FROM place WHERE NOT "full"
), replaced AS (
    DELETE FROM corrections USING taken
    WHERE corrections.key_id = taken.key_id AND corrections.id = $13 AND corrections.id <> $2
), kept AS (
    INSERT INTO corrected_pages (key_id, page, url, html)
    SELECT key_id, $11, $10, $12::bytea FROM taken
    WHERE $12::bytea IS NOT NULL
      AND (EXISTS (SELECT FROM corrected_pages WHERE key_id = $1 AND page = $11)
           OR (SELECT count(*) FROM corrected_pages WHERE key_id = $1) < $15::bigint)
    ON CONFLICT (key_id, page) DO UPDATE SET html = excluded.html
), saved AS (
    INSERT INTO corrections (key_id, id, hosts, template, path, text, role, instead_of, sample, url, page)
    SELECT key_id, $2, $3::text[], $4::bigint[], $5::jsonb, $6, $7, $8, $9, $10, $11 FROM taken
    ON CONFLICT (id) DO UPDATE
    SET role = excluded.role, template = excluded.template, created_at = now()
    RETURNING id, key_id
), changed AS ({_NEXT_VERSION.format(source="saved WHERE true")})
SELECT (SELECT id FROM saved) AS id, coalesce((SELECT "full" FROM place), false) AS "full"
"""

# Repeatable: what is deleted is not there to be deleted again; the version grows for nothing then.
DELETE_CORRECTION = f"""
WITH gone AS (
    DELETE FROM corrections WHERE key_id = $1 AND id = $2 RETURNING key_id, page
), page AS (
    DELETE FROM corrected_pages USING gone
    WHERE corrected_pages.key_id = gone.key_id AND corrected_pages.page = gone.page
      AND NOT EXISTS (SELECT FROM corrections WHERE key_id = $1 AND page = gone.page AND id <> $2)
), changed AS ({_NEXT_VERSION.format(source="(SELECT id AS key_id FROM keys WHERE id = $1) AS of_key WHERE true")})
SELECT count(*) AS corrections FROM gone
"""

# Those of keys that were revoked, at most $1 of each table, with their pages.
# Repeatable: a repetition deletes the next ones.
DELETE_OF_REVOKED_KEYS = """
WITH revoked AS (
    SELECT id FROM keys WHERE revoked_at IS NOT NULL
), gone AS (
    DELETE FROM corrections WHERE id IN (
        SELECT corrections.id FROM revoked JOIN corrections ON corrections.key_id = revoked.id LIMIT $1
    ) RETURNING id
), page AS (
    DELETE FROM corrected_pages WHERE (key_id, page) IN (
        SELECT key_id, page FROM revoked JOIN corrected_pages ON corrected_pages.key_id = revoked.id LIMIT $1
    ) RETURNING page
)
SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM page) AS deleted
"""

# Repeatable: it only reads.
LIST_CORRECTIONS = f"SELECT {_COLUMNS} FROM corrections WHERE key_id = $1 ORDER BY created_at DESC, id DESC"

# What is applied, in the order in which it was given.
# Repeatable: it only reads.
LOAD_CORRECTIONS = """
SELECT id, hosts, template, path, text, role FROM corrections WHERE key_id = $1 ORDER BY created_at, id
"""

# Repeatable: it only reads.
GET_VERSION = "SELECT version FROM correction_versions WHERE key_id = $1"

# Repeatable: it only reads.
GET_CORRECTION = f"SELECT {_COLUMNS} FROM corrections WHERE key_id = $1 AND id = $2"

# Repeatable: it only reads.
LIST_PAGES = "SELECT page, url FROM corrected_pages WHERE key_id = $1 ORDER BY page"

# Repeatable: it only reads.
GET_PAGE = "SELECT html FROM corrected_pages WHERE key_id = $1 AND page = $2"
