"""Rows for every table, by the statements of each version of the schema; and what the tables hold."""

from __future__ import annotations

from pagemill import bodies
from pagemill.jobs.database.migrator import all_migrations

MARKDOWN = bodies.pack("Words of a page. " * 100 + "Ä" * 500).hex()

# By the version of the schema from which on they work; those that a later version needs are with that.
ROWS: dict[int, tuple[str, ...]] = {
    1: (
        "INSERT INTO keys (id, name, hash) VALUES ('key_1', 'first', '\\x01')",
        "INSERT INTO keys (id, name, hash, revoked_at) VALUES ('key_2', 'old', '\\x02', now())",
        "INSERT INTO workers (id) VALUES ('worker_1')",
        (
            "INSERT INTO jobs (id, key_id, batch, options, pages_left, idempotency_key, request_hash) "
            "VALUES ('job_new', 'key_1', false, '{}', 1, 'again', '\\x03')"
        ),
        (
            "INSERT INTO jobs (id, key_id, batch, options, status, pages_left, pages_completed) "
            "VALUES ('batch_run', 'key_1', true, '{\"formats\": [\"markdown\"]}', 'processing', 2, 1)"
        ),
        (
            "INSERT INTO jobs (id, key_id, batch, options, status, pages_left, completed_at) "
            "VALUES ('job_failed', 'anonymous', false, '{}', 'failed', 0, now())"
        ),
        "INSERT INTO pages (job_id, key_id, position, url) VALUES ('job_new', 'key_1', 0, 'http://a.test/ü')",
        (
            "INSERT INTO pages (job_id, key_id, position, url, status, attempt, final_url, status_code, started_at, "
            "completed_at) VALUES ('batch_run', 'key_1', 0, 'http://b.test/', 'completed', 1, 'http://b.test/', 200, "
            "now(), now())"
        ),
        (
            "INSERT INTO pages (job_id, key_id, position, url, status, worker_id, attempt, started_at) "
            "VALUES ('batch_run', 'key_1', 1, 'http://c.test/', 'processing', NULL, 1, now())"
        ),
        (
            "INSERT INTO pages (job_id, key_id, position, url, status, attempt, crashes) "
            "VALUES ('batch_run', 'key_1', 2, 'http://d.test/', 'processing', 2, 1)"
        ),
        (
            "INSERT INTO pages (job_id, key_id, position, url, status, attempt, error_code, error_message, "
            "completed_at) VALUES ('job_failed', 'anonymous', 0, 'http://e.test/', 'failed', 1, 'dns_error', 'No.', "
            "now())"
        ),
        (
            "INSERT INTO bodies (page_id, format, body) "
            f"SELECT id, 'markdown', '\\x{MARKDOWN}' FROM pages WHERE status = 'completed'"
        ),
    ),
    2: (
        (
            "INSERT INTO webhook_endpoints (id, key_id, url, events, secret_salt, secret_hash) "
            "VALUES ('whe_1', 'key_1', 'https://receiver.test/hook', '{job.completed}', '\\x04', '\\x05')"
        ),
        "INSERT INTO webhook_account_secrets VALUES ('key_1', '\\x06', '\\x07')",
        "UPDATE jobs SET webhook_url = 'https://receiver.test/own' WHERE id = 'batch_run'",
        (
            "INSERT INTO webhook_deliveries (id, key_id, endpoint_id, job_id, event, url, attempts, status) "
            "VALUES ('whd_1', 'key_1', 'whe_1', 'job_failed', 'job.failed', 'https://Receiver.test/hook', 1, 'failed')"
        ),
        (
            "INSERT INTO webhook_deliveries (id, key_id, event, url, body, status, next_attempt_at) "
            "VALUES ('whd_2', 'key_1', 'job.completed', 'https://u:p@receiver.test:8/', '{}', 'success', NULL)"
        ),
    ),
    3: ("INSERT INTO exit_scores VALUES ('a.test', 'direct', 1.5, 0.25, 3.125, now())",),
    4: (
        "INSERT INTO recent_requests VALUES ('key_1', '\\x08', 'job_new')",
        "INSERT INTO submit_windows (key_id, endpoint, times) VALUES ('key_1', 'single', ARRAY[now()])",
        "INSERT INTO daily_pages (key_id, day, pages) VALUES ('key_1', current_date, 3)",
    ),
    5: (
        (
            "INSERT INTO cached_pages (key, fetched_at, final_url, status_code, raw) "
            "VALUES ('\\x09', now(), 'http://b.test/', 200, '\\x0a')"
        ),
        "INSERT INTO cached_bodies VALUES ('\\x09', 'html', '\\x0b')",
    ),
    6: (
        "INSERT INTO browser_hosts VALUES ('spa.test', now() + interval '6 hours')",
        "UPDATE pages SET fetched_with = 'http', attempts = '[]' WHERE status = 'completed'",
    ),
    7: ("INSERT INTO selectors (host, schema_hash, learned) VALUES ('a.test', '\\x0c', '[]')",),
    8: ("INSERT INTO webhook_deliveries (id, key_id, event, url) VALUES ('whd_3', 'key_1', 'job.failed', 'mailto:x')",),
    9: ("INSERT INTO selector_lessons (host, schema_hash, holder) VALUES ('a.test', '\\x0d', 'worker_1')",),
    10: ("UPDATE submit_windows SET submissions = '{7}'",),
    11: ("UPDATE keys SET operator = true WHERE id = 'key_1'",),
    13: (
        "UPDATE jobs SET pages = pages_left + pages_completed WHERE completed_at IS NULL",
        (
            "INSERT INTO unended_pages (key_id, part, pages) SELECT counted.key_id, 0, sum(pages) "
            "FROM jobs CROSS JOIN LATERAL (VALUES (jobs.key_id), ('')) AS counted (key_id) "
            "WHERE completed_at IS NULL GROUP BY counted.key_id "
            "HAVING NOT EXISTS (SELECT FROM unended_pages)"  # from version 15 on the step before counts them
        ),
    ),
    15: (
        (
            "INSERT INTO jobs (id, key_id, batch, options, status, pages, pages_left, pages_completed, completed_at, "
            "kind, site, pages_allowed) VALUES ('crawl_1', 'key_2', true, '{}', 'completed', 1, 0, 1, now(), 'crawl', "
            '\'{"url": "http://f.test/"}\', 10)'
        ),
        (
            "INSERT INTO pages (job_id, key_id, position, url, status, attempt, completed_at) "
            "VALUES ('crawl_1', 'key_2', 0, 'http://f.test/', 'completed', 1, now())"
        ),
        (
            "INSERT INTO crawl_urls (job_id, identity, url, host, depth, priority, position, number) "
            "VALUES ('crawl_1', '\\x0e', 'http://f.test/', 'f.test', 0, 1, 0, 1)"
        ),
        "INSERT INTO crawl_hosts VALUES ('crawl_1', 'f.test')",
        "INSERT INTO crawl_contents VALUES ('crawl_1', '\\x0f', 0)",
        "INSERT INTO host_turns (host, next_at) VALUES ('f.test', now())",
        "INSERT INTO robots_files (origin, rules, reachable) VALUES ('http://f.test', '[]', true)",
    ),
    17: (
        "UPDATE pages SET object = 's3://bucket/owner/pages/0/1-1-00' WHERE job_id = 'crawl_1'",
        (
            "INSERT INTO bodies (page_id, format, start, size) "
            "SELECT id, 'markdown', 3, 5 FROM pages WHERE job_id = 'crawl_1'"
        ),
        "INSERT INTO deleted_objects (url) VALUES ('s3://bucket/owner/pages/0/2-1-00')",
    ),
    18: (
        (
            "INSERT INTO monitors (id, key_id, request, url, options, site, interval_minutes, is_active, revision, "
            "next_run_at, job_id, submitted) VALUES ('mon_1', 'key_1', '{\"intervalMinutes\": 15}', 'http://g.test/', "
            "'{}', '{\"url\": \"http://g.test/\"}', 15, true, 'r', now(), 'crawl_1', true)"
        ),
        (
            "INSERT INTO monitor_pages (monitor_id, page, url, content, captured_at, seen_in, seen_at) "
            f"VALUES ('mon_1', '\\x10', 'http://g.test/', '\\x{MARKDOWN}', now(), 'crawl_1', now())"
        ),
        (
            "INSERT INTO monitor_changes (id, monitor_id, job_id, kind, url, summary, diff, diff_json) "
            "VALUES ('chg_1', 'mon_1', 'crawl_1', 'changed', 'http://g.test/', 'One line.', '-a', '{}')"
        ),
    ),
    20: (
        (
            "INSERT INTO sessions (id, key_id, name, state, website, domains, origins, cookies, storage_items) "
            "VALUES ('sess_1', 'key_1', 'shop', '\\x11', 'http://h.test', '{h.test}', '{http://h.test}', 2, 1)"
        ),
    ),
    21: (
        (
            "INSERT INTO monitor_snapshots (id, monitor_id, page, job_id, url, content_hash, content, captured_at) "
            f"VALUES ('snap_1', 'mon_1', '\\x10', 'crawl_1', 'http://g.test/', 'ab', '\\x{MARKDOWN}', now())"
        ),
        (
            "INSERT INTO monitor_runs (monitor_id, job_id, started_at, outcome, pages, failed_pages, changes) "
            "VALUES ('mon_1', 'crawl_1', now(), 'changed', 3, 1, 2)"
        ),
    ),
    22: ("INSERT INTO sign_ins (hash, key_id, expires_at) VALUES ('\\x12', 'key_1', now() + interval '1 hour')",),
    23: (
        "INSERT INTO corrected_pages (key_id, page, url, html) VALUES ('key_1', '\\x13', 'http://b.test/', '\\x14')",
        (
            "INSERT INTO corrections (id, key_id, hosts, template, path, text, role, instead_of, sample, url, page) "
            "VALUES ('cor_1', 'key_1', '{b.test}', '{1,4294967295}', '[[\"p\", [\"lead\"]]]', NULL, 'junk', 'body', "
            "'Ä', 'http://b.test/', '\\x13')"
        ),
        "INSERT INTO correction_versions VALUES ('key_1', 7)",
    ),
    24: (
        "INSERT INTO metrics_history (source, number, counted, gauges, queue) VALUES ('s', 1, '{}', '{}', '{}')",
        "UPDATE jobs SET retry_of = 'job_failed' WHERE id = 'job_new'",
    ),
    25: (
        (
            "INSERT INTO jobs (id, key_id, batch, options, status, pages, pages_left, pages_completed, kind, "
            "pages_allowed, urls_waiting) VALUES ('bulk_1', 'key_2', true, '{}', 'processing', 1, 0, 1, 'bulk', 2, 1)"
        ),
        (
            "INSERT INTO pages (job_id, key_id, position, url, status, attempt, completed_at, options) "
            "VALUES ('bulk_1', 'key_2', 0, 'http://i.test/', 'completed', 1, now(), '{\"formats\": [\"html\"]}')"
        ),
        "INSERT INTO batches (id, key_id, lines, accepted_at) VALUES ('bulk_1', 'key_2', 2, now())",
        (
            "INSERT INTO batch_lines VALUES ('bulk_1', 0, 'http://i.test/', 'mine', '{\"formats\": [\"html\"]}'), "
            "('bulk_1', 1, 'http://j.test/', NULL, NULL)"
        ),
        "INSERT INTO batch_ends VALUES ('bulk_1', 1, 0)",
    ),
}


async def fill(database, version=None):
    """Put rows into every table of the schema at `version`."""
    for number, statements in ROWS.items():
        if number <= (version or len(all_migrations())):
            for statement in statements:
                await database.rows(statement)


async def rows_of(database, tables):
    """What each of these tables holds, in a fixed order; tables that are not there are left out."""
    found = {}
    for table in tables:
        if (await database.row("SELECT to_regclass($1) AS there", table))["there"] is not None:
            rows = [dict(row) for row in await database.rows(f"SELECT * FROM {table}")]
            found[table] = sorted(rows, key=str)
    return found
