"""Deliveries against real receivers and a real database; pages are ended as a worker ends them."""

from __future__ import annotations

import asyncio
import contextlib
import time

import anakin
import orjson
import pytest
from tests.web.http_server import HttpServer, Response, redirect

from pagemill.jobs.keys.keys import ANONYMOUS, Keys
from pagemill.jobs.queue.claims import Queue
from pagemill.jobs.queue.notifications import DELIVERIES, QUEUE, Notifications
from pagemill.jobs.queue.store import JobStore
from pagemill.jobs.webhooks import statements
from pagemill.jobs.webhooks.deliverer import Deliverer
from pagemill.jobs.webhooks.endpoints import (
    JOB_EVENTS,
    DeliveryFilter,
    DeliveryStatus,
    EndpointChanges,
    Event,
    Webhooks,
)
from pagemill.jobs.webhooks.signing import SigningKey
from pagemill.model import Failure, ScrapeOptions

FAILURE = Failure("timeout", "It took too long.")
EVERY = DeliveryFilter()


@pytest.fixture
def settings(settings):
    return settings.changed(webhook_retry_delays=(0.1, 0.2), webhook_timeout=0.5, poll_interval=0.05)


@pytest.fixture
def key(settings):
    return SigningKey.of(settings)


@pytest.fixture
def webhooks(database, key):
    return Webhooks(database, key)


@pytest.fixture
async def receiver():
    async with HttpServer({"/hook": Response(b"thanks")}) as receiver:
        yield receiver


@pytest.fixture
async def queue(database):
    queue = Queue(database, "worker")
    await queue.heartbeat()
    return queue


@pytest.fixture
def ending(database, queue):
    """Submits jobs and ends them: `await ending(count, fails=…, webhook_url=…)`."""
    store = JobStore(database)

    async def end(count=1, *, fails=0, key=ANONYMOUS, webhook_url=None):
        urls = [f"http://example.com/{number}" for number in range(count)]
        job = await store.submit(key, urls, ScrapeOptions(), batch=count > 1, webhook_url=webhook_url)
        for number, page in enumerate(await queue.claim(count)):
            if number < fails:
                await queue.fail(page, FAILURE)
            else:
                await queue.complete(page, final_url=page.url, status_code=200, bodies={"html": b"x"})
        return job

    return end


@contextlib.asynccontextmanager
async def delivering(settings, database, name="deliverer", **changes):
    deliverer = Deliverer(settings.changed(**changes), database, name)
    async with (
        Notifications(database, QUEUE) as notices,
        notices.subscribed(DELIVERIES) as changed,
        deliverer,
    ):
        task = asyncio.create_task(deliverer.run(changed))
        try:
            yield deliverer
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def until(check, seconds=10):
    async with asyncio.timeout(seconds):
        while not (found := await check()):
            await asyncio.sleep(0.02)
    return found


async def all_with(webhooks, status, count, key=ANONYMOUS):
    async def check():
        found = await webhooks.deliveries(key, DeliveryFilter(status=status), 1000)
        return found if len(found) >= count else None

    return await until(check)


async def test_each_kind_of_end_is_told_to_those_who_asked(webhooks, settings, database, receiver, ending):
    for events in ([Event.JOB_COMPLETED], [Event.JOB_FAILED], [Event.BATCH_COMPLETED], JOB_EVENTS):
        await webhooks.create(ANONYMOUS, receiver.url(f"/{len(events)}{events[0]}"), None, events)
    completed, failed, batch = await ending(), await ending(fails=1), await ending(2, fails=2)
    deliveries = await webhooks.deliveries(ANONYMOUS, EVERY, 100)
    told = {(delivery.url.rpartition("/")[2], delivery.event, delivery.job_id) for delivery in deliveries}
    assert told == {
        ("1job.completed", "job.completed", completed.id),
        ("1job.failed", "job.failed", failed.id),
        ("1batch.completed", "batch.completed", batch.id),
        ("3job.completed", "job.completed", completed.id),
        ("3job.completed", "job.failed", failed.id),
        ("3job.completed", "batch.completed", batch.id),
    }
    assert {delivery.status for delivery in deliveries} == {"pending"}


