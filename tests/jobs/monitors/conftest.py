"""Monitors of local pages, by real workers."""

from __future__ import annotations

import asyncio
import contextlib

import pytest
from tests.web.http_server import HttpServer, Response

from pagemill.jobs.keys.keys import ANONYMOUS
from pagemill.jobs.monitors.monitor import Definition
from pagemill.jobs.monitors.store import MonitorStore
from pagemill.jobs.worker import Worker
from pagemill.model import Format, ScrapeOptions, SiteOptions

WORDS = "Flour, water, salt and time make bread. " * 20


def page(*lines, links=()):
    text = "".join(f"<p>{line}</p>" for line in (WORDS, *lines))
    named = "".join(f'<p>See <a href="{link}">the page of {link}</a> for more of it.</p>' for link in links)
    html = f"<html lang=en><title>Bread</title><body><main><h1>Bread</h1>{text}{named}</main></body></html>"
    return Response(html.encode())


class Monitors:
    """Makes monitors, lets them run, and reads what they found."""

    def __init__(self, database, settings):
        self.database = database
        self.settings = settings
        self.store = MonitorStore(database)

    def definition(self, url, *, site=None, formats=(Format.MARKDOWN,), schema=None, **fields):
        options = ScrapeOptions(formats=formats, force_fresh=True, output_schema=schema)
        found = {"interval_minutes": 15, "alert_webhook_url": None, "is_active": True, "expires_at": None, **fields}
        request = {"url": url, "intervalMinutes": found["interval_minutes"]}
        return Definition(
            request=request, url=url, options=options, site=SiteOptions(url=url, **site) if site else None, **found
        )

    async def create(self, url, key_id=ANONYMOUS, **fields):
        return await self.store.create(key_id, self.definition(url, **fields), limit=1000)

    async def get(self, monitor):
        return await self.store.get(monitor.key_id, monitor.id)

    async def changes(self, monitor):
        return await self.store.changes(monitor.id, None, 1000)

    async def make_due(self, monitor):
        await self.database.rows("UPDATE monitors SET next_run_at = now() WHERE id = $1", monitor.id)

    async def jobs(self):
        return [row["id"] for row in await self.database.rows("SELECT id FROM jobs ORDER BY created_at, id")]

    async def checked(self, monitor, times=1, seconds=30):
        """Wait until a monitor has run so often, and return it."""
        async with asyncio.timeout(seconds):
            while True:
                found = await self.get(monitor)
                count = await self.database.row("SELECT count(*) FROM jobs WHERE completed_at IS NOT NULL")
                if found.last_checked_at and found.job_id is None and count["count"] >= times:
                    return found
                await asyncio.sleep(0.02)

    async def run(self, monitor):
        """Let a monitor run once more, and return it."""
        before = await self.get(monitor)
        await self.make_due(monitor)
        async with asyncio.timeout(30):
            while (found := await self.get(monitor)).last_checked_at == before.last_checked_at or found.job_id:
                await asyncio.sleep(0.02)
        return found

    @contextlib.asynccontextmanager
    async def working(self, *names, **changes):
        stop = asyncio.Event()
        workers = [Worker(self.settings.changed(**changes), name) for name in names or ("worker",)]
        tasks = [asyncio.create_task(worker.run(stop)) for worker in workers]
        try:
            yield
        finally:
            stop.set()
            await asyncio.gather(*tasks)


@pytest.fixture
def settings(settings):
    return settings.changed(poll_interval=0.05, host_interval=0.0, crawl_poll_interval=0.01, fetch_attempts=1)


@pytest.fixture
def monitors(database, settings):
    return Monitors(database, settings)


@pytest.fixture
async def web():
    async with HttpServer({"/": page("Rye costs 3 euros.")}) as web:
        yield web
