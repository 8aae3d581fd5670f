"""From a page's bytes to its content: document → chosen content → cleaned tree → cleaned HTML and Markdown."""

from __future__ import annotations

from pagemill.extraction import document
from pagemill.model import Content


def extract(html: bytes, url: str, *, content_type: str = "", only_main_content: bool = True) -> Content:
    """Make the content of a page of its bytes. It does no I/O, raises nothing, and is deterministic.

    `url` is where the page came from, `content_type` the Content-Type header it came with. `only_main_content=False`
    keeps the whole body instead of choosing.
    """
    page = document.read(html, url, content_type)
    root = (page.tree.main_content() if only_main_content else None) or page.tree.root
    if root is None:
        return Content(html=page.html, cleaned_html="", markdown="", quality=0.0)
    root.resolve_links(page.base_url)
    root.remove("script, style, template, iframe, form")
    return Content(html=page.html, cleaned_html=root.serialize(), markdown=root.to_markdown(), quality=0.5)
