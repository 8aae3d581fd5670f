"""What is stored of a page, for views: as much of a text as is shown, or a whole value where it is not too large."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, Path

from pagemill import bodies
from pagemill.api.endpoints.url_scraper import is_job_id
from pagemill.api.reader.json_string import decoded
from pagemill.api.resources import ApiResources
from pagemill.api.ui.visitor import SignedIn
from pagemill.api.wire.encodings.zstd_frame import text_of
from pagemill.api.wire.response import no_such_job
from pagemill.errors import NotFoundError
from pagemill.model import METADATA, Format, Status

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from pagemill.api.resources import Resources
    from pagemill.jobs.queue.store import BodyPlace
    from pagemill.model import Job, Page

_LARGEST_VALUE = 1024 * 1024
"""Bytes of a compressed value that is read whole."""
_LARGEST_JSON = 8 * 1024 * 1024
"""Bytes of its JSON text: links with one long address before each compress to a thousandth."""
_UTF8_BYTES = 4

MAX_POSITION = 2**31 - 1

TEXTS = (Format.MARKDOWN, Format.HTML, Format.CLEANED_HTML)
VALUES = (Format.JSON, Format.LINKS, Format.IMAGES, METADATA)
PICTURES = (Format.SCREENSHOT, Format.SCREENSHOT_FULL_PAGE)


@dataclass(frozen=True, slots=True)
class StoredPage:
    """A page of a job of the visitor's key, and what is stored of it."""

    resources: Resources
    job: Job
    page: Page
    places: dict[str, BodyPlace]

    def place(self, name: str) -> BodyPlace:
        """Return where a body is. Raises errors.NotFoundError."""
        if name not in self.places:
            raise NotFoundError("This is not there: it was not asked for, or the page did not complete.")
        return self.places[name]

    def text_parts(self, name: str) -> AsyncIterator[bytes]:
        """Yield a stored text as UTF-8."""
        return decoded(text_of(self.resources.jobs.body_parts(self.place(name))))

    async def text(self, name: str, characters: int) -> tuple[str, bool]:
        """Return the beginning of a stored text, and whether more follows."""
        read = bytearray()
        async for part in self.text_parts(name):
            read += part
            if len(read) > characters * _UTF8_BYTES:
                break
            await asyncio.sleep(0)
        text = read.decode("utf-8", "ignore")
        return text[:characters], len(text) > characters

    async def value(self, name: str) -> Any | None:
        """Return a stored value that is no text; None where it is not there, or too large to be shown."""
        place = self.places.get(name)
        if place is None or place.size > _LARGEST_VALUE:
            return None
        packed = b"".join([part async for part in self.resources.jobs.body_parts(place)])
        if not bodies.is_within(packed, _LARGEST_JSON):
            return None
        return await asyncio.to_thread(bodies.unpack, packed)


async def own_job(resources: Resources, job_id: str, key_id: str) -> Job:
    """Return a job of this key. Raises errors.NotFoundError."""
    job = await resources.jobs.get(job_id, key_id) if is_job_id(job_id) else None
    if job is None:
        raise no_such_job()
    return job


async def stored_page(resources: Resources, job: Job, position: int) -> StoredPage:
    """Return a page of a job. Raises errors.NotFoundError."""
    page = await resources.jobs.page(job.id, position)
    if page is None:
        raise no_such_job()
    places = {}
    if page.status is Status.COMPLETED:
        places = await resources.jobs.body_places(page.id, [*TEXTS, *VALUES, *PICTURES, "summary", "summary_source"])
    return StoredPage(resources, job, page, places)


async def _of_request(
    job_id: str,
    position: Annotated[int, Path(ge=0, le=MAX_POSITION)],
    resources: ApiResources,
    visitor: SignedIn,
) -> StoredPage:
    return await stored_page(resources, await own_job(resources, job_id, visitor.key_id), position)


OwnPage = Annotated[StoredPage, Depends(_of_request)]
"""An endpoint's parameter of this type is the page that its path names by `job_id` and `position`."""
