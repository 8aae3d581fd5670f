"""The cache as the service has it: workers, the database and a target that counts."""

from __future__ import annotations

import asyncio
import contextlib
import random
from datetime import timedelta

import pytest
from tests.web.http_server import HttpServer, Response

from pagemill import bodies
from pagemill.jobs.database.pool import Database
from pagemill.jobs.keys.keys import ANONYMOUS
from pagemill.jobs.memory.page_cache import _LARGE, DatabasePageCache
from pagemill.jobs.objects.object_storage import ObjectStorage
from pagemill.jobs.queue.claims import Queue
from pagemill.jobs.queue.store import JobStore
from pagemill.jobs.worker import Worker
from pagemill.model import Cookie, FetchedPage, Format, ScrapeOptions, Status
from pagemill.scraping.page_cache import cache_key

HTML = b"<html><body><article><h1>Title</h1><p>Words of a page. <a href='/x'>Link</a></p></article></body></html>"
PAGE = Response(HTML)
DEFAULT = ScrapeOptions()


@pytest.fixture
def settings(settings):
    return settings.changed(cache_time=86400.0)


@pytest.fixture
def store(database):
    return JobStore(database)


@pytest.fixture
async def web():
    async with HttpServer({"/": PAGE}) as web:
        yield web


@contextlib.asynccontextmanager
async def working(settings, *names, **changes):
    stop = asyncio.Event()
    workers = [Worker(settings.changed(**changes), name) for name in names or ("worker",)]
    tasks = [asyncio.create_task(worker.run(stop)) for worker in workers]
    try:
        yield
    finally:
        stop.set()
        await asyncio.gather(*tasks)


async def scraped(store, url, options=DEFAULT, seconds=20):
    """The page of a job of one URL, once it has ended."""
    job = await store.submit(ANONYMOUS, [url], options, batch=False)
    async with asyncio.timeout(seconds):
        while not (await store.get(job.id, ANONYMOUS)).status.ended:
            await asyncio.sleep(0.02)
    [page] = await store.pages(job.id)
    return page


async def markdown(store, page):
    return bodies.unpack((await store.bodies(page.id))["markdown"])


async def test_a_page_is_given_again_without_a_request(settings, store, web):
    async with working(settings):
        first = await scraped(store, web.url("/"))
        second = await scraped(store, web.url("/#part"))
    assert (first.cached, second.cached) == (False, True)
    assert await store.bodies(first.id) == await store.bodies(second.id)
    assert len(web.requests) == 1


async def test_force_fresh_goes_out_and_refreshes(settings, store, web):
    async with working(settings):
        await scraped(store, web.url("/"))
        web.routes["/"] = Response(b"<p>new words</p>")
        fresh = await scraped(store, web.url("/"), ScrapeOptions(force_fresh=True))
        later = await scraped(store, web.url("/"))
    assert (fresh.cached, later.cached) == (False, True)
    assert "new words" in await markdown(store, later)
    assert len(web.requests) == 2


async def test_max_age_zero_asks_each_time(settings, store, web):
    async with working(settings):
        for _ in range(2):
            assert not (await scraped(store, web.url("/"), ScrapeOptions(max_age=0.0))).cached
    assert len(web.requests) == 2


async def test_max_age_narrows_the_time(settings, store, database, web):
    async with working(settings):
        await scraped(store, web.url("/"))
        await database.rows("UPDATE cached_pages SET fetched_at = now() - interval '1 hour'")
        assert (await scraped(store, web.url("/"), ScrapeOptions(max_age=7200))).cached
        assert not (await scraped(store, web.url("/"), ScrapeOptions(max_age=1800))).cached
        assert (await scraped(store, web.url("/"), ScrapeOptions(max_age=1800))).cached
    assert len(web.requests) == 2


async def test_the_setting_bounds_the_time(settings, store, database, web):
    async with working(settings, cache_time=1800):
        await scraped(store, web.url("/"))
        await database.rows("UPDATE cached_pages SET fetched_at = now() - interval '1 hour'")
        assert not (await scraped(store, web.url("/"), ScrapeOptions(max_age=7200))).cached
    async with working(settings, cache_time=0):
        assert not (await scraped(store, web.url("/"))).cached


