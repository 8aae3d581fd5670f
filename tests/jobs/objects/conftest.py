"""Bodies in a folder, or in a bucket of a real server that speaks S3."""

from __future__ import annotations

import pytest

from pagemill.jobs.objects.deletion import ObjectDeletion
from pagemill.jobs.objects.object_storage import ObjectStorage, split_url
from pagemill.jobs.queue.claims import Queue
from pagemill.jobs.queue.store import JobStore
from pagemill.model import ScrapeOptions


@pytest.fixture(params=["file", "s3"])
def bodies_url(request, tmp_path):
    if request.param == "file":
        return (tmp_path / "kept bodies").as_uri()
    request.getfixturevalue("s3")
    return f"s3://bodies/{tmp_path.name}"


@pytest.fixture
def settings(settings, bodies_url):
    return settings.changed(bodies_url=bodies_url, bodies_wait=2.0, bodies_timeout=10.0)


@pytest.fixture
def storage(settings, database):
    return ObjectStorage(settings, database)


@pytest.fixture
def deletion(settings, database, storage):
    return ObjectDeletion(settings, database, storage)


@pytest.fixture
def store(database, storage):
    return JobStore(database, objects=storage)


@pytest.fixture
async def queue(database, storage):
    queue = Queue(database, "worker", objects=storage)
    await queue.heartbeat()
    return queue


@pytest.fixture
def completed(store, queue):
    """Completes a page with bodies, and returns it."""

    async def complete(**bodies):
        job = await store.submit("anonymous", ["http://a.test/"], ScrapeOptions(), batch=False)
        [page] = await queue.claim(1)
        assert await queue.complete(page, final_url=page.url, status_code=200, bodies=bodies)
        [page] = await store.pages(job.id)
        return page

    return complete


@pytest.fixture
def names(storage):
    """The names of all objects that are there."""

    async def names():
        bucket = await storage.bucket(storage.url)
        return {name async for part in bucket.names("") for name, _ in part}

    return names


@pytest.fixture
def name_of(database):
    """The name of a page's object, from its row."""

    async def name_of(page):
        row = await database.row("SELECT object FROM pages WHERE id = $1", page.id)
        return split_url(row["object"])[1]

    return name_of
