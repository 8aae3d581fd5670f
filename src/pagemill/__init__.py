"""Pagemill: a self-hosted web-scraping service, a client for it, and the same pipeline without a service.

`from pagemill import Client` loads the client alone; processes of the service do not load it. `scrape` loads what it
needs when it is called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing import Unpack

    from pagemill.client import AsyncClient, Client, Page
    from pagemill.client.options import ScrapeOptions

__version__ = "0.1.0"
__all__ = ["AsyncClient", "Client", "__version__", "scrape", "scrape_async"]

_IN_PROCESS = "pagemill.in_process.scrape"


def scrape(url: str, **options: Unpack[ScrapeOptions]) -> Page:
    """Scrape a page in this process, without a service. Settings come from the environment.

    Raises PageFailedError, and ApiError for what a service would refuse, as `Client.scrape` does.
    """
    import importlib

    page: Page = importlib.import_module(_IN_PROCESS).scrape(url, options)
    return page


async def scrape_async(url: str, **options: Unpack[ScrapeOptions]) -> Page:
    """Do what `scrape` does, in the running event loop. Calls at the same time share processes and limits."""
    import asyncio
    import importlib

    module = await asyncio.to_thread(importlib.import_module, _IN_PROCESS)  # loading it takes a good part of a second
    page: Page = await module.scrape_async(url, options)
    return page


def __getattr__(name: str) -> Any:
    if name in ("AsyncClient", "Client"):
        from pagemill import client

        return getattr(client, name)
    raise AttributeError(f"module 'pagemill' has no attribute '{name}'")
