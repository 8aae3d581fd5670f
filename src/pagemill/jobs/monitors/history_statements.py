"""The SQL of what monitors found before: snapshots of pages, runs that ended, and pages as they are known now.

RECORD_PAGE and FINISH_RUN in `jobs.monitors.statements` write it. All here only read, so each may be sent twice.
"""

from __future__ import annotations

_SNAPSHOT_COLUMNS = "id, monitor_id, job_id, url, status_code, content_hash, captured_at, created_at"

# $2: only those older than the one of this id, or null.
# Repeatable: it only reads.
LIST_SNAPSHOTS = f"""
SELECT {_SNAPSHOT_COLUMNS} FROM monitor_snapshots
WHERE monitor_id = $1
  AND ($2::text IS NULL
       OR (created_at, id) < (SELECT created_at, id FROM monitor_snapshots WHERE id = $2 AND monitor_id = $1))
ORDER BY created_at DESC, id DESC LIMIT $3
"""
# Repeatable: it only reads.
HAS_SNAPSHOT = "SELECT EXISTS (SELECT FROM monitor_snapshots WHERE id = $2 AND monitor_id = $1) AS found"
# Repeatable: it only reads.
GET_SNAPSHOT = f"SELECT {_SNAPSHOT_COLUMNS}, content, data FROM monitor_snapshots WHERE id = $2 AND monitor_id = $1"
# The newest, or the newest of the content with the hash $2.
# Repeatable: it only reads.
FIND_CONTENT = f"""
SELECT {_SNAPSHOT_COLUMNS}, content, data FROM monitor_snapshots
WHERE monitor_id = $1 AND ($2::text IS NULL OR content_hash = $2)
ORDER BY created_at DESC, id DESC LIMIT 1
"""

# $2: only those that ended before the one of this job, or null.
# Repeatable: it only reads.
LIST_RUNS = """
SELECT monitor_id, job_id, started_at, ended_at, outcome, pages, failed_pages, changes, error_code, error_message
FROM monitor_runs
WHERE monitor_id = $1
  AND ($2::text IS NULL
       OR (ended_at, job_id) < (SELECT ended_at, job_id FROM monitor_runs WHERE job_id = $2 AND monitor_id = $1))
ORDER BY ended_at DESC, job_id DESC LIMIT $3
"""
# Repeatable: it only reads.
HAS_RUN = "SELECT EXISTS (SELECT FROM monitor_runs WHERE job_id = $2 AND monitor_id = $1) AS found"

# The pages by their URLs. $2: only those after the one of this digest, or null.
# Repeatable: it only reads.
LIST_PAGES = """
SELECT known.page, known.url, known.captured_at, known.seen_at, last.id AS snapshot_id, last.content_hash
FROM monitor_pages AS known
LEFT JOIN LATERAL (
    SELECT id, content_hash FROM monitor_snapshots AS version
    WHERE version.monitor_id = known.monitor_id AND version.page = known.page
    ORDER BY created_at DESC, id DESC LIMIT 1
) AS last ON true
WHERE known.monitor_id = $1
  AND ($2::bytea IS NULL
       OR (known.url, known.page) > (SELECT url, page FROM monitor_pages WHERE page = $2 AND monitor_id = $1))
ORDER BY known.url, known.page LIMIT $3
"""
# Repeatable: it only reads.
HAS_PAGE = "SELECT EXISTS (SELECT FROM monitor_pages WHERE page = $2 AND monitor_id = $1) AS found"
