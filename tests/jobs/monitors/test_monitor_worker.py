"""Monitors by real workers, of pages that change."""

from __future__ import annotations

import asyncio
import json

import anakin
import orjson
import pytest
from tests.jobs.monitors.conftest import page
from tests.web.http_server import Response

from pagemill.jobs.keys.keys import ANONYMOUS
from pagemill.jobs.queue.store import JobStore
from pagemill.jobs.webhooks.endpoints import DeliveryFilter, Event, Webhooks
from pagemill.jobs.webhooks.signing import SigningKey
from pagemill.model import Format
from pagemill.sites.candidates import digest
from pagemill.sites.identity import site_url

SITE = {"limit": 20, "depth": 2}


async def test_a_page_is_watched_from_its_first_run_on(monitors, web):
    monitor = await monitors.create(web.url("/"))
    async with monitors.working():
        first = await monitors.checked(monitor)
        assert await monitors.changes(monitor) == []
        assert (first.checks, first.failure, first.last_changed_at) == (1, None, None)
        await monitors.run(monitor)
        assert await monitors.changes(monitor) == []
        web.routes["/"] = page("Rye costs 4 euros.")
        last = await monitors.run(monitor)
    [change] = await monitors.changes(monitor)
    assert (change.kind, change.url, change.summary) == ("changed", web.url("/"), "1 line added, 1 line removed")
    assert "-Rye costs 3 euros.\n+Rye costs 4 euros.\n" in change.diff
    assert change.diff_json is None
    assert last.last_changed_at == last.last_checked_at
    assert last.next_run_at > last.last_checked_at
    assert len(await monitors.jobs()) == 3


async def test_advertisements_and_the_time_of_day_are_no_change(monitors, web):
    monitor = await monitors.create(web.url("/"))

    def answer(_request):
        count = len(web.requests)
        html = page(f"Updated {count} minutes ago").body.replace(
            b"</main>", b"</main><aside class=ad><a href=/buy>Buy now, offer %d</a></aside>" % count
        )
        return Response(html)

    web.routes["/"] = answer
    async with monitors.working():
        await monitors.checked(monitor)
        await monitors.run(monitor)
        await monitors.run(monitor)
    assert len(web.requests) == 3
    assert await monitors.changes(monitor) == []


async def test_a_page_that_fails_keeps_its_last_content(monitors, web):
    monitor = await monitors.create(web.url("/"))
    async with monitors.working():
        await monitors.checked(monitor)
        web.routes["/"] = Response(b"down", 500)
        failed = await monitors.run(monitor)
        assert failed.failure.code == "http_error"
        assert "500" in failed.failure.message
        web.routes["/"] = page("Rye costs 5 euros.")
        again = await monitors.run(monitor)
    assert again.failure is None
    [change] = await monitors.changes(monitor)
    assert "-Rye costs 3 euros.\n+Rye costs 5 euros.\n" in change.diff


async def test_a_page_that_failed_first_is_compared_from_its_first_success_on(monitors, web):
    web.routes["/"] = Response(b"down", 500)
    monitor = await monitors.create(web.url("/"))
    async with monitors.working():
        assert (await monitors.checked(monitor)).checks == 0
        web.routes["/"] = page("Rye costs 3 euros.")
        assert (await monitors.run(monitor)).checks == 1
    assert await monitors.changes(monitor) == []


async def test_structured_json_is_compared_by_itself(monitors, web):
    def product(price, text):
        data = json.dumps(
            {
                "@context": "https://schema.org",
                "@type": "Product",
                "name": "Rye",
                "offers": {"@type": "Offer", "price": price, "priceCurrency": "EUR"},
            }
        )
        head = f'<script type="application/ld+json">{data}</script></title>'
        return Response(page(text, f"Rye costs {price} EUR.").body.replace(b"</title>", b"</title>" + head.encode()))

    schema = json.dumps({"type": "object", "properties": {"name": {"type": "string"}, "price": {"type": "number"}}})
    web.routes["/"] = product(3, "One text.")
    monitor = await monitors.create(web.url("/"), formats=(Format.JSON,), schema=schema)
    async with monitors.working():
        await monitors.checked(monitor)
        web.routes["/"] = product(3, "Another text.")
        await monitors.run(monitor)
        assert await monitors.changes(monitor) == []
        web.routes["/"] = product(4, "Another text.")
        await monitors.run(monitor)
    [change] = await monitors.changes(monitor)
    assert change.diff is None
    assert change.diff_json == {"changed": {"/price": {"before": 3, "after": 4}}}
    assert change.summary == "1 value changed: /price"


