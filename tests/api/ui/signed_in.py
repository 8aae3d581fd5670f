"""A browser that is signed in, without a browser."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.api.conftest import Api

PAGE = {"Accept": "text/html"}


@contextlib.asynccontextmanager
async def signed_in(api: Api, secret: str | None = None) -> AsyncIterator[httpx.AsyncClient]:
    """A client with the cookie of a sign-in with this key, or the API's own, and with the token of its forms."""
    async with httpx.AsyncClient(base_url=api.url, headers=PAGE, timeout=30) as client:
        form = (await client.get("/ui/sign-in")).text
        csrf = re.findall(r'name="csrf" value="([0-9a-f]{64})"', form)[0]
        answer = await client.post("/ui/sign-in", data={"csrf": csrf, "key": secret or api.secret})
        assert answer.status_code == 303
        [token] = re.findall(r'name="csrf-token" content="([0-9a-f]{64})"', (await client.get("/")).text)
        client.headers["X-CSRF-Token"] = token
        yield client
