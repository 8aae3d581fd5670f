"""The SQL of learnt selectors. Each statement may be sent twice."""

from __future__ import annotations

GET_SELECTORS = "SELECT learned FROM selectors WHERE host = $1 AND schema_hash = $2"

PUT_SELECTORS = """
INSERT INTO selectors (host, schema_hash, learned) VALUES ($1, $2, $3)
ON CONFLICT (host, schema_hash) DO UPDATE SET learned = EXCLUDED.learned, learned_at = now()
"""

DELETE_OLD_SELECTORS = """
WITH deleted AS (
    DELETE FROM selectors WHERE (host, schema_hash) IN (
        SELECT host, schema_hash FROM selectors WHERE learned_at < now() - $1::interval
        ORDER BY learned_at LIMIT $2 FOR UPDATE SKIP LOCKED
    ) RETURNING host
)
SELECT count(*) AS selectors FROM deleted
"""
