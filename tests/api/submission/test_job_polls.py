"""Polls that are answered before the framework: by one statement, and as the endpoint answers them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pagemill.jobs.database.pool import Database
from pagemill.jobs.keys.keys import Keys

if TYPE_CHECKING:
    import pytest
    from tests.api.conftest import Api, SimulatedWorker

URL = "https://example.com/a"
COMPARED = ("content-type", "content-encoding", "etag", "cache-control")
ENCODINGS = ("identity", "zstd", "gzip")
CONTENT = dict.fromkeys(("html", "cleanedHtml", "markdown"), "Words of a page. " * 200) | {"metadata": {"title": "T"}}


async def answers(api: Api, job: str, query: str = "") -> list[Any]:
    """What a poll is answered with in each encoding: status, headers but those of the single request, and the body."""
    found = []
    for encoding in ENCODINGS:
        answer = await api.client.get(f"/v1/url-scraper/{job}{query}", headers={"Accept-Encoding": encoding})
        headers = {name: answer.headers.get(name) for name in COMPARED}
        body = answer.json() if answer.status_code == 200 else answer.content
        found.append((answer.status_code, headers, body))
    return found


async def test_a_poll_is_answered_as_by_the_endpoint(api: Api, worker: SimulatedWorker) -> None:
    job = await api.submit(URL)
    assert await answers(api, job) == await answers(api, job, "?wait=0.0")
    [page] = await worker.start_all()
    assert await answers(api, job) == await answers(api, job, "?wait=0.0")
    assert (await api.job(job, fields="status"))["status"] == "processing"
    await worker.complete(page, CONTENT)
    ended = await answers(api, job)
    assert ended == await answers(api, job, "?wait=0.0")
    assert ended[0][2]["markdown"] == CONTENT["markdown"]
    failed = await api.submit(URL + "?2")
    await worker.fail((await worker.start_all())[0])
    assert await answers(api, failed) == await answers(api, failed, "?wait=0.0")


async def test_one_statement_finds_key_job_and_page_and_one_more_the_bodies(
    api: Api, worker: SimulatedWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    statements: list[str] = []
    send = Database.rows

    async def counted(self: Database, statement: str, *values: object, **options: object) -> object:
        if "SELECT" in statement and options.get("wait") is None and ("jobs" in statement or "bodies" in statement):
            statements.append(statement)
        return await send(self, statement, *values, **options)

    job = await api.submit(URL)
    [page] = await worker.start_all()
    monkeypatch.setattr(Database, "rows", counted)
    await api.job(job)
    assert len(statements) == 1
    await worker.complete(page, CONTENT)
    statements.clear()
    await api.job(job)
    assert len(statements) == 2


async def test_a_poll_needs_a_key_that_is_known_and_the_jobs_own(api: Api) -> None:
    path = f"/v1/url-scraper/{await api.submit(URL)}"
    keys = Keys(api.server.app.state.resources.database)
    _, other = await keys.create("other")
    bearer = {"X-API-Key": "", "Authorization": f"Bearer {api.secret}"}
    assert (await api.client.get(path, headers=bearer)).status_code == 200
    assert (await api.client.head(path)).status_code == 200
    assert (await api.client.get(path, headers={"X-API-Key": other})).status_code == 404
    assert (await api.client.get(path, headers={"X-API-Key": "pm_unknown"})).status_code == 401
    assert (await api.client.get(path, headers={"X-API-Key": ""})).status_code == 401
    assert (await api.client.get(path + "0")).status_code == 404
    await keys.revoke(api.key_id)
    assert (await api.client.get(path)).status_code == 401
