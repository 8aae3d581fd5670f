"""Asks the search service. What it answers is not trusted: time, size, form and encoding are bounded.

Its address is the operator's, often an internal one, so the egress guard has no say. No redirect is followed.
"""

from __future__ import annotations

import asyncio
import importlib
from typing import TYPE_CHECKING, Any

import orjson
import structlog

from pagemill import __version__
from pagemill.errors import SearchError, SearchRateLimitedError, SearchTimeoutError
from pagemill.fair_semaphore import FairSemaphore
from pagemill.searching.results import read_results
from pagemill.searching.selection import selected_adapter

if TYPE_CHECKING:
    import httpx2

    from pagemill.searching.adapter import SearchAdapter, ServiceRequest
    from pagemill.searching.results import SearchResult
    from pagemill.settings import Settings

log = structlog.get_logger(__name__)

_HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "identity",  # a small compressed answer may be a large one
    "User-Agent": f"Pagemill/{__version__}",
}
_REFUSED = (401, 403)


class Searcher:
    """Asks the service that the settings name. One for each process; the client is made on first need.

    Raises errors.OperatorError where something is missing to ask it.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings.search
        self._adapter: SearchAdapter | None = selected_adapter(settings)
        self._slots = FairSemaphore(settings.search.search_concurrency)
        self._client: httpx2.AsyncClient | None = None
        self._client_lock = asyncio.Lock()

    def __bool__(self) -> bool:
        """Whether the settings name a service."""
        return self._adapter is not None

    async def aclose(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()

    async def search(self, prompt: str, limit: int, key_id: str) -> list[SearchResult]:
        """Return what the service found, which may be more or less than `limit`.

        Raises errors.SearchTimeoutError, SearchRateLimitedError and SearchError.
        """
        if self._adapter is None:
            raise SearchError("No search service is set up.")
        service = self._settings.search_service
        try:
            answer = await self._ask(self._adapter.request(prompt, limit), key_id)
            results = read_results(self._adapter.results(answer))
        except SearchError as error:
            log.warning("search failed", service=service, code=error.code, reason=error.message)
            raise
        log.info("searched", service=service, results=len(results))
        return results

    async def _ask(self, request: ServiceRequest, key_id: str) -> Any:
        import httpx2

        try:
            async with asyncio.timeout(self._settings.search_timeout), self._slots.slot(key_id):
                body = await self._body(await self._get_client(), request)
        except (TimeoutError, httpx2.TimeoutException):
            raise SearchTimeoutError("The search service did not answer in time.") from None
        except httpx2.HTTPError as error:
            # Its text may hold the URL with what was asked.
            raise SearchError(f"The search service cannot be reached ({type(error).__name__}).") from None
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError:
            raise SearchError("The search service did not answer with JSON.") from None

    async def _body(self, client: httpx2.AsyncClient, request: ServiceRequest) -> bytes:
        async with client.stream(
            request.method, request.url, params=request.query, json=request.fields, headers=request.headers
        ) as response:
            _check_status(response.status_code)
            if response.headers.get("Content-Encoding", "identity").lower() != "identity":
                raise SearchError("The search service compressed its answer, which it was asked not to do.")
            body = bytearray()
            async for part in response.aiter_raw():
                body += part
                if len(body) > self._settings.search_max_answer_bytes:
                    raise SearchError("The search service's answer is longer than PAGEMILL_SEARCH_MAX_ANSWER_BYTES.")
            return bytes(body)

    async def _get_client(self) -> httpx2.AsyncClient:
        async with self._client_lock:
            if self._client is None:
                # Importing the client and reading the system's certificates takes a good part of a second.
                self._client = await asyncio.to_thread(self._create_client)
        return self._client

    def _create_client(self) -> httpx2.AsyncClient:
        module = importlib.import_module("httpx2")
        client: httpx2.AsyncClient = module.AsyncClient(
            headers=_HEADERS, timeout=self._settings.search_timeout, follow_redirects=False
        )
        return client


def _check_status(status: int) -> None:
    if status == 200:
        return
    if status == 429:
        raise SearchRateLimitedError("The search service asks for fewer searches.")
    if status in _REFUSED:
        raise SearchError(
            f"The search service refuses this service's requests (status {status}): it does not take its key, or does "
            "not give results as JSON."
        )
    raise SearchError(f"The search service answered with status {status}.")
