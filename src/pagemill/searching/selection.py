"""Which search service the settings name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pagemill.errors import OperatorError
from pagemill.searching import brave, perplexity, serper
from pagemill.searching.searxng import SearXng

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pydantic import SecretStr

    from pagemill.searching.adapter import SearchAdapter
    from pagemill.settings import Settings

_WITH_KEY: Mapping[str, tuple[Callable[[SecretStr, str], SearchAdapter], str]] = {
    "brave": (brave.Brave, brave.URL),
    "perplexity": (perplexity.Perplexity, perplexity.URL),
    "serper": (serper.Serper, serper.URL),
}


def selected_adapter(settings: Settings) -> SearchAdapter | None:
    """Return the adapter of the service that the settings name, or None where they name none.

    Raises errors.OperatorError where something is missing to ask that service.
    """
    name, url, key = settings.search.search_service, settings.search.search_url, settings.search.search_api_key
    if name is None:
        return None
    if name == "searxng":
        if url is None:
            raise OperatorError("PAGEMILL_SEARCH_URL: PAGEMILL_SEARCH_SERVICE is searxng, which needs its address.")
        return SearXng(url)
    if key is None:
        raise OperatorError(f"PAGEMILL_SEARCH_API_KEY: PAGEMILL_SEARCH_SERVICE is {name}, which needs a key.")
    secret = key.get_secret_value()
    if not secret.isascii() or not secret.isprintable() or " " in secret:
        raise OperatorError("PAGEMILL_SEARCH_API_KEY: it holds characters that no key has.")
    adapter, default_url = _WITH_KEY[name]
    return adapter(key, url or default_url)
