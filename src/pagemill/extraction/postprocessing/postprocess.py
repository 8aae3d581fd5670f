"""Makes the Markdown that a client asks for of the Markdown, or the cleaned HTML, that everyone gets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pagemill.extraction.postprocessing import front_matter, truncation
from pagemill.extraction.postprocessing.token_estimate import UNIT, units
from pagemill.extraction.writing import cleaned_html, markdown

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from pagemill.extraction.postprocessing.truncation import Truncated
    from pagemill.model import MarkdownOptions


def rewrite(cleaned: str, options: MarkdownOptions) -> str:
    """Return the Markdown of cleaned HTML, with links and images as the options say."""
    return markdown.render(cleaned_html.parse(cleaned), options.links, images=options.images)


def finish(text: str, metadata: Mapping[str, Any], url: str, options: MarkdownOptions) -> Truncated:
    """Return Markdown with its front matter, cut to the tokens that the options allow."""
    facts = _known(metadata, url) if options.front_matter else {}
    head = front_matter.write(facts)
    if options.max_tokens is None:
        return truncation.Truncated(head + text, is_cut=False)
    while facts and 2 * units(head) > options.max_tokens * UNIT:  # most is for the text
        facts.popitem()
        head = front_matter.write(facts)
    cut = truncation.truncate(text, options.max_tokens, before=head)
    return truncation.Truncated(head + cut.text, cut.is_cut)


def _known(metadata: Mapping[str, Any], url: str) -> dict[str, str | None]:
    """What front matter holds, the most important first."""
    return {
        "title": metadata.get("title"),
        "url": url,
        "author": metadata.get("author"),
        "date": metadata.get("published"),
    }
