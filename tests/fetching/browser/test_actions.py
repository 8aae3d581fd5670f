"""Actions in a rendered page."""

from __future__ import annotations

import asyncio

import pytest
import pytest_asyncio
from tests.web.http_server import HttpServer, Response
from tests.web.site import WORDS

from pagemill.errors import ActionError, BlockedAddressError
from pagemill.model import Action, ActionType, Format, ScrapeOptions

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def site():
    async with HttpServer(host="127.0.0.2") as site:
        site.routes["/there"] = Response(f"<h1>Arrived</h1><p>{WORDS}</p>".encode())
        yield site


async def act(browser, site, page, *actions):
    site.routes["/"] = Response(page.encode())
    options = ScrapeOptions(formats=(Format.HTML,), actions=actions)
    return (await browser.render(site.url("/"), options, asyncio.get_running_loop().time() + 20)).page


def click(selector):
    return Action(ActionType.CLICK, selector=selector)


@pytest.mark.parametrize(
    "element",
    [
        '<a href="/there" target="_blank">Go</a>',
        """<button onclick="window.open('/there')">Go</button>""",
        """<button onclick="window.open('/there', '_blank', 'noopener')">Go</button>""",
        '<form action="/there" target="_blank"><button>Go</button></form>',
    ],
)
async def test_a_click_that_opens_a_tab_follows_it(browser, site, element):
    page = await act(browser, site, f"<p>{WORDS}</p>{element}", click("a, button"))
    assert page.final_url.partition("?")[0] == site.url("/there")
    assert "Arrived" in page.body.decode()
    assert [request.headers.get("referer") for request in site.requests if request.path == "/there"][-1] in (
        site.url("/"),
        None,
    )


async def test_the_next_action_is_done_in_the_opened_tab(browser, site):
    site.routes["/there"] = Response(b"<button id=more onclick=\"document.body.append('and more')\">More</button>")
    page = await act(browser, site, '<a href="/there" target="_blank">Go</a>', click("a"), click("#more"))
    assert "and more</body>" in page.body.decode()


async def test_what_a_page_opens_by_itself_is_not_followed(browser, site):
    button = "<button onclick=\"this.textContent='clicked'\">Go</button>"
    body = f"<p>{WORDS}</p><script>window.open('/there')</script>{button}"
    page = await act(browser, site, body, click("button"))
    assert (page.final_url, "clicked" in page.body.decode()) == (site.url("/"), True)


async def test_a_tab_that_leads_inside_is_refused(browser, site):
    with pytest.raises(BlockedAddressError):
        await act(browser, site, '<a href="http://127.0.0.1:8099/" target="_blank">Go</a>', click("a"))


@pytest.mark.parametrize("host", ["127.0.0.2", "127.0.0.3"])
async def test_elements_in_frames_are_found(browser, site, host):
    inner = (
        b"<button id=agree onclick=\"fetch('/agreed')\">I agree</button><input id=name onchange=\"fetch('/' + value)\">"
    )
    async with HttpServer({"/frame": Response(inner)}, host) as other:
        await act(
            browser,
            site,
            f"<p>{WORDS}</p><iframe src='{other.url('/frame')}'></iframe>",
            Action(ActionType.WAIT_FOR, selector="#agree"),
            click("#agree"),
            click("#name"),
            Action(ActionType.WRITE, text="alice"),
            Action(ActionType.PRESS, key="Enter"),
            Action(ActionType.WAIT, milliseconds=200),
        )
        assert {"/agreed", "/alice"} <= {request.path for request in other.requests}


async def test_an_action_that_fails_says_which_and_why(browser, site):
    with pytest.raises(ActionError, match=r"Action 1 \(wait_for '#none'\) could not be carried out within 0.2 seconds"):
        await act(
            browser, site, "<p>x</p>", click("p"), Action(ActionType.WAIT_FOR, selector="#none", milliseconds=200)
        )