async def test_a_delivery_arrives_signed_and_is_logged(webhooks, settings, database, receiver, ending):
    endpoint, secret = await webhooks.create(ANONYMOUS, receiver.url("/hook"), None, JOB_EVENTS)
    job = await ending(2, fails=1)
    async with delivering(settings, database):
        [delivery] = await all_with(webhooks, DeliveryStatus.SUCCESS, 1)
    assert (delivery.endpoint_id, delivery.job_id, delivery.event) == (endpoint.id, job.id, Event.BATCH_COMPLETED)
    assert (delivery.http_status, delivery.attempts, delivery.error, delivery.next_attempt_at) == (200, 1, None, None)
    [request] = receiver.requests
    assert request.headers["content-type"] == "application/json"
    assert anakin.verify_webhook_signature(
        request.body,
        request.headers["x-anakin-signature"],
        secret,
        timestamp=request.headers["x-anakin-timestamp"],
        tolerance=5,
    )
    payload = orjson.loads(request.body)
    assert set(payload) == {"event", "id", "jobId", "status", "createdAt", "completedAt", "data", "url"}
    assert (payload["event"], payload["id"], payload["jobId"]) == ("batch.completed", delivery.id, job.id)
    assert payload["url"] == f"http://127.0.0.1:8080/v1/url-scraper/{job.id}"
    assert [result["status"] for result in payload["data"]["results"]] == ["failed", "completed"]


async def test_a_requests_own_webhook_is_signed_with_the_accounts_secret(
    webhooks, settings, database, receiver, ending
):
    await ending(webhook_url=receiver.url("/hook"))
    async with delivering(settings, database):
        [delivery] = await all_with(webhooks, DeliveryStatus.SUCCESS, 1)
    assert delivery.endpoint_id is None
    [request] = receiver.requests
    secret = await webhooks.account_secret(ANONYMOUS)
    assert anakin.verify_webhook_signature(request.body, request.headers["x-anakin-signature"], secret)


async def test_rotation_makes_another_secret_that_stays(webhooks):
    first = await webhooks.account_secret(ANONYMOUS)
    assert await webhooks.account_secret(ANONYMOUS) == first
    second = await webhooks.rotate_account_secret(ANONYMOUS)
    assert second != first
    assert await webhooks.account_secret(ANONYMOUS) == second


async def test_account_secrets_asked_for_at_once_are_one(webhooks):
    assert len(set(await asyncio.gather(*(webhooks.account_secret(ANONYMOUS) for _ in range(10))))) == 1


async def test_failures_are_tried_again_with_the_same_bytes_until_exhausted(
    webhooks, settings, database, receiver, ending
):
    arrivals = []

    def refuse(_request):
        arrivals.append(time.monotonic())
        return Response(b"no", 503)

    receiver.routes["/hook"] = refuse
    await ending(webhook_url=receiver.url("/hook"))
    async with delivering(settings, database):
        [delivery] = await all_with(webhooks, DeliveryStatus.EXHAUSTED, 1)
        await asyncio.sleep(0.4)
    assert (delivery.attempts, delivery.http_status, delivery.next_attempt_at) == (3, 503, None)
    assert delivery.error == "The receiver answered with HTTP status 503. (http_error)"
    assert len(receiver.requests) == 3
    assert len({request.body for request in receiver.requests}) == 1
    assert arrivals[1] - arrivals[0] >= 0.1
    assert arrivals[2] - arrivals[1] >= 0.2


def test_the_delays_are_those_documented_unless_set(settings):
    assert type(settings)(webhook_retry_delays="1, 2.5").webhooks.webhook_retry_delays == (1, 2.5)
    assert type(settings)().webhooks.webhook_retry_delays == (60, 300, 1800, 7200, 43200)
    assert type(settings)().webhooks.webhook_timeout == 10


async def test_between_attempts_the_log_says_when_the_next_is(webhooks, settings, database, receiver, ending):
    receiver.routes["/hook"] = Response(b"", 500)
    await ending(webhook_url=receiver.url("/hook"))
    async with delivering(settings, database, webhook_retry_delays=(60.0,)):
        [delivery] = await all_with(webhooks, DeliveryStatus.FAILED, 1)
    row = await database.row("SELECT next_attempt_at - now() AS left FROM webhook_deliveries")
    assert 55 < row["left"].total_seconds() <= 60
    assert delivery.next_attempt_at


async def test_a_receiver_that_comes_back_gets_what_it_missed(webhooks, settings, database, receiver, ending):
    url = receiver.url("/hook")
    await receiver.__aexit__()
    await ending(webhook_url=url)
    async with delivering(settings, database, webhook_retry_delays=(0.2,) * 50):
        [failed] = await all_with(webhooks, DeliveryStatus.FAILED, 1)
        assert "connection_refused" in failed.error
        await receiver.__aenter__()
        await all_with(webhooks, DeliveryStatus.SUCCESS, 1)
    assert len(receiver.requests) == 1


async def test_redirects_are_failures(webhooks, settings, database, receiver, ending):
    receiver.routes["/moved"] = redirect("/hook")
    await ending(webhook_url=receiver.url("/moved"))
    async with delivering(settings, database, webhook_retry_delays=()):
        [delivery] = await all_with(webhooks, DeliveryStatus.EXHAUSTED, 1)
    assert delivery.http_status == 302
    assert [request.path for request in receiver.requests] == ["/moved"]


