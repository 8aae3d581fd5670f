"""A page with what the choice of content made of each of its blocks.

The blocks are those of the page as it came, before normalization; the choice is made among blocks after it. Both hold
the same text nodes, by which they are matched. A block of which nothing is left then was removed by its markup.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pagemill.extraction import pipeline
from pagemill.extraction.annotation.alignment import align
from pagemill.extraction.annotation.original import Original
from pagemill.extraction.choosing import blocks, corrections, template
from pagemill.extraction.choosing.choice_record import ChoiceRecord
from pagemill.extraction.choosing.model import classifier
from pagemill.extraction.metadata import page_metadata
from pagemill.extraction.reading import document, normalization, tag_filter
from pagemill.extraction.reading.markup_names import MarkupNames
from pagemill.extraction.writing import cleaned_html, markdown
from pagemill.model import BlockRole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from turbohtml import Text

    from pagemill.extraction.annotation.alignment import Piece
    from pagemill.extraction.choosing.blocks import Blocks
    from pagemill.extraction.choosing.model.classifier import Classifier
    from pagemill.extraction.pipeline import MainContent
    from pagemill.model import Correction

MARKUP_RULE = "markup"
"""The rule of what was removed for its markup, before the model was asked."""
SITE_RULE = "site_name"
"""The rule of a first-level heading that is the site's name."""
CORRECTION_RULE = "correction"
ROLE_LETTERS = {
    BlockRole.TITLE: "T",
    BlockRole.BODY: "B",
    BlockRole.CAPTION: "C",
    BlockRole.META: "M",
    BlockRole.COMMENTS: "R",
    BlockRole.JUNK: "J",
}
"""A letter for each role, so that colour is not the only sign."""
_NO_CHOICE = {
    pipeline.FallbackReason.TOO_LARGE: "too_large",
    pipeline.FallbackReason.DISCUSSION: "discussion",
    pipeline.FallbackReason.EMBEDDED: "embedded",
    pipeline.FallbackReason.EMPTY: "empty",
}


@dataclass(frozen=True, slots=True)
class AnnotatedBlock:
    """A block of the page as it came."""

    role: BlockRole
    text: str
    probabilities: dict[str, float] | None = None
    """That it is `content`, and that it has each of the roles that the model knows; None where it was not asked."""
    rule: str | None = None
    """The rule that changed the model's choice; None where it stands."""
    correction: str | None = None
    """The id of the correction that gave its role."""
    digest: str | None = None
    """A digest of its text, see `Correction.text`."""
    path: corrections.Path | None = None
    """What it is known by again on pages that are built alike; None where it cannot be corrected."""
    alike: int = 0
    """How many blocks of the page have the same path."""


@dataclass(frozen=True, slots=True)
class AnnotatedPage:
    """What `annotate` returns."""

    choice: str
    """What chose: `model`, `request`, or why the model was not asked."""
    quality: float
    markdown: str
    blocks: list[AnnotatedBlock]
    pieces: list[Piece]
    """The pieces of the Markdown, each with its block of the page."""
    original: str
    """The page as it came, see `original`."""
    template: list[int]


@dataclass(frozen=True, slots=True)
class Choices:
    """The options of extraction: see `pipeline.extract`."""

    only_main_content: bool = True
    include_tags: tuple[str, ...] = ()
    exclude_tags: tuple[str, ...] = ()
    include_comments: bool = False
    given: tuple[Correction, ...] = ()


