"""What came of one page: the panels of its tabs, each asked for when it is first shown, and what they lead to."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path, Query, Request, Response
from starlette.responses import StreamingResponse

from pagemill.api.endpoints.screenshots import ScreenshotType, get_screenshot
from pagemill.api.resources import ApiResources
from pagemill.api.ui.playground.stored import MAX_POSITION, TEXTS, VALUES, OwnPage, StoredPage
from pagemill.api.ui.playground.timings import WIDTH, bars
from pagemill.api.ui.playground.views.evidence import ANCHOR, places_of
from pagemill.api.ui.playground.views.maker import Views
from pagemill.api.ui.playground.views.markdown import is_web_address
from pagemill.api.ui.rendering import HEADERS, foreign_page, render
from pagemill.api.ui.route import PageRoute
from pagemill.api.ui.visitor import SignedIn
from pagemill.api.wire.encodings.zstd_frame import text_of
from pagemill.errors import NotFoundError
from pagemill.model import METADATA, Format

router = APIRouter(prefix="/ui/playground/{job_id}/{position}", include_in_schema=False, route_class=PageRoute)

_FRAME_CHARACTERS = 10
"""Times as many characters as a text are shown in a frame: a browser shows HTML faster than we colour it."""
_FRAME_STYLE = (
    "<!DOCTYPE html><meta charset=utf-8><meta name=color-scheme content='light'><style>body{font:16px/1.55 "
    "system-ui,sans-serif;max-width:44rem;margin:1rem auto;padding:0 1rem;overflow-wrap:anywhere;background:#fff;"
    "color:#222}img{display:none}table{border-collapse:collapse}td,th{border:1px solid #ccc;padding:.2rem .5rem}"
    "pre{overflow:auto}</style>"
)


@router.get("/rendered")
async def show_rendered(request: Request, stored: OwnPage, visitor: SignedIn, views: Views) -> Response:
    """Return the Markdown as a reader would see it."""
    text, cut = await stored.text(Format.MARKDOWN, stored.resources.settings.interface.view_characters)
    made = await views.make(visitor.key_id, "rendered", text)
    return _panel(request, visitor, stored, "rendered", made=made, cut=cut, whole=Format.MARKDOWN.value)


@router.get("/markdown")
async def show_markdown(request: Request, stored: OwnPage, visitor: SignedIn) -> Response:
    """Return the source of the Markdown."""
    text, cut = await stored.text(Format.MARKDOWN, stored.resources.settings.interface.view_characters)
    return _panel(request, visitor, stored, "source", made=text, cut=cut, whole=Format.MARKDOWN.value)


@router.get("/html")
async def show_html(request: Request, stored: OwnPage, visitor: SignedIn, views: Views) -> Response:
    """Return the page's HTML as coloured text."""
    text, cut = await stored.text(Format.HTML, stored.resources.settings.interface.view_characters)
    made = await views.make(visitor.key_id, "html", text)
    return _panel(request, visitor, stored, "source", made=made, cut=cut, whole=Format.HTML.value)


@router.get("/cleaned")
async def show_cleaned(request: Request, stored: OwnPage, visitor: SignedIn) -> Response:
    """Return the frame that shows the cleaned HTML."""
    stored.place(Format.CLEANED_HTML)
    return _panel(request, visitor, stored, "cleaned", cut=False, whole=Format.CLEANED_HTML.value)


@router.get("/frame")
async def show_frame(stored: OwnPage) -> Response:
    """Return the cleaned HTML itself, which runs and loads nothing."""
    characters = stored.resources.settings.interface.view_characters * _FRAME_CHARACTERS
    text, _ = await stored.text(Format.CLEANED_HTML, characters)
    return foreign_page(_FRAME_STYLE + text)


