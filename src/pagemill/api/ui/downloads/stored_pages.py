"""The pages of a job with what is stored of each, in the order of the submission."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pagemill.api.wire.response import stored_of_one_of_many

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from pagemill.api.resources import Resources
    from pagemill.api.wire.response import Stored
    from pagemill.model import Job, Page

_READ_AT_ONCE = 200


async def pages_of(resources: Resources, job: Job) -> AsyncIterator[tuple[Job, Page]]:
    """Yield the pages as they stand, without contents, each with its job, which has the options of this page."""
    position = -1
    while listed := await resources.job_lists.pages(job.id, position, _READ_AT_ONCE):
        for each in listed:
            yield each.job(job), each.page
        position = listed[-1].page.index


async def stored_pages_of(resources: Resources, job: Job) -> AsyncIterator[tuple[Job, Page, Stored]]:
    """Yield the pages, each with what is stored of it. What was deleted meanwhile keeps nobody from the others."""
    async for own, page in pages_of(resources, job):
        yield own, page, await stored_of_one_of_many(resources.jobs, own, page)
