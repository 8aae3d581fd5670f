"""Repetitions and limits, as clients meet them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest
from tests.api.conftest import serving

from pagemill.api.submission.submit import Submission, SubmitEndpoint, idempotency
from pagemill.jobs.keys.keys import Keys
from pagemill.jobs.queue.store import Idempotency, Repeat
from pagemill.jobs.sessions.store import SessionStore
from pagemill.model import Action, ActionType, Format, ScrapeOptions, SessionUse

if TYPE_CHECKING:
    from tests.api.conftest import Api, SimulatedWorker

    from pagemill.jobs.database.pool import Database
    from pagemill.settings import Settings

URL = "https://example.com/"
SUBMISSION = Submission(SubmitEndpoint.SINGLE, [URL], ScrapeOptions(), idempotency_key="key")


def mark_of(submission: Submission, settings: Settings) -> Idempotency | Repeat | None:
    return idempotency(submission, settings, SessionStore(cast("Database", None), settings))


def test_only_the_same_request_has_the_same_hash(settings: Settings) -> None:
    variants = [
        SUBMISSION,
        replace(SUBMISSION, batch=True),
        replace(SUBMISSION, urls=[URL, URL], batch=True),
        replace(SUBMISSION, options=ScrapeOptions(country="de")),
        replace(SUBMISSION, options=ScrapeOptions(formats=(Format.HTML,))),
        replace(SUBMISSION, options=ScrapeOptions(force_fresh=True)),
        replace(SUBMISSION, options=ScrapeOptions(session=SessionUse(name="shop"))),
        replace(SUBMISSION, options=ScrapeOptions(session=SessionUse(name="shop", save_as="shop"))),
        replace(SUBMISSION, webhook_url="https://example.com/hook"),
        replace(SUBMISSION, retry_of="job_1"),
        replace(SUBMISSION, search=("mills", 5), batch=True),
        replace(SUBMISSION, search=("mills", 6), batch=True),
    ]
    marks = [mark_of(variant, settings) for variant in variants]
    assert len({mark.request_hash for mark in marks if mark}) == len(variants)
    assert mark_of(SUBMISSION, settings) == marks[0]


def test_a_request_without_what_was_added_since_has_the_hash_of_the_version_before(settings: Settings) -> None:
    options = ScrapeOptions(actions=(Action(ActionType.CLICK, selector="a"),), user_agent="b")
    mark = mark_of(replace(SUBMISSION, urls=["http://a.test/"], options=options), settings)
    assert mark is not None
    assert mark.request_hash is not None
    assert mark.request_hash.hex() == "255e13d636e2b8ad9576c531c473ca3788adcbfc52cd62d25b76daa4a78472b2"


def test_a_session_that_was_saved_anew_makes_another_request_of_it(settings: Settings) -> None:
    window = settings.changed(repeat_window=5.0)
    times = [None, datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 1, 3, tzinfo=UTC)]
    options = ScrapeOptions(session=SessionUse(name="shop"))
    variants = [replace(SUBMISSION, options=options, session_saved_at=time) for time in times]
    assert len({mark_of(variant, window) for variant in variants}) == 1  # its own key says that it is the same
    assert len({mark_of(replace(variant, idempotency_key=None), window) for variant in variants}) == 3


def test_without_a_key_the_window_decides(settings: Settings) -> None:
    keyless = replace(SUBMISSION, idempotency_key=None)
    assert mark_of(keyless, settings) is None
    window = settings.changed(repeat_window=5.0)
    mark = mark_of(keyless, window)
    assert mark == Repeat(mark.request_hash, timedelta(seconds=5), until_end=False)
    inline = mark_of(replace(keyless, endpoint=SubmitEndpoint.INLINE), window)
    assert inline == replace(mark, until_end=True)
    assert isinstance(mark_of(SUBMISSION, window), Idempotency)


async def submitted(api: Api, path: str = "/v1/url-scraper", **fields: Any) -> str:
    answer = await api.client.post(path, json={"url": URL, **fields})
    assert answer.status_code == 202, answer.text
    assert answer.json()["status"] == "pending"
    return str(answer.json()["jobId"])


async def test_the_same_request_again_at_once_is_the_same_job(
    settings: Settings, key: tuple[str, str], database: Database
) -> None:
    async with serving(settings.changed(repeat_window=5.0), key) as api:
        jobs = await asyncio.gather(*(submitted(api, forceFresh=True) for _ in range(10)))
        assert len(set(jobs)) == 1
        others = [await submitted(api), await submitted(api, formats=["html"]), await submitted(api, country="de")]
        batches = [
            (await api.client.post("/v1/url-scraper/batch", json={"urls": [URL]})).json()["id"] for _ in range(2)
        ]
        assert len({*jobs, *others, *batches}) == 5
        _, stranger = await Keys(database).create("stranger")
        answer = await api.client.post(
            "/v1/url-scraper", json={"url": URL, "forceFresh": True}, headers={"X-API-Key": stranger}
        )
        assert answer.json()["id"] != jobs[0]
        keyed = [
            (await api.client.post("/v1/url-scraper", json={"url": URL}, headers={"Idempotency-Key": name})).json()[
                "id"
            ]
            for name in "ab"
        ]
        assert len({*others, *keyed}) == 5


async def test_an_inline_scrape_again_waits_for_the_first(
    settings: Settings, key: tuple[str, str], worker: SimulatedWorker, database: Database
) -> None:
    async with serving(settings.changed(repeat_window=5.0), key) as api:
        waiting = asyncio.create_task(api.client.post("/v1/scrape", json={"url": URL}))
        page = await worker.start_next()
        waiting.cancel()
        await database.rows("UPDATE recent_requests SET created_at = created_at - interval '1 minute'")
        again = asyncio.create_task(api.client.post("/v1/url-scraper/scrape", json={"url": URL}))
        await asyncio.sleep(0.1)
        await worker.complete(page)
        answer = await again
        assert (answer.status_code, answer.json()["id"]) == (200, page.job_id)


async def test_too_many_submissions_are_refused_and_polling_never_is(settings: Settings, key: tuple[str, str]) -> None:
    limited = settings.changed(submits_per_minute=3)
    async with serving(limited, key) as first, serving(limited, key) as second:
        answers = await asyncio.gather(
            *(
                api.client.post("/v1/url-scraper", json={"url": f"{URL}{n}"})
                for api in (first, second)
                for n in range(5)
            )
        )
        taken = [answer for answer in answers if answer.status_code == 202]
        refused = [answer for answer in answers if answer.status_code == 429]
        assert (len(taken), len(refused)) == (3, 7)
        for answer in refused:
            assert answer.json()["error"] == answer.json()["code"] == "rate_limited"
            assert 1 <= int(answer.headers["Retry-After"]) <= 60
        batch = await first.client.post("/v1/url-scraper/batch", json={"urls": [URL]})
        assert batch.status_code == 202
        for _ in range(100):
            assert (await first.client.get(f"/v1/url-scraper/{taken[0].json()['id']}")).status_code == 200


async def test_what_came_before_is_answered_even_at_the_limit(settings: Settings, key: tuple[str, str]) -> None:
    async with serving(settings.changed(submits_per_minute=2, repeat_window=5.0), key) as api:
        headers = {"Idempotency-Key": "once"}
        keyed = [await api.client.post("/v1/url-scraper", json={"url": URL}, headers=headers) for _ in range(4)]
        assert len({answer.json()["id"] for answer in keyed}) == 1
        assert len({await submitted(api) for _ in range(4)}) == 1
        assert (await api.client.post("/v1/url-scraper", json={"url": f"{URL}new"})).status_code == 429


@pytest.mark.parametrize("path", ["/v1/url-scraper", "/v1/scrape"])
async def test_pages_a_day_are_counted_over_all_endpoints(settings: Settings, key: tuple[str, str], path: str) -> None:
    async with serving(settings.changed(pages_per_day=3, inline_wait=0.05), key) as api:
        over = await api.client.post("/v1/url-scraper/batch", json={"urls": [URL] * 4})
        assert over.status_code == 429
        assert 1 <= int(over.headers["Retry-After"]) <= 86_400
        await api.submit(URL, URL)
        assert (await api.client.post(path, json={"url": URL})).status_code == 202
        assert (await api.client.post(path, json={"url": URL})).status_code == 429


async def test_a_full_queue_refuses_what_is_new_and_counts_it_nowhere(settings: Settings, key: tuple[str, str]) -> None:
    limited = settings.changed(queued_pages_per_key=2, pages_per_day=3, repeat_window=5.0)
    async with serving(limited, key) as api:
        headers = {"Idempotency-Key": "once"}
        keyed = await api.client.post("/v1/url-scraper", json={"url": URL}, headers=headers)
        unkeyed = await submitted(api)
        for path, body in (("", {"url": f"{URL}new"}), ("/batch", {"urls": [URL]}), ("/scrape", {"url": f"{URL}new"})):
            for _ in range(2):
                refused = await api.client.post(f"/v1/url-scraper{path}", json=body)
                assert (refused.status_code, refused.json()["code"]) == (429, "queue_full")
                assert int(refused.headers["Retry-After"]) > 0
        again = await api.client.post("/v1/url-scraper", json={"url": URL}, headers=headers)
        assert again.json()["id"] == keyed.json()["id"]
        assert await submitted(api) == unkeyed
        await api.client.delete(f"/v1/url-scraper/{unkeyed}")
        await submitted(api, country="de")
