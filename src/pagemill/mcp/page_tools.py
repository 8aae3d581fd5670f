"""The tools for single pages and batches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pagemill.mcp import jobs, pages
from pagemill.mcp.call import Outcome, ToolError
from pagemill.mcp.outcomes import goes_on, pages_outcome, single_outcome
from pagemill.mcp.results import ExtractResult, TextResult
from pagemill.mcp.text_parts import part_of

if TYPE_CHECKING:
    from pagemill.mcp.arguments import BatchArguments, ExtractArguments, ReadArguments, ScrapeArguments
    from pagemill.mcp.call import JsonObject, ToolCall


async def scrape(call: ToolCall, arguments: ScrapeArguments) -> Outcome:
    """Scrape a page."""
    job_id = await jobs.submit(call, jobs.URL_SCRAPER, jobs.scrape_fields(call, arguments))
    job = await jobs.await_end(call, job_id, call.wait(arguments.wait))
    return single_outcome(job_id, job, call.max_tokens(arguments.max_tokens))


async def batch_scrape(call: ToolCall, arguments: BatchArguments) -> Outcome:
    """Scrape several pages."""
    job_id = await jobs.submit(call, jobs.BATCH, jobs.scrape_fields(call, arguments))
    job = await jobs.await_end(call, job_id, call.wait(arguments.wait))
    return await pages_outcome(call, job_id, job, 0, call.max_tokens(arguments.max_tokens))


async def extract(call: ToolCall, arguments: ExtractArguments) -> Outcome:
    """Make JSON of a page."""
    fields = {**jobs.fields(arguments), "formats": ["json"], "generateJson": True}
    job_id = await jobs.submit(call, jobs.URL_SCRAPER, fields)
    job = await jobs.await_end(call, job_id, call.wait(arguments.wait))
    if job["status"] not in jobs.ENDED:
        result = ExtractResult(job_id=job_id, status=job["status"], url=arguments.url)
        reading = f'Then read it: read_page(job_id="{job_id}", format="json").'
        return Outcome(result, [f"{goes_on(job_id)} {reading}"])
    return _extracted(job_id, job, call.max_tokens(arguments.max_tokens))


def _extracted(job_id: str, job: JsonObject, max_tokens: int) -> Outcome:
    generated: dict[str, Any] = job.get("generatedJson") or {}
    text = pages.text_of(job, "json")
    error = job.get("error") or generated.get("error") or ("No JSON was made of the page." if text is None else None)
    known = {"job_id": job_id, "status": job["status"], "url": job["url"]}
    if text is None or error:
        return Outcome(ExtractResult(**known, error=error), [f"{job['url']}: {error}"], is_error=True)
    known |= {"warning": generated.get("warning"), "missing": generated.get("missing") or []}
    part = part_of(text, 0, max_tokens)
    said = [f"JSON of {job['url']} ({job_id}). {known['warning'] or ''}".rstrip()]
    said.append(pages.part_line(part, len(text)) + pages.reading_on(job_id, 0, part.following, "json"))
    if part.following is None:
        result = ExtractResult(**known, data=generated.get("data"))
    else:
        result = ExtractResult(**known, text=part.text, next_offset=part.following)
    return Outcome(result, [pages.marked(said, part.text)])


async def read_page(call: ToolCall, arguments: ReadArguments) -> Outcome:
    """Read a part of a page that was scraped."""
    page = await finished_page(call, arguments.job_id, arguments.page)
    text = pages.text_of(page, arguments.format)
    if text is None:
        raise ToolError("not_found", f"There is no {arguments.format} of this page.")
    part = part_of(text, arguments.offset, call.max_tokens(arguments.max_tokens))
    result = TextResult(
        job_id=arguments.job_id,
        page=arguments.page,
        url=page["url"],
        text=part.text,
        offset=part.offset,
        next_offset=part.following,
        characters=len(text),
    )
    said = pages.part_line(part, len(text))
    said += pages.reading_on(arguments.job_id, arguments.page, part.following, arguments.format)
    return Outcome(result, [pages.marked([page["url"], said], part.text)])


async def finished_page(call: ToolCall, job_id: str, index: int) -> JsonObject:
    """Return a page that completed. Raises ToolError where there is none, or it has not ended, or failed."""
    path = jobs.path_of(job_id)
    found: list[JsonObject] = []
    if path == jobs.CRAWL:
        found = [page async for page in jobs.crawled_pages(call, job_id, index, index + 1)]
    elif path == jobs.URL_SCRAPER:
        found = await jobs.scraped_page(call, job_id, index)
    if not found:
        raise ToolError("not_found", "The job has no such page, or it has not ended yet.")
    page = found[0]
    if page["status"] == jobs.FAILED:
        raise ToolError("page_failed", f"{page['url']}: {page.get('error')}")
    if page["status"] != jobs.COMPLETED:
        raise ToolError("job_not_ended", f"The page has not ended yet. {goes_on(job_id)}")
    return page
