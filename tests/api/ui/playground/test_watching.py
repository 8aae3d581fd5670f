from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from tests.api.conftest import serving
from tests.api.ui.playground.event_stream import watching
from tests.api.ui.signed_in import signed_in

from pagemill.jobs.batches.store import BatchStore
from pagemill.jobs.queue.notifications import QUEUE, WATCH, Notifications
from pagemill.jobs.queue.store import JobStore
from pagemill.jobs.queue.watched_steps import StepTeller
from pagemill.observability.stages import Stage

if TYPE_CHECKING:
    from tests.api.conftest import Api, SimulatedWorker

    from pagemill.jobs.database.pool import Database
    from pagemill.settings import Settings

URL = "https://example.com/"


async def test_the_steps_of_a_page_are_told_as_they_happen(
    api: Api, worker: SimulatedWorker, database: Database
) -> None:
    job_id = await api.submit(URL)
    teller = StepTeller(database)
    async with Notifications(database, QUEUE) as notices, signed_in(api) as visitor:
        notices.handle(WATCH, teller.watch)
        telling = asyncio.create_task(teller.run())
        [page] = await worker.start_all()
        with teller.steps_of(page), Stage("http"):
            async with watching(visitor, job_id) as states:
                state = await anext(states)
                assert (state["status"], state["page"]["status"]) == ("processing", "processing")
                while not state["steps"]:  # the one that began before anyone watched
                    state = await anext(states)
                assert [(step["stage"], step["ended"]) for step in state["steps"]] == [("http", None)]
                with contextlib.suppress(ValueError), Stage("browser"):
                    while len(state["steps"]) < 2:
                        state = await anext(states)
                    raise ValueError
                while state["steps"][-1]["ended"] is None:
                    state = await anext(states)
                assert (state["steps"][-1]["stage"], state["steps"][-1]["error"]) == ("browser", "internal_error")
                await worker.complete(page)
                rest = [state async for state in states]
                assert (rest[-2]["status"], rest[-1]) == ("completed", None)
        telling.cancel()


async def test_who_watches_too_late_sees_the_end(api: Api, worker: SimulatedWorker) -> None:
    job_id = await api.submit(URL)
    [page] = await worker.start_all()
    await worker.fail(page)
    async with signed_in(api) as visitor, watching(visitor, job_id) as states:
        told = [state async for state in states]
        assert [state and state["status"] for state in told] == ["failed", None]
        assert told[0]["page"]["error"] == "The host refused. (connection_refused)"


async def test_the_pages_of_a_batch_are_told_as_they_end(api: Api, worker: SimulatedWorker) -> None:
    job_id = await api.submit(URL, f"{URL}b")
    first, second = await worker.start_all()
    async with signed_in(api) as visitor, watching(visitor, job_id) as states:
        state = await anext(states)
        assert (state["pages"], state["ended"]) == (2, 0)
        await worker.complete(first)
        state = await anext(states)
        assert (state["ended"], [page["status"] for page in state["results"]]) == (1, ["completed", "processing"])
        await worker.fail(second)
        state = await anext(states)
        assert (state["status"], state["ended"], state["completed"]) == ("completed", 2, 1)
        assert await anext(states) is None


async def test_a_crawl_is_counted(api: Api, worker: SimulatedWorker) -> None:
    crawl_id = (await api.client.post("/v1/crawl", json={"url": URL})).json()["id"]
    [page] = await worker.start_all()
    async with signed_in(api) as visitor, watching(visitor, crawl_id) as states:
        state = await anext(states)
        assert (state["pages"], state["ended"], state["results"]) == (1, 0, [])
        await worker.complete(page)
        while not state["results"]:
            state = await anext(states)
        assert (state["ended"], state["results"][0]["url"]) == (1, URL)


async def test_the_pages_of_an_upload_are_counted_alone(
    api: Api, worker: SimulatedWorker, database: Database, settings: Settings
) -> None:
    """It may have a million: no watcher has them read."""
    uploaded = await api.client.post("/v1/batches", content=f"{URL}1\n{URL}2\n{URL}3\n".encode())
    await BatchStore(database, JobStore(database), settings.changed(batch_queued_pages=2)).release()
    first, _ = await worker.start_all()
    await worker.complete(first)
    async with signed_in(api) as visitor, watching(visitor, uploaded.json()["id"]) as states:
        state = await anext(states)
    assert (state["pages"], state["ended"], state["completed"], state["results"]) == (3, 1, 1, [])


async def test_who_waits_to_watch_is_sent_away_when_the_service_stops(settings: Settings, key: tuple[str, str]) -> None:
    async with serving(settings.changed(max_streams=1), key) as api:
        job_id = await api.submit(URL)
        async with signed_in(api) as visitor, asyncio.TaskGroup() as watchers, watching(visitor, job_id) as states:
            await anext(states)
            waiting = [watchers.create_task(visitor.get(f"/ui/playground/{job_id}/events")) for _ in range(3)]
            await asyncio.sleep(0.3)
            api.server.app.state.resources.stopping.set()
            assert [state async for state in states] == []
        assert all("alive" not in task.result().text for task in waiting)
