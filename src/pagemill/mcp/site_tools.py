"""The tools for whole sites and the web, and the one that asks for any job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pagemill.mcp import jobs, pages
from pagemill.mcp.call import Outcome
from pagemill.mcp.outcomes import map_outcome, pages_outcome, single_outcome
from pagemill.mcp.results import SearchHit, SearchResult
from pagemill.mcp.text_parts import tokens_of

if TYPE_CHECKING:
    from pagemill.mcp.arguments import CrawlArguments, MapArguments, SearchArguments, StatusArguments
    from pagemill.mcp.call import ToolCall

_SEARCH = "/v1/search"


async def map_site(call: ToolCall, arguments: MapArguments) -> Outcome:
    """Find the URLs of a site."""
    job_id = await jobs.submit(call, jobs.MAP, jobs.fields(arguments))
    job = await jobs.await_end(call, job_id, call.wait(arguments.wait))
    return map_outcome(job_id, job, 0, call.max_tokens(arguments.max_tokens))


async def crawl(call: ToolCall, arguments: CrawlArguments) -> Outcome:
    """Scrape the pages of a site."""
    job_id = await jobs.submit(call, jobs.CRAWL, jobs.scrape_fields(call, arguments))
    job = await jobs.await_end(call, job_id, call.wait(arguments.wait))
    return await pages_outcome(call, job_id, job, 0, call.max_tokens(arguments.max_tokens))


async def crawl_status(call: ToolCall, arguments: StatusArguments) -> Outcome:
    """Ask for a job of any kind."""
    job_id, max_tokens = arguments.job_id, call.max_tokens(arguments.max_tokens)
    job = await jobs.await_end(call, job_id, call.wait(arguments.wait))
    if jobs.path_of(job_id) == jobs.MAP:
        return map_outcome(job_id, job, arguments.start, max_tokens)
    if job_id.startswith(jobs.SINGLE_PREFIX):
        return single_outcome(job_id, job, max_tokens)
    return await pages_outcome(call, job_id, job, arguments.start, max_tokens)


async def search(call: ToolCall, arguments: SearchArguments) -> Outcome:
    """Search the web. Raises ApiError where the service has no search."""
    fields = {"prompt": arguments.query, "limit": arguments.limit}
    answer = await call.client.request("POST", _SEARCH, {k: v for k, v in fields.items() if v is not None})
    hits = [_hit(found) for found in answer.get("results") or () if found.get("url")]
    left = call.max_tokens(arguments.max_tokens)
    shown: list[SearchHit] = []
    for hit in hits:
        left -= tokens_of(hit.model_dump_json())
        if left < 0 and shown:
            break
        shown.append(hit)
    lines = [f"{len(shown)} of {len(hits)} results.", pages.DATA_MARK]
    for hit in shown:
        lines += ["", *(" ".join(said.split()) for said in (hit.title, hit.url, hit.date, hit.snippet) if said)]
    return Outcome(SearchResult(results=shown), ["\n".join(lines)])


def _hit(found: dict[str, Any]) -> SearchHit:
    texts = {name: found.get(name) for name in ("title", "snippet", "date")}
    known = {name: text for name, text in texts.items() if isinstance(text, str)}
    return SearchHit(url=str(found["url"]), **known)
