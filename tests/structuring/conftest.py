"""Pages made and structured as the worker does: a real extraction process, and a model's server on loopback."""

from __future__ import annotations

import asyncio
import json

import pytest

from pagemill.model import FetchedPage, Format
from pagemill.scraping.extractor_pool import ExtractorPool
from pagemill.settings import Settings
from pagemill.structuring.schemas import schema
from pagemill.structuring.selectors.store import SelectorsInMemory
from pagemill.structuring.structurer import Structurer, StructuringRequest
from tests.web.model_server import ModelServer

KEY = "sk-a-very-secret-key"
URL = "https://shop.example/p/1"


@pytest.fixture
async def model():
    async with ModelServer() as server:
        yield server


@pytest.fixture(scope="session")
def pool_settings():
    return Settings(extraction_processes=1)


@pytest.fixture
async def pool(pool_settings):
    async with ExtractorPool(pool_settings) as pool:
        yield pool


class Harness:
    """Structures pages given as HTML."""

    def __init__(self, pool, server=None, **settings):
        if server is not None:
            settings = {"llm_base_url": server.base_url, "llm_model": "rules", "llm_api_key": KEY, **settings}
        self.pool = pool
        self.learned = SelectorsInMemory()
        self.structurer = Structurer(Settings(**settings), pool, self.learned)

    async def make(self, html, schema_=None, *, url=URL, summary=False, json_=True, seconds=30.0, **more):
        page = FetchedPage(url, url, 200, "text/html; charset=utf-8", html.encode())
        extracted = await self.pool.extract(page, [Format.HTML, Format.MARKDOWN])
        text = schema.check(schema_, 64 * 1024) if schema_ is not None else None
        deadline = asyncio.get_running_loop().time() + seconds
        made = await self.structurer.make(
            StructuringRequest(url, json_, text, summary, deadline, **more), extracted.bodies
        )
        json.dumps(made)
        return made


@pytest.fixture
async def harness(pool):
    """Makes `Harness`s, and closes them."""
    desks = []

    def make(server=None, **settings):
        desks.append(Harness(pool, server, **settings))
        return desks[-1]

    yield make
    for one in desks:
        await one.structurer.aclose()
