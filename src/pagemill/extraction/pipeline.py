"""From a page's bytes to its content: document → chosen content → cleaned tree → cleaned HTML and Markdown."""

from __future__ import annotations

from pagemill.extraction import cleaned, document, markdown, media, metadata
from pagemill.model import Content


def extract(html: bytes, url: str, *, content_type: str = "", only_main_content: bool = True) -> Content:
    """Make the content of a page of its bytes. It does no I/O, raises nothing, and is deterministic.

    `url` is where the page came from, `content_type` the Content-Type header it came with. `only_main_content=False`
    keeps the whole body instead of choosing.
    """
    page = document.read(html, url, content_type)
    description = metadata.read(page.tree, url)
    links, images = media.links(page.tree, page.base_url), media.images(page.tree, page.base_url)
    root = (page.tree.main_content() if only_main_content else None) or page.body
    tree = cleaned.clean(root, page.base_url)
    return Content(
        html=page.html,
        cleaned_html=cleaned.serialize(tree),
        markdown=markdown.render(tree),
        metadata=description,
        links=links,
        images=images,
        quality=0.5,
    )