async def test_two_hundred_who_ask_at_once_cause_one_request(settings, database_url, web):
    async def slow(_request):
        await asyncio.sleep(0.5)
        return PAGE

    web.routes["/"] = slow
    # Two hundred wait for five connections: on a busy machine for longer than other tests' five seconds.
    async with Database(database_url, connections=5, wait=60) as database:
        store = JobStore(database)
        async with working(settings, "one", "two", "three"):
            pages = await asyncio.gather(*(scraped(store, web.url("/"), seconds=60) for _ in range(200)))
        texts = {await markdown(store, page) for page in pages}
    assert len(web.requests) == 1
    assert {page.status for page in pages} == {Status.COMPLETED}
    assert sum(page.cached for page in pages) == 199
    assert len(texts) == 1
    assert "Words of a page" in texts.pop()


async def test_those_who_wait_for_a_failure_share_it(settings, store, web):
    async def failing(_request):
        await asyncio.sleep(0.5)
        return Response(b"no", 404)

    web.routes["/"] = failing
    async with working(settings):
        pages = await asyncio.gather(*(scraped(store, web.url("/")) for _ in range(10)))
    assert {page.failure.code for page in pages} == {"http_error"}
    assert len(web.requests) < 4  # one for each time that the worker took pages


VALIDATORS = [
    ("ETag", '"v1"', "if-none-match"),
    ("Last-Modified", "Mon, 01 Jan 2024 00:00:00 GMT", "if-modified-since"),
]


@pytest.mark.parametrize(("name", "value", "asked"), VALIDATORS)
async def test_a_page_that_has_not_changed_is_renewed(settings, store, database, web, name, value, asked):
    def answer(request):
        if request.headers.get(asked) == value:
            return Response(b"", 304, content_type=None)
        return Response(HTML, headers=((name, value),))

    web.routes["/"] = answer
    async with working(settings):
        await scraped(store, web.url("/"))
        await database.rows("UPDATE cached_pages SET fetched_at = now() - interval '2 days'")
        renewed = await scraped(store, web.url("/"))
        again = await scraped(store, web.url("/"))
    assert [asked in request.headers for request in web.requests] == [False, True]
    assert renewed.cached
    assert again.cached
    assert renewed.status == Status.COMPLETED
    assert "Words of a page" in await markdown(store, renewed)


async def test_a_page_that_has_changed_comes_anew(settings, store, database, web):
    web.routes["/"] = Response(HTML, headers=(("ETag", '"v1"'),))
    async with working(settings):
        await scraped(store, web.url("/"))
        await database.rows("UPDATE cached_pages SET fetched_at = now() - interval '2 days'")
        web.routes["/"] = Response(b"<p>changed words</p>", headers=(("ETag", '"v2"'),))
        page = await scraped(store, web.url("/"))
    assert web.requests[1].headers["if-none-match"] == '"v1"'
    assert not page.cached
    assert "changed words" in await markdown(store, page)


async def test_validators_go_to_the_page_that_gave_them_alone(settings, store, database, web):
    web.routes["/old"] = Response(b"", 302, headers=(("Location", "/"), ("ETag", '"redirect"')))
    web.routes["/"] = Response(HTML, headers=(("ETag", '"v1"'),))
    async with working(settings):
        await scraped(store, web.url("/old"))
        await database.rows("UPDATE cached_pages SET fetched_at = now() - interval '2 days'")
        await scraped(store, web.url("/old"))
    sent = [(request.path, request.headers.get("if-none-match")) for request in web.requests]
    assert sent == [("/old", None), ("/", None), ("/old", None), ("/", '"v1"')]


async def test_what_another_extractor_made_is_made_again_without_a_request(settings, store, database, web):
    async with working(settings):
        first = await scraped(store, web.url("/"))
        expected = await store.bodies(first.id)
        await database.rows("UPDATE cached_pages SET extractor = 'older'")
        await database.rows("UPDATE cached_bodies SET body = $1", bodies.pack("old"))
        for _ in range(2):
            page = await scraped(store, web.url("/"))
            assert page.cached
            assert await store.bodies(page.id) == expected
    assert len(web.requests) == 1


async def test_formats_that_were_not_asked_for_before_are_made_without_a_request(settings, store, web):
    async with working(settings):
        await scraped(store, web.url("/"), ScrapeOptions(formats=(Format.MARKDOWN,)))
        for _ in range(2):
            page = await scraped(store, web.url("/"), ScrapeOptions(formats=(Format.LINKS,)))
            assert page.cached
            assert bodies.unpack((await store.bodies(page.id))["links"]) == [{"href": web.url("/x"), "text": "Link"}]
        page = await scraped(store, web.url("/"), ScrapeOptions(formats=(Format.MARKDOWN, Format.LINKS)))
        assert set(await store.bodies(page.id)) == {"markdown", "links", "metadata"}
    assert len(web.requests) == 1