async def test_an_address_that_the_guard_refuses_is_given_up_at_once(webhooks, settings, database, ending):
    await ending(webhook_url="http://169.254.169.254/latest/meta-data")
    async with delivering(settings, database):
        [delivery] = await all_with(webhooks, DeliveryStatus.EXHAUSTED, 1)
    assert delivery.attempts == 1
    assert "blocked_address" in delivery.error


async def test_resending_sends_the_same_bytes_again(webhooks, settings, database, receiver, ending):
    await ending(webhook_url=receiver.url("/hook"))
    async with delivering(settings, database):
        [delivery] = await all_with(webhooks, DeliveryStatus.SUCCESS, 1)
        await database.rows("DELETE FROM jobs")  # what is stored does not need the job any more
        assert (await webhooks.resend(ANONYMOUS, delivery.id)).status == DeliveryStatus.PENDING

        async def twice():
            return (await webhooks.delivery(ANONYMOUS, delivery.id)).attempts == 2

        await until(twice)
    first, second = receiver.requests
    assert first.body == second.body
    assert first.headers["x-anakin-signature"] == second.headers["x-anakin-signature"]


async def test_a_deleted_or_paused_endpoint_gets_nothing_more(webhooks, settings, database, receiver, ending):
    deleted, _ = await webhooks.create(ANONYMOUS, receiver.url("/deleted"), None, JOB_EVENTS)
    paused, _ = await webhooks.create(ANONYMOUS, receiver.url("/paused"), None, JOB_EVENTS)
    await ending()
    assert await webhooks.delete(ANONYMOUS, deleted.id)
    await webhooks.update(ANONYMOUS, paused.id, EndpointChanges(is_active=False))
    await ending()
    async with delivering(settings, database):
        [delivery] = await all_with(webhooks, DeliveryStatus.EXHAUSTED, 1)
    assert delivery.endpoint_id == paused.id
    assert "endpoint_inactive" in delivery.error
    assert len(await webhooks.deliveries(ANONYMOUS, EVERY, 10)) == 1
    assert receiver.requests == []


async def test_what_waits_follows_an_endpoint_to_its_new_address(webhooks, settings, database, receiver, ending):
    endpoint, _ = await webhooks.create(ANONYMOUS, "http://127.0.0.1:1/old", "before", JOB_EVENTS)
    await ending()
    changes = EndpointChanges(url=receiver.url("/hook"))
    changed = await webhooks.update(ANONYMOUS, endpoint.id, changes)
    assert (changed.url, changed.description, changed.events) == (receiver.url("/hook"), "before", JOB_EVENTS)
    async with delivering(settings, database):
        await all_with(webhooks, DeliveryStatus.SUCCESS, 1)
    assert len(receiver.requests) == 1


async def test_another_keys_endpoints_and_deliveries_are_not_there(webhooks, settings, database, receiver, ending):
    other, _ = await Keys(database).create("other")
    endpoint, _ = await webhooks.create(ANONYMOUS, receiver.url("/hook"), None, JOB_EVENTS)
    await ending(key=other)
    assert await webhooks.deliveries(ANONYMOUS, EVERY, 10) == []
    await ending()
    [delivery] = await webhooks.deliveries(ANONYMOUS, EVERY, 10)
    assert await webhooks.endpoints(other) == []
    assert await webhooks.update(other, endpoint.id, EndpointChanges(is_active=False)) is None
    assert not await webhooks.delete(other, endpoint.id)
    assert await webhooks.test(other, endpoint.id) is None
    assert await webhooks.delivery(other, delivery.id) is None
    assert await webhooks.resend(other, delivery.id) is None


async def test_a_slow_and_a_dead_receiver_delay_nobody_else(webhooks, settings, database, receiver, ending):
    async def hang(_request):
        await asyncio.sleep(30)
        return Response()

    async with HttpServer({"/hook": hang}) as slow:
        for _ in range(40):
            await ending(webhook_url=slow.url("/hook"))
            await ending(webhook_url="http://127.0.0.1:1/dead")
        async with delivering(settings, database, webhook_timeout=5.0, webhook_concurrency=16):
            await until(lambda: asyncio.sleep(0, slow.requests))
            began = time.monotonic()
            await ending(webhook_url=receiver.url("/hook"))
            await all_with(webhooks, DeliveryStatus.SUCCESS, 1)
            assert time.monotonic() - began < 2
            assert len(slow.requests) == settings.webhooks.webhook_receiver_concurrency


