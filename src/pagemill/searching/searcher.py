"""Asks the search service. What it answers is not trusted: time, size, form and encoding are bounded.

Its address is the operator's, often an internal one, so the egress guard has no say. No redirect is followed.
"""

from __future__ import annotations

import asyncio
import importlib
import re
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING

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
_RETRY_AFTER = 10
"""Seconds that clients are asked to wait for, where the service that asks for fewer searches does not say how many."""
_LONGEST_RETRY_AFTER = 3600
_SECONDS = re.compile(r"[0-9]{1,9}")


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
            body = await self._ask(self._adapter.request(prompt, limit), key_id)
            # In a thread: what the service sent may be long, and made to take its time.
            results = await asyncio.to_thread(_read, self._adapter, body)
        except SearchError as error:
            log.warning("search failed", service=service, code=error.code, reason=error.message)
            raise
        log.info("searched", service=service, results=len(results))
        return results

    async def _ask(self, request: ServiceRequest, key_id: str) -> bytes:
        import httpx2

        try:
            async with asyncio.timeout(self._settings.search_timeout), self._slots.slot(key_id):
                return await self._body(await self._get_client(), request)
        except (TimeoutError, httpx2.TimeoutException):
            raise SearchTimeoutError("The search service did not answer in time.") from None
        except httpx2.HTTPError as error:
            # Its text may hold the URL with what was asked.
            raise SearchError(f"The search service cannot be reached ({type(error).__name__}).") from None

    async def _body(self, client: httpx2.AsyncClient, request: ServiceRequest) -> bytes:
        async with client.stream(
            request.method, request.url, params=request.query, json=request.fields, headers=request.headers
        ) as response:
            _check_status(response.status_code, response.headers.get("Retry-After"))
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
            headers=_HEADERS,
            timeout=self._settings.search_timeout,
            follow_redirects=False,
            # No cookie is kept: it would tie the searches of all keys together, and fill up this process.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        )
        return client


def _read(adapter: SearchAdapter, body: bytes) -> list[SearchResult]:
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise SearchError("The search service did not answer with JSON.") from None
    return read_results(adapter.results(answer))


def _check_status(status: int, retry_after: str | None) -> None:
    if status == 200:
        return
    if status == 429:
        seconds = int(retry_after) if retry_after and _SECONDS.fullmatch(retry_after) else _RETRY_AFTER
        raise SearchRateLimitedError("The search service asks for fewer searches.", min(seconds, _LONGEST_RETRY_AFTER))
    if status in _REFUSED:
        raise SearchError(
            f"The search service refuses this service's requests (status {status}): it does not take its key, or does "
            "not give results as JSON."
        )
    raise SearchError(f"The search service answered with status {status}.")
