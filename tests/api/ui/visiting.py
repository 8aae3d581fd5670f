"""A browser without a window: pages of the interface by HTTP, signed in with a key."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Visiting:
    """Asks for pages, and sends forms with their token."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client
        self.csrf = ""

    async def page(self, path: str, status: int = 200) -> str:
        """The text of a page."""
        answer = await self.client.get(path)
        assert answer.status_code == status, answer.text
        return answer.text

    async def send(self, path: str, **fields: str) -> httpx.Response:
        """Send a form."""
        return await self.client.post(path, data={"csrf": self.csrf, **fields})


@contextlib.asynccontextmanager
async def visiting(url: str, secret: str) -> AsyncIterator[Visiting]:
    """A browser that is signed in with this key."""
    async with httpx.AsyncClient(base_url=url, headers={"Accept": "text/html"}, timeout=30) as client:
        form = re.findall(r'name="csrf" value="([0-9a-f]{64})"', (await client.get("/ui/sign-in")).text)
        answer = await client.post("/ui/sign-in", data={"csrf": form[0], "key": secret, "way_back": "/ui/keys"})
        assert answer.status_code == 303, answer.text
        visit = Visiting(client)
        visit.csrf = re.findall(r'name="csrf-token" content="([0-9a-f]{64})"', await visit.page("/ui/keys"))[0]
        yield visit
