"""Results in object storage, as a client sees them: the same, and 503 while that is away."""

from __future__ import annotations

import asyncio
import json
import random
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.api.conftest import serving
from tests.web.http_server import HttpServer, Response

from pagemill import bodies
from pagemill.jobs.objects.bucket import Bucket
from pagemill.jobs.objects.deletion import ObjectDeletion
from pagemill.jobs.objects.object_storage import ObjectStorage, split_url
from pagemill.jobs.queue.claims import Queue
from pagemill.jobs.queue.store import JobStore
from pagemill.jobs.worker import Worker
from pagemill.model import Failure

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.api.conftest import Api
    from tests.jobs.objects.s3_server import Relay

    from pagemill.jobs.database.pool import Database
    from pagemill.settings import Settings

PAGE = Response(
    b"<html><title>T</title><body><article><h1>Title</h1>"
    + b"<p>Words of a page.</p>" * 2000
    + b"<a href='/x'>Link</a></article></body></html>"
)
FORMATS = ["html", "cleanedHtml", "markdown", "links"]
URL = "https://example.com/"
CHANGING = {"id", "jobId", "createdAt", "completedAt", "durationMs", "startedAt", "attempts"}


@pytest.fixture
def settings(settings: Settings, s3: Relay, tmp_path: Path) -> Settings:
    return settings.changed(bodies_url=f"s3://bodies/{tmp_path.name}", bodies_wait=0.5, bodies_timeout=5.0)


@pytest.fixture
async def filling(settings: Settings, database: Database) -> Queue:
    """Ends pages as a worker does."""
    queue = Queue(database, "w", objects=ObjectStorage(settings, database))
    await queue.heartbeat()
    return queue


async def complete(queue: Queue, **more: bytes) -> None:
    stored = {"markdown": bodies.pack("text"), "metadata": bodies.pack({"title": "Title"}), **more}
    for page in await queue.claim(10):
        assert await queue.complete(page, final_url=page.url, status_code=200, bodies=stored)


async def scraped(settings: Settings, key: tuple[str, str], web: HttpServer) -> tuple[dict[str, Any], bytes]:
    """What a client gets of a page and of a map, from a service with these settings."""
    stop = asyncio.Event()
    work = asyncio.create_task(Worker(settings, "worker").run(stop))
    try:
        async with serving(settings, key) as api:
            job_id = await api.submit(web.url("/"), formats=FORMATS)
            job = await api.job(job_id, wait=30)
            accepting = {"Accept-Encoding": "identity"}
            plain = await api.client.get(f"/v1/url-scraper/{job_id}", headers=accepting)
            assert plain.json() == job
            site = await api.client.post("/v1/map", json={"url": web.url("/")})
            found = await api.client.get(f"/v1/map/{site.json()['id']}", params={"wait": 30})
    finally:
        stop.set()
        await work
    assert job["status"] == found.json()["status"] == "completed", (job, found.text)
    links = str(found.json()["links"]).encode()
    return {name: value for name, value in job.items() if name not in CHANGING}, links


async def test_a_scrape_gives_the_same_wherever_its_bodies_are(
    settings: Settings, key: tuple[str, str], database: Database, tmp_path: Path
) -> None:
    async with HttpServer({"/": PAGE, "/x": PAGE}) as web:
        rows = await scraped(settings.changed(bodies_url=None), key, web)
        folder = await scraped(settings.changed(bodies_url=(tmp_path / "folder").as_uri()), key, web)
        bucket = await scraped(settings, key, web)
    assert rows[0]["markdown"]
    assert rows == folder == bucket
    row = await database.row("SELECT max(octet_length(body)) AS most FROM bodies JOIN pages ON id = page_id "
                             "WHERE object IS NOT NULL")  # fmt: skip
    assert row is not None
    assert row["most"] is None


@pytest.fixture
async def api(settings: Settings, key: tuple[str, str]) -> AsyncIterator[Api]:
    async with serving(settings, key) as running:
        yield running


async def test_what_cannot_be_read_is_answered_with_503_and_what_to_do(api: Api, filling: Queue, s3: Relay) -> None:
    single = await api.submit(URL, formats=["markdown", "screenshot"])
    await complete(filling, screenshot=b"PNG")
    batch = await api.submit("http://10.0.0.1/refused", URL, formats=["markdown"])
    [refused, _] = await filling.claim(2)
    await filling.fail(refused, Failure("blocked_address", "No."))
    await filling.release()
    await complete(filling)
    paths = [f"/v1/url-scraper/{single}", f"/v1/url-scraper/{batch}", f"/v1/url-scraper/{single}/screenshot"]
    before = [await content_of(api, path) for path in paths]
    await s3.cut()
    for path in paths:
        answer = await api.client.get(path)
        assert (answer.status_code, answer.json()["code"]) == (503, "storage_unavailable"), answer.text
        assert "pagemill doctor" in answer.json()["message"]
        assert "s3cret" not in answer.text
        assert answer.headers["Retry-After"]
    status = await api.client.get(paths[0], params={"fields": "status"})
    assert (status.status_code, status.json()["status"]) == (200, "completed")
    await s3.mend()
    assert [await content_of(api, path) for path in paths] == before


