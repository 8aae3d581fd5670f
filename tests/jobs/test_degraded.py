"""What pages lean on is slow, away or talks rubbish: they complete with their text, and nobody else waits."""

from __future__ import annotations

import asyncio
import socket

import pytest
from tests.jobs.test_worker import PAGE, ended, working
from tests.web.http_server import HttpServer, Response
from tests.web.model_server import ModelServer

from pagemill import bodies
from pagemill.jobs.keys.keys import ANONYMOUS, Keys
from pagemill.jobs.queue.store import JobStore
from pagemill.jobs.webhooks.endpoints import DeliveryFilter, DeliveryStatus, Webhooks
from pagemill.jobs.webhooks.signing import SigningKey
from pagemill.model import Format, ScrapeOptions, Status

STRUCTURED = ScrapeOptions(formats=(Format.MARKDOWN, Format.JSON, Format.SUMMARY))
PLAIN = ScrapeOptions(formats=(Format.MARKDOWN,))


@pytest.fixture
def store(database):
    return JobStore(database)


@pytest.fixture
async def web():
    async with HttpServer() as web:
        web.fallback = lambda _: PAGE
        yield web


@pytest.fixture
async def model():
    async with ModelServer() as server:
        yield server


async def never(_request):
    await asyncio.sleep(3600)


@pytest.mark.parametrize(
    ("state", "code"),
    [("slow", "model_timeout"), ("away", "model_unavailable"), ("rubbish", "model_answer_invalid")],
)
async def test_a_model_that_fails_costs_the_json_alone(settings, store, web, model, unused_port, state, code):
    if state == "slow":
        model.behaviour.delay = 60.0
    if state == "rubbish":
        model.routes["/v1/chat/completions"] = Response(b"<html>Bad gateway</html>")
    base_url = f"http://127.0.0.1:{unused_port}/v1" if state == "away" else model.base_url
    changes = {"llm_base_url": base_url, "llm_model": "rules", "llm_timeout": 0.5, "llm_retries": 0}
    async with working(settings, **changes):
        job = await store.submit(ANONYMOUS, [web.url("/1"), web.url("/2")], STRUCTURED, batch=True)
        found, pages = await ended(store, job, seconds=60)
    assert found.status is Status.COMPLETED
    for page in pages:
        made = {name: bodies.unpack(body) for name, body in (await store.bodies(page.id)).items()}
        assert page.status is Status.COMPLETED
        assert "Words of a page" in made["markdown"]
        assert made["json"]["error"].endswith(f"({code})")
        assert made["summary_source"] == "text"


async def test_pages_that_wait_for_a_model_hold_up_no_other_key(settings, database, store, web, model):
    model.behaviour.delay = 3600.0
    changes = {"llm_base_url": model.base_url, "llm_model": "rules", "worker_concurrency": 2, "grace_period": 0.1}
    other, _ = await Keys(database).create("other")
    async with working(settings, **changes):
        slow = await store.submit(ANONYMOUS, [web.url(f"/{number}") for number in range(8)], STRUCTURED, batch=True)
        async with asyncio.timeout(60):
            while len(model.asked) < 2:
                await asyncio.sleep(0.02)
        plain = await store.submit(other, [web.url("/a"), web.url("/b"), web.url("/c")], PLAIN, batch=True)
        async with asyncio.timeout(60):
            while not (found := await store.get(plain.id, other)).status.ended:
                await asyncio.sleep(0.02)
        assert found.status is Status.COMPLETED
        assert len(model.asked) == 2, "the places are for other keys"
        assert not (await store.get(slow.id, ANONYMOUS)).status.ended


async def test_a_receiver_that_never_answers_holds_up_neither_pages_nor_other_receivers(settings, database, store, web):
    async with (
        HttpServer({"/never": never, "/hook": Response(b"thanks")}) as receiver,
        working(settings, webhook_timeout=0.5, worker_concurrency=2),
    ):
        for number in range(8):
            urls = [web.url(f"/{number}")]
            await store.submit(ANONYMOUS, urls, PLAIN, batch=False, webhook_url=receiver.url("/never"))
        last = [web.url("/last")]
        job = await store.submit(ANONYMOUS, last, PLAIN, batch=False, webhook_url=receiver.url("/hook"))
        found, _ = await ended(store, job, seconds=60)
        assert found.status is Status.COMPLETED
        webhooks = Webhooks(database, SigningKey.of(settings))
        told = await until_there(webhooks, DeliveryStatus.SUCCESS, 1)
        silent = await until_there(webhooks, DeliveryStatus.FAILED, 8)
    assert [delivery.job_id for delivery in told] == [job.id]
    assert all(delivery.error for delivery in silent)


async def until_there(webhooks, status, count):
    async with asyncio.timeout(60):
        while len(found := await webhooks.deliveries(ANONYMOUS, DeliveryFilter(status=status), 100)) < count:
            await asyncio.sleep(0.05)
    return found


@pytest.fixture
def unused_port():
    """A port that is bound, and refuses connections, as nobody listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]
