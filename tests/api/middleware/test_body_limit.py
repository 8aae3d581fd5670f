from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tests.api.conftest import serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from pagemill.settings import Settings

JSON = {"Content-Type": "application/json"}
BODY = b'{"url": "https://example.com/"}'


async def in_parts(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), 10):
        yield body[start : start + 10]
        await asyncio.sleep(0)


async def test_a_body_over_the_limit_is_refused_declared_or_not(settings: Settings, key: tuple[str, str]) -> None:
    async with serving(settings.changed(max_request_bytes=len(BODY)), key) as api:
        for spaces, status in ((0, 202), (1, 413), (10_000, 413)):
            body = BODY + b" " * spaces
            declared = await api.client.post("/v1/url-scraper", content=body, headers=JSON)
            chunked = await api.client.post("/v1/url-scraper", content=in_parts(body), headers=JSON)
            assert (declared.status_code, chunked.status_code) == (status, status), spaces
            if status == 413:
                assert declared.json()["code"] == chunked.json()["code"] == "payload_too_large"


async def test_a_stranger_is_refused_before_the_body(settings: Settings, key: tuple[str, str]) -> None:
    async with serving(settings, key) as api:
        host, port = api.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"POST /v1/scrape HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\nX-API-Key: unknown\r\n\r\n")
        async with asyncio.timeout(5):
            assert (await reader.readline()).split()[1] == b"401"
        writer.close()
