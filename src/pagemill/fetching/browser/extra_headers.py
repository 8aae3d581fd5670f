"""Extra HTTP headers: sent with a rendered page's requests to the requested host, and to no other host.

DevTools stops each request to that host, which goes on with the headers (Fetch domain of the Chrome DevTools Protocol);
what they override does not extend to redirects, which are stopped anew. Other requests are not stopped at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pagemill.errors import UnfetchableUrlError
from pagemill.fetching.url import parse_url

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Sequence

    from pagemill.fetching.browser.tab import DevToolsSession
    from pagemill.fetching.url import Url

Headers = list[dict[str, str]]


async def send_extra_headers(
    headers: Sequence[tuple[str, str]],
    url: Url,
    session: DevToolsSession,
    run_in_background: Callable[[Coroutine[Any, Any, None]], Awaitable[None]],
) -> None:
    """Send `headers` with what the page of `session` asks the host of `url` for. `run_in_background` starts a task."""

    async def continue_request(paused: dict[str, Any]) -> None:
        request = paused["request"]
        more = {"headers": _merged(request["headers"], headers)} if _host(request["url"]) == url.host else {}
        await session.send("Fetch.continueRequest", {"requestId": paused["requestId"], **more})

    session.on("Fetch.requestPaused", lambda paused: run_in_background(continue_request(paused)))
    place = urlsplit(url.public_href).netloc
    patterns = [{"urlPattern": f"{scheme}://{place}/*"} for scheme in ("http", "https")]
    await session.send("Fetch.enable", {"patterns": patterns})


def _merged(asked: dict[str, str], own: Sequence[tuple[str, str]]) -> Headers:
    named = {name.lower() for name, _ in own}
    fields = [*((name, value) for name, value in asked.items() if name.lower() not in named), *own]
    return [{"name": name, "value": value} for name, value in fields]


def _host(url: str) -> str | None:
    try:
        return parse_url(url).host
    except UnfetchableUrlError:
        return None
