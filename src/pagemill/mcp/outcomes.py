"""Jobs as the tools return them: a page, pages of a batch or a crawl, URLs of a map."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from pagemill.mcp import jobs, pages
from pagemill.mcp.call import Outcome
from pagemill.mcp.results import JobResult, MapResult, ScrapeResult
from pagemill.mcp.text_parts import part_of

if TYPE_CHECKING:
    from pagemill.mcp.call import JsonObject, ToolCall
    from pagemill.mcp.results import PageResult


def goes_on(job_id: str) -> str:
    """Return what is said of a job that has not ended."""
    return f'{job_id} goes on. Ask again: crawl_status(job_id="{job_id}").'


def single_outcome(job_id: str, job: JsonObject, max_tokens: int) -> Outcome:
    """Return a single job with its page. A page that failed is an error."""
    status = job["status"]
    if status not in jobs.ENDED:
        return Outcome(ScrapeResult(job_id=job_id, status=status), [goes_on(job_id)])
    page, _ = pages.page_result(job_id, 0, job, max_tokens)
    result = ScrapeResult(job_id=job_id, status=status, page=page)
    return Outcome(result, [pages.page_text(job_id, page)], is_error=status == jobs.FAILED)


async def pages_outcome(call: ToolCall, job_id: str, job: JsonObject, start: int, max_tokens: int) -> Outcome:
    """Return a batch or a crawl with pages that have ended, from this index on. It is an error if no page completed."""
    completed, failed, total = jobs.ended_pages(job)
    is_crawl = jobs.path_of(job_id) == jobs.CRAWL
    count = completed + failed if is_crawl else total * (job["status"] in jobs.ENDED)
    ended = jobs.crawled_pages(call, job_id, start, count) if is_crawl else jobs.batch_pages(job, start, count)
    budget = pages.Budget(max_tokens)
    shown: list[PageResult] = []
    async with contextlib.aclosing(ended):
        async for page in ended:
            if not budget.has_room():
                break
            shown.append(budget.show(job_id, page, count - page["index"] - 1))
    following = shown[-1].index + 1 if shown else start
    result = JobResult(
        job_id=job_id,
        status=job["status"],
        total_pages=total,
        completed_pages=completed,
        failed_pages=failed,
        error=job.get("error"),
        pages=shown,
        next_start=following if following < count else None,
    )
    texts = [_head(result, following), *(pages.page_text(job_id, page) for page in shown)]
    return Outcome(result, texts, is_error=result.status == jobs.FAILED)


def _head(job: JobResult, following: int) -> str:
    ended = f"{job.completed_pages} completed, {job.failed_pages} failed, of {job.total_pages} pages"
    lines = [f"{job.job_id} is {job.status}: {ended}."]
    if job.error:
        lines.append(f"Error: {job.error}")
    if job.status not in jobs.ENDED:
        lines.append(f'It goes on. Ask again: crawl_status(job_id="{job.job_id}", start={following}).')
    elif job.next_start is not None:
        lines.append(f'There are more pages: crawl_status(job_id="{job.job_id}", start={following}).')
    return "\n".join(lines)


def map_outcome(job_id: str, job: JsonObject, start: int, max_tokens: int) -> Outcome:
    """Return a map with URLs from this index on."""
    status = job["status"]
    if status not in jobs.ENDED:
        return Outcome(MapResult(job_id=job_id, status=status), [goes_on(job_id)])
    if status == jobs.FAILED:
        error = job.get("error")
        return Outcome(MapResult(job_id=job_id, status=status, error=error), [f"{job['url']}: {error}"], is_error=True)
    links = job.get("links") or []
    lines = "\n".join(links[start:])
    part = part_of(lines, 0, max_tokens)
    # A URL that is cut in two is left for the next part, unless it is the only one.
    whole = part.text.count("\n") + (part.following is None) if part.text else 0
    shown = links[start : start + max(1, whole)]
    following = start + len(shown)
    result = MapResult(
        job_id=job_id,
        status=status,
        links=shown,
        total_links=len(links),
        complete=job.get("complete"),
        limit_reached=job.get("limitReached"),
        next_start=following if following < len(links) else None,
    )
    head = f"{job_id}: {len(links)} URLs of {job['url']}, {len(shown)} of them from {start} on."
    if result.limit_reached:
        head += " This is the limit: the site may have more."
    if result.next_start is not None:
        head += f' More: crawl_status(job_id="{job_id}", start={following}).'
    return Outcome(result, ["\n".join((head, *shown))])