async def test_a_site_is_crawled_and_its_pages_are_told_apart(monitors, web):
    web.routes |= {
        "/": page("Start.", links=("/a", "/b")),
        "/a": page("The page of rye.", "Rye costs 3 euros."),
        "/b": page("The page of wheat."),
    }
    monitor = await monitors.create(web.url("/"), site=SITE)
    async with monitors.working():
        await monitors.checked(monitor)
        assert await monitors.changes(monitor) == []
        web.routes |= {
            "/": page("Start.", links=("/a", "/b", "/c")),
            "/a": page("The page of rye.", "Rye costs 4 euros."),
            "/c": page("The page of spelt."),
        }
        await monitors.run(monitor)
        found = {change.url: change for change in await monitors.changes(monitor)}
        assert {url: change.kind for url, change in found.items()} == {
            web.url("/"): "changed",
            web.url("/a"): "changed",
            web.url("/c"): "added",
        }
        assert "+Rye costs 4 euros." in found[web.url("/a")].diff
        web.routes["/b"] = Response(b"gone", 410)
        await monitors.run(monitor)
    removed = [change for change in await monitors.changes(monitor) if change.kind == "removed"]
    assert [change.url for change in removed] == [web.url("/b")]


async def test_two_pages_that_are_the_same_are_both_watched(monitors, web):
    """Whichever of them a crawl meets first."""
    web.routes |= {
        "/": page("Start.", links=("/a", "/b")),
        "/a": page("The page of rye."),
        "/b": page("The page of rye."),
    }
    monitor = await monitors.create(web.url("/"), site=SITE)
    async with monitors.working():
        await monitors.checked(monitor)
        web.routes["/"] = page("Start.", links=("/b", "/a"))
        await monitors.run(monitor)
    assert {(change.url, change.kind) for change in await monitors.changes(monitor)} == {(web.url("/"), "changed")}


async def test_a_page_of_a_site_that_fails_is_not_gone(monitors, web):
    web.routes |= {"/": page("Start.", links=("/a",)), "/a": page("The page of rye.")}
    monitor = await monitors.create(web.url("/"), site=SITE)
    async with monitors.working():
        await monitors.checked(monitor)
        web.routes["/a"] = Response(b"down", 500)
        failed = await monitors.run(monitor)
        assert failed.failure.code == "http_error"
        web.routes["/a"] = page("The page of rye.")
        await monitors.run(monitor)
    assert await monitors.changes(monitor) == []


async def test_a_page_that_is_linked_no_more_is_gone(monitors, web):
    web.routes |= {"/": page("Start.", links=("/a",)), "/a": page("The page of rye.")}
    monitor = await monitors.create(web.url("/"), site=SITE)
    async with monitors.working():
        await monitors.checked(monitor)
        web.routes["/"] = page("Start.")
        await monitors.run(monitor)
    assert {change.kind for change in await monitors.changes(monitor)} == {"changed", "removed"}


async def test_an_alert_is_signed_and_sent_again_until_it_arrives(monitors, web, settings, database):
    refusing = [Response(b"no", 503), Response(b"yes")]
    web.routes["/hook"] = lambda _: refusing.pop(0) if len(refusing) > 1 else refusing[0]
    monitor = await monitors.create(web.url("/"), alert_webhook_url=web.url("/hook"))
    webhooks = Webhooks(database, SigningKey.of(settings))
    secret = await webhooks.account_secret(ANONYMOUS)
    async with monitors.working(webhook_retry_delays=(0.1, 0.1)):
        await monitors.checked(monitor)
        web.routes["/"] = page("Rye costs 4 euros.")
        changed = await monitors.run(monitor)
        async with asyncio.timeout(20):
            while [delivery.status for delivery in await webhooks.deliveries(ANONYMOUS, DeliveryFilter(), 9)] != [
                "success"
            ]:
                await asyncio.sleep(0.02)
    assert changed.last_alerted_at == changed.last_changed_at
    first, second = [request for request in web.requests if request.path == "/hook"]
    assert first.body == second.body
    assert anakin.verify_webhook_signature(second.body, second.headers["x-anakin-signature"], secret)
    [change] = await monitors.changes(monitor)
    payload = orjson.loads(second.body)
    assert (payload["event"], payload["monitorId"], payload["jobId"]) == ("monitor.changed", monitor.id, change.job_id)
    assert payload["url"].endswith(f"/v1/monitors/{monitor.id}/changes")
    assert payload["data"]["totalChanges"] == 1
    assert payload["data"]["changes"][0]["diff"] == change.diff


