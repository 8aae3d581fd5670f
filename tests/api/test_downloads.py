"""Results that are read slowly, or not at all."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

import pytest
from tests.api.conftest import serving
from tests.api.test_http_protocol import connected

from pagemill.api.downloads import Downloads
from pagemill.jobs.keys.keys import Keys

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.api.conftest import Api, SimulatedWorker

    from pagemill.jobs.database.pool import Database
    from pagemill.settings import Settings

URL = "https://example.com/"
LARGE = "".join(random.Random(1).choices("abcdefghijklmnop ", k=8_000_000))
CONTENT = {"html": LARGE, "cleanedHtml": "c", "markdown": "m"}


async def test_more_than_the_limit_wait_for_their_turn() -> None:
    downloads, going, most = Downloads(per_key=3), 0, 0

    async def chunks() -> AsyncIterator[bytes]:
        nonlocal going, most
        going += 1
        most = max(most, going)
        yield b"a"
        await asyncio.sleep(0)
        yield b"b"
        going -= 1

    async def read(key: str) -> bytes:
        return b"".join([chunk async for chunk in downloads.in_turn(key, chunks())])

    assert await asyncio.gather(*(read("a") for _ in range(20))) == [b"ab"] * 20
    assert most == 3
    await asyncio.gather(*(read(key) for key in "abcdefgh"))
    assert most == 8, "each key has turns of its own"
    assert not downloads._turns


async def test_who_waits_for_a_turn_has_read_nothing_and_who_drops_one_gives_it_back() -> None:
    downloads, begun = Downloads(per_key=1), 0

    async def chunks() -> AsyncIterator[bytes]:
        nonlocal begun
        begun += 1
        yield b"a"
        yield b"b"

    async def read() -> bytes:
        return b"".join([chunk async for chunk in await downloads.begin("a", chunks())])

    first = await downloads.begin("a", chunks())
    waiting = asyncio.create_task(read())
    await asyncio.sleep(0)
    assert begun == 1
    del first  # its client has gone before the answer began
    async with asyncio.timeout(60):
        assert await waiting == b"ab"
    assert not downloads._turns


async def test_readers_who_do_not_read_hold_up_their_own_key_alone(
    settings: Settings, key: tuple[str, str], worker: SimulatedWorker, database: Database
) -> None:
    _, other = await Keys(database).create("other")
    headers = {"X-API-Key": other}
    async with serving(settings.changed(max_downloads=2, send_timeout=5), key) as api:
        mine = f"/v1/url-scraper/{await api.submit(URL)}"
        submitted = await api.client.post("/v1/url-scraper", json={"url": URL}, headers=headers)
        theirs = f"/v1/url-scraper/{submitted.json()['id']}"
        await worker.complete_all(CONTENT)
        async with connected(api, 4096) as first, connected(api, 4096) as second:
            for client in (first, second):
                client.send(f"GET {mine} HTTP/1.1\r\nHost: a\r\nX-API-Key: {api.secret}\r\n\r\n".encode())
                assert b"200" in await client.reader.readline()
            waiting = asyncio.create_task(api.client.get(mine))
            assert (await api.client.get(theirs, headers=headers)).json()["html"] == LARGE
            assert not waiting.done()
            # Those who read nothing lose their turns.
            assert (await waiting).json()["html"] == LARGE


@pytest.mark.parametrize("encoding", ["zstd", "gzip", "identity"])
async def test_a_large_body_is_read_whole_in_every_encoding(api: Api, worker: SimulatedWorker, encoding: str) -> None:
    job_id = await api.submit(URL)
    await worker.complete_all(CONTENT)
    answer = await api.client.get(f"/v1/url-scraper/{job_id}", headers={"Accept-Encoding": encoding})
    assert answer.json()["html"] == LARGE
