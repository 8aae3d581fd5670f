"""From a page's bytes to its content: document → blocks → features → classifier → choice → cut tree → cleaned tree.

Cleaned HTML and Markdown are both written from the cleaned tree.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from pagemill.extraction.choosing import blocks, embedded_text, heading, pruning, signals, small_lists
from pagemill.extraction.choosing import selection as choice
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
EVERYTHING = frozenset({Format.CLEANED_HTML, Format.MARKDOWN, Format.LINKS, Format.IMAGES, METADATA})
"""All that is made of a page besides its HTML."""

MOST_ELEMENTS = 200_000
"""How many elements, inline ones too, a page may have for its content to be chosen."""
_UNCOUNTED = 3 * MOST_ELEMENTS
"""The length of HTML that holds no more than that many elements, as a tag has three characters."""

_UNWEIGHED = 0.4
"""The quality of a page that is too large to choose from: about the F1 of keeping the whole page."""
_SUPPLEMENTED = 0.1
"""The quality of what structured data says in place of a page without text."""
_FALLEN_BACK = 0.2
"""The quality, at most, of what is kept of a page where hardly any content was found."""
_TOO_LITTLE = 10
"""Where fewer words of content than this are expected in a choice, it is no choice."""
_BOILERPLATE = ("in_nav", "in_header", "in_footer", "in_aside", "in_button")
"""The features that say that a block stands in what surrounds content."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which blocks of a page are its content."""

    words: NDArray[np.float64]
    """The number of words of each block."""
    chosen: NDArray[np.bool_]
    figures: NDArray[np.float32]
    """What `Classifier.quality` reads."""
    fell_back: bool
    """Whether hardly any content was found, and all but navigation and the like was chosen."""


def extract(  # noqa: PLR0913 - the options of extraction, each with its default
    html: bytes,
    url: str,
    *,
    content_type: str = "",
    only_main_content: bool = True,
    include_tags: Sequence[str] = (),
    exclude_tags: Sequence[str] = (),
    formats: Container[str] = EVERYTHING,
) -> Content:
    """Make the content of a page of its bytes. It does no I/O, raises nothing, and is deterministic.

    `url` is where the page came from, `content_type` the Content-Type header it came with. `only_main_content=False`
    keeps the whole body instead of choosing, and so does `include_tags`, CSS selectors of the parts to keep;
    `exclude_tags` are taken out before anything is chosen. Links and images are those of the whole page. Of
    `EVERYTHING`, what is not in `formats` is left empty, and takes no time.
    """
    page = document.read(html, url, content_type)
    face = page.face
    seen = signals.read(page.tree, face)
    description = page_metadata.read(page.tree, url, face) if METADATA in formats else Metadata()
    links = media.links(page.tree, page.base_url, face.anchors) if Format.LINKS in formats else ()
    images = media.images(page.tree, page.base_url, face.pictures) if Format.IMAGES in formats else ()
    body, quality = page.body, 1.0
    tag_filter.exclude(body, exclude_tags)
    if include_tags:
        tag_filter.include(body, include_tags)
    elif only_main_content:
        quality = _keep_content(page, body, url)
    cleaned_html = text = ""
    source = page.html
    if Format.CLEANED_HTML in formats or Format.MARKDOWN in formats:
        markup = cleaned.write(body, page.base_url)
        del page, body, face  # a page's tree takes most of the memory: it goes before the next is made
        tree = cleaned.parse(markup)
        cleaned_html = cleaned.serialize(tree) if Format.CLEANED_HTML in formats else ""
        text = markdown.render(tree) if Format.MARKDOWN in formats else ""
    return Content(
        html=source,
        cleaned_html=cleaned_html,
        markdown=text,
        metadata=description,
        links=links,
        images=images,
        quality=quality,
        signs=seen,
    )


def _keep_content(page: Document, body: Element, url: str) -> float:
    """Cut the tree under `body` down to the content, and return how good that choice is expected to be."""
    flat = None if _is_vast(body, page.html) else blocks.split(body)
    if flat is None:
        return _UNWEIGHED
    if not flat.owner:
        return _SUPPLEMENTED if embedded_text.add(page.tree, body) else 0.0
    model = classifier.load()
    selection = select(flat, body, url, model)
    pruning.cut(flat, selection.chosen, selection.words)
    quality = model.quality(selection.figures)
    return min(quality, _FALLEN_BACK) if selection.fell_back else quality


def _is_vast(body: Element, html: str) -> bool:
    """Whether a page has so many elements that even a list of them would take too much."""
    return len(html) > _UNCOUNTED and next(islice(body.iter_elements(), MOST_ELEMENTS, None), None) is not None


def select(flat: Blocks, body: Element, url: str, model: Classifier) -> Selection:
    """Choose the content among the blocks of `body`, of which there is at least one."""
    found = block_features.compute(flat, hidden_elements(body, flat), url, model.vocabulary)
    rows, words = found.rows, found.rows["words"]
    log_odds = model.log_odds(block_features.stack(rows, model.features))
    figures = block_features.stack(rows, block_features.PAGE_FIGURES)[:, 0]
    best = choice.choose(log_odds, words, found.looks, found.near_looks, figures)
    chosen, fell_back = best.chosen, False
    if (words * best.probability)[chosen].sum() < _TOO_LITTLE and not chosen.all():
        surrounding = np.asarray(sum(rows[name] for name in _BOILERPLATE)) > 0
        chosen, fell_back = _widen(chosen, surrounding, words), True
    chosen = small_lists.settle(flat, chosen, words)
    return Selection(words, chosen | heading.find(flat, chosen, words), best.figures, fell_back)


def _widen(chosen: NDArray[np.bool_], surrounding: NDArray[np.bool_], words: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Choose all that stands outside navigation and the like; all there is where that is too little as well."""
    wider = chosen | ~surrounding
    return wider if words[wider].sum() >= _TOO_LITTLE else np.ones_like(wider)


def hidden_elements(body: Element, flat: Blocks) -> NDArray[np.float64]:
    """Return 1 for each element that is marked as not shown, 0 for the others."""
    found = set(body.select(block_features.HIDDEN))
    return np.array([element in found for element in flat.elements], np.float64)
