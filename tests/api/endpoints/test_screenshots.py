from __future__ import annotations

from typing import TYPE_CHECKING

from pagemill import bodies
from pagemill.jobs.queue.claims import Queue
from pagemill.model import Attempt, FetchedWith

if TYPE_CHECKING:
    from tests.api.conftest import Api

    from pagemill.jobs.database.pool import Database

URL = "https://example.com/"
PNG = b"\x89PNG\r\n\x1a\n and the rest"


async def completed(api: Api, database: Database, *urls: str, **fields: object) -> str:
    """A job whose pages a worker completed with pictures."""
    job_id = await api.submit(*urls, **fields)
    queue = Queue(database, "w")
    await queue.heartbeat()
    metadata = bodies.pack({"title": "Title", "canonical_url": URL, "author": None, "open_graph": {"type": "article"}})
    for page in await queue.claim(10):
        await queue.complete(
            page,
            final_url=f"{page.url}final",
            status_code=200,
            bodies={"screenshot": PNG + page.url.encode(), "markdown": bodies.pack("text"), "metadata": metadata},
            fetched_with=FetchedWith.BROWSER,
            attempts=(
                Attempt(FetchedWith.HTTP, "blocked", 0.25, 403, "Cloudflare"),
                Attempt(FetchedWith.BROWSER, "ok", 1.5, 200),
            ),
        )
    return job_id


async def test_a_screenshot_is_the_png_itself(api: Api, database: Database) -> None:
    job_id = await completed(api, database, URL, formats=["screenshot"])
    job = await api.job(job_id)
    assert job["screenshotUrl"] == f"/v1/url-scraper/{job_id}/screenshot?type=viewport"
    assert "fullPageScreenshotUrl" not in job
    assert job["markdown"] is None
    answer = await api.client.get(job["screenshotUrl"])
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    assert answer.content == PNG + URL.encode()


async def test_each_page_of_a_batch_has_its_own(api: Api, database: Database) -> None:
    urls = [f"{URL}a", f"{URL}b"]
    job_id = await completed(api, database, *urls, formats=["screenshot"])
    for url, result in zip(urls, (await api.job(job_id))["results"], strict=True):
        assert (await api.client.get(result["screenshotUrl"])).content == PNG + url.encode()


async def test_what_is_not_there_is_not_found(api: Api, database: Database) -> None:
    job_id = await completed(api, database, URL, formats=["screenshot"])
    waiting = await api.submit(f"{URL}waiting", formats=["screenshot"])
    for path in (
        f"{job_id}/screenshot?type=fullpage",
        f"{job_id}/screenshot?index=1",
        f"{waiting}/screenshot",
        "job_0/screenshot",
        "x/screenshot",
    ):
        answer = await api.client.get(f"/v1/url-scraper/{path}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path
    answer = await api.client.get(f"/v1/url-scraper/{job_id}/screenshot?type=pdf")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")


async def test_the_answer_says_how_the_page_was_come_by(api: Api, database: Database) -> None:
    job = await api.job(await completed(api, database, URL, formats=["markdown"]))
    assert (job["fetchedWith"], job["statusCode"], job["finalUrl"]) == ("browser", 200, f"{URL}final")
    assert job["attempts"] == [
        {"fetchedWith": "http", "outcome": "blocked", "durationMs": 250, "statusCode": 403, "vendor": "Cloudflare"},
        {"fetchedWith": "browser", "outcome": "ok", "durationMs": 1500, "statusCode": 200},
    ]
    assert job["metadata"] == {"title": "Title", "canonicalUrl": URL, "openGraph": {"type": "article"}}
    assert "screenshotUrl" not in job
