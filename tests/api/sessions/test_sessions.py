"""Sessions, from a log-in by actions to their end: the API and a worker, in one loop, with a real browser."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import anakin
import pytest
from tests.web.http_server import HttpServer, Request, Response, redirect
from tests.web.site import WORDS

from pagemill import AsyncClient
from pagemill.cli import _parser, sessions
from pagemill.errors import BrowserUnavailableError, UsageError
from pagemill.fetching.browser.chromium import find_chromium
from pagemill.jobs.keys.keys import Keys
from pagemill.jobs.worker import Worker

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.api.conftest import Api

    from pagemill.jobs.database.pool import Database
    from pagemill.settings import Settings

PASSWORD, COOKIE, TOKEN = "open-sesame", "c00kie-of-a-member", "t0ken-of-a-member"

FORM = b"""<!doctype html><title>Log in</title><form method="post" action="/login"><input id="name" name="name">
<input id="password" name="password" type="password"><button>Log in</button></form>"""
MEMBERS = f"""<!doctype html><title>Members</title><main><h1>For members</h1><p>{WORDS}</p><p id="token"></p></main>
<script>if (location.search) localStorage.setItem("token", "{TOKEN}");
document.getElementById("token").textContent = "Storage: " + localStorage.getItem("token");</script>""".encode()
ACTIONS = [
    {"type": "click", "selector": "#name"},
    {"type": "write", "text": "alice"},
    {"type": "click", "selector": "#password"},
    {"type": "write", "text": PASSWORD},
    {"type": "press", "key": "Enter"},
    {"type": "wait_for", "selector": "h1", "milliseconds": 10_000},
]


def log_in(request: Request) -> Response:
    fields = parse_qs(request.body.decode())
    if request.method != "POST" or fields.get("password") != [PASSWORD]:
        return Response(FORM)
    return redirect("/members?in", 303, ("Set-Cookie", f"member={COOKIE}; Path=/; HttpOnly; Max-Age=86400"))


def members(request: Request) -> Response:
    return Response(MEMBERS) if f"member={COOKIE}" in request.headers.get("cookie", "") else redirect("/login")


def statement(request: Request) -> Response:
    if f"member={COOKIE}" not in request.headers.get("cookie", ""):
        return redirect("/login")
    return Response(b"name,number\nkettle,2\n", content_type="text/csv")


def letter(request: Request) -> Response:
    is_known = request.headers.get("authorization") == f"Bearer {TOKEN}" and COOKIE in request.headers.get("cookie", "")
    return Response(f"<title>Letter</title><h1>{'For you' if is_known else 'Who?'}</h1><p>{WORDS}</p>".encode())


@pytest.fixture
async def site() -> AsyncIterator[HttpServer]:
    pages = {"/login": log_in, "/members": members, "/list.csv": statement, "/letter": letter}
    async with HttpServer(pages) as site:
        yield site


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.changed(cache_time=3600.0, sessions_per_key=2)


@pytest.fixture
async def working(settings: Settings) -> AsyncIterator[None]:
    try:
        find_chromium(settings)
    except BrowserUnavailableError as error:
        pytest.skip(error.message)
    stop = asyncio.Event()
    worker = asyncio.create_task(Worker(settings, "w").run(stop))
    yield
    stop.set()
    await worker


async def ended(api: Api, *urls: str, **fields: object) -> dict[str, Any]:
    """A job once the worker has ended it."""
    job_id = await api.submit(*urls, **fields)
    return await api.job(job_id, wait=30)


async def everything(database: Database) -> str:
    """All that the database holds, as text; numbers of bytes in hexadecimal."""
    tables = await database.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    rows = [
        str([dict(row) for row in await database.rows(f'SELECT to_jsonb(t) AS row FROM "{table["tablename"]}" AS t')])
        for table in tables
    ]
    return "\n".join(rows)


@pytest.mark.usefixtures("working")
async def test_headers_and_cookies_and_what_is_written_stand_nowhere_in_the_clear(
    api: Api, site: HttpServer, database: Database
) -> None:
    private = {"headers": {"Authorization": f"Bearer {TOKEN}"}, "cookies": [{"name": "member", "value": COOKIE}]}
    for job in (
        await ended(api, site.url("/letter"), formats=["markdown"], **private),
        await ended(api, site.url("/letter"), site.url("/letter?2"), formats=["markdown"], **private),
    ):
        for page in job.get("results", [job]):
            assert "For you" in page["markdown"]
    await ended(api, site.url("/login"), formats=["html"], actions=ACTIONS)
    text = await everything(database)
    for secret in (TOKEN, COOKIE, PASSWORD):
        assert secret not in text
        assert secret.encode().hex() not in text


@pytest.mark.usefixtures("working")
async def test_a_log_in_is_kept_for_later_jobs_of_its_key(
    api: Api,
    site: HttpServer,
    database: Database,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    settings: Settings,
) -> None:
    login = await ended(api, site.url("/login"), formats=["links"], actions=ACTIONS, saveSession="shop")
    assert (login["status"], login["finalUrl"]) == ("completed", site.url("/members?in"))
    session_id = login["session"]["id"]
    assert login["session"] == {"id": session_id, "name": "shop", "saved": True}

    # What was saved, as the API tells of it and as the database has it.
    [listed] = (await api.client.get("/v1/sessions")).json()["sessions"]
    assert (listed["id"], listed["name"], listed["domains"]) == (session_id, "shop", ["127.0.0.1"])
    assert (listed["origins"], listed["websiteUrl"]) == ([site.url("")], site.url(""))
    assert (listed["cookieCount"], listed["storageItemCount"]) == (1, 1)
    assert (await api.client.get(f"/v1/sessions/{session_id}")).json() == listed
    log = capfd.readouterr().out
    assert "page completed" in log
    text = await everything(database) + str(listed) + str(login) + log
    for secret in (COOKIE, TOKEN, PASSWORD):
        assert secret not in text
        assert secret.encode().hex() not in text

    # Pages by name and by id, in a batch too; without it the site wants a log-in.
    batch = await ended(api, site.url("/members"), site.url("/members"), formats=["markdown"], sessionName="shop")
    for page in batch["results"]:
        assert "For members" in page["markdown"]
        assert f"Storage: {TOKEN}" in page["markdown"]
        assert (page["fetchedWith"], page["cached"]) == ("browser", False)
    [crawl_page] = (await crawled(api, site.url("/members"), sessionId=session_id))["results"]
    assert "For members" in crawl_page["markdown"]
    # A document, which a browser would download.
    document = await ended(api, site.url("/list.csv"), formats=["markdown"], sessionName="shop", saveSession="list")
    assert "| kettle | 2 |" in document["markdown"]
    assert [step["outcome"] for step in document["attempts"]] == ["unsupported_content_type", "ok"]
    assert (document["fetchedWith"], document["session"]["saved"]) == ("http", False)
    without = await ended(api, site.url("/members"), formats=["html"])
    assert without["finalUrl"] == site.url("/login")

    # Nothing of it is shared: no page in the cache but that one, no host, no proxy, no selectors.
    cached = await database.rows("SELECT final_url FROM cached_pages")
    assert [row["final_url"] for row in cached] == [site.url("/login")]
    for table in ("browser_hosts", "selectors"):
        assert await database.rows(f"SELECT * FROM {table}") == []

    # Another key sees nothing of it.
    _, other = await Keys(database).create("other")
    headers = {"X-API-Key": other}
    for path in ("url-scraper", "url-scraper/scrape", "map", "crawl", "monitors"):
        for field in ({"sessionName": "shop"}, {"sessionId": session_id}):
            asked = {"url": site.url("/"), "intervalMinutes": 60, **field}
            answer = await api.client.post(f"/v1/{path}", json=asked, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path
            assert next(iter(field)) in answer.json()["message"]
    assert (await api.client.get("/v1/sessions", headers=headers)).json() == {"sessions": []}
    for method in ("GET", "DELETE"):
        answer = await api.client.request(method, f"/v1/sessions/{session_id}", headers=headers)
        assert answer.status_code == 404

    # Saved again under the same name, with what the site set meanwhile; and not beyond the limit.
    site.routes["/members"] = Response(MEMBERS, headers=(("Set-Cookie", "second=2; Path=/"),))
    again = await ended(api, site.url("/members"), formats=["links"], sessionName="shop", saveSession=True)
    assert again["session"] == {"id": session_id, "name": "shop", "saved": True}
    assert (await api.client.get(f"/v1/sessions/{session_id}")).json()["cookieCount"] == 2
    client = AsyncClient(api.url, api.secret)
    page = await client.scrape(site.url("/members"), formats=["links"], session_name="shop", save_session="b")
    assert page.session is not None
    assert page.session["saved"]
    beyond = await ended(api, site.url("/members"), formats=["links"], saveSession="c")
    assert (beyond["status"], beyond["session"]["saved"]) == ("completed", False)
    assert beyond["session"]["error"].endswith("(too_many_sessions)")

    # By the official client.
    official = anakin.Anakin(api.secret, base_url=f"{api.url}/v1")
    known = await asyncio.to_thread(official.sessions.list, domain="127.0.0.1")
    assert [(found.id, found.name) for found in known] == [(page.session["id"], "b"), (session_id, "shop")]
    assert (known[1].cookie_count, known[1].website_domain) == (2, "127.0.0.1")
    assert (await asyncio.to_thread(official.sessions.update, session_id, name="the shop")).name == "the shop"
    await asyncio.to_thread(official.sessions.update, session_id, name="shop")
    official.close()

    # On the command line.
    monkeypatch.setenv("PAGEMILL_API_KEY", api.secret)
    assert await command("list", settings, "--service", api.url) == 0
    assert await command("save", settings, "b", site.url("/members"), "--session", "shop", "--service", api.url) == 0
    assert await command("delete", settings, "b", "--service", api.url) == 0
    with pytest.raises(UsageError):
        await command("delete", settings, "b", "--service", api.url)
    shown = capfd.readouterr().out
    assert f"{session_id}  " in shown
    assert "b is deleted." in shown
    assert [found.name for found in await client.sessions()] == ["shop"]
    await client.aclose()

    # Deleted, it is not there any more.
    assert (await api.client.delete(f"/v1/sessions/{session_id}")).json() == {"id": session_id, "deleted": True}
    gone = await api.client.post("/v1/url-scraper", json={"url": site.url("/members"), "sessionName": "shop"})
    assert gone.status_code == 404
    assert "page completed" in shown
    for secret in (COOKIE, TOKEN):
        assert secret not in shown


async def command(action: str, settings: Settings, *words: str) -> int:
    """What `pagemill sessions` does with these words."""
    return await sessions.run(action, _parser().parse_args(["sessions", action, *words]), settings)


async def crawled(api: Api, url: str, **fields: object) -> dict[str, Any]:
    crawl = {"url": url, "maxPages": 1, "formats": ["markdown"], **fields}
    submitted = (await api.client.post("/v1/crawl", json=crawl)).json()
    return dict((await api.client.get(f"/v1/crawl/{submitted['id']}?wait=30")).json())
