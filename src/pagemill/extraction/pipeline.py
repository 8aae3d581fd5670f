"""The extraction pipeline: document → blocks → features → classifier → selection → pruned tree → cleaned tree.

Cleaned HTML and Markdown are both written from the cleaned tree.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from pagemill.extraction import discussions, products
from pagemill.extraction.choosing import (
    article_header,
    blocks,
    byline_texts,
    corrections,
    embedded_text,
    pruning,
    selection,
    signals,
)
from pagemill.extraction.choosing.features import block_features
from pagemill.extraction.choosing.model import classifier
from pagemill.extraction.choosing.rules import completion, small_lists
from pagemill.extraction.metadata import media, page_metadata
from pagemill.extraction.page_type import classifier as type_classifier
from pagemill.extraction.page_type import signs
from pagemill.extraction.reading import document, normalization, refresh, tag_filter
from pagemill.extraction.reading.markup_names import MarkupNames
from pagemill.extraction.writing import cleaned_html as cleaned
from pagemill.extraction.writing import markdown
from pagemill.model import METADATA, PAGE_TYPE, Content, Format, LinkStyle, Metadata

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

    from numpy.typing import NDArray
    from turbohtml import Element

    from pagemill.extraction.choosing.article_header import ArticleHeader
    from pagemill.extraction.choosing.blocks import Blocks
    from pagemill.extraction.choosing.byline_texts import Byline
    from pagemill.extraction.choosing.choice_record import ChoiceRecord
    from pagemill.extraction.choosing.features.block_features import Features
    from pagemill.extraction.choosing.model.classifier import Classifier
    from pagemill.extraction.reading.document import Document
    from pagemill.extraction.reading.page_index import PageIndex
    from pagemill.model import BlockRole, Correction

ALL_OUTPUTS = frozenset({Format.CLEANED_HTML, Format.MARKDOWN, Format.LINKS, Format.IMAGES, METADATA})
"""Every output besides the page's HTML."""

MAX_ELEMENTS = 200_000
"""A page with more elements than this, inline ones included, is kept whole."""
_MAX_SAFE_LENGTH = 3 * MAX_ELEMENTS
"""HTML of at most this length cannot hold more elements, because a tag has at least three characters."""

_WHOLE_PAGE_QUALITY = 0.4
"""The quality of a page that is too large to classify: about the F1 of keeping the whole page."""
_DISCUSSION_QUALITY = 0.95
"""The quality of a discussion whose software is known: its posts are found, not estimated."""
_EMBEDDED_TEXT_QUALITY = 0.1
"""The quality of structured data that replaces the content of a page without text."""
_MAX_FALLBACK_QUALITY = 0.2
"""The highest quality of the fallback."""
_MIN_EXPECTED_WORDS = 10
"""The fallback applies where the selection has fewer expected content words than this."""
_MAX_WORDS_OF_TINY_PAGE = 40
"""A page of fewer words than this, boilerplate apart, is kept but for what surely is no content: the model saw
too few such pages to choose there."""
_MIN_PROBABILITY_ON_TINY_PAGE = 0.01
"""What is less likely than this to be content is surely none."""
_MIN_COMMENT_LOG_ODDS = -3.5
"""From which a block counts as a reader's comment: nine tenths of what is found are comments, of unseen sites too."""
FEWEST_WORDS_OF_A_TYPE = 20
"""A page of fewer words than this, boilerplate included, is an error or what scripts would fill: it has no type."""
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
    header: ArticleHeader
    """The blocks of headline, byline and date. They are not among those selected."""
    byline: Byline


def extract(  # noqa: PLR0913 - the options of extraction, each with its default
    html: bytes,
    url: str,
    *,
    content_type: str = "",
    only_main_content: bool = True,
    include_tags: Sequence[str] = (),
    exclude_tags: Sequence[str] = (),
    include_comments: bool = False,
    given: Sequence[Correction] = (),
    link_style: LinkStyle = LinkStyle.INLINE,
    show_images: bool = True,
    formats: Container[str] = ALL_OUTPUTS,
) -> Content:
    """Extract the content of a page. It does no I/O, raises nothing and is deterministic.

    `url` is the address of the page and `content_type` its Content-Type header. `only_main_content=False` keeps the
    whole body instead of selecting content. `include_tags` does too: it keeps only the elements that match these CSS
    selectors. Elements that match `exclude_tags` are removed first. `include_comments` keeps readers' comments as well.
    `given`: corrections of pages of this host, of which those count whose page is built like this one.
    `link_style` and `show_images` say how the Markdown writes links and whether it shows images.
    Links and images are those of the whole page. Outputs of `ALL_OUTPUTS` that are not in `formats` are left empty and
    cost no time.
    """
    page = document.read(html, url, content_type)
    index, body = page.index, page.body
    page_signals = replace(
        signals.read(page.tree, index),
        frameset=body.tag == "frameset",
        refresh=refresh.of_document(page.tree, page.base_url),
    )
    metadata = page_metadata.read(page.tree, url, index) if METADATA in formats else None
    links = media.links(page.tree, page.base_url, index.anchors) if Format.LINKS in formats else ()
    images = media.images(page.tree, page.base_url, index.images) if Format.IMAGES in formats else ()
    quality, page_type = 1.0, None
    given = corrections.of_page(given, page.tree)
    tag_filter.exclude(body, exclude_tags)
    names, body_classes = MarkupNames(body), body.attr("class") or ""
    normalization.normalize(body, names)
    if include_tags:
        tag_filter.include(body, include_tags)
    elif only_main_content:
        model = classifier.load()
        title = metadata.title if metadata is not None else None
        content = keep_content(
            page, body, names, url, model, title=title, include_comments=include_comments, given=given
        )
        quality = content_quality(content, model)
        if PAGE_TYPE in formats and metadata is not None:
            page_type = type_of(content, index, url, metadata, body_classes)
    cleaned_html = text = ""
    source = page.html
    if Format.CLEANED_HTML in formats or Format.MARKDOWN in formats:
        markup = cleaned.write(body, page.base_url)
        del page, body, index  # free the page's tree, most of the memory, before building the next
        tree = cleaned.parse(markup)
        cleaned_html = cleaned.serialize(tree) if Format.CLEANED_HTML in formats else ""
        text = markdown.render(tree, link_style, images=show_images) if Format.MARKDOWN in formats else ""
    return Content(
        html=source,
        cleaned_html=cleaned_html,
        markdown=text,
        metadata=metadata or Metadata(),
        links=links,
        images=images,
        quality=quality,
        signals=page_signals,
        page_type=page_type,
    )


