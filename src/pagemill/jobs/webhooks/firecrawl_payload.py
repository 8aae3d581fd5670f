"""What the webhook of a job says that was submitted as Firecrawl's API has it, and a page in the terms of that."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import orjson

from pagemill import bodies as packing
from pagemill.errors import DamagedResultError, NotFoundError
from pagemill.jobs.queue.failures import batch_error
from pagemill.jobs.webhooks.endpoints import Event
from pagemill.model import Format, Status

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pagemill.jobs.queue.store import BodyPlace, JobStore
    from pagemill.model import Job, JobWebhook, JsonObject, Page

TEXTS: Mapping[Format, str] = {
    Format.MARKDOWN: "markdown",
    Format.CLEANED_HTML: "html",
    Format.HTML: "rawHtml",
    Format.SUMMARY: "summary",
}
LISTS: Mapping[Format, str] = {Format.LINKS: "links", Format.IMAGES: "images"}
TOO_LARGE = "The contents are too large for a webhook: ask for the job."

_BEFORE_THE_END: Mapping[Event, str] = {Event.JOB_STARTED: "started", Event.PAGE_COMPLETED: "page"}
_BATCH = "batch_scrape"
_METADATA = "metadata"
_DESCRIBED = {
    "title": "title",
    "description": "description",
    "language": "language",
    "author": "author",
    "published": "publishedTime",
    "modified": "modifiedTime",
    "canonical_url": "canonicalUrl",
    "site_name": "siteName",
}
_OF_LIST = "ogLocaleAlternate"


def firecrawl_payload(  # noqa: PLR0913, PLR0917 - each is told
    delivery_id: str, event: Event, job: Job, webhook: JobWebhook, pages: Sequence[Page], documents: list[JsonObject]
) -> bytes:
    """Return the body that tells of a job's start or end, or of a page of it, which `documents` holds then."""
    failed = event not in _BEFORE_THE_END and job.status is Status.FAILED
    told = _BEFORE_THE_END.get(event, "completed")
    if failed and webhook.kind != _BATCH:  # the end of a batch has one name, however it went
        told = "failed"
    error = batch_error(pages) if failed else None
    return orjson.dumps(
        {
            "success": not failed,
            "type": f"{webhook.kind}.{told}",
            "id": job.id,
            "webhookId": delivery_id,
            "data": documents,
            "metadata": webhook.metadata,
            **({"error": error} if error else {}),
        }
    )


async def document_of(jobs: JobStore, job: Job, page: Page, max_bytes: int) -> JsonObject:
    """Return a completed page with its contents, or without them where they are larger than this, or gone."""
    wanted = [form for form in (*TEXTS, *LISTS, Format.JSON) if form in job.options.formats]
    places = await jobs.body_places(page.id, (*wanted, _METADATA))
    found: dict[str, Any] | None = None
    warning: str | None = TOO_LARGE
    if sum(place.size for place in places.values()) <= max_bytes:
        try:
            found = await asyncio.to_thread(_unpacked, await _packed(jobs, places), max_bytes)
        except (NotFoundError, DamagedResultError) as error:
            warning = error.message
    found, warning = (found, None) if found is not None else ({}, warning)
    document: JsonObject = {_METADATA: metadata_of(page, found.pop(_METADATA, {})), **_renamed(found)}
    return {**document, **({"warning": warning} if warning else {})}


async def _packed(jobs: JobStore, places: Mapping[str, BodyPlace]) -> dict[str, bytes]:
    """Return bodies as they are stored. Raises errors.NotFoundError and errors.DamagedResultError."""
    packed: dict[str, bytes] = {}
    for name, place in (await jobs.with_contents(places)).items():
        body = b"".join([part async for part in jobs.body_parts(place)])
        if place.object is not None and not await asyncio.to_thread(packing.is_intact, body):
            raise DamagedResultError
        packed[name] = body
    return packed


def metadata_of(page: Page, said: Mapping[str, Any]) -> JsonObject:
    """Return what is known of a page: what it says of itself, and how it was had."""
    fields: JsonObject = {name: said[key] for key, name in _DESCRIBED.items() if said.get(key)}
    for key, value in (said.get("open_graph") or {}).items():
        name = _open_graph_name(key)
        fields[name] = [value] if name == _OF_LIST else value
    known = {
        "sourceURL": page.url,
        "url": page.final_url or page.url,
        "statusCode": page.status_code,
        "cacheState": "hit" if page.cached else "miss",
    }
    return fields | {name: value for name, value in known.items() if value is not None}


def _unpacked(packed: Mapping[str, bytes], max_bytes: int) -> dict[str, Any] | None:
    """Return the values, or None where their text is larger than this."""
    found: dict[str, Any] = {}
    for name, body in packed.items():
        text = bytearray()
        for piece in packing.text_of(body):
            text += piece
            if len(text) > max_bytes:
                return None
        max_bytes -= len(text)
        found[name] = orjson.loads(text)
    return found


def _renamed(found: Mapping[str, Any]) -> JsonObject:
    renamed: JsonObject = {name: found[form] for form, name in TEXTS.items() if form in found}
    for form, name in LISTS.items():
        if form in found:
            renamed[name] = list(dict.fromkeys(next(iter(item.values())) for item in found[form]))
    if Format.JSON in found:
        renamed["json"] = found[Format.JSON].get("data")
    return renamed


def _open_graph_name(key: str) -> str:
    """`locale:alternate` is `ogLocaleAlternate`."""
    return "og" + "".join(word[:1].upper() + word[1:] for part in key.split(":") for word in part.split("_"))
