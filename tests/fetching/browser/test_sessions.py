"""The state of a browser's context: taken after a page was read, and put into another one."""

from __future__ import annotations

import asyncio
import json

import pytest
import pytest_asyncio
from tests.web.http_server import HttpServer, Response
from tests.web.site import WORDS

from pagemill.errors import SessionUnreadableError
from pagemill.model import Format, ScrapeOptions, SessionFault, SessionState, SessionUse

pytestmark = pytest.mark.asyncio(loop_scope="module")

SAVES = ScrapeOptions(formats=(Format.HTML,), session=SessionUse(save_as="name"))
STORES = f"""<p>{WORDS}</p><script>localStorage.setItem("half \\ud800", location.host + " ü")</script>"""
SHOWS = f"""<p>{WORDS}</p><p id="p"></p><script>
document.getElementById("p").textContent = "holds " + localStorage.getItem("half \\ud800")</script>"""


@pytest_asyncio.fixture(loop_scope="module")
async def sites():
    cookie = ("Set-Cookie", "id=of-site; Path=/; HttpOnly")
    async with HttpServer(host="127.0.0.2") as first, HttpServer(host="127.0.0.3") as second:
        first.routes["/"] = Response(f'{STORES}<iframe src="{second.url("/")}"></iframe>'.encode(), headers=(cookie,))
        second.routes["/"] = Response(STORES.encode(), headers=(cookie,))
        for site in (first, second):
            site.routes["/shows"] = Response(SHOWS.encode())
        yield first, second


async def render(browser, url, options=SAVES, session=None):
    deadline = asyncio.get_running_loop().time() + 30
    return await browser.render(url, options, deadline, session=session)


async def test_the_state_of_all_origins_is_taken_and_restored(browser, sites):
    first, second = sites
    moving = first.url("/moving")
    first.routes["/moving"] = Response(f'<script>location.href = "{second.url("/")}"</script>'.encode())
    async with asyncio.timeout(30):
        state = (await render(browser, first.url("/"))).session
    value = json.loads(state.json)
    assert {cookie["domain"] for cookie in value["cookies"]} >= {"127.0.0.2"}
    assert {origin["origin"] for origin in value["origins"]} >= {first.url("")}

    page = (await render(browser, first.url("/shows"), session=state)).page
    assert f"holds {first.url('').removeprefix('http://')} ü" in page.body.decode()
    assert first.requests[-1].headers["cookie"] == "id=of-site"

    # The second site gets nothing of the first one; what it sets itself is added.
    both = (await render(browser, moving, session=state)).session
    assert "cookie" not in next(request.headers for request in second.requests[-2:] if request.path == "/")
    assert {origin["origin"] for origin in json.loads(both.json)["origins"]} == {first.url(""), second.url("")}
    for site in sites:
        page = (await render(browser, site.url("/shows"), session=both)).page
        assert f"holds {site.url('').removeprefix('http://')} ü" in page.body.decode()

    assert [request.path for request in second.requests].count("/") == 2  # storage is read without asking the site

    # Without a session there is nothing of it in the same browser.
    options = ScrapeOptions(formats=(Format.HTML,))
    plain = await render(browser, first.url("/shows"), options)
    assert "holds null" in plain.page.body.decode()
    assert plain.session is None
    assert "cookie" not in first.requests[-1].headers


async def test_a_state_that_the_browser_does_not_take_ends_its_page_alone(browser, sites):
    await render(browser, sites[0].url("/"))
    processes = browser.processes
    cookie = {"name": "\n", "value": "a", "domain": "127.0.0.2", "path": "/"}
    state = SessionState(json.dumps({"cookies": [cookie], "origins": []}).encode())
    with pytest.raises(SessionUnreadableError):
        await render(browser, sites[0].url("/"), session=state)
    assert (await render(browser, sites[0].url("/"))).session is not None
    assert browser.processes == processes


async def test_a_page_of_too_many_origins_is_read_and_its_state_is_not(browser, sites, monkeypatch):
    settings = browser._settings
    few = settings.changed(session_max_origins=1)
    monkeypatch.setattr(browser, "_settings", few)
    for instance in browser._instances.values():
        monkeypatch.setattr(instance.tabs, "_settings", few)
    rendered = await render(browser, sites[0].url("/"))
    assert WORDS[:50] in rendered.page.body.decode()
    assert rendered.session is SessionFault.TOO_MANY_ORIGINS


DATABASE = f"""<p>{WORDS}</p><p id="p"></p><script>
const opening = indexedDB.open("auth", 3);
opening.onupgradeneeded = () => {{
  const users = opening.result.createObjectStore("users", {{keyPath: "id"}});
  users.createIndex("by-name", "name");
  users.put({{id: 1, name: "alice", since: new Date(0), bytes: new Uint8Array([1, 2])}});
}};
opening.onsuccess = () => {{
  const found = opening.result.transaction("users").objectStore("users").index("by-name").get("alice");
  found.onsuccess = () => {{
    const user = found.result;
    document.getElementById("p").textContent =
      user && `database has ${{user.id}} ${{user.since.getTime()}} ${{user.bytes[1]}}`;
  }};
}};
</script>"""


async def test_databases_are_taken_and_restored(browser, sites):
    sites[0].routes["/database"] = Response(DATABASE.encode())
    sites[0].routes["/reads"] = Response(DATABASE.replace("users.put", "(() => 0)").encode())
    state = (await render(browser, sites[0].url("/database"))).session
    assert "alice" in state.json.decode()
    page = (await render(browser, sites[0].url("/reads"), session=state)).page
    assert "database has 1 0 2" in page.body.decode()


_LARGE = [
    "localStorage.setItem('a', 'a'.repeat(1200))",
    "Object.defineProperty(Storage.prototype, 'length', {value: 0}); localStorage.a = 'a'.repeat(1200)",
    """const opening = indexedDB.open("large"); opening.onupgradeneeded = () => {
      const store = opening.result.createObjectStore("store", {autoIncrement: true});
      for (let i = 0; i < 9; i++) store.put(new Uint8Array(200));
    }""",
    "onpagehide = () => localStorage.setItem('a', 'a'.repeat(1200))",
]


@pytest.mark.parametrize("script", _LARGE)
async def test_what_is_too_large_is_not_taken_out_of_the_browser(browser, sites, monkeypatch, script):
    await render(browser, sites[0].url("/"))  # there is a browser
    small = browser._settings.changed(session_max_bytes=1000)
    for instance in browser._instances.values():
        await instance.tabs.close()  # those that were opened before have the settings of then
        monkeypatch.setattr(instance.tabs, "_settings", small)
    sites[0].routes["/large"] = Response(f"<p>{WORDS}</p><script>{script}</script>".encode())
    rendered = await render(browser, sites[0].url("/large"))
    assert WORDS[:50] in rendered.page.body.decode()
    assert rendered.session is SessionFault.TOO_LARGE
    for instance in browser._instances.values():
        await instance.tabs.close()
