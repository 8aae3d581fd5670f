"""The hot queries use their indexes, however full the tables are: a lost index fails here, not in production."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from pagemill.jobs.batches import statements as batch_statements
from pagemill.jobs.crawls import statements as crawl_statements
from pagemill.jobs.keys import statements as key_statements
from pagemill.jobs.monitors import statements as monitor_statements
from pagemill.jobs.queue import statements
from pagemill.jobs.webhooks import statements as webhook_statements

HOT: dict[str, tuple[str, tuple[object, ...], set[str]]] = {
    "due monitors": (monitor_statements.START_DUE_RUNS, (20,), {"monitors_due"}),
    "runs of monitors": (
        monitor_statements.CLAIM_RUN,
        (timedelta(seconds=9), []),
        {"monitors_running", "jobs_pkey"},
    ),
    "clock of monitors": (monitor_statements.BRING_FORWARD_RUNS, (timedelta(minutes=1),), {"monitors_scheduled"}),
    "deliveries": (
        webhook_statements.CLAIM_DELIVERIES,
        ("w", 32, 4, timedelta(seconds=30)),
        {"webhook_deliveries_due", "webhook_deliveries_held", "webhook_deliveries_pkey"},
    ),
    "old deliveries": (
        webhook_statements.DELETE_OLD_DELIVERIES,
        (timedelta(days=9), 10),
        {"webhook_deliveries_ended"},
    ),
    "log of deliveries": (
        webhook_statements.LIST_DELIVERIES,
        ("k1", None, None, None, None, 50),
        {"webhook_deliveries_of_key"},
    ),
    "claim": (
        statements.CLAIM_PAGES,
        ("w", 16, 0, 2, None, []),
        {"pages_waiting", "pages_held", "pages_pkey", "jobs_pkey"},
    ),
    "reconcile": (statements.RECONCILE_PAGES, ("w", [1], [1]), {"pages_held"}),
    "reconcile deliveries": (
        webhook_statements.RECONCILE_DELIVERIES,
        ("w", ["d"], [1]),
        {"webhook_deliveries_held"},
    ),
    "complete": (
        statements.COMPLETE_PAGE,
        (1, 1, "w", "u", 200, ["html"], [b""], False, "http", [], None, [None], [None]),
        {"jobs_pkey", "webhook_endpoints_of_key"},
    ),
    "submit": (
        statements.SUBMIT_JOB,
        (
            *("j", "k1", False, {}, ["u"], None, None, None, b"", timedelta(seconds=5), True, 100, 1000, None),
            *("crawl", {}, b"", "h", None, None),
        ),
        {"jobs_pkey"},
    ),
    "place": (statements.FIND_PLACE, ("k1", 1, 100, 1000), set()),
    **{
        f"list {status}": (statements.LIST_JOBS[status], ("k1", datetime.max.replace(tzinfo=UTC), "", 20), {index})
        for status, index in (
            (None, "jobs_of_key"),
            ("completed", "jobs_of_key"),
            ("pending", "jobs_of_key_unended"),
            ("processing", "jobs_of_key_unended"),
            ("failed", "jobs_of_key_failed"),
        )
    },
    "queue state": (
        statements.GET_QUEUE_STATE,
        (100_000, timedelta(seconds=15)),
        {"pages_waiting", "pages_held", "webhook_deliveries_due", "monitors_due"},
    ),
    "add URLs": (
        crawl_statements.ADD_URLS,
        ("crawl_1", [b"i"], ["u"], ["h"], [1], [0.5], [b"f"], 0, 100, 1000, 100),
        {"crawl_urls_pkey", "crawl_urls_family", "crawl_hosts_pkey", "jobs_pkey"},
    ),
    "release": (
        crawl_statements.RELEASE_PAGES,
        (16, 4, 0.2, 100),
        {"jobs_crawling", "crawl_urls_waiting", "crawl_urls_in_hand", "crawl_hosts_pkey"},
    ),
    "pages of a crawl": (
        crawl_statements.LIST_ENDED_PAGES,
        ("crawl_1", 10, 100),
        {"crawl_urls_number", "crawl_urls_position", "pages_job_id_position_key"},
    ),
    "contents": (crawl_statements.RECORD_CONTENTS, ("crawl_1", 1, [b"c"], b"d"), {"crawl_urls_position"}),
    "crawls": (crawl_statements.LIST_SITE_JOBS, ("k1", "crawl", datetime.max.replace(tzinfo=UTC), "", 20), set()),
    "running crawls": (
        crawl_statements.LIST_RUNNING_CRAWLS,
        ("k1", 100),
        {"jobs_of_key_unended|jobs_of_key_and_kind|jobs_crawling"},
    ),
    "cancelled": (statements.MARK_CANCELLED, ("crawl_1", "k1"), {"jobs_pkey|jobs_of_key_and_kind"}),
    "stop": (
        statements.STOP_CRAWL,
        ("crawl_1", "k1", "cancelled", "", None),
        {"jobs_pkey|jobs_of_key_and_kind", "pages_job_id_position_key"},  # one job, found by either
    ),
    "place of a batch": (batch_statements.FIND_PLACE, ("k1", 20, 1000, 10_000, 1), {"jobs_bulk"}),
    "lines": (batch_statements.RELEASE_LINES, (1000, 500, 20), {"jobs_bulk", "batch_lines_pkey"}),
    "results of a batch": (
        batch_statements.LIST_ENDED_LINES,
        ("bulk_1", 10, 100, 50),
        {"batch_ends_pkey", "batch_lines_pkey", "pages_job_id_position_key"},
    ),
    "stop a batch": (
        statements.STOP_BATCH,
        ("bulk_1", "k1", "cancelled", ""),
        {"pages_waiting|pages_job_id_position_key"},
    ),
    "what is left of an upload": (batch_statements.DELETE_UPLOAD, ("bulk_1", 100), {"batch_lines_pkey"}),
    "old batches": (
        batch_statements.DELETE_RETIRED,
        (2000, timedelta(hours=2)),
        {"batch_lines_pkey", "batch_ends_pkey", "pages_job_id_position_key"},
    ),
    "job": (statements.GET_JOB, ("job_1", "anonymous"), {"jobs_pkey"}),
    "polled job": (
        statements.GET_POLLED_JOB,
        (b"", "job_1"),
        {"jobs_pkey", "keys_pkey|keys_hash_key", "pages_job_id_position_key"},
    ),
    "pages": (statements.GET_PAGES, ("job_1",), {"pages_job_id_position_key"}),
    "bodies": (statements.GET_BODY_PLACES, (1, None, 9), {"bodies_pkey", "pages_pkey"}),
    "body places": (statements.GET_BODY_PLACES, (1, ["html"], 9), {"bodies_pkey", "pages_pkey"}),
    "body part": (statements.GET_BODY_PART, (1, "html", 1, 1000), {"bodies_pkey"}),
    "key": (key_statements.FIND_KEY, (b"",), {"keys_hash_key"}),
    "old jobs": (statements.DELETE_ENDED_JOBS, (timedelta(days=9), 10), {"jobs_ended"}),
}

LARGE = (
    *("unended_pages", "pages", "jobs", "bodies", "keys", "webhook_deliveries", "webhook_endpoints"),
    *("crawl_urls", "crawl_hosts", "crawl_contents", "host_turns", "monitors", "batch_lines", "batch_ends"),
)


@pytest.fixture
async def full_database(database):
    await database.rows(
        "INSERT INTO keys (id, name, hash) SELECT 'k' || n, '', int4send(n) FROM generate_series(1, 5000) n"
    )
    await database.rows(
        "INSERT INTO jobs (id, key_id, batch, options, pages_left, status, completed_at) "
        "SELECT 'job_' || n, 'k1', false, '{}', 0, 'completed', now() FROM generate_series(1, 20000) n"
    )
    await database.rows(
        "INSERT INTO pages (job_id, key_id, position, url, status, completed_at) "
        "SELECT 'job_' || n, 'k1', 0, 'u', 'completed', now() FROM generate_series(1, 20000) n"
    )
    await database.rows(
        "INSERT INTO pages (job_id, key_id, position, url) "
        "SELECT 'job_' || n, 'k' || n % 3, 1, 'u' FROM generate_series(1, 20000) n"
    )
    await database.rows("INSERT INTO bodies SELECT id, 'html', '' FROM pages WHERE position = 0")
    await database.rows(
        "INSERT INTO webhook_deliveries (id, key_id, event, url, next_attempt_at) SELECT 'd' || n, 'k1', '', "
        "'http://' || n % 50 || '/', CASE WHEN n % 5 = 0 THEN now() END FROM generate_series(1, 20000) n"
    )
    await database.rows(
        "INSERT INTO webhook_endpoints (id, key_id, url, events, secret_salt, secret_hash) "
        "SELECT 'e' || n, 'k' || n % 5000 + 1, '', '{}', '', '' FROM generate_series(1, 10000) n"
    )
    await database.rows(
        "INSERT INTO unended_pages "
        "SELECT 'k' || n, part, 1 FROM generate_series(1, 5000) n, generate_series(0, 15) part"
    )
    await database.rows(
        "INSERT INTO jobs (id, key_id, batch, options, pages_left, kind, urls_waiting, pages, pages_allowed) "
        "SELECT 'crawl_' || n, 'k1', true, '{}', 0, 'crawl', 5000, 5000, 10000 FROM generate_series(1, 3) n"
    )
    await database.rows("INSERT INTO crawl_hosts SELECT 'crawl_' || n, 'h' || n FROM generate_series(1, 3) n")
    await database.rows("INSERT INTO crawl_hosts SELECT 'job_' || n, 'h' FROM generate_series(1, 20000) n")
    await database.rows(
        "INSERT INTO monitors (id, key_id, request, url, options, interval_minutes, is_active, revision, next_run_at, "
        "job_id, submitted) SELECT 'm' || n, 'k1', '{}', '', '{}', 60, true, '', now() + interval '1 hour', "
        "CASE WHEN n % 100 = 0 THEN 'job_' || n END, n % 100 = 0 FROM generate_series(1, 20000) n"
    )
    await database.rows(
        "INSERT INTO host_turns (host, next_at) SELECT 'h' || n, now() FROM generate_series(1, 20000) n"
    )
    await database.rows(
        "INSERT INTO crawl_urls (job_id, identity, url, host, depth, priority, family, position, number) "
        "SELECT 'crawl_' || n % 3 + 1, int4send(n), 'u', 'h' || n % 3 + 1, 1, 0.5, int4send(n % 500), "
        "CASE WHEN n <= 15000 THEN n END, CASE WHEN n <= 14990 THEN n END FROM generate_series(1, 30000) n"
    )
    await database.rows(
        "INSERT INTO crawl_contents SELECT 'crawl_' || n % 3 + 1, int4send(n), n FROM generate_series(1, 20000) n"
    )
    await database.rows(
        "INSERT INTO jobs (id, key_id, batch, options, pages_left, kind, urls_waiting, pages, pages_allowed) "
        "SELECT 'bulk_' || n, 'k' || n, true, '{}', 0, 'bulk', 5000, 5000, 10000 FROM generate_series(1, 3) n"
    )
    await database.rows(
        "INSERT INTO batches (id, key_id, deleted_at) SELECT 'bulk_' || n, 'k', now() FROM generate_series(1, 3) n"
    )
    await database.rows(
        "INSERT INTO batch_lines SELECT 'bulk_' || n % 3 + 1, n / 3, 'u' FROM generate_series(1, 30000) n"
    )
    await database.rows(
        "INSERT INTO batch_ends SELECT 'bulk_' || n % 3 + 1, n / 3, n / 3 FROM generate_series(1, 15000) n"
    )
    await database.rows("ANALYZE")
    return database


async def test_hot_queries_scan_no_table(full_database):
    for name, (statement, values, indexes) in HOT.items():
        row = await full_database.row(f"EXPLAIN (FORMAT JSON) {statement}", *values)
        plan = json.loads(row[0])[0]["Plan"]
        nodes = list(_nodes(plan))
        scanned = {node["Relation Name"] for node in nodes if node["Node Type"] == "Seq Scan"} & set(LARGE)
        used = {node["Index Name"] for node in nodes if "Index Name" in node}
        assert not scanned, f"{name} scans {scanned}"
        assert all(used.intersection(index.split("|")) for index in indexes), f"{name} uses {used}"


async def test_plans_that_were_made_while_the_tables_were_empty_scan_no_table(database):
    """PostgreSQL keeps a statement's plan until the table's statistics change: an idle worker's outlives its worth."""
    connection = await database.connect()
    await connection.execute("SET plan_cache_mode = force_generic_plan")
    for name, (statement, values, _) in HOT.items():
        await connection.execute(f"PREPARE hot AS {statement}")
        arguments = ", ".join(["NULL"] * len(values))
        [plan] = json.loads(await connection.fetchval(f"EXPLAIN (FORMAT JSON) EXECUTE hot ({arguments})"))
        await connection.execute("DEALLOCATE hot")
        scanned = {node["Relation Name"] for node in _nodes(plan["Plan"]) if node["Node Type"] == "Seq Scan"}
        assert not scanned & set(LARGE), f"{name} scans {scanned}"
    await connection.close()


