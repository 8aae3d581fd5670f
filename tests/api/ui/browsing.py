"""A real browser on the interface: what it shows, and whether anything of it escaped."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tests.api.conftest import SimulatedWorker

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Browser, Page
    from tests.api.conftest import Api

    from pagemill.jobs.database.pool import Database
    from pagemill.settings import Settings

AXE = (Path(__file__).parent / "axe" / "axe.min.js").read_text()
_SERIOUS = ("serious", "critical")


@dataclass(frozen=True, slots=True)
class Interface:
    """A running API with its interface, for a whole file of tests. Its database is shared by them."""

    api: Api
    database: Database
    settings: Settings
    operator: tuple[str, str]
    """The id and the secret of an operator's key; `api.secret` is an ordinary one's."""

    @property
    def url(self) -> str:
        return self.api.url

    @property
    def worker(self) -> SimulatedWorker:
        return SimulatedWorker(self.database)


@dataclass(slots=True)
class Watched:
    """A page of the browser, and what happened in it that should not have."""

    page: Page
    problems: list[str] = field(default_factory=list)
    """Errors of scripts and of the policy, dialogs, and requests to other hosts."""

    async def serious_faults(self) -> list[str]:
        """What axe-core finds that is serious: the rule and the elements."""
        if not await self.page.evaluate("'axe' in window"):
            await self.page.evaluate(AXE)
        found = await self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [
            f"{fault['id']}: {fault['help']}: {[node['html'][:150] for node in fault['nodes'][:3]]}"
            for fault in found["violations"]
            if fault["impact"] in _SERIOUS
        ]


@contextlib.asynccontextmanager
async def watched(
    browser: Browser, interface: Interface, secret: str | None = None, **options: Any
) -> AsyncIterator[Watched]:
    """A page in a context of its own, signed in with the key `secret` where it is given."""
    context = await browser.new_context(base_url=interface.url, **options)
    try:
        page = await context.new_page()
        watched = Watched(page)
        here = urlsplit(interface.url).netloc
        page.on("pageerror", lambda error: watched.problems.append(f"error: {error}"))
        page.on("dialog", lambda dialog: watched.problems.append(f"dialog: {dialog.message}"))
        page.on(
            "console",
            lambda line: (
                watched.problems.append(f"console: {line.text}")
                if line.type == "error" and "Content Security Policy" in line.text
                else None
            ),
        )
        context.on(
            "request",
            lambda request: (
                watched.problems.append(f"request: {request.url}")
                if request.url.startswith("http") and urlsplit(request.url).netloc != here
                else None
            ),
        )
        if secret is not None:
            await sign_in(page, secret)
        yield watched
    finally:
        await context.close()


async def sign_in(page: Page, secret: str) -> None:
    await page.goto("/ui/sign-in")
    await page.get_by_label("API key").fill(secret)
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_url("**/")
