from __future__ import annotations

import asyncio

from tests.api.conftest import serving

from pagemill.api.firecrawl.jobs import status
from pagemill.jobs.keys.keys import Keys

URLS = [f"https://example.com/{number}" for number in range(4)]


async def submit(api, urls=URLS, **fields):
    answer = await api.client.post("/v2/batch/scrape", json={"urls": urls, **fields})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def read(api, batch_id, **parameters):
    answer = await api.client.get(f"/v2/batch/scrape/{batch_id}", params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()


def sources(part):
    return [document["metadata"]["sourceURL"] for document in part["data"]]


async def test_a_batch(api, worker):
    submitted = await submit(api)
    assert submitted["success"] is True
    assert submitted["url"] == f"{api.url}/v2/batch/scrape/{submitted['id']}"
    assert submitted["invalidURLs"] == []
    running = await read(api, submitted["id"])
    assert (running["status"], running["total"], running["completed"], running["data"]) == ("scraping", 4, 0, [])
    await worker.complete_all()
    done = await read(api, submitted["id"])
    assert (done["success"], done["status"], done["total"], done["completed"]) == (True, "completed", 4, 4)
    assert done["creditsUsed"] == 4
    assert done["expiresAt"].endswith("Z")
    assert "next" not in done
    assert sources(done) == URLS
    assert [document["markdown"] for document in done["data"]] == ["Ünï\n"] * 4


async def test_while_it_runs_documents_come_in_order_and_none_is_passed_over(api, worker):
    batch = (await submit(api))["id"]
    first, second, third, fourth = await worker.start_all()
    await worker.complete(first)
    await worker.complete(third)
    part = await read(api, batch)
    assert (part["status"], part["completed"], sources(part)) == ("scraping", 2, URLS[:1])
    await worker.complete(second)
    await worker.complete(fourth)
    rest = (await api.client.get(part["next"])).json()
    assert (rest["status"], sources(rest)) == ("completed", URLS[1:])
    assert "next" not in rest


async def test_a_client_that_asks_on_without_a_pause_is_held_until_there_is_more(api, worker):
    """Some ask for `next` until there is none."""
    batch = (await submit(api))["id"]
    following, seen, requests = (await read(api, batch))["next"], [], 0
    task = asyncio.create_task(asyncio.sleep(0.5))
    async with asyncio.timeout(20):
        while following:
            part = (await api.client.get(following)).json()
            following, seen, requests = part.get("next"), [*seen, *sources(part)], requests + 1
            if task.done():
                await worker.complete_all()
    assert seen == URLS
    assert requests < 10


async def test_paging(api, worker, monkeypatch):
    batch = (await submit(api))["id"]
    pages = await worker.start_all()
    await worker.fail(pages[1])
    for page in (pages[0], *pages[2:]):
        await worker.complete(page)
    parts = [await read(api, batch, limit=2)]
    while following := parts[-1].get("next"):
        parts.append((await api.client.get(following)).json())
    assert [sources(part) for part in parts] == [[URLS[0]], URLS[2:]]
    assert sources(await read(api, batch, skip=3)) == URLS[3:]
    assert sources(await read(api, batch, skip=9)) == []
    monkeypatch.setattr(status, "MAX_STORED_BYTES", 1)  # each document is more than fits
    parts = [await read(api, batch)]
    while following := parts[-1].get("next"):
        parts.append((await api.client.get(following)).json())
    assert [sources(part) for part in parts] == [[URLS[0]], [URLS[2]], [URLS[3]]]


async def test_next_is_where_clients_reach_the_service(settings, key, worker):
    async with serving(settings.changed(public_url="https://mill.example.com/"), key) as api:
        submitted = await submit(api)
        assert submitted["url"] == f"https://mill.example.com/v2/batch/scrape/{submitted['id']}"
        assert (await read(api, submitted["id"]))["next"].startswith("https://mill.example.com/v2/batch/scrape/")


async def test_what_failed_is_among_the_errors(api, worker):
    batch = (await submit(api))["id"]
    pages = await worker.start_all()
    await worker.fail(pages[0], "dns_error", "There is no such host.")
    await worker.fail(pages[1], "robots_disallowed", "Robots are kept away.")
    for page in pages[2:]:
        await worker.complete(page)
    answer = await api.client.get(f"/v2/batch/scrape/{batch}/errors")
    [error] = answer.json()["errors"]
    assert error.pop("timestamp").endswith("Z")
    assert error == {
        "id": f"{batch}-0",
        "url": URLS[0],
        "code": "SCRAPE_DNS_RESOLUTION_ERROR",
        "error": "There is no such host.",
    }
    assert answer.json()["robotsBlocked"] == [URLS[1]]
    done = await read(api, batch)
    assert (done["status"], done["total"], done["completed"], sources(done)) == ("completed", 4, 2, URLS[2:])


async def test_a_batch_of_which_nothing_completed_failed(api, worker):
    batch = (await submit(api, URLS[:2]))["id"]
    for page in await worker.start_all():
        await worker.fail(page)
    done = await read(api, batch)
    assert (done["success"], done["status"], done["data"]) == (True, "failed", [])
    assert "connection_refused" in done["error"]


async def test_cancelling(api, worker):
    batch = (await submit(api))["id"]
    for _ in range(2):  # a client whose answer got lost sends it again
        answer = await api.client.delete(f"/v2/batch/scrape/{batch}")
        assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    assert (await read(api, batch))["status"] == "cancelled"
    ended = (await submit(api, URLS[:2]))["id"]
    await worker.complete_all()
    answer = await api.client.delete(f"/v2/batch/scrape/{ended}")
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert (await read(api, ended))["status"] == "completed"


async def test_a_request_that_comes_again_after_a_cancellation_is_a_new_job(settings, key):
    async with serving(settings.changed(repeat_window=60), key) as api:
        cancelled = (await submit(api))["id"]
        assert (await submit(api))["id"] == cancelled
        await api.client.delete(f"/v2/batch/scrape/{cancelled}")
        again = (await submit(api))["id"]
        assert again != cancelled
        assert (await submit(api))["id"] == again
        assert (await read(api, again))["status"] == "scraping"


async def test_a_batch_is_cancelled_also_where_all_its_pages_were_begun(api, worker):
    batch = (await submit(api))["id"]
    pages = await worker.start_all()
    answer = await api.client.delete(f"/v2/batch/scrape/{batch}")
    assert (answer.status_code, answer.json()) == (200, {"success": True, "status": "cancelled"})
    assert (await read(api, batch))["status"] == "cancelled"
    for page in pages:
        await worker.complete(page)
    found = await read(api, batch)
    assert (found["status"], found["completed"], sources(found)) == ("cancelled", 4, URLS)


async def test_urls_that_are_not_valid(api, worker):
    urls = [URLS[0], "nothing", "ftp://example.com/"]
    submitted = await submit(api, urls)
    assert submitted["invalidURLs"] == urls[1:]
    assert (await read(api, submitted["id"]))["total"] == 1
    for fields in ({"urls": urls, "ignoreInvalidURLs": False}, {"urls": urls[1:]}):
        answer = await api.client.post("/v2/batch/scrape", json=fields)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_url")
        assert "urls[" in answer.json()["error"]
    many = await api.client.post("/v2/batch/scrape", json={"urls": URLS * 30})
    assert (many.status_code, many.json()["code"]) == (400, "invalid_request")


async def test_what_is_anothers_is_answered_as_what_never_was(api, worker, database):
    batch = (await submit(api))["id"]
    _, stranger = await Keys(database).create("stranger")
    for method, end in (("GET", ""), ("GET", "/errors"), ("DELETE", "")):
        others = await api.client.request(method, f"/v2/batch/scrape/{batch}{end}", headers={"X-API-Key": stranger})
        never = await api.client.request(method, f"/v2/batch/scrape/batch_0{end}")
        assert (others.status_code, others.json()) == (404, never.json())
    single = await api.submit(URLS[0])
    assert (await api.client.get(f"/v2/batch/scrape/{single}")).status_code == 404