async def test_links_are_looked_up_one_by_one_where_nothing_is_known_of_the_table_yet(database):
    """Not all URLs of the crawl are read for each page: there are no statistics before the table is analysed."""
    await database.rows(
        "INSERT INTO jobs (id, key_id, batch, options, pages_left, kind, urls_waiting, pages, pages_allowed) "
        "VALUES ('crawl_1', 'anonymous', true, '{}', 0, 'crawl', 5000, 0, 10000)"
    )
    await database.rows(
        "INSERT INTO crawl_urls (job_id, identity, url, host, depth, priority) "
        "SELECT 'crawl_1', int4send(n), 'u', 'h', 1, 0.5 FROM generate_series(1, 5000) n"
    )
    links = [number.to_bytes(4) for number in range(100)]
    columns = (links, *([each] * len(links) for each in ("u", "h", 1, 0.5, None)))
    [row] = await database.rows(
        f"EXPLAIN (ANALYZE, FORMAT JSON) {crawl_statements.ADD_URLS}", "crawl_1", *columns, 0, 100, 10_000, 100
    )
    nodes = _nodes(json.loads(row[0])[0]["Plan"])
    read = sum(
        node["Actual Rows"] * node["Actual Loops"] for node in nodes if node.get("Relation Name") == "crawl_urls"
    )
    assert 99 <= read < 1000


def _nodes(plan):
    yield plan
    for child in plan.get("Plans", []):
        yield from _nodes(child)