def keep_content(  # noqa: PLR0913 - the page, what is known of it, and the options
    page: Document,
    body: Element,
    names: MarkupNames,
    url: str,
    model: Classifier,
    *,
    title: str | None = None,
    include_comments: bool = False,
    given: Sequence[Correction] = (),
    record: ChoiceRecord | None = None,
) -> MainContent | FallbackReason:
    """Prune the tree under `body` to the content, its headline first. Return what was selected, or why nothing was.

    `names`: those of its markup. `title`: the title in the page's metadata, if it is known, for a page that shows no
    headline. `given`: corrections of pages that are built alike. `record`: where each step of the choice is noted.
    """
    if _is_too_large(body, page.html):
        return FallbackReason.TOO_LARGE
    if (discussion := discussions.read(body, names)) is not None:
        discussions.rebuild(body, discussion)
        return FallbackReason.DISCUSSION
    normalization.remove_boxes(body, names)
    flat = blocks.split(body, names)
    if flat is None:
        return FallbackReason.TOO_LARGE
    if not flat.owner:
        return FallbackReason.EMBEDDED if embedded_text.add(page.tree, body) else FallbackReason.EMPTY
    content = select_content(
        flat, body, page.index.titles, model, include_comments=include_comments, given=given, record=record
    )
    header = content.header
    headline = article_header.title_text(flat, header.title)
    facts = products.read(page.index)
    pruning.prune(flat, content.selected, content.words, header.blocks)
    normalization.remove_labels(body, names)
    headline = headline or normalization.hidden_headline(page.index.headings)
    headline = headline or title or page_metadata.title_of(page.index, url) or ""
    article_header.insert(body, headline, content.byline.parts)
    products.insert(body, facts)
    return content


class FallbackReason(Enum):
    """Why no blocks were selected, with the quality of what is kept instead."""

    TOO_LARGE = _WHOLE_PAGE_QUALITY
    EMBEDDED = _EMBEDDED_TEXT_QUALITY
    DISCUSSION = _DISCUSSION_QUALITY
    EMPTY = 0.0


def content_quality(content: MainContent | FallbackReason, model: Classifier) -> float:
    """Return how good a selection is expected to be, from 0 to 1."""
    if isinstance(content, FallbackReason):
        return content.value
    quality = model.quality(content.quality_features)
    return min(quality, _MAX_FALLBACK_QUALITY) if content.is_fallback else quality


def type_of(
    content: MainContent | FallbackReason, index: PageIndex, url: str, metadata: Metadata, body_classes: str
) -> str | None:
    """Return what kind of page it is, one of `page_type.classifier.TYPES`; None where that is not sure."""
    if content is FallbackReason.DISCUSSION:
        return type_classifier.FORUM
    if isinstance(content, FallbackReason) or content.words.sum() < FEWEST_WORDS_OF_A_TYPE:
        return None
    return type_classifier.load().type_of(signs.read(index, url, metadata, body_classes, content.quality_features))


def _is_too_large(body: Element, html: str) -> bool:
    """Whether a page has so many elements that even a list of them takes too much memory."""
    return len(html) > _MAX_SAFE_LENGTH and next(islice(body.iter_elements(), MAX_ELEMENTS, None), None) is not None