def annotate(
    html: bytes, url: str, choices: Choices, *, content_type: str = "", max_blocks: int = blocks.MAX_BLOCKS
) -> AnnotatedPage | None:
    """Extract a page as `pipeline.extract` does, and tell what was made of each of its blocks.

    None where the page has more than `max_blocks` blocks, or four times as many elements or pieces of Markdown, or is
    too large to choose from.
    """
    page = document.read(html, url, content_type)
    body, index = page.body, page.index
    shown = blocks.split(body)
    if shown is None or len(shown.owner) > max_blocks or len(shown.elements) > 4 * max_blocks:
        return None
    original = Original(shown, body, pipeline.hidden_mask(body, shown).astype(bool).tolist())
    texts = ["".join(shown.strings[shown.texts_of(block)]) for block in range(len(shown.owner))]
    shown_block = dict(zip(shown.texts, shown.text_block, strict=True))
    title = page_metadata.read(page.tree, url, index).title
    signature = template.signature(page.tree)
    given = corrections.of_page(choices.given, page.tree)
    tag_filter.exclude(body, choices.exclude_tags)
    names = MarkupNames(body)
    normalization.normalize(body, names)
    record, quality, choice, content = ChoiceRecord(), 1.0, "request", None
    model = classifier.load()
    if choices.include_tags:
        tag_filter.include(body, choices.include_tags)
    elif choices.only_main_content:
        kept = pipeline.keep_content(
            page,
            body,
            names,
            url,
            model,
            title=title,
            include_comments=choices.include_comments,
            given=given,
            record=record,
        )
        quality = pipeline.content_quality(kept, model)
        choice = _NO_CHOICE[kept] if isinstance(kept, pipeline.FallbackReason) else "model"
        content = None if isinstance(kept, pipeline.FallbackReason) else kept
    text = markdown.render(cleaned_html.parse(cleaned_html.write(body, page.base_url)))
    if content is None:
        annotated = _by_markdown(texts, text)
    else:
        annotated = _by_choice(_Chosen(record, content, model, choices), texts, shown_block, text)
    found, pieces = annotated
    if len(pieces) > 4 * max_blocks:  # one block of code may have a million lines
        return None
    attributes = [_attributes(block, number) for number, block in enumerate(found)]
    return AnnotatedPage(choice, quality, text, found, pieces, original.write(attributes), signature)


def _by_markdown(texts: Sequence[str], text: str) -> tuple[list[AnnotatedBlock], list[Piece]]:
    """Tell the blocks that the Markdown has from the others, where no block was chosen by itself."""
    pieces = align(enumerate(texts), text)
    kept = {piece.block for piece in pieces}
    found = [
        AnnotatedBlock(BlockRole.BODY if block in kept else BlockRole.JUNK, text) for block, text in enumerate(texts)
    ]
    return found, pieces


@dataclass(frozen=True, slots=True)
class _Chosen:
    """How the content was chosen among blocks."""

    record: ChoiceRecord
    content: MainContent
    model: Classifier
    choices: Choices

    @property
    def flat(self) -> Blocks:
        """The blocks."""
        if self.record.flat is None:
            raise RuntimeError("the choice among blocks was not recorded")
        return self.record.flat

    def in_order(self) -> list[int]:
        """The blocks that were kept, as the Markdown has them."""
        header = self.content.header
        first = [*header.title, *header.meta, *header.signature]
        return first + np.flatnonzero(self.content.selected).tolist()

    def blocks(self) -> list[AnnotatedBlock]:
        """What each block is."""
        flat, record, header = self.flat, self.record, self.content.header
        by_role = self._probabilities()
        comments = self._comments()
        paths = {owner: corrections.path_of(flat, owner) for owner in set(flat.owner)}
        alike = Counter(paths[owner] for owner in flat.owner)
        found = []
        for block, owner in enumerate(flat.owner):
            kept = bool(self.content.selected[block])
            role = BlockRole.BODY if kept else BlockRole.JUNK
            if block in header.title:
                role = BlockRole.TITLE
            elif block in header.meta or block in header.signature:
                role = BlockRole.META
            elif comments[block]:
                role = BlockRole.COMMENTS
            elif kept and (by_role["caption"][block] > 0.5 or _is_caption(flat, block)):
                role = BlockRole.CAPTION
            correction = record.corrected.get(block)
            rule = SITE_RULE if block in header.site else record.changed_by(block)
            if correction is not None:
                role, rule = correction.role, CORRECTION_RULE
            text = "".join(flat.strings[flat.texts_of(block)])
            found.append(
                AnnotatedBlock(
                    role=role,
                    text=text,
                    probabilities={name: round(float(values[block]), 3) for name, values in by_role.items()},
                    rule=rule,
                    correction=correction.id if correction else None,
                    digest=corrections.text_digest(text),
                    path=paths[owner],
                    alike=alike[paths[owner]],
                )
            )
        return found

    def _probabilities(self) -> dict[str, NDArray[np.float64]]:
        record = self.record
        if record.features is None or record.probability is None:
            raise RuntimeError("the choice among blocks was not recorded")
        roles = {role: _sigmoid(self.model.role_log_odds(role, record.features)) for role in classifier.ROLES}
        return {"content": record.probability, **roles}

    def _comments(self) -> NDArray[np.bool_]:
        record = self.record
        if record.features is None or record.found is None:
            raise RuntimeError("the choice among blocks was not recorded")
        found = pipeline.comment_blocks(self.flat, record.found, record.features, self.model)
        return found if self.choices.include_comments else found & ~self.content.selected


