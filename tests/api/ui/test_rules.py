"""The rules that hold for every view and every change, tried on every route of the interface."""

from __future__ import annotations

import gzip
import io
import re
import zipfile
from typing import TYPE_CHECKING

import httpx
import pytest
from fastapi.routing import APIRoute
from tests.api.ui.signed_in import signed_in

from pagemill.api.ui.routers import ROUTERS
from pagemill.jobs.keys.keys import Keys
from pagemill.model import BlockRole

if TYPE_CHECKING:
    from tests.api.conftest import Api, SimulatedWorker

    from pagemill.jobs.database.pool import Database

ROUTES = [
    (method, route.path)
    for router in ROUTERS
    for route in router.routes
    if isinstance(route, APIRoute)
    for method in sorted(route.methods)
]
VIEWS = [path for method, path in ROUTES if method == "GET"]
CHANGES = [path for method, path in ROUTES if method == "POST"]
OF_OPERATORS = {"/ui/hosts", "/ui/proxies", "/ui/hosts/forget", "/ui/keys", "/ui/keys/{key_id}/revoke"}
OPEN = {"/ui/sign-in", "/ui/assets/{name}"}
CONTENT = {
    "html": "<title>A page</title><h1>A page</h1><p>It has some words that are its content, and no more.</p>",
    "cleanedHtml": "<p>It</p>",
    "markdown": "It\n",
    "links": [{"href": "https://example.com/a", "text": "a"}],
    "metadata": {"title": "A page"},
}


def test_every_method_is_known() -> None:
    assert {method for method, _ in ROUTES} == {"GET", "POST"}
    assert len(CHANGES) > 15


async def finished_job(api: Api, worker: SimulatedWorker) -> str:
    job_id = await api.submit("https://example.com/", formats=["html", "cleanedHtml", "markdown", "links"])
    await worker.complete_all(CONTENT)
    return job_id


def filled(path: str, job_id: str) -> str:
    """The path of a route with something that may be there in it."""
    known = {"job_id": job_id, "position": "0", "form": "jsonl", "name": "markdown", "action": "delete"}
    return re.sub(r"\{(\w+)(?::path)?\}", lambda found: known.get(found[1], "x_1"), path)


@pytest.mark.parametrize("token", [False, True])
async def test_no_change_is_made_for_another_site(api: Api, worker: SimulatedWorker, token: bool) -> None:
    job_id = await finished_job(api, worker)
    async with signed_in(api) as visitor:
        headers = {"Origin": "https://evil.test", "Sec-Fetch-Site": "cross-site"} if token else {}
        if not token:
            del visitor.headers["X-CSRF-Token"]
        for path in CHANGES:
            answer = await visitor.post(filled(path, job_id), data={"what": "all"}, headers=headers)
            assert answer.status_code == 403, path


async def test_nothing_is_shown_or_changed_without_a_sign_in(api: Api, worker: SimulatedWorker) -> None:
    job_id = await finished_job(api, worker)
    async with httpx.AsyncClient(base_url=api.url, headers={"Accept": "text/html"}) as stranger:
        for method, path in ROUTES:
            if path not in OPEN:
                answer = await stranger.request(method, filled(path, job_id))
                assert answer.status_code == 401, path
                assert "Sign in" in answer.text


async def test_what_is_an_operator_s_is_refused_to_others(api: Api, worker: SimulatedWorker) -> None:
    job_id = await finished_job(api, worker)
    async with signed_in(api) as visitor:
        for method, path in ROUTES:
            if path in OF_OPERATORS and (method, path) != ("GET", "/ui/keys"):
                assert (await visitor.request(method, filled(path, job_id))).status_code == 403, path


async def test_another_key_s_job_is_not_there(api: Api, worker: SimulatedWorker, database: Database) -> None:
    job_id = await finished_job(api, worker)
    _, other = await Keys(database).create("other", operator=True)
    async with signed_in(api, other) as visitor:
        for method, path in ROUTES:
            if "{job_id}" in path:
                data = {"what": "all", "block": "0", "role": BlockRole.BODY.value}
                answer = await visitor.request(
                    method, filled(path, job_id), **({"data": data} if method == "POST" else {})
                )
                assert answer.status_code == 404, (path, answer.status_code)


async def test_every_answer_says_that_nothing_may_be_run(api: Api, worker: SimulatedWorker) -> None:
    job_id = await finished_job(api, worker)
    async with signed_in(api) as visitor:
        for method, path in ROUTES:
            if path != "/ui/sign-out":
                answer = await visitor.request(method, filled(path, job_id))
                check_headers(answer, path)
                assert answer.status_code < 500, path
        for path in CHANGES:
            check_headers(await visitor.post(filled(path, "job_x"), headers={"Accept": "application/json"}), path)


def check_headers(answer: httpx.Response, path: str) -> None:
    policy = answer.headers.get("Content-Security-Policy", "")
    assert "default-src 'none'" in policy, path
    assert "unsafe-inline" not in policy.partition("script-src")[2].partition(";")[0], path
    assert answer.headers.get("X-Content-Type-Options") == "nosniff", path


async def test_no_view_shows_the_password_of_an_address(api: Api, worker: SimulatedWorker) -> None:
    job_id = await api.submit("https://u:secret@example.com/", formats=["html"])
    await worker.complete_all(CONTENT)
    batch_id = await api.submit("https://u:secret@example.com/a", "https://u:secret@example.com/b")
    await worker.complete_all(CONTENT)
    async with signed_in(api) as visitor:
        block = {"block": "0", "role": BlockRole.JUNK.value}
        assert (await visitor.post(f"/ui/content/{job_id}/corrections", data=block)).status_code == 303
        views = [filled(path, job_id) for path in VIEWS if not path.startswith("/ui/jobs/{job_id}/pages")]
        for path in (*views, f"/ui/playground/{batch_id}", f"/ui/playground/{batch_id}/events"):
            assert "secret@" not in (await visitor.get(path)).text, path
        archive = zipfile.ZipFile(io.BytesIO((await visitor.get("/ui/corrections.zip")).content))
    [truth] = [name for name in archive.namelist() if name.startswith("ground-truth")]
    assert b"secret" not in gzip.decompress(archive.read(truth))