async def test_large_pages_are_not_kept(settings, store, web):
    async with working(settings, cache_max_page_bytes=50):
        await scraped(store, web.url("/"))
        assert not (await scraped(store, web.url("/"))).cached


async def test_a_dead_holder_holds_nobody_up_and_a_living_one_is_waited_for(settings, store, database, web):
    url = web.url("/")
    other = Queue(database, "other")
    await other.heartbeat()
    held = DatabasePageCache(database, "other", settings)
    assert await held.lock(cache_key(url, DEFAULT))
    async with working(settings, worker_timeout=60):
        waiting = asyncio.ensure_future(scraped(store, url))
        await asyncio.sleep(1)
        assert not waiting.done()
        assert web.requests == []
        await database.rows("DELETE FROM workers WHERE id = 'other'")
        assert not (await waiting).cached
    assert len(web.requests) == 1


async def test_old_pages_go_in_small_steps(settings, store, database, web):
    cache = DatabasePageCache(database, "worker", settings)
    for number in range(5):
        page = FetchedPage("u", "u", 200, "text/html", HTML)
        await cache.keep(bytes([number]), page, "http", "v", {"html": b"x"})
    await database.rows("UPDATE cached_pages SET fetched_at = now() - interval '8 days' WHERE key <> $1", bytes([0]))
    week = timedelta(days=7)
    assert [await cache.delete_old(week, 3) for _ in range(3)] == [3, 1, 0]
    assert await cache.raw(bytes([0])) == HTML
    assert await database.rows("SELECT DISTINCT key FROM cached_bodies") == [(bytes([0]),)]


async def test_a_cache_that_is_away_holds_nothing(settings):
    async with asyncio.timeout(30):
        database = Database("postgresql://nobody@127.0.0.1:1/none", connections=1, wait=float("inf"))
        cache = DatabasePageCache(database, "worker", settings)
        assert await cache.find(b"k") is None
        assert await cache.lock(b"k")
        await cache.unlock(b"k")


PRIVATE = [
    ScrapeOptions(headers=(("X-Token", "1"),)),
    ScrapeOptions(cookies=(Cookie("a", "b"),)),
    ScrapeOptions(user_agent="me"),
]


@pytest.mark.parametrize("options", PRIVATE)
async def test_what_is_not_anonymous_is_neither_kept_nor_given(settings, store, database, web, options):
    async with working(settings):
        await scraped(store, web.url("/"), options)
        assert await database.rows("SELECT key FROM cached_pages") == []
        await scraped(store, web.url("/"))
        assert not (await scraped(store, web.url("/"), options)).cached
    assert len(web.requests) == 3


async def test_a_damaged_object_is_one_that_the_cache_does_not_have(settings, database, tmp_path):
    storage = ObjectStorage(settings.changed(bodies_url=tmp_path.as_uri(), bodies_wait=20.0), database)
    cache = DatabasePageCache(database, "worker", settings, storage)
    fetched = FetchedPage("http://a.test/", "http://a.test/", 200, "text/html", HTML)
    await cache.keep(b"k", fetched, "http", "1", {"html": bodies.pack("h" * 200), "markdown": bodies.pack("m")})
    [stored] = [path for path in tmp_path.rglob("*") if path.is_file()]
    whole = stored.read_bytes()
    assert await cache.raw(b"k") == HTML
    assert len(await cache.bodies(b"k", ["html", "markdown"])) == 2
    for damaged in (b"", whole[:20], whole[:-1], b"?" * len(whole), whole[:-1] + b"?"):
        stored.write_bytes(damaged)
        assert await cache.bodies(b"k", ["html", "markdown"]) == {}
    for damaged in (b"", whole[:20], b"?" * len(whole), whole[:20] + b"?" * (len(whole) - 20)):
        stored.write_bytes(damaged)
        assert await cache.raw(b"k") is None


@pytest.mark.parametrize("size", [0, 1, _LARGE - 1, _LARGE, 3 * _LARGE])
async def test_bytes_come_back_whatever_their_number(settings, database, size):
    cache = DatabasePageCache(database, "worker", settings)
    body = random.Random(size).randbytes(size)
    fetched = FetchedPage("http://a.test/", "http://a.test/", 200, "text/html", body)
    others = [cache.keep(key, fetched, "http", "1", {}) for key in (b"a", b"b", b"c")]
    await asyncio.gather(*others)
    assert [await cache.raw(key) for key in (b"a", b"b", b"c")] == [body] * 3