async def content_of(api: Api, path: str) -> bytes:
    """What is answered once the storage is found again, which takes longer than a read may on a busy machine."""
    async with asyncio.timeout(60):
        while (answer := await api.client.get(path)).status_code == 503:
            await asyncio.sleep(0.1)
    assert answer.status_code == 200, answer.text
    return answer.content


async def test_a_crawl_that_cannot_be_read_is_answered_with_503(api: Api, filling: Queue, s3: Relay) -> None:
    answer = await api.client.post("/v1/crawl", json={"url": URL, "limit": 1})
    await complete(filling)
    path = f"/v1/crawl/{answer.json()['id']}"
    assert (await api.client.get(path)).json()["pages"]
    await s3.cut()
    answer = await api.client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (503, "storage_unavailable")
    await s3.mend()


async def test_a_result_that_waits_for_its_turn_is_not_read_yet(
    settings: Settings, key: tuple[str, str], filling: Queue, s3: Relay
) -> None:
    """Else all that wait would be held in memory."""
    settings = settings.changed(max_downloads=1, bodies_wait=3.0)
    async with serving(settings, key) as api:
        job_id = await api.submit(URL, formats=["markdown", "screenshot"])
        crawl = (await api.client.post("/v1/crawl", json={"url": URL, "limit": 1})).json()["id"]
        await complete(filling, screenshot=b"PNG")
        path = f"/v1/url-scraper/{job_id}"
        turn = await api.server.app.state.resources.downloads.begin(api.key_id, aiter(Endless()))
        await s3.cut()
        paths = (path, f"{path}/screenshot", f"/v1/crawl/{crawl}")
        waiting = [asyncio.create_task(api.client.get(path)) for path in paths]
        done, _ = await asyncio.wait(waiting, timeout=1.5 * settings.storage.bodies_wait)
        assert not done
        await s3.mend()
        await turn.aclose()
        assert [(await answer).status_code for answer in waiting] == [200] * 3


class Endless:
    """A result of which there is always more."""

    def __aiter__(self) -> Endless:
        return self

    async def __anext__(self) -> bytes:
        return b"more"


