"""From a page's bytes to its content: document → blocks → features → classifier → choice → cut tree → cleaned tree.

Cleaned HTML and Markdown are both written from the cleaned tree.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from pagemill.extraction.choosing import blocks, embedded_text, heading, pruning, selection, signals, small_lists
from pagemill.extraction.choosing.features import block_features
from pagemill.extraction.choosing.model import classifier
from pagemill.extraction.metadata import media, page_metadata
from pagemill.extraction.reading import document, tag_filter
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
"""What a page says of itself: beside the formats that clients ask for, something to make."""
ALL_OUTPUTS = frozenset({Format.CLEANED_HTML, Format.MARKDOWN, Format.LINKS, Format.IMAGES, METADATA})
"""All that is made of a page besides its HTML."""

MAX_ELEMENTS = 200_000
"""How many elements, inline ones too, a page may have for its content to be chosen."""
_MAX_SAFE_LENGTH = 3 * MAX_ELEMENTS
"""The length of HTML that holds no more than that many elements, as a tag has three characters."""

_WHOLE_PAGE_QUALITY = 0.4
"""The quality of a page that is too large to choose from: about the F1 of keeping the whole page."""
_EMBEDDED_TEXT_QUALITY = 0.1
"""The quality of what structured data says in place of a page without text."""
_MAX_FALLBACK_QUALITY = 0.2
"""The quality, at most, of what is kept of a page where hardly any content was found."""
_MIN_EXPECTED_WORDS = 10
"""Where fewer words of content than this are expected in a choice, it is no choice."""
_BOILERPLATE_FEATURES = ("in_nav", "in_header", "in_footer", "in_aside", "in_button")
"""The features that say that a block stands in what surrounds content."""


@dataclass(frozen=True, slots=True)
class MainContent:
    """Which blocks of a page are its content."""

    words: NDArray[np.float64]
    """The number of words of each block."""
    selected: NDArray[np.bool_]
    quality_features: NDArray[np.float32]
    """What `Classifier.quality` reads."""
    is_fallback: bool
    """Whether hardly any content was found, and all but navigation and the like was chosen."""


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
    """Make the content of a page of its bytes. It does no I/O, raises nothing, and is deterministic.

    `url` is where the page came from, `content_type` the Content-Type header it came with. `only_main_content=False`
    keeps the whole body instead of choosing, and so does `include_tags`, CSS selectors of the parts to keep;
    `exclude_tags` are taken out before anything is chosen. Links and images are those of the whole page. Of
    `EVERYTHING`, what is not in `formats` is left empty, and takes no time.
    """
    page = document.read(html, url, content_type)
    index = page.index
    page_signals = signals.read(page.tree, index)
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
        del page, body, index  # a page's tree takes most of the memory: it goes before the next is made
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
    """Cut the tree under `body` down to the content, and return how good that choice is expected to be."""
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
    """Whether a page has so many elements that even a list of them would take too much."""
    return len(html) > _MAX_SAFE_LENGTH and next(islice(body.iter_elements(), MAX_ELEMENTS, None), None) is not None


def select_content(flat: Blocks, body: Element, url: str, model: Classifier) -> MainContent:
    """Choose the content among the blocks of `body`, of which there is at least one."""
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
    """Choose all that stands outside navigation and the like; all there is where that is too little as well."""
    candidates = selected | ~boilerplate
    return candidates if words[candidates].sum() >= _MIN_EXPECTED_WORDS else np.ones_like(candidates)


def hidden_mask(body: Element, flat: Blocks) -> NDArray[np.float64]:
    """Return 1 for each element that is marked as not shown, 0 for the others."""
    found = set(body.select(block_features.HIDDEN))
    return np.array([element in found for element in flat.elements], np.float64)
