"""Waits end: with the job, with the time, with the client, with the API; and need no notice for it."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import httpx
import pytest
from tests.api.conftest import CONTENT

from pagemill.api.submission.waiting import await_end

if TYPE_CHECKING:
    from tests.api.conftest import Api, SimulatedWorker

    from pagemill.api.resources import Resources
    from pagemill.jobs.database.pool import Database

URL = "https://example.com/"


async def never() -> dict[str, str]:
    await asyncio.Event().wait()
    return {"type": "http.request"}


async def nobody_waits(api: Api) -> None:
    """Return once no request listens for the end of a job, which must be soon."""
    async with asyncio.timeout(1):
        while api.server.app.state.resources.ended._subscribers:
            await asyncio.sleep(0.01)


async def test_a_client_that_leaves_ends_its_wait(api: Api) -> None:
    job_id = await api.submit(URL)
    with pytest.raises(httpx.ReadTimeout):
        await api.client.get(f"/v1/url-scraper/{job_id}?wait=30", timeout=0.3)
    await nobody_waits(api)


async def test_a_client_that_leaves_ends_its_scrape(api: Api) -> None:
    with pytest.raises(httpx.ReadTimeout):
        await api.client.post("/v1/scrape", json={"url": URL}, timeout=0.3)
    await nobody_waits(api)


async def test_many_wait_for_one_job(api: Api, worker: SimulatedWorker) -> None:
    job_id = await api.submit(URL)
    async with asyncio.TaskGroup() as group:
        waiting = [group.create_task(api.job(job_id, wait=20)) for _ in range(20)]
        await asyncio.sleep(0.2)
        await worker.complete_all()
    assert {task.result()["markdown"] for task in waiting} == {CONTENT["markdown"]}


async def test_a_stopping_api_answers_those_who_wait(api: Api) -> None:
    job_id = await api.submit(URL)
    waiting = asyncio.create_task(api.job(job_id, wait=30))
    await asyncio.sleep(0.2)
    started = time.monotonic()
    api.server.stop()
    assert (await waiting)["status"] == "pending"
    assert time.monotonic() - started < 2


async def test_a_lost_notice_costs_a_moment_only(api: Api, worker: SimulatedWorker, database: Database) -> None:
    job_id = await api.submit(URL)
    resources: Resources = api.server.app.state.resources
    waiting = asyncio.create_task(await_end(resources, job_id, api.key_id, seconds=20, receive=never))
    await asyncio.sleep(0.2)
    # As if the listening connection were gone just now: nobody hears of the end.
    resources.ended._subscribers.clear()
    await worker.complete_all()
    await asyncio.sleep(0.3)
    assert not waiting.done()
    async with asyncio.timeout(4):
        job = await waiting
    assert job is not None
    assert job.status == "completed"
