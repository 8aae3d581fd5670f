"""From a page's bytes to its content: document → blocks → features → classifier → choice → cut tree → cleaned tree.

Cleaned HTML and Markdown are both written from the cleaned tree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pagemill.extraction import blocks, choice, classifier, cleaned, cut, document, features, markdown, media, metadata
from pagemill.model import Content

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from turbohtml import Element

    from pagemill.extraction.blocks import Blocks
    from pagemill.extraction.choice import Choice
    from pagemill.extraction.classifier import Classifier


@dataclass(frozen=True, slots=True)
class Selection:
    """The blocks of a page and which of them are its content."""

    flat: Blocks
    words: NDArray[np.float64]
    """The number of words of each block."""
    choice: Choice


def extract(html: bytes, url: str, *, content_type: str = "", only_main_content: bool = True) -> Content:
    """Make the content of a page of its bytes. It does no I/O, raises nothing, and is deterministic.

    `url` is where the page came from, `content_type` the Content-Type header it came with. `only_main_content=False`
    keeps the whole body instead of choosing.
    """
    page = document.read(html, url, content_type)
    description = metadata.read(page.tree, url)
    links, images = media.links(page.tree, page.base_url), media.images(page.tree, page.base_url)
    body, quality = page.body, 1.0
    if only_main_content:
        quality = _keep_content(body, url)
    tree = cleaned.clean(body, page.base_url)
    return Content(
        html=page.html,
        cleaned_html=cleaned.serialize(tree),
        markdown=markdown.render(tree),
        metadata=description,
        links=links,
        images=images,
        quality=quality,
    )


def _keep_content(body: Element, url: str) -> float:
    """Cut the tree under `body` down to the content, and return how good that choice is expected to be."""
    model = classifier.load()
    selection = select(body, url, model)
    if selection is None:
        return 0.0
    cut.cut(selection.flat, selection.choice.chosen, selection.words)
    return model.quality(selection.choice.figures)


def select(body: Element, url: str, model: Classifier) -> Selection | None:
    """Choose the content under `body`; None where there is no text."""
    flat = blocks.split(body)
    if not flat.owner:
        return None
    rows = features.compute(flat, hidden_elements(body, flat), url, model.weights)
    probability = model.probabilities(features.stack(rows, model.features))
    figures = features.stack(rows, features.PAGE_FIGURES)[:, 0]
    return Selection(flat, rows["words"], choice.choose(probability, rows["words"], figures))


def hidden_elements(body: Element, flat: Blocks) -> NDArray[np.float64]:
    """Return 1 for each element that is marked as not shown, 0 for the others."""
    found = set(body.select(features.HIDDEN))
    return np.array([element in found for element in flat.elements], np.float64)