def select_content(  # noqa: PLR0913 - the page, the model, and the options
    flat: Blocks,
    body: Element,
    titles: Sequence[str],
    model: Classifier,
    *,
    include_comments: bool = False,
    given: Sequence[Correction] = (),
    record: ChoiceRecord | None = None,
) -> MainContent:
    """Choose the content among the blocks of `body`, of which there is at least one.

    Corrections that would leave nothing of a page are not applied: some text is better than none.
    """
    found = block_features.compute(flat, hidden_mask(body, flat), titles, model.lexicon)
    features = block_features.stack(found.rows, model.features)
    corrected = corrections.find(flat, given) if given else {}
    content = _select(flat, found, features, model, corrected, include_comments=include_comments, record=record)
    if corrected and not content.selected.any() and not content.header.title:
        corrected = {}
        content = _select(flat, found, features, model, corrected, include_comments=include_comments, record=record)
    if record is not None:
        record.flat, record.found, record.features, record.corrected = flat, found, features, corrected
    return content


def _select(  # noqa: PLR0913 - the page, what was found on it, and the options
    flat: Blocks,
    found: Features,
    features: NDArray[np.float32],
    model: Classifier,
    corrected: Mapping[int, Correction],
    *,
    include_comments: bool,
    record: ChoiceRecord | None,
) -> MainContent:
    rows, words = found.rows, found.rows["words"]
    page_features = block_features.stack(rows, block_features.PAGE_FEATURES)[:, 0]
    result = selection.select_blocks(
        model.log_odds(features), words, found.template_ids, found.local_template_ids, page_features
    )
    if record is not None:
        record.probability, record.steps = result.probability, [("model", result.selected.copy())]
    selected, is_fallback = result.selected, False
    boilerplate = np.asarray(sum(rows[name] for name in _BOILERPLATE_FEATURES)) > 0
    if (words * result.probability)[selected].sum() < _MIN_EXPECTED_WORDS and not selected.all():
        selected, is_fallback = _fallback(selected, boilerplate, words), True
    elif words[~boilerplate].sum() < _MAX_WORDS_OF_TINY_PAGE:
        selected = selected | (~boilerplate & (result.probability > _MIN_PROBABILITY_ON_TINY_PAGE))
    if record is not None:
        record.step("little_text", selected)
    selected = completion.complete(flat, selected, words, result.probability, record)
    selected = _settle_comments(flat, found, features, selected, model, include=include_comments)
    if record is not None:
        record.step("comments", selected)
    roles = {block: correction.role for block, correction in corrected.items()}
    selected = corrections.apply(selected, roles, include_comments=include_comments) if roles else selected
    header = _find_header(flat, features, words, selected, model, roles)
    selected[header.blocks] = False
    chances = result.probability, found.template_ids
    byline = byline_texts.read(flat, header.meta, header.signature)
    selected = completion.remove_parts_of_header(
        flat, selected, words, chances, header=header.blocks, names=byline.names, record=record
    )
    if record is not None:
        record.step("headings", selected)
    if roles:
        selected = corrections.apply(selected, roles, include_comments=include_comments)
        selected[header.blocks] = False
    return MainContent(words, selected, result.quality_features, is_fallback, header, byline)


def _settle_comments(  # noqa: PLR0913 - the page, what was found on it, and the option
    flat: Blocks,
    found: Features,
    features: NDArray[np.float32],
    selected: NDArray[np.bool_],
    model: Classifier,
    *,
    include: bool,
) -> NDArray[np.bool_]:
    """Select all comments of readers, or none. A page of nothing but comments keeps them; a table is no comment."""
    is_comment = comment_blocks(flat, found, features, model, None if include else np.flatnonzero(selected))
    settled = selected.copy()
    settled[is_comment] = include
    return settled if settled.any() else selected


def comment_blocks(
    flat: Blocks,
    found: Features,
    features: NDArray[np.float32],
    model: Classifier,
    candidates: NDArray[np.intp] | None = None,
) -> NDArray[np.bool_]:
    """Return which blocks are readers' comments: of those that are `candidates`, or of all."""
    asked = np.arange(len(flat.owner)) if candidates is None else candidates
    log_odds = selection.pool(
        model.role_log_odds("comments", features.take(asked, axis=1)),
        found.template_ids[asked],
        found.local_template_ids[asked],
    )
    is_comment = np.zeros(len(flat.owner), bool)
    is_comment[asked[log_odds > _MIN_COMMENT_LOG_ODDS]] = True
    return small_lists.without_parts_of_tables(flat, is_comment)


def _find_header(  # noqa: PLR0913, PLR0917 - the page, what was found on it, and the corrections
    flat: Blocks,
    features: NDArray[np.float32],
    words: NDArray[np.float64],
    selected: NDArray[np.bool_],
    model: Classifier,
    roles: Mapping[int, BlockRole],
) -> ArticleHeader:
    """Find the headline and the byline. Only short blocks are asked about. `roles`: what some blocks were given."""
    short = np.flatnonzero(words <= article_header.MAX_WORDS)
    log_odds = np.full((2, len(words)), -np.inf)
    candidates = features.take(short, axis=1)
    for row, role in enumerate(("title", "meta")):
        log_odds[row, short] = model.role_log_odds(role, candidates)
    if not roles:
        return article_header.find(flat, log_odds[0], log_odds[1], selected, words)
    corrections.settle_log_odds(log_odds, roles)
    header = article_header.find(flat, log_odds[0], log_odds[1], selected, words)
    return corrections.apply_to_header(header, roles)


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