async def test_a_delivery_in_dead_hands_goes_to_others_when_its_lease_ends(
    webhooks, settings, database, receiver, ending
):
    await ending(webhook_url=receiver.url("/hook"))
    async with Deliverer(settings, database, "dies") as dead:
        [claimed] = await dead._claim()
        async with delivering(settings, database, "lives"):
            await asyncio.sleep(0.3)
            assert receiver.requests == []
            [delivery] = await all_with(webhooks, DeliveryStatus.SUCCESS, 1)
        # What the first one does now has no effect.
        await database.rows(statements.END_ATTEMPT, claimed.id, "dies", claimed.claims, "failed", 500, "late", None)
    assert await webhooks.delivery(ANONYMOUS, delivery.id) == delivery


@pytest.mark.parametrize(
    "written", ["created_at = now() + interval '1 hour'", "worker_id = 'dead'", "attempts = 1, status = 'failed'"]
)
async def test_a_clock_that_is_set_back_delays_nothing(webhooks, settings, database, receiver, ending, written):
    await ending(webhook_url=receiver.url("/hook"))
    await database.rows(f"UPDATE webhook_deliveries SET next_attempt_at = now() + interval '1 hour', {written}")
    async with delivering(settings, database):
        await all_with(webhooks, DeliveryStatus.SUCCESS, 1)


async def test_what_waits_for_its_next_attempt_is_not_brought_forward(webhooks, settings, database, receiver, ending):
    await ending(webhook_url=receiver.url("/hook"))
    await database.rows("UPDATE webhook_deliveries SET next_attempt_at = now() + interval '50 minutes', attempts = 1")
    async with delivering(settings.changed(webhook_retry_delays=(3600.0,)), database):
        await asyncio.sleep(0.5)
        assert not receiver.requests


async def test_what_is_in_hand_at_a_stop_goes_to_others_at_once(webhooks, settings, database, receiver, ending):
    async def hang(_request):
        await asyncio.sleep(30)
        return Response()

    receiver.routes["/hook"] = hang
    await ending(webhook_url=receiver.url("/hook"))
    async with delivering(settings, database, webhook_timeout=20.0) as first:
        await until(lambda: asyncio.sleep(0, receiver.requests))
        await first.release()
    receiver.routes["/hook"] = Response()
    async with delivering(settings, database, "second", webhook_timeout=20.0):
        [delivery] = await all_with(webhooks, DeliveryStatus.SUCCESS, 1)
    assert delivery.attempts == 1
    assert receiver.requests[0].body == receiver.requests[1].body


async def test_two_workers_send_each_delivery_once(webhooks, settings, database, receiver, ending):
    jobs = [await ending(webhook_url=receiver.url("/hook")) for _ in range(60)]
    async with delivering(settings, database, "a"), delivering(settings, database, "b"):
        await all_with(webhooks, DeliveryStatus.SUCCESS, 60)
    told = [orjson.loads(request.body)["jobId"] for request in receiver.requests]
    assert sorted(told) == sorted(job.id for job in jobs)


async def test_a_test_is_tried_once(webhooks, settings, database, receiver):
    receiver.routes["/hook"] = Response(b"", 500)
    endpoint, secret = await webhooks.create(ANONYMOUS, receiver.url("/hook"), None, [Event.JOB_FAILED])
    await webhooks.update(ANONYMOUS, endpoint.id, EndpointChanges(is_active=False))
    delivery_id = await webhooks.test(ANONYMOUS, endpoint.id)
    async with delivering(settings, database):
        [delivery] = await all_with(webhooks, DeliveryStatus.EXHAUSTED, 1)
    assert (delivery.id, delivery.http_status, delivery.attempts) == (delivery_id, 500, 1)
    [request] = receiver.requests
    assert anakin.verify_webhook_signature(request.body, request.headers["x-anakin-signature"], secret)
    assert orjson.loads(request.body)["event"] == "webhook.test"


async def test_a_secret_of_another_service_key_signs_nothing(webhooks, settings, database, receiver, ending):
    foreign = Webhooks(database, SigningKey(b"x" * 32))
    await foreign.create(ANONYMOUS, receiver.url("/hook"), None, JOB_EVENTS)
    await ending()
    async with delivering(settings, database, webhook_retry_delays=()):
        await all_with(webhooks, DeliveryStatus.EXHAUSTED, 1)
    assert receiver.requests == []


async def test_a_page_ended_twice_is_told_once(webhooks, database, queue):
    store = JobStore(database)
    await store.submit(ANONYMOUS, ["http://example.com/"], ScrapeOptions(), batch=False, webhook_url="http://a.b/")
    [page] = await queue.claim(1)
    for _ in range(2):
        await queue.fail(page, FAILURE)
    assert len(await webhooks.deliveries(ANONYMOUS, EVERY, 10)) == 1
