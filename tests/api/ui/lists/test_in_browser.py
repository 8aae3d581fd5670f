"""Lists and operations in a real browser: what people do there, axe on each view, and texts that try to get out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from tests.api.ui.browsing import watched

from pagemill.jobs.keys.keys import Keys
from pagemill.jobs.queue.store import JobStore, Site
from pagemill.model import Failure, JobKind, ScrapeOptions, SiteOptions

if TYPE_CHECKING:
    from playwright.async_api import Browser
    from tests.api.ui.browsing import Interface, Watched

pytestmark = pytest.mark.asyncio(loop_scope="module")

HOSTILE = (
    "\"'><script>document.title='out'</script><img src=x onerror=\"document.title='out'\">{{7*7}}</title><svg onload=1>"
)
HOSTILE_URL = f"https://hostile.test/{HOSTILE}"
MONITOR, CHANGE = f"mon_{0:024x}", f"chg_{0:024x}"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hostile_job(interface: Interface) -> str:
    """Rows in every table that views read, full of markup, as a database might hold them whatever was let in."""
    database, key = interface.database, interface.operator[0]
    store = JobStore(database)
    job = await store.submit(key, [HOSTILE_URL, HOSTILE_URL], ScrapeOptions(headers=((HOSTILE, HOSTILE),)), batch=True)
    worker = interface.worker
    first, second = await worker.start_all()
    await worker.complete(first)
    await worker.fail(second, Failure("dns_error", HOSTILE).code, HOSTILE)
    await database.rows("UPDATE pages SET final_url = $1, waits_for_host = $1 WHERE job_id = $2", HOSTILE, job.id)
    site = Site(JobKind.CRAWL, SiteOptions("https://site.test/"), b"1", "site.test")
    await store.submit(key, ["https://site.test/"], ScrapeOptions(), batch=True, site=site)
    await database.rows(
        "INSERT INTO monitors (id, key_id, request, url, options, interval_minutes, is_active, revision, error_code, "
        "error_message) VALUES ($1, $2, '{}', $3, '{}', 60, true, 'r', $4, $4)",
        *(MONITOR, key, HOSTILE_URL, HOSTILE),
    )
    await database.rows(
        "INSERT INTO monitor_changes (id, monitor_id, job_id, kind, url, summary, diff, diff_json) "
        "VALUES ($1, $2, $3, 'changed', $4, $5, $6, $7)",
        *(CHANGE, MONITOR, job.id, HOSTILE_URL, HOSTILE, f"@@ -1 +1 @@\n-{HOSTILE} a\n+{HOSTILE} b\n"),
        {"changed": {HOSTILE: {"before": HOSTILE, "after": HOSTILE}}},
    )
    await database.rows(
        "INSERT INTO exit_scores (host, exit, successes, failures, seconds) VALUES ($1, $1, 1, 1, 1)", HOSTILE
    )
    await database.rows(
        "INSERT INTO webhook_endpoints (id, key_id, url, description, events, secret_salt, secret_hash) "
        "VALUES ('whe_1', $1, $2, $3, '{job.failed}', '', '')",
        *(key, HOSTILE_URL, HOSTILE),
    )
    await database.rows(
        "INSERT INTO webhook_deliveries (id, key_id, event, url, error, status) "
        "VALUES ('whd_1', $1, 'job.failed', $2, $3, 'failed')",
        *(key, HOSTILE_URL, HOSTILE),
    )
    await Keys(database).create(HOSTILE)
    await database.rows(
        "INSERT INTO metrics_history (source, number, taken_at, counted, gauges, queue) SELECT 's', n, "
        "now() - n * interval '1 minute', jsonb_build_object($1::text, 3), '{}', '{\"workers\": 1, \"waiting\": 2}' "
        "FROM generate_series(1, 59) n",
        f"pages_ended_total{{code={HOSTILE.replace(',', '').replace('=', '')},status=failed}}",
    )
    return job.id


def views(job: str) -> list[str]:
    monitor = f"/ui/monitors/{MONITOR}"
    return [
        *("/ui/jobs", f"/ui/jobs/{job}", f"/ui/jobs/{job}?pages=failed", "/ui/crawls", "/ui/monitors", monitor),
        *(f"{monitor}/changes/{CHANGE}", "/ui/operations", "/ui/keys", "/ui/webhooks", "/ui/hosts", "/ui/proxies"),
    ]


async def test_no_text_gets_out_of_any_view(interface: Interface, operator_visit: Watched, hostile_job: str) -> None:
    """The fixture also looks for dialogs, errors, what the policy refused, and requests to other hosts."""
    page = operator_visit.page
    for path in [*views(hostile_job), f"/ui/jobs?q={HOSTILE_URL}&error={HOSTILE}", f"/ui/hosts?q={HOSTILE}"]:
        await page.goto(path)
        assert "out" not in (await page.title()).split(), path
        assert await page.locator("img, script:not([src]), main [onload]").count() == 0, path
        assert (
            "49" not in await page.locator("main").inner_text() or "{{7*7}}" in await page.locator("main").inner_text()
        )
    await page.goto(f"/ui/jobs/{hostile_job}")
    assert HOSTILE in await page.locator("main").inner_text()


async def test_axe_finds_no_serious_fault(interface: Interface, chromium: Browser, hostile_job: str) -> None:
    """Views in turn as on a phone by day and on a desk by night: all of them in both would take too long."""
    turns = ("light", 390), ("dark", 1280)
    for turn, (scheme, width) in enumerate(turns):
        options = {"color_scheme": scheme, "viewport": {"width": width, "height": 800}}
        async with watched(chromium, interface, interface.operator[1], **options) as visit:
            for path in views(hostile_job)[turn :: len(turns)]:
                await visit.page.goto(path)
                assert await visit.serious_faults() == [], path
                assert await visit.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        assert visit.problems == []


async def test_a_job_is_found_cancelled_and_run_again(interface: Interface, chromium: Browser) -> None:
    job = await JobStore(interface.database).submit(
        interface.api.key_id, ["https://pressed.test/"], ScrapeOptions(), batch=False
    )
    async with watched(chromium, interface, interface.api.secret) as visit:
        page = visit.page
        page.on("dialog", lambda dialog: dialog.accept())
        await page.goto("/ui/jobs")
        await page.get_by_label("First URL").fill("pressed.test")
        await page.keyboard.press("Enter")
        await page.get_by_role("link", name="https://pressed.test/").click()
        await page.get_by_role("button", name="Cancel").click()
        await page.get_by_role("button", name="Run again").click()
        await page.get_by_role("button", name="Cancel").wait_for()
        assert job.id not in page.url
        assert await page.get_by_role("link", name=job.id).count() == 1
        # The part that refreshes shows what happens without being loaded again.
        await interface.worker.complete_all()
        await page.locator(".badge.completed").first.wait_for()
        assert await page.get_by_role("button", name="Cancel").count() == 0
        assert await page.get_by_role("button", name="Run again").is_visible()
    assert [problem for problem in visit.problems if not problem.startswith("dialog: Cancel")] == []


async def test_an_operator_makes_a_key_and_revokes_it(interface: Interface, chromium: Browser) -> None:
    async with watched(chromium, interface, interface.operator[1]) as visit:
        page = visit.page
        page.on("dialog", lambda dialog: dialog.accept())
        await page.goto("/ui/keys")
        await page.get_by_label("Name").fill("made in the browser")
        await page.keyboard.press("Enter")
        secret = await page.locator("#new-key").inner_text()
        assert await Keys(interface.database).find(secret)
        row = page.get_by_role("row").filter(has_text="made in the browser")
        await row.get_by_role("button", name="Revoke").click()
        await row.get_by_text("revoked").wait_for()
        assert await Keys(interface.database).find(secret) is None
    assert [problem for problem in visit.problems if not problem.startswith("dialog: Revoke")] == []
