"""Pagemill: a self-hosted web-scraping service, and a client for it.

`from pagemill import Client` loads the client alone; processes of the service do not load it.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pagemill.client import AsyncClient, Client

__version__ = "0.1.0"
__all__ = ["AsyncClient", "Client", "__version__"]


def __getattr__(name: str) -> Any:
    if name in ("AsyncClient", "Client"):
        from pagemill import client

        return getattr(client, name)
    raise AttributeError(f"module 'pagemill' has no attribute '{name}'")
