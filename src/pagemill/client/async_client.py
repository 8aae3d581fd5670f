"""The client for programs with an event loop."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Self, TypeVar, Unpack

import httpx2

from pagemill.client import flows
from pagemill.client.async_monitors import AsyncMonitors
from pagemill.client.calls import Call
from pagemill.client.connection import RETRIES, TIMEOUT, answer_of, http_options, request_arguments, unreachable
from pagemill.client.flows import Item, Pause

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from pagemill.client.flows import Flow, ProgressCallback, Reply, Step
    from pagemill.client.options import CrawlOptions, MapOptions, ScrapeOptions, SearchOptions
    from pagemill.client.results import BatchPage, CrawlPage, Page, SearchResult, Session, SiteMap
    from pagemill.client.upload import Source

_Result = TypeVar("_Result")


class AsyncClient:
    """Speaks to a service at `base_url` (or PAGEMILL_URL) with `api_key` (or PAGEMILL_API_KEY).

    Requests whose answer got lost, and those that the service is too busy for, are sent again `retries` times. Every
    method raises ApiError for a request that the service refuses, and ServiceUnreachableError where none answers.
    `transport` is what sends the requests, where that is not the network.
    """

    def __init__(
        self,
        base_url: str | None = None,
        api_key: str | None = None,
        *,
        timeout: float = TIMEOUT,
        retries: int = RETRIES,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self._http = httpx2.AsyncClient(**http_options(base_url, api_key), transport=transport)
        self._timeout = timeout
        self._retries = retries
        self.monitors = AsyncMonitors(self._run, self._iterate, retries)
        """Pages and sites that are watched."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def scrape(self, url: str, *, wait: float | None = None, **options: Unpack[ScrapeOptions]) -> Page:
        """Scrape a page. Raises PageFailedError, and JobNotEndedError after `wait` seconds."""
        return await self._run(flows.scrape(url, options, self._retries, wait))

    def batch(
        self, urls: Sequence[str], *, progress: ProgressCallback | None = None, **options: Unpack[ScrapeOptions]
    ) -> AsyncIterator[Page]:
        """Scrape any number of pages, and yield them in the order of `urls`, failed ones too."""
        return self._iterate(flows.batch(urls, options, self._retries, progress))

    async def upload_batch(self, source: Source, **options: Unpack[ScrapeOptions]) -> str:
        """Upload a batch of up to a million URLs, and return its id for `batch_results`.

        `source` is a file of URLs, JSON Lines or Parquet; or URLs, or objects with `url`, `id` and `options`.
        """
        return await self._run(flows.upload_batch(source, options, self._retries))

    def batch_results(
        self, batch_id: str, *, cursor: int = 0, progress: ProgressCallback | None = None
    ) -> AsyncIterator[BatchPage]:
        """Yield the pages of an uploaded batch as they end: those after the page of the number `cursor`."""
        return self._iterate(flows.batch_results(batch_id, cursor, self._retries, progress))

    async def map(self, url: str, *, wait: float | None = None, **options: Unpack[MapOptions]) -> SiteMap:
        """Find the URLs of a site. Raises PageFailedError, and JobNotEndedError after `wait` seconds."""
        return await self._run(flows.site_map(url, options, self._retries, wait))

    async def search(
        self, prompt: str, *, wait: float | None = None, **options: Unpack[SearchOptions]
    ) -> list[SearchResult]:
        """Search the web. With `scrape`, wait for the pages too; raises JobNotEndedError after `wait` seconds."""
        return await self._run(flows.search(prompt, options, self._retries, wait))

    def crawl(
        self, url: str, *, progress: ProgressCallback | None = None, **options: Unpack[CrawlOptions]
    ) -> AsyncIterator[CrawlPage]:
        """Scrape the pages of a site, and yield each as it ends, failed ones too."""
        return self._iterate(flows.crawl(url, options, self._retries, progress))

    async def start_crawl(self, url: str, **options: Unpack[CrawlOptions]) -> str:
        """Begin a crawl, and return its id for `crawl_pages`."""
        return await self._run(flows.start_crawl(url, options, self._retries))

    def crawl_pages(
        self, crawl_id: str, *, after: int = 0, progress: ProgressCallback | None = None
    ) -> AsyncIterator[CrawlPage]:
        """Yield the pages of a crawl that end after the page of the number `after`."""
        return self._iterate(flows.crawl_pages(crawl_id, after, self._retries, progress))

    async def cancel(self, job_id: str) -> None:
        """Begin no more pages of a job, a batch, a map or a crawl."""
        await self._run(flows.cancel(job_id, self._retries))

    async def sessions(self) -> list[Session]:
        """Return the key's saved sessions, by name, without what they hold."""
        return await self._run(flows.sessions(self._retries))

    async def delete_session(self, session_id: str) -> None:
        """Delete a session."""
        await self._run(flows.delete_session(session_id, self._retries))

    async def request(
        self,
        method: str,
        path: str,
        fields: Mapping[str, Any] | None = None,
        *,
        query: Mapping[str, str | float] | None = None,
        hold: float = 0,
    ) -> Any:
        """Send any call of the HTTP API, and return its JSON. The service may hold the answer for `hold` seconds."""
        return await self._run(flows.request(Call(method, path, fields, query or {}, hold=hold), self._retries))

    async def _run(self, flow: Flow[_Result]) -> _Result:
        reply: Reply = None
        while True:
            try:
                step = flow.send(reply)
            except StopIteration as end:
                result: _Result = end.value
                return result
            reply = await self._take(step)

    async def _iterate(self, flow: Flow[None]) -> AsyncIterator[Any]:
        reply: Reply = None
        while True:
            try:
                step = flow.send(reply)
            except StopIteration:
                return
            if isinstance(step, Item):
                yield step.value
            reply = await self._take(step)

    async def _take(self, step: Step) -> Reply:
        if isinstance(step, Call):
            try:
                arguments = request_arguments(step, self._timeout)
                if step.upload is not None:
                    arguments["content"] = step.upload.async_parts()
                return answer_of(await self._http.request(**arguments))
            except httpx2.RequestError as error:
                return unreachable(self._http.base_url, error)
        if isinstance(step, Pause):
            await asyncio.sleep(step.seconds)
        return None
