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
    async with serving(settings.model_copy(update={"max_request_bytes": len(BODY)}), key) as api:
        for spaces, status in ((0, 202), (1, 413), (10_000, 413)):
            body = BODY + b" " * spaces
            declared = await api.client.post("/v1/url-scraper", content=body, headers=JSON)
            chunked = await api.client.post("/v1/url-scraper", content=in_parts(body), headers=JSON)
            assert (declared.status_code, chunked.status_code) == (status, status), spaces
            if status == 413:
                assert declared.json()["code"] == chunked.json()["code"] == "payload_too_large"


async def test_a_stranger_sends_no_body(settings: Settings, key: tuple[str, str]) -> None:
    async with serving(settings, key) as api:
        sent = 0

        async def endless() -> AsyncIterator[bytes]:
            nonlocal sent
            while sent < 10_000:
                sent += 1
                yield b" " * 1000
                await asyncio.sleep(0.001)

        headers = {**JSON, "X-API-Key": "unknown", "Content-Length": str(10**7)}
        answer = await api.client.post("/v1/url-scraper", content=endless(), headers=headers)
        assert answer.status_code == 401
