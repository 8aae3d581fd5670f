"""Whatever comes after a page's text can only fail itself."""

from __future__ import annotations

import asyncio
import json

import pytest
from tests.structuring.test_structurer import PAGE, SCHEMA
from tests.web.model_server import ModelServer

from pagemill import bodies
from pagemill.errors import InternalPageError
from pagemill.extraction.choosing import template
from pagemill.model import Format, ScrapeOptions
from pagemill.scraping.scraped_page import ScrapedPage
from pagemill.scraping.structured import StructuredScraping
from pagemill.settings import Settings
from pagemill.structuring import generated_json, structurer, summary, tasks
from pagemill.structuring.evidence.evidence import Evidence
from pagemill.structuring.markup import facts, filling, overview
from pagemill.structuring.model import answers, chunks, fitting, merging, prompt
from pagemill.structuring.model.language_model import LanguageModel
from pagemill.structuring.schemas import schema
from pagemill.structuring.selectors import learning
from pagemill.structuring.selectors.store import SelectorsInMemory

MARKDOWN = "# For your kitchen\n\nThis kettle boils a litre of water. Price: $1,249.50"
METADATA = {"title": "Copper Kettle", "description": None}


class InProcessReader:
    """Runs `tasks` here rather than in an extraction process, so that each stage can be made to fail."""

    async def structure(self, request, packed):
        values = [bodies.unpack(packed[name]) for name in (Format.HTML, Format.MARKDOWN, "metadata")]
        try:
            return tasks.run(request, *values)
        except Exception as error:
            raise InternalPageError("The page could not be read.") from error


@pytest.fixture
async def model():
    async with ModelServer() as server:
        yield server


async def scraped(settings, formats, schema_text):
    values = {Format.HTML: PAGE, Format.MARKDOWN: MARKDOWN, "metadata": METADATA}
    page = ScrapedPage("https://a.example/", 200, {name: bodies.pack(value) for name, value in values.items()})
    scraping = StructuredScraping(settings, InProcessReader(), None)
    options = ScrapeOptions(formats=(Format.MARKDOWN, *formats), output_schema=schema_text)
    try:
        return await scraping.complete(page, options, asyncio.get_running_loop().time() + 30)
    finally:
        await scraping.aclose()


STAGES = [
    (tasks, "run"),
    (schema, "of_text"),
    (schema.Schema, "violations"),
    (facts, "read"),
    (filling, "fill"),
    (overview, "of_markup"),
    (Evidence, "ground"),
    (generated_json, "success"),
    (summary, "without_model"),
    (chunks, "split"),
    (template, "signature"),
    (prompt, "extraction"),
    (prompt, "summary"),
    (prompt, "selectors"),
    (answers, "read_json"),
    (answers, "read_text"),
    (merging, "merge"),
    (fitting, "fit"),
    (learning, "candidates"),
    (learning, "choose"),
    (learning, "apply"),
    (LanguageModel, "answer"),
    (SelectorsInMemory, "get"),
    (SelectorsInMemory, "put"),
    (SelectorsInMemory, "acquire_lock"),
    (SelectorsInMemory, "release_lock"),
    (structurer.Structurer, "make"),
]


class UnexpectedError(Exception):
    """What no stage is known to raise."""


@pytest.mark.parametrize("with_schema", [True, False])
@pytest.mark.parametrize("with_model", [True, False])
@pytest.mark.parametrize(("owner", "name"), STAGES)
async def test_no_stage_of_structuring_can_lose_the_page(monkeypatch, model, owner, name, with_model, with_schema):
    def fail(*_args, **_kwargs):
        raise UnexpectedError(name)

    monkeypatch.setattr(owner, name, fail)
    settings = Settings(llm_base_url=model.base_url, llm_model="rules") if with_model else Settings()
    text = json.dumps(SCHEMA) if with_schema else None
    page = await scraped(settings, (Format.JSON, Format.SUMMARY), text)
    assert bodies.unpack(page.bodies[Format.MARKDOWN]) == MARKDOWN
    made = bodies.unpack(page.bodies[Format.JSON])
    assert made["status"] in ("success", "failed")
    assert made["status"] == "success" or made["data"] == {}


async def test_data_that_cannot_be_packed_fails_alone(monkeypatch):
    monkeypatch.setattr(tasks, "run", lambda *_: {"json": {"data": 2**80}, "summary": "A kettle."})
    page = await scraped(Settings(), (Format.JSON, Format.SUMMARY), None)
    assert bodies.unpack(page.bodies[Format.JSON])["status"] == "failed"
    assert bodies.unpack(page.bodies[Format.SUMMARY]) == "A kettle."
    assert bodies.unpack(page.bodies[Format.MARKDOWN]) == MARKDOWN
