"""Pages from templates, with the headers that keep what a page shows from doing anything.

Everything that a template shows is escaped. No page has inline scripts or styles, and the Content-Security-Policy
allows none: what were to break out of a template could still run nothing, load nothing and send nothing.
"""

from __future__ import annotations

import asyncio
import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.responses import HTMLResponse

from pagemill import __version__
from pagemill.api.ui.formatting import FILTERS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import Request
    from jinja2 import Environment

    from pagemill.api.ui.visitor import Visitor

_TEMPLATES = Path(__file__).parent / "templates"

_POLICY = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "frame-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
)
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": "; ".join(_POLICY),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # `no-referrer` would have browsers send `Origin: null` with forms, which tells our pages from others no more.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""The headers of every page."""

FOREIGN_HEADERS: Mapping[str, str] = {
    **HEADERS,
    "Content-Security-Policy": (
        "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'; "
        "frame-ancestors 'self'"
    ),
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "no-referrer",
}
"""The headers of HTML that came from the web, to be shown in an `iframe` with `sandbox`: it runs and loads nothing."""

SECTIONS = (
    ("/", "Playground"),
    ("/ui/jobs", "Jobs"),
    ("/ui/crawls", "Crawls"),
    ("/ui/monitors", "Monitors"),
    ("/ui/corrections", "Corrections"),
    ("/ui/operations", "Operations"),
    ("/ui/hosts", "Hosts"),
    ("/ui/proxies", "Proxies"),
    ("/ui/keys", "Keys"),
    ("/ui/webhooks", "Webhooks"),
)
"""The navigation: paths and names. A path below one of them belongs to it."""
FOR_OPERATORS = ("/ui/hosts", "/ui/proxies")
"""Those that other keys may not see."""


def render(
    request: Request, visitor: Visitor | None, template: str, *, status: int = 200, **values: Any
) -> HTMLResponse:
    """Return a page. The template has `visitor`, `path`, `sections`, `version` and the given values.

    `visitor` is None where nobody is signed in: then there is no navigation.
    """
    is_operator = visitor is not None and visitor.operator
    sections = [section for section in SECTIONS if is_operator or section[0] not in FOR_OPERATORS]
    page = environment().get_template(template).render(
        visitor=visitor, path=request.scope["path"], sections=sections, version=__version__, **values
    )  # fmt: skip
    return HTMLResponse(page, status, headers=dict(HEADERS))


def foreign_page(html: str) -> HTMLResponse:
    """Return HTML that came from the web, for a sandboxed `iframe`."""
    return HTMLResponse(html, headers=dict(FOREIGN_HEADERS))


@functools.cache
def environment() -> Environment:
    """The templates, compiled once. Imported when the first page is asked for: programs ask for none."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals["is_section"] = is_section
    made.filters.update(FILTERS)
    return made


async def prepare() -> None:
    """Import and compile what pages are made of, once, beside the event loop: it takes a good part of a second."""
    if not environment.cache_info().currsize:
        await asyncio.to_thread(_compile)


def _compile() -> None:
    made = environment()
    for name in made.list_templates():
        made.get_template(name)


def is_section(section: str, path: str) -> bool:
    """Whether a path belongs to a section of the navigation."""
    return path == section or (section != "/" and path.startswith(f"{section}/"))