async def test_after_retention_a_result_is_gone_as_ever(
    api: Api, filling: Queue, settings: Settings, database: Database
) -> None:
    job_id = await api.submit(URL)
    await complete(filling)
    storage = ObjectStorage(settings, database)
    assert await JobStore(database).delete_ended(timedelta(0), 10) == 1
    assert await ObjectDeletion(settings, database, storage).delete_due() == 1
    answer = await api.client.get(f"/v1/url-scraper/{job_id}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_an_object_that_something_else_deleted_is_a_result_that_is_gone(
    api: Api, filling: Queue, settings: Settings, database: Database
) -> None:
    job_id = await api.submit(URL)
    await complete(filling)
    row = await database.row("SELECT object FROM pages")
    assert row is not None
    await ObjectStorage(settings, database).delete([row["object"]])
    answer = await api.client.get(f"/v1/url-scraper/{job_id}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("gone", [0, 1, 2])
async def test_a_page_of_many_whose_object_is_gone_keeps_nobody_from_the_others(
    api: Api, filling: Queue, settings: Settings, database: Database, gone: int
) -> None:
    urls = [f"{URL}{number}" for number in range(3)]
    submitted = await api.client.post("/v1/url-scraper/batch", json={"urls": urls, "formats": ["markdown"]})
    await complete(filling)
    row = await database.row("SELECT object FROM pages WHERE url = $1", urls[gone])
    assert row is not None
    await ObjectStorage(settings, database).delete([row["object"]])
    answer = await api.client.get(f"/v1/url-scraper/{submitted.json()['id']}")
    results = answer.json()["results"]
    assert [result["markdown"] for result in results] == [None if n == gone else "text" for n in range(3)]
    errors = [result["error"] for result in results]
    assert errors.pop(gone) == "The result was deleted meanwhile. (not_found)"
    assert errors == [None, None]
    answer = await api.client.get(f"/v2/batch/scrape/{submitted.json()['id']}")
    documents = answer.json()["data"]
    assert [document.get("markdown") for document in documents] == [None if n == gone else "text" for n in range(3)]
    assert "deleted" in documents[gone]["warning"]


async def test_a_page_of_a_crawl_whose_object_is_gone_ends_no_stream(
    api: Api, filling: Queue, settings: Settings, database: Database
) -> None:
    crawl_id = (await api.client.post("/v1/crawl", json={"url": URL, "maxPages": 1})).json()["id"]
    await complete(filling)
    row = await database.row("SELECT object FROM pages")
    assert row is not None
    await ObjectStorage(settings, database).delete([row["object"]])
    read = await api.client.get(f"/v1/crawl/{crawl_id}", params={"limit": 1})
    lines = await api.client.get(f"/v1/crawl/{crawl_id}/stream", headers={"Accept": "application/x-ndjson"})
    pages = [read.json()["pages"][0], json.loads(lines.text.splitlines()[0])]
    assert {page["error"] for page in pages} == {"The result was deleted meanwhile. (not_found)"}


LENGTH = 1_200_000  # bytes of a body that is not read in one request


async def damage(settings: Settings, database: Database, url: str, how: str) -> None:
    """Damage the HTML of a page, which is the last of its bodies."""
    row = await database.row(
        "SELECT object, start, size FROM bodies JOIN pages ON id = page_id WHERE url = $1 AND format = 'html'", url
    )
    whole = await database.row(
        "SELECT sum(size)::int AS size FROM bodies JOIN pages ON id = page_id WHERE url = $1", url
    )
    assert row is not None
    assert whole is not None
    base, name = split_url(row["object"])
    bucket = await Bucket.open(base, 5)
    content = bytearray(await bucket.read(name, 0, whole["size"]))
    start, end = row["start"], row["start"] + row["size"]
    if how == "cut off":
        del content[end - 5 :]
    elif how == "other bytes":
        content[start:end] = b"?" * (end - start)
    else:
        content[end - 8] ^= 1
    await bucket.put(name, bytes(content))


@pytest.mark.parametrize(
    ("how", "large"), [("cut off", False), ("other bytes", False), ("one bit", False), ("one bit", True)]
)
async def test_a_damaged_body_fails_alone(
    api: Api, filling: Queue, settings: Settings, database: Database, how: str, large: bool
) -> None:
    urls = [f"{URL}{number}" for number in range(3)]
    asked = {"formats": ["html", "markdown"]}
    batch = (await api.client.post("/v1/url-scraper/batch", json={"urls": urls, **asked})).json()["id"]
    html = random.Random(1).randbytes(LENGTH).hex() if large else "<p>"
    await complete(filling, html=bodies.pack(html))
    await damage(settings, database, urls[1], how)
    for encoding in ("identity", "gzip", "zstd"):
        answer = await api.client.get(f"/v1/url-scraper/{batch}", headers={"Accept-Encoding": encoding})
        results = answer.json()["results"]
        assert [result["html"] for result in results] == [html, None, html]
        assert [result["markdown"] for result in results] == ["text"] * 3
        assert [result["metadata"] for result in results] == [{"title": "Title"}] * 3
        assert [result["error"] is None for result in results] == [True, False, True]
        assert results[1]["error"].startswith("What is stored of these is damaged: html.")
        assert results[1]["error"].endswith("(damaged_result)")
        assert results[1]["status"] == "completed"
    documents = (await api.client.get(f"/v2/batch/scrape/{batch}")).json()["data"]
    assert [document.get("rawHtml") for document in documents[:2]] == [html, None]
    assert "damaged_result" in documents[1]["warning"]


async def test_a_damaged_body_fails_alone_in_a_single_answer_and_a_crawls(
    api: Api, filling: Queue, settings: Settings, database: Database
) -> None:
    job_id = await api.submit(f"{URL}single", formats=["html", "markdown"])
    crawl = (await api.client.post("/v1/crawl", json={"url": f"{URL}crawl", "formats": ["html", "markdown"]})).json()[
        "id"
    ]
    await complete(filling, html=bodies.pack("<p>"))
    for page in ("single", "crawl"):
        await damage(settings, database, f"{URL}{page}", "other bytes")
    lines = await api.client.get(f"/v1/crawl/{crawl}/stream", headers={"Accept": "application/x-ndjson"})
    events = await api.client.get(f"/v1/crawl/{crawl}/stream")
    pages = [
        (await api.client.get(f"/v1/url-scraper/{job_id}")).json(),
        (await api.client.get(f"/v1/crawl/{crawl}")).json()["pages"][0],
        json.loads(lines.text.splitlines()[0]),
        json.loads(events.text.split("data: ")[1].splitlines()[0]),
    ]
    for page in pages:
        assert (page["status"], page["html"], page["markdown"]) == ("completed", None, "text"), page
        assert page["error"].endswith("(damaged_result)")
    assert json.loads(lines.text.splitlines()[-1])["status"] == "completed"
    assert "event: end" in events.text


async def test_damaged_metadata_and_a_picture_cut_off_fail_alone(
    api: Api, filling: Queue, settings: Settings, database: Database
) -> None:
    job_id = await api.submit(URL, formats=["markdown", "screenshot"])
    await complete(filling, metadata=b"no frame", screenshot=b"PNG" * 100)
    row = await database.row("SELECT object, start FROM bodies JOIN pages ON id = page_id WHERE format = 'screenshot'")
    assert row is not None
    base, name = split_url(row["object"])
    bucket = await Bucket.open(base, 5)
    await bucket.put(name, await bucket.read(name, 0, row["start"] + 150))
    page = (await api.client.get(f"/v1/url-scraper/{job_id}")).json()
    assert (page["markdown"], page.get("metadata")) == ("text", None)
    assert "damaged: metadata." in page["error"]
    answer = await api.client.get(f"/v1/url-scraper/{job_id}/screenshot")
    assert (answer.status_code, answer.json()["code"]) == (500, "damaged_result")
