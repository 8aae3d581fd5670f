"""The extraction pipeline: document → blocks → features → classifier → selection → pruned tree → cleaned tree.

Cleaned HTML and Markdown are both written from the cleaned tree.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from pagemill.extraction.choosing import blocks, embedded_text, heading, pruning, selection, signals, small_lists
from pagemill.extraction.choosing.features import block_features
from pagemill.extraction.choosing.model import classifier
from pagemill.extraction.metadata import media, page_metadata
from pagemill.extraction.reading import document, refresh, tag_filter
from pagemill.extraction.writing import cleaned_html as cleaned
from pagemill.extraction.writing import markdown
from pagemill.model import Content, Format, Metadata

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from numpy.typing import NDArray
    from turbohtml import Element

    from pagemill.extraction.choosing.blocks import Blocks
    from pagemill.extraction.choosing.model.classifier import Classifier
    from pagemill.extraction.reading.document import Document

METADATA = "metadata"
"""The name of the metadata output, beside the formats that clients can request."""
ALL_OUTPUTS = frozenset({Format.CLEANED_HTML, Format.MARKDOWN, Format.LINKS, Format.IMAGES, METADATA})
"""Every output besides the page's HTML."""

MAX_ELEMENTS = 200_000
"""A page with more elements than this, inline ones included, is kept whole."""
_MAX_SAFE_LENGTH = 3 * MAX_ELEMENTS
"""HTML of at most this length cannot hold more elements, because a tag has at least three characters."""

_WHOLE_PAGE_QUALITY = 0.4
"""The quality of a page that is too large to classify: about the F1 of keeping the whole page."""
_EMBEDDED_TEXT_QUALITY = 0.1
"""The quality of structured data that replaces the content of a page without text."""
_MAX_FALLBACK_QUALITY = 0.2
"""The highest quality of the fallback."""
_MIN_EXPECTED_WORDS = 10
"""The fallback applies where the selection has fewer expected content words than this."""
_BOILERPLATE_FEATURES = ("in_nav", "in_header", "in_footer", "in_aside", "in_button")
"""The features that mark a block as boilerplate."""


@dataclass(frozen=True, slots=True)
class MainContent:
    """Which blocks of a page are its content."""

    words: NDArray[np.float64]
    """The number of words of each block."""
    selected: NDArray[np.bool_]
    quality_features: NDArray[np.float32]
    """The input of `Classifier.quality`."""
    is_fallback: bool
    """Whether hardly any content was found and everything except boilerplate was selected."""


def extract(  # noqa: PLR0913 - the options of extraction, each with its default
    html: bytes,
    url: str,
    *,
    content_type: str = "",
    only_main_content: bool = True,
    include_tags: Sequence[str] = (),
    exclude_tags: Sequence[str] = (),
    formats: Container[str] = ALL_OUTPUTS,
) -> Content:
    """Extract the content of a page. It does no I/O, raises nothing and is deterministic.

    `url` is the address of the page and `content_type` its Content-Type header. `only_main_content=False` keeps the
    whole body instead of selecting content. `include_tags` does too: it keeps only the elements that match these CSS
    selectors. Elements that match `exclude_tags` are removed first. Links and images are those of the whole page.
    Outputs of `ALL_OUTPUTS` that are not in `formats` are left empty and cost no time.
    """
    page = document.read(html, url, content_type)
    index = page.index
    page_signals = replace(
        signals.read(page.tree, index),
        frameset=page.tree.select_one("html > frameset") is not None,
        refresh=refresh.of_document(page.tree, page.base_url),
    )
    metadata = page_metadata.read(page.tree, url, index) if METADATA in formats else Metadata()
    links = media.links(page.tree, page.base_url, index.anchors) if Format.LINKS in formats else ()
    images = media.images(page.tree, page.base_url, index.images) if Format.IMAGES in formats else ()
    body, quality = page.body, 1.0
    tag_filter.exclude(body, exclude_tags)
    if include_tags:
        tag_filter.include(body, include_tags)
    elif only_main_content:
        quality = _prune_to_content(page, body, url)
    cleaned_html = text = ""
    source = page.html
    if Format.CLEANED_HTML in formats or Format.MARKDOWN in formats:
        markup = cleaned.write(body, page.base_url)
        del page, body, index  # free the page's tree, most of the memory, before building the next
        tree = cleaned.parse(markup)
        cleaned_html = cleaned.serialize(tree) if Format.CLEANED_HTML in formats else ""
        text = markdown.render(tree) if Format.MARKDOWN in formats else ""
    return Content(
        html=source,
        cleaned_html=cleaned_html,
        markdown=text,
        metadata=metadata,
        links=links,
        images=images,
        quality=quality,
        signals=page_signals,
    )


def _prune_to_content(page: Document, body: Element, url: str) -> float:
    """Prune the tree under `body` to its content and return the expected quality of the result."""
    flat = None if _is_too_large(body, page.html) else blocks.split(body)
    if flat is None:
        return _WHOLE_PAGE_QUALITY
    if not flat.owner:
        return _EMBEDDED_TEXT_QUALITY if embedded_text.add(page.tree, body) else 0.0
    model = classifier.load()
    content = select_content(flat, body, url, model)
    pruning.prune(flat, content.selected, content.words)
    quality = model.quality(content.quality_features)
    return min(quality, _MAX_FALLBACK_QUALITY) if content.is_fallback else quality


def _is_too_large(body: Element, html: str) -> bool:
    """Whether a page has so many elements that even a list of them takes too much memory."""
    return len(html) > _MAX_SAFE_LENGTH and next(islice(body.iter_elements(), MAX_ELEMENTS, None), None) is not None


def select_content(flat: Blocks, body: Element, url: str, model: Classifier) -> MainContent:
    """Select the content among the blocks of `body`. There must be at least one block."""
    found = block_features.compute(flat, hidden_mask(body, flat), url, model.vocabulary)
    rows, words = found.rows, found.rows["words"]
    log_odds = model.log_odds(block_features.stack(rows, model.features))
    page_features = block_features.stack(rows, block_features.PAGE_FEATURES)[:, 0]
    selected_blocks = selection.select_blocks(
        log_odds, words, found.template_ids, found.local_template_ids, page_features
    )
    selected, is_fallback = selected_blocks.selected, False
    if (words * selected_blocks.probability)[selected].sum() < _MIN_EXPECTED_WORDS and not selected.all():
        boilerplate = np.asarray(sum(rows[name] for name in _BOILERPLATE_FEATURES)) > 0
        selected, is_fallback = _fallback(selected, boilerplate, words), True
    selected = small_lists.select_whole(flat, selected, words)
    return MainContent(
        words, selected | heading.find(flat, selected, words), selected_blocks.quality_features, is_fallback
    )


def _fallback(
    selected: NDArray[np.bool_], boilerplate: NDArray[np.bool_], words: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Select every block that is not boilerplate, or all blocks if that is too little as well."""
    candidates = selected | ~boilerplate
    return candidates if words[candidates].sum() >= _MIN_EXPECTED_WORDS else np.ones_like(candidates)


def hidden_mask(body: Element, flat: Blocks) -> NDArray[np.float64]:
    """Return 1 for each element that is marked as not shown, 0 for the others."""
    found = set(body.select(block_features.HIDDEN))
    return np.array([element in found for element in flat.elements], np.float64)
