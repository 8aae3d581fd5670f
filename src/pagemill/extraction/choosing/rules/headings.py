"""Headings, and what heads a part of a page: they stay with what they head, and go with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pagemill.extraction.choosing.blocks import Blocks

_LEVELS = {"h1": 1, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6}
_HEADED = {"summary": "details", "figcaption": "figure", "caption": "table"}
"""What heads or describes another element, all of whose other text it belongs to."""
_MIN_SHARE = 0.5
"""The share of the words of such an element that must be content for its head to be."""
_MIN_PROBABILITY = 0.35
"""A heading right before content is content from here on."""
_MAX_PROBABILITY = 0.75
"""A heading of a section without content is no content up to here."""
_MAX_LABEL = 6
"""A heading with more words may be content by itself."""
_MIN_CARDS = 3
"""The headings of so many blocks of one template are those of cards."""
_MAX_LEVELS = 3
"""How far above a heading the element may stand that holds its section."""


def select(flat: Blocks, selected: NDArray[np.bool_], words: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return `selected` with the summaries and captions of what was selected."""
    every = np.concatenate([[0.0], np.cumsum(words)])
    taken = np.concatenate([[0.0], np.cumsum(words * selected)])
    result = selected
    for index, tag in enumerate(flat.tags):
        if tag not in _HEADED:
            continue
        begin, around = flat.block_begin[index], flat.parent[index]
        if flat.tags[around] != _HEADED[tag] or flat.block_end[index] != begin + 1:
            continue
        first, last = flat.block_begin[around], flat.block_end[around]
        rest = every[last] - every[first] - words[begin]
        if not selected[begin] and taken[last] - taken[first] >= _MIN_SHARE * rest > 0:
            result = result.copy() if result is selected else result
            result[begin] = True
    return result


def select_before_text(
    flat: Blocks, selected: NDArray[np.bool_], probability: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Return `selected` with the likely headings right before selected text of their section."""
    result = selected
    likely = np.flatnonzero(~selected[:-1] & selected[1:] & (probability[:-1] >= _MIN_PROBABILITY))
    for block in likely.tolist():
        heading = _heading(flat, flat.owner[block])
        if heading < 0 or flat.block_end[heading] != block + 1 or _leads_away(flat, heading):
            continue
        if flat.block_end[flat.parent[heading]] > block + 1 and _heading(flat, flat.owner[block + 1]) < 0:
            result = result.copy() if result is selected else result
            result[block] = True
    return result


def remove_orphans(
    flat: Blocks,
    selected: NDArray[np.bool_],
    words: NDArray[np.float64],
    chances: tuple[NDArray[np.float64], NDArray[np.int64]],
    header: Sequence[int],
) -> NDArray[np.bool_]:
    """Return `selected` without the unlikely labels of sections none of whose text was selected.

    `chances`: the probability of each block to be content, and the number of its template. Headings that repeat, as
    those of cards, stay. Of a section that holds only the byline, the label goes in any case.
    """
    probability, template_ids = chances
    counts = np.bincount(template_ids)
    chosen = np.concatenate([[0], np.cumsum(selected)]).tolist()
    result = selected
    for index, tag in enumerate(flat.tags):
        if tag not in _LEVELS or tag == "h1":
            continue
        begin, end = flat.block_begin[index], flat.block_end[index]
        if end != begin + 1 or not selected[begin]:
            continue
        if words[begin] > _MAX_LABEL or counts[template_ids[begin]] >= _MIN_CARDS:
            continue
        stop = _section_end(flat, index)
        if stop == end or chosen[stop] != chosen[end]:
            continue
        is_unlikely = probability[begin] < _MAX_PROBABILITY and not _leads_away(flat, index)
        if is_unlikely or all(block in header for block in range(end, stop)):
            result = result.copy() if result is selected else result
            result[begin] = False
    return result if words[result].any() else selected


def _leads_away(flat: Blocks, heading: int) -> bool:
    """Whether a heading is a link to another place than a part of the page."""
    return any((anchor.attr("href") or "#")[0] != "#" for anchor in flat.elements[heading].iter_elements("a"))


def _heading(flat: Blocks, element: int) -> int:
    """The heading that an element is or stands in; -1 where it is none."""
    for _ in range(2):
        if flat.tags[element] in _LEVELS:
            return element
        element = flat.parent[element]
    return -1


def _section_end(flat: Blocks, heading: int) -> int:
    """The first block behind the section of a heading, within the nearest element that holds more than the heading."""
    around, end = flat.parent[heading], flat.block_end[heading]
    for _ in range(_MAX_LEVELS - 1):
        if flat.block_end[around] > end:
            break
        around = flat.parent[around]
    level = _LEVELS[flat.tags[heading]]
    for index in range(flat.element_end[heading], flat.element_end[around]):
        if _LEVELS.get(flat.tags[index], 9) <= level:
            return flat.block_begin[index]
    return flat.block_end[around]
