"""Jobs over a WebSocket, as `firecrawl-py` and, in browsers, `@mendable/firecrawl-js` watch them."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import TYPE_CHECKING, Any

import pytest
import websockets
from tests.api.conftest import CONTENT, serving
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from pagemill.jobs.keys.keys import Keys

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.api.conftest import Api, SimulatedWorker

    from pagemill.jobs.database.pool import Database
    from pagemill.settings import Settings

URLS = [f"https://example.com/{number}" for number in range(3)]


async def submit(api: Api, path: str = "batch/scrape", **body: Any) -> str:
    answer = await api.client.post(f"/v2/{path}", json=body or {"urls": URLS})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


@contextlib.asynccontextmanager
async def watching(api: Api, path: str, key: str | None = None, **options: Any) -> AsyncIterator[Any]:
    headers = {"Authorization": f"Bearer {key or api.secret}"}
    url = f"{api.url.replace('http', 'ws', 1)}/v2/{path}"
    async with connect(url, **{"additional_headers": headers, "proxy": None, "max_size": None} | options) as socket:
        yield socket


async def received(socket: Any) -> dict[str, Any]:
    async with asyncio.timeout(20):
        return dict(json.loads(await socket.recv()))


async def rest(socket: Any) -> list[dict[str, Any]]:
    """All messages up to the end."""
    async with asyncio.timeout(20):
        return [json.loads(message) async for message in socket]


async def test_documents_come_as_they_are_there_in_any_order(api: Api, worker: SimulatedWorker) -> None:
    batch = await submit(api)
    async with watching(api, f"batch/scrape/{batch}/") as socket:
        assert await received(socket) | {"data": None} == {"type": "catchup", "data": None}
        first, second, third = await worker.start_all()
        await worker.complete(second)
        message = await received(socket)
        assert (message["type"], message["data"]["metadata"]["sourceURL"]) == ("document", URLS[1])
        assert message["data"]["markdown"] == CONTENT["markdown"]
        await worker.fail(first)
        await worker.complete(third)
        document, done = await rest(socket)
        assert document["data"]["metadata"]["sourceURL"] == URLS[2]
        assert (done["type"], done["data"]["status"]) == ("done", "completed")
        assert (done["data"]["total"], done["data"]["completed"]) == (3, 2)
    async with watching(api, f"batch/scrape/{batch}") as socket:  # of a job that has ended, the same
        assert [message["type"] for message in await rest(socket)] == ["catchup", "document", "document", "done"]


async def test_a_crawl_that_is_cancelled_says_so(api: Api, worker: SimulatedWorker) -> None:
    crawl = await submit(api, "crawl", url=URLS[0])
    async with watching(api, f"crawl/{crawl}") as socket:
        assert (await received(socket))["data"]["status"] == "scraping"
        await api.client.delete(f"/v2/crawl/{crawl}")
        [last] = await rest(socket)
        assert (last["type"], last["data"]["status"]) == ("status", "cancelled")


async def test_a_large_page_comes_whole_and_in_frames(api: Api, worker: SimulatedWorker) -> None:
    text = "Größe 🍞 " * 300_000
    batch = await submit(api, urls=URLS[:1])
    await worker.complete_all({"markdown": text})
    async with watching(api, f"batch/scrape/{batch}") as socket:
        await socket.recv()
        frames = [frame async for frame in socket.recv_streaming()]
        assert len(frames) > 5
        assert json.loads("".join(frames))["data"]["markdown"] == text


async def test_a_browser_sends_the_key_as_a_subprotocol(api: Api, worker: SimulatedWorker) -> None:
    batch = await submit(api)
    protocol = websockets.Subprotocol(api.secret)
    async with watching(api, f"batch/scrape/{batch}", additional_headers={}, subprotocols=[protocol]) as socket:
        assert socket.subprotocol == api.secret
        assert (await received(socket))["type"] == "catchup"


async def test_who_may_watch_what(api: Api, worker: SimulatedWorker, database: Database) -> None:
    batch, crawl = await submit(api), await submit(api, "crawl", url=URLS[0])
    _, stranger = await Keys(database).create("stranger")
    for path, key, status in (
        (f"batch/scrape/{batch}", "wrong", 401),
        (f"batch/scrape/{batch}", stranger, 404),
        (f"crawl/{crawl}", stranger, 404),
        (f"crawl/{batch}", None, 404),
        ("crawl/crawl_0", None, 404),
        ("crawl/%00", None, 400),
    ):
        with pytest.raises(InvalidStatus) as refused:
            async with watching(api, path, key):
                pass
        assert refused.value.response.status_code == status, path
        assert json.loads(refused.value.response.body)["success"] is False
        assert refused.value.response.headers["X-Request-Id"]
    for path in ("map", "scrape", f"batch/scrape/{batch}/errors"):  # where there is none, the request is a plain one
        with pytest.raises(InvalidStatus) as refused:
            async with watching(api, path):
                pass
        assert refused.value.response.status_code in (200, 405), path


async def test_without_keys_no_page_of_another_site_may_watch(settings: Settings, key: tuple[str, str]) -> None:
    open_settings = settings.changed(auth=False)
    async with serving(open_settings, key) as api:
        api.client.headers.pop("X-API-Key")
        batch = await submit(api)
        async with watching(api, f"batch/scrape/{batch}", additional_headers={}) as socket:
            assert (await received(socket))["type"] == "catchup"
        async with watching(api, f"batch/scrape/{batch}", additional_headers={}, origin=api.url):
            pass
        with pytest.raises(InvalidStatus) as refused:
            async with watching(api, f"batch/scrape/{batch}", additional_headers={}, origin="https://evil.example"):
                pass
        assert refused.value.response.status_code == 401


async def test_watchers_are_limited_counted_and_let_go(
    settings: Settings, key: tuple[str, str], worker: SimulatedWorker
) -> None:
    few = settings.changed(max_connections_per_address=4, max_streams=1)
    async with serving(few, key) as api:
        batch = await submit(api)
        path = f"batch/scrape/{batch}"
        async with watching(api, path) as first, watching(api, path) as second, watching(api, path):
            assert (await received(first))["type"] == "catchup"
            with pytest.raises(TimeoutError):  # one stream at a time for a key
                async with asyncio.timeout(0.3):
                    await second.recv()
            with pytest.raises(
                InvalidStatus
            ) as refused:  # beside the client's own connection, which is idle, the fifth
                async with watching(api, path), watching(api, path):
                    pass
            assert refused.value.response.status_code == 503
            await first.close()
            assert (await received(second))["type"] == "catchup"
            await second.send("x" * 10_000)  # more than a client has to say
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await received(second)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1009
        async with watching(api, path) as last:
            await received(last)
            api.server.stop()
            await last.wait_closed()
            assert last.close_code == 1012  # the service restarts: the clients poll
