"""Metadata: what a page says of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pagemill.model import Metadata

if TYPE_CHECKING:
    from turbohtml import Document


def read(document: Document, url: str) -> Metadata:
    """Title, author, dates, description, language, address and site name of a page, as far as it tells them."""
    article = document.article()
    return Metadata(
        title=article.title,
        author=article.byline,
        published=article.date,
        description=article.description,
        language=article.lang,
        canonical_url=article.canonical or url,
        site_name=article.site_name,
    )