@router.get("/json")
async def show_json(request: Request, stored: OwnPage, visitor: SignedIn, views: Views) -> Response:
    """Return the structured JSON, and the text of the page with the quotes marked that its values stand on."""
    found = await stored.value(stored.place(Format.JSON).name)
    if found is None:
        return _panel(request, visitor, stored, "json", found=None, cut=True, whole=Format.JSON.value)
    most = stored.resources.settings.interface.view_characters
    data = await asyncio.to_thread(lambda: orjson.dumps(found["data"], option=orjson.OPT_INDENT_2).decode())
    text = (await stored.text(Format.MARKDOWN, most))[0] if Format.MARKDOWN in stored.places else ""
    evidence: dict[str, dict[str, Any]] = found.get("evidence", {})
    places, marks = await asyncio.to_thread(places_of, evidence, len(text))
    rows = stored.resources.settings.interface.view_rows
    quotes = [
        (pointer, quote, f"{ANCHOR}{marks[number]}" if number in marks else None)
        for number, (pointer, quote) in enumerate(evidence.items())
    ][:rows]
    return _panel(
        request, visitor, stored, "json",
        found=found, quotes=quotes, cut=len(data) > most, whole=Format.JSON.value,
        data=await views.make(visitor.key_id, "json", data[:most]),
        text=await views.make(visitor.key_id, "evidence", text, places=places) if quotes else "",
    )  # fmt: skip


@router.get("/links")
async def show_links(request: Request, stored: OwnPage, visitor: SignedIn) -> Response:
    """Return the links, and the images where they were asked for."""
    most = stored.resources.settings.interface.view_rows
    links, images = await stored.value(Format.LINKS), await stored.value(Format.IMAGES)
    rows = [(link["href"], link["text"]) for link in (links or ())[:most]]
    pictures = [(image["src"], image["alt"]) for image in (images or ())[:most]]
    whole = Format.LINKS if Format.LINKS in stored.places else Format.IMAGES
    too_large = (links is None and Format.LINKS in stored.places) or (images is None and Format.IMAGES in stored.places)
    return _panel(
        request, visitor, stored, "links",
        links=rows, images=pictures, links_in_all=len(links or ()), images_in_all=len(images or ()),
        is_web_address=is_web_address, cut=too_large or len(links or ()) > most, whole=whole.value,
    )  # fmt: skip


@router.get("/screenshot")
async def show_screenshot(
    request: Request, stored: OwnPage, visitor: SignedIn
) -> Response:  # the picture itself is `/picture`
    """Return the pictures of the page."""
    names = [kind for kind in ScreenshotType if _PICTURES[kind] in stored.places]
    return _panel(request, visitor, stored, "screenshot", pictures=names, cut=False, whole="")


_PICTURES = {ScreenshotType.VIEWPORT: Format.SCREENSHOT, ScreenshotType.FULL_PAGE: Format.SCREENSHOT_FULL_PAGE}


@router.get("/picture")
async def get_picture(
    job_id: str,
    position: Annotated[int, Path(ge=0, le=MAX_POSITION)],
    visitor: SignedIn,
    resources: ApiResources,
    type: Annotated[ScreenshotType, Query()] = ScreenshotType.VIEWPORT,  # noqa: A002
) -> Response:
    """Return a screenshot as PNG."""
    response = await get_screenshot(job_id, resources, visitor.key_id, type, position)
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


@router.get("/details")
async def show_details(request: Request, stored: OwnPage, visitor: SignedIn) -> Response:
    """Return the timings and what the page says of itself."""
    metadata = await stored.value(METADATA)
    return _panel(
        request, visitor, stored, "details",
        bars=bars(stored.page), width=WIDTH, metadata=metadata or {}, cut=False, whole="",
    )  # fmt: skip


@router.get("/whole/{name}")
async def get_whole(name: str, stored: OwnPage, visitor: SignedIn, resources: ApiResources) -> Response:
    """Return all of a text or a value, as plain text that a browser runs nothing of."""
    if name in {format_.value for format_ in TEXTS}:
        parts = stored.text_parts(name)
    elif name in VALUES:
        parts = text_of(resources.jobs.body_parts(stored.place(name)))
    else:
        raise NotFoundError("There is no such text.")
    headers = {**HEADERS, "Content-Security-Policy": "sandbox; default-src 'none'"}
    return StreamingResponse(
        await resources.downloads.begin(visitor.key_id, parts), media_type="text/plain; charset=utf-8", headers=headers
    )


def _panel(request: Request, visitor: Any, stored: StoredPage, view: str, **values: Any) -> Response:
    base = f"/ui/playground/{stored.job.id}/{stored.page.index}"
    return render(request, visitor, "playground_panel.html", view=view, base=base, **values)