def _by_choice(
    chosen: _Chosen, texts: Sequence[str], shown_block: dict[Text, int], text: str
) -> tuple[list[AnnotatedBlock], list[Piece]]:
    """Carry what is known of the blocks among which was chosen over to those of the page as it came."""
    flat, known = chosen.flat, chosen.blocks()
    shares: list[Counter[int]] = [Counter() for _ in texts]
    shown_of: list[Counter[int]] = [Counter() for _ in known]
    for node, string, block in zip(flat.texts, flat.strings, flat.text_block, strict=True):
        shown = shown_block.get(node)
        if shown is not None:
            shares[shown][block] += len(string)
            shown_of[block][shown] += len(string)
    _match_by_text(known, texts, shares, shown_of)
    found = []
    for own, share in zip(texts, shares, strict=True):
        if share:
            found.append(replace(known[share.most_common(1)[0][0]], text=own))
        else:
            found.append(AnnotatedBlock(BlockRole.JUNK, own, rule=MARKUP_RULE))
    pieces = align(((block, known[block].text) for block in chosen.in_order()), text)
    place = [share.most_common(1)[0][0] if share else None for share in shown_of]
    return found, [piece._replace(block=None if piece.block is None else place[piece.block]) for piece in pieces]


def _match_by_text(
    known: Sequence[AnnotatedBlock],
    texts: Sequence[str],
    shares: Sequence[Counter[int]],
    shown_of: Sequence[Counter[int]],
) -> None:
    """Match blocks that normalization wrote anew with those of the page that have the same text."""
    left = {" ".join(own.split()): shown for shown, own in reversed(list(enumerate(texts))) if not shares[shown]}
    for block, counted in enumerate(shown_of):
        shown = None if counted else left.pop(" ".join(known[block].text.split()), None)
        if shown is not None:
            shares[shown][block] += 1
            counted[shown] += 1


def _is_caption(flat: Blocks, block: int) -> bool:
    owner = flat.owner[block]
    return "figcaption" in (flat.tags[owner], flat.tags[flat.parent[owner]])


def _sigmoid(log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1 / (1 + np.exp(-log_odds))


def _attributes(block: AnnotatedBlock, number: int) -> str:
    """The attributes of a block in the page as it came. All that they hold is ours."""
    chance = ""
    if block.probabilities is not None:
        shown = block.probabilities.get(block.role, block.probabilities["content"])
        chance = f' data-chance="{shown:.2f}"'
    rule = f' data-rule="{block.rule}"' if block.rule else ""
    return f' class="block {block.role}" data-letter="{ROLE_LETTERS[block.role]}"{chance}{rule} id="block-{number}"'


def to_json(page: AnnotatedPage) -> dict[str, Any]:
    """Return what is sent of a page. Paths come once each, and blocks name theirs by its number."""
    paths: dict[corrections.Path, int] = {}
    found = [
        {
            "role": block.role,
            "text": block.text,
            "probabilities": block.probabilities,
            "rule": block.rule,
            "correction": block.correction,
            "digest": block.digest,
            "path": None if block.path is None else paths.setdefault(block.path, len(paths)),
            "alike": block.alike,
        }
        for block in page.blocks
    ]
    return {
        "choice": page.choice,
        "quality": page.quality,
        "markdown": page.markdown,
        "blocks": found,
        "pieces": [list(piece) for piece in page.pieces],
        "original": page.original,
        "template": page.template,
        "paths": list(paths),
    }