async def test_endpoints_of_the_key_are_told_where_they_ask_for_it(monitors, web, settings, database):
    webhooks = Webhooks(database, SigningKey.of(settings))
    endpoint, _ = await webhooks.create(ANONYMOUS, web.url("/hook"), None, [Event.MONITOR_CHANGED])
    monitor = await monitors.create(web.url("/"))
    async with monitors.working():
        await monitors.checked(monitor)
        web.routes["/"] = page("Rye costs 4 euros.")
        await monitors.run(monitor)
    [delivery] = await webhooks.deliveries(ANONYMOUS, DeliveryFilter(), 9)
    assert (delivery.endpoint_id, delivery.event) == (endpoint.id, "monitor.changed")


@pytest.mark.usefixtures("s3")
async def test_pages_in_object_storage_are_compared_too(monitors, web):
    monitor = await monitors.create(web.url("/"))
    async with monitors.working(bodies_url="s3://bodies/monitors"):
        await monitors.checked(monitor)
        web.routes["/"] = page("Rye costs 4 euros.")
        await monitors.run(monitor)
    [change] = await monitors.changes(monitor)
    assert "-Rye costs 3 euros.\n+Rye costs 4 euros.\n" in change.diff


async def test_a_run_whose_job_was_deleted_ends_and_says_so(monitors, web, database):
    monitor = await monitors.create(web.url("/"))
    await database.rows(
        "UPDATE monitors SET job_id = 'job_gone', submitted = true, next_run_at = now() + interval '1 hour'"
    )
    async with monitors.working():
        async with asyncio.timeout(20):
            while (found := await monitors.get(monitor)).job_id is not None:
                await asyncio.sleep(0.02)
    assert found.failure.code == "not_found"


async def test_old_changes_make_room_for_new_ones(monitors, web):
    monitor = await monitors.create(web.url("/"))
    async with monitors.working(monitor_changes_kept=2):
        await monitors.checked(monitor)
        for price in range(10, 14):
            web.routes["/"] = page(f"Rye costs {price} euros.")
            await monitors.run(monitor)
    assert [change.diff.splitlines()[-1] for change in await monitors.changes(monitor)] == [
        "+Rye costs 13 euros.",
        "+Rye costs 12 euros.",
    ]


async def test_a_monitor_that_watches_something_else_begins_anew(monitors, web):
    web.routes["/other"] = page("Wheat costs 2 euros.")
    monitor = await monitors.create(web.url("/"))
    async with monitors.working():
        await monitors.checked(monitor)
        found = await monitors.get(monitor)
        changed = await monitors.store.update(found, monitors.definition(web.url("/other")))
        assert (changed.checks, changed.job_id) == (0, None)
        async with asyncio.timeout(20):
            while (await monitors.get(monitor)).checks == 0:
                await asyncio.sleep(0.02)
    assert await monitors.changes(monitor) == []


async def test_what_a_monitor_knew_before_it_began_anew_is_forgotten(monitors, web, database):
    """Even where a run wrote it down while the monitor was changed."""
    web.routes |= {"/": page("Start.", links=("/a",)), "/a": page("The page of rye.")}
    monitor = await monitors.create(web.url("/"), site=SITE)
    await database.rows(
        "INSERT INTO monitor_pages (monitor_id, page, url, content, captured_at, seen_in, seen_at) "
        "SELECT $1, decode(n, 'hex'), 'http://gone.example/', '', now(), 'job_before', now() FROM unnest($2::text[]) n",
        monitor.id,
        ["00", digest(site_url(web.url("/a")).identity)],
    )
    async with monitors.working():
        await monitors.checked(monitor)
        await monitors.run(monitor)
    assert await monitors.changes(monitor) == []


async def test_one_page_is_compared_once_whoever_ends_the_run(monitors, web, database):
    """Two workers poll at once, and share the runs."""
    urls = [web.url(f"/{number}") for number in range(12)]
    web.routes |= {f"/{number}": page("Rye costs 3 euros.") for number in range(12)}
    made = [await monitors.create(url) for url in urls]
    async with monitors.working("one", "two"):
        for monitor in made:
            await monitors.checked(monitor)
        web.routes |= {f"/{number}": page("Rye costs 4 euros.") for number in range(12)}
        await asyncio.gather(*(monitors.run(monitor) for monitor in made))
    for monitor in made:
        assert len(await monitors.changes(monitor)) == 1
    store = JobStore(database)
    assert len([await store.get(job, ANONYMOUS) for job in await monitors.jobs()]) == 24
