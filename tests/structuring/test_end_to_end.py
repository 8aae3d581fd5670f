"""From the request to the answer: the API, a worker, a page and a model's server, all on loopback."""

from __future__ import annotations

import asyncio

import pytest

from pagemill.jobs.keys.keys import Keys
from pagemill.jobs.memory.learned_selectors import DatabaseSelectors
from pagemill.jobs.queue.claims import Queue
from tests.api.conftest import serving
from tests.jobs.test_worker import working
from tests.structuring.test_learning import SCHEMA, page, product
from tests.structuring.test_structurer import PAGE
from tests.web.http_server import HttpServer, Response


@pytest.fixture
async def web():
    async with HttpServer({"/kettle": Response(PAGE.encode())}) as web:
        web.fallback = lambda request: Response(page(int(request.path.strip("/"))).encode())
        yield web


@pytest.fixture
async def key(database):
    return await Keys(database).create("test")


@pytest.fixture
def with_model(settings, model):
    return settings.changed(llm_base_url=model.base_url, llm_model="rules")


async def ended(api, *urls, **fields):
    job = await api.submit(*urls, **fields)
    async with asyncio.timeout(60):
        while (answer := await api.job(job, wait=20))["status"] in ("pending", "processing"):
            pass
    assert answer["status"] == "completed", answer
    return answer


async def test_a_batch_with_a_schema(with_model, key, web, model):
    urls = [web.url(f"/{number}") for number in range(12)]
    async with serving(with_model, key) as api, working(with_model):
        answer = await ended(api, *urls, outputSchema=SCHEMA, generateJson=False)
    found = [result["generatedJson"] for result in answer["results"]]
    assert [one["data"] for one in found] == [product(number) for number in range(12)]
    assert {one["source"] for one in found} == {"model", "learned"}
    assert len(model.asked) <= 3
    for result, one in zip(answer["results"], found, strict=True):
        for evidence in one["evidence"].values():
            if "start" in evidence:
                assert result["markdown"][evidence["start"] : evidence["end"]] == evidence["quote"]


async def test_what_was_learnt_outlives_the_worker(with_model, key, web, model):
    async with serving(with_model, key) as api:
        async with working(with_model):
            await ended(api, web.url("/1"), outputSchema=SCHEMA)
        calls = len(model.asked)
        async with working(with_model, "another"):
            answer = await ended(api, web.url("/2"), outputSchema=SCHEMA)
    assert answer["generatedJson"]["source"] == "learned"
    assert len(model.asked) == calls


async def test_workers_that_meet_the_same_shop_at_once_have_one_of_them_learn(with_model, key, web, model):
    model.behaviour.delay = 0.3
    one, other = (working(with_model, name, worker_concurrency=3) for name in ("one", "other"))
    async with serving(with_model, key) as api, one, other:
        answer = await ended(api, *(web.url(f"/{number}") for number in range(6)), outputSchema=SCHEMA)
    found = [result["generatedJson"] for result in answer["results"]]
    assert [one["data"] for one in found] == [product(number) for number in range(6)]
    assert len(model.asked) <= 3


async def test_a_lesson_is_held_by_one_worker_as_long_as_it_lives(database, settings):
    one, other = (DatabaseSelectors(database, name, settings) for name in ("one", "other"))
    await Queue(database, "one").heartbeat()
    assert await one.acquire_lock("a.example", b"1")
    assert await one.acquire_lock("a.example", b"1"), "a statement may be sent twice"
    assert not await other.acquire_lock("a.example", b"1")
    assert await other.acquire_lock("a.example", b"2")
    await one.release_lock("a.example", b"1")
    assert await other.acquire_lock("a.example", b"1")
    await other.release_lock("a.example", b"1")
    assert await one.acquire_lock("a.example", b"1")
    await database.rows("DELETE FROM workers WHERE id = 'one'")
    assert await other.acquire_lock("a.example", b"1")


async def test_only_what_was_asked_for_is_answered(with_model, key, web):
    async with serving(with_model, key) as api, working(with_model):
        answer = await ended(api, web.url("/kettle"), formats=["json", "summary"])
        assert (answer["html"], answer["cleanedHtml"], answer["markdown"]) == (None, None, None)
        assert answer["generatedJson"]["status"] == "success"
        assert answer["summarySource"] == "model"
        assert answer["summary"]
        answer = await ended(api, web.url("/kettle"))
        assert "generatedJson" not in answer
        assert "summary" not in answer


async def test_a_page_out_of_the_cache_is_structured_like_a_fresh_one(with_model, key, web, model):
    async with serving(with_model, key) as api, working(with_model, cache_time=60.0):
        first = await ended(api, web.url("/kettle"), formats=["markdown"])
        second = await ended(api, web.url("/kettle"), formats=["json"])
    assert (first["cached"], second["cached"]) == (False, True)
    assert second["generatedJson"]["data"]


async def test_a_model_that_fails_does_not_fail_the_page(with_model, key, web, model):
    model.behaviour.statuses = [500] * 20
    quick = with_model.changed(llm_retries=0)
    async with serving(quick, key) as api, working(quick):
        answer = await ended(api, web.url("/kettle"), generateJson=True)
    assert answer["generatedJson"]["status"] == "failed"
    assert answer["generatedJson"]["data"] == {}
    assert "(model_unavailable)" in answer["generatedJson"]["error"]
    assert answer["markdown"]


async def test_without_a_model(settings, key, web):
    async with serving(settings, key) as api, working(settings):
        answer = await ended(api, web.url("/kettle"), generateJson=True, formats=["summary"])
    assert answer["generatedJson"]["source"] == "markup"
    assert answer["generatedJson"]["data"]["fields"]["sku"] == "CK-7"
    assert "warning" not in answer["generatedJson"]
    assert answer["summarySource"] == "text"


async def test_without_a_model_the_answer_says_what_that_costs(settings, key, web):
    schema = {"type": "object", "properties": {"weight": {"type": "number"}}, "required": ["weight"]}
    async with serving(settings, key) as api, working(settings):
        lacking = (await ended(api, web.url("/kettle"), outputSchema=schema))["generatedJson"]
        web.routes["/bare"] = Response(b"<html><body><p>Words that declare nothing of themselves.</p></body></html>")
        bare = (await ended(api, web.url("/bare"), generateJson=True))["generatedJson"]
    assert lacking["missing"] == ["/weight"]
    for made in (lacking, bare):
        assert made["status"] == "success"
        assert "PAGEMILL_LLM_BASE_URL" in made["warning"]


async def test_selectors_are_kept_by_host_and_schema_until_they_are_old(database, settings):
    selectors = DatabaseSelectors(database, "worker", settings)
    await selectors.put("a.example", b"1", [{"fields": {}}])
    await selectors.put("a.example", b"1", [{"fields": {"/x": {}}}])
    assert await selectors.get("a.example", b"1") == [{"fields": {"/x": {}}}]
    assert await selectors.get("b.example", b"1") == []
    assert await selectors.get("a.example", b"2") == []
    assert await selectors.delete_old(10) == 0
    await database.rows("UPDATE selectors SET learned_at = now() - interval '1 year'")
    assert await selectors.delete_old(10) == 1
    assert await selectors.get("a.example", b"1") == []
