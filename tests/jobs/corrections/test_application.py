"""Corrections of one key, applied by a worker to that key's pages alone."""

from __future__ import annotations

import asyncio

import pytest
from tests.extraction.choosing.test_corrections import FIRST, NOTE, SECOND, correction_of
from tests.web.http_server import HttpServer, Response

from pagemill import bodies
from pagemill.jobs.corrections.store import CorrectionStore, correction_id
from pagemill.jobs.keys.keys import Keys
from pagemill.jobs.queue.store import JobStore
from pagemill.jobs.worker import Worker
from pagemill.model import BlockRole, Correction, ScrapeOptions


@pytest.fixture
async def web():
    pages = {"/1": FIRST, "/2": SECOND}
    async with HttpServer({path: Response(html.encode()) for path, html in pages.items()}) as web:
        yield web


async def test_pages_of_one_key_are_corrected_and_those_of_another_are_not(settings, database, web):
    keys = [(await Keys(database).create(name))[0] for name in ("one", "two")]
    store, corrections = JobStore(database), CorrectionStore(database, settings)
    stop = asyncio.Event()
    worker = asyncio.create_task(Worker(settings.changed(cache_time=3600.0), "worker").run(stop))

    async def markdown(key_id, path):
        job = await store.submit(key_id, [web.url(path)], ScrapeOptions(), batch=False)
        async with asyncio.timeout(20):
            while not (await store.get(job.id, key_id)).status.ended:
                await asyncio.sleep(0.02)
        [page] = await store.pages(job.id)
        return bodies.unpack((await store.bodies(page.id))["markdown"]), page.cached

    try:
        assert NOTE in (await markdown(keys[0], "/1"))[0]
        given = correction_of(FIRST, NOTE, BlockRole.JUNK)
        named = correction_id(keys[0], ("127.0.0.1",), given.path, None, given.template)
        correction = Correction(named, ("127.0.0.1",), given.template, given.path, None, given.role)
        await corrections.save(
            keys[0], correction, instead_of=BlockRole.BODY, sample=NOTE, url=web.url("/1"), html=bodies.pack(FIRST)
        )
        # In turn, so that each would find in the cache what was made for the other.
        for key_id, path, corrected, cached in (
            (keys[0], "/1", True, True),
            (keys[1], "/1", False, True),
            (keys[0], "/2", True, False),
            (keys[1], "/2", False, True),
            (keys[0], "/2", True, True),
        ):
            text, was_cached = await markdown(key_id, path)
            assert (NOTE not in text, was_cached) == (corrected, cached), (key_id, path)
        await corrections.delete(keys[0], named)
        assert NOTE in (await markdown(keys[0], "/2"))[0]
    finally:
        stop.set()
        await worker
    assert len(web.requests) == 2
