"""Jobs of the service, as the tools ask for them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from pagemill.client.options import to_fields
from pagemill.model import MIN_TOKENS

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from pagemill.mcp.arguments import Scraping, Waiting
    from pagemill.mcp.call import JsonObject, ToolCall

COMPLETED, FAILED = "completed", "failed"
ENDED = (COMPLETED, FAILED)
_LONGEST_HOLD = 30.0
_PROGRESS_INTERVAL = 1.0
_PAGES_AT_A_TIME = 5
_BYTES_OF_A_TOKEN = 8
"""Rather too many: about four of English text, and some for JSON."""
_NO_PAGES = 2**31 - 1
"""A crawl has no page after this number: asked for them, it answers with its state alone."""

URL_SCRAPER, BATCH, MAP, CRAWL = "/v1/url-scraper", "/v1/url-scraper/batch", "/v1/map", "/v1/crawl"
SINGLE_PREFIX, BATCH_PREFIX, CRAWL_PREFIX = "job_", "batch_", "crawl_"


def path_of(job_id: str) -> str:
    """Return the path below which a job is found."""
    return {"map": MAP, "crawl": CRAWL}.get(job_id.partition("_")[0], URL_SCRAPER)


def ended_pages(job: Mapping[str, Any]) -> tuple[int, int, int]:
    """Return how many pages of a job have completed, have failed, and how many there are."""
    if "totalPages" in job:
        return job["completedPages"], job["failedPages"], job["totalPages"]
    states = [result["status"] for result in job.get("results") or [job]]
    return states.count(COMPLETED), states.count(FAILED), len(states)


async def submit(call: ToolCall, path: str, fields: Mapping[str, Any]) -> str:
    """Submit a job, and return its id."""
    call.job_id = str((await call.client.request("POST", path, fields))["id"])
    return call.job_id


def fields(arguments: Waiting) -> JsonObject:
    """Return the fields of a request with these arguments."""
    return to_fields(arguments.model_dump(exclude={"max_tokens", "wait"}))


def scrape_fields(call: ToolCall, arguments: Scraping) -> JsonObject:
    """Return the fields of a request for Markdown.

    Pages are cut where they are too long to be read on, and those of a batch so that all fit into one answer.
    """
    found = fields(arguments)
    of_all = call.settings.mcp_max_answer_bytes // _BYTES_OF_A_TOKEN
    most = min(call.settings.mcp_page_tokens, of_all // len(found.get("urls") or [""]))
    return {**found, "formats": ["markdown"], "maxTokens": max(most, MIN_TOKENS)}


async def await_end(call: ToolCall, job_id: str, seconds: float) -> JsonObject:
    """Return a job once it has ended, or as it is after so many seconds. Progress is reported meanwhile.

    A crawl comes without its pages.
    """
    path = path_of(job_id)
    several = job_id.startswith((BATCH_PREFIX, CRAWL_PREFIX))
    query: dict[str, str | int | float] = {"after": _NO_PAGES} if path == CRAWL else {}
    longest = _PROGRESS_INTERVAL if several else _LONGEST_HOLD
    deadline = time.monotonic() + seconds
    while True:
        hold = max(0.0, min(longest, deadline - time.monotonic()))
        job: JsonObject = await call.client.request(
            "GET", f"{path}/{job_id}", query={**query, "wait": round(hold, 3)}, hold=hold
        )
        if several:
            completed, failed, total = ended_pages(job)
            await call.progress(completed + failed, total)
        if job["status"] in ENDED or time.monotonic() >= deadline:
            return job


async def crawled_pages(call: ToolCall, job_id: str, start: int, end: int) -> AsyncGenerator[JsonObject]:
    """Yield the pages of a crawl from this index on, up to the other. They have ended."""
    while start < end:
        query = {"after": start, "limit": min(_PAGES_AT_A_TIME, end - start)}
        answer = await call.client.request("GET", f"{CRAWL}/{job_id}", query=query)
        for page in answer["results"]:
            yield {**page, "index": page["number"] - 1}
        if not answer["results"]:
            return
        start = answer["results"][-1]["number"]


async def batch_pages(job: JsonObject, start: int, end: int) -> AsyncGenerator[JsonObject]:
    """Yield the pages of a batch from this index on, up to the other."""
    for page in job["results"][start:end]:
        yield page


async def scraped_page(call: ToolCall, job_id: str, index: int) -> list[JsonObject]:
    """Return a page of a single job or a batch as it is; an empty list where there is none of this index."""
    path = f"{URL_SCRAPER}/{job_id}"
    if job_id.startswith(BATCH_PREFIX):
        found: JsonObject = await call.client.request("GET", path, query={"include": "contents", "index": index})
        return list(found["results"])
    return [await call.client.request("GET", path)] if index == 0 else []
