"""All rules in their order: those that add to the model's choice, those that take away, and times of entries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pagemill.extraction.choosing.rules import (
    author_box,
    code_panels,
    entry_times,
    footnotes,
    forms,
    headings,
    illustrations,
    labels,
    links,
    page_links,
    product_choices,
    small_lists,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from pagemill.extraction.choosing.blocks import Blocks


def complete(
    flat: Blocks,
    selected: NDArray[np.bool_],
    words: NDArray[np.float64],
    probability: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """Return `selected` with what belongs to it, and without labels and boxes that are content nowhere.

    `probability`: that of each block to be content.
    """
    selected = small_lists.select_whole(flat, selected, words)
    selected = illustrations.select(flat, selected, words)
    selected = headings.select(flat, selected, words)
    selected = headings.select_before_text(flat, selected, probability)
    selected = product_choices.select(flat, selected)
    selected = footnotes.select(flat, selected, words)
    selected = code_panels.select(flat, selected, words)
    selected = labels.remove(flat, selected, words)
    selected = links.remove(flat, selected, words)
    selected = page_links.remove(flat, selected, words)
    selected = forms.remove(flat, selected, words)
    return entry_times.select(flat, selected, words)


def remove_parts_of_header(  # noqa: PLR0913 - the page, what was chosen of it and how likely it is, and the header
    flat: Blocks,
    selected: NDArray[np.bool_],
    words: NDArray[np.float64],
    chances: tuple[NDArray[np.float64], NDArray[np.int64]],
    *,
    header: Sequence[int],
    names: Sequence[str],
) -> NDArray[np.bool_]:
    """Return `selected` without what only serves a headline or byline, which are written elsewhere.

    `chances`: the probability of each block to be content, and the number of its template. `header`: the blocks of
    headline and byline. `names`: whom the byline names.
    """
    selected = author_box.remove(flat, selected, words, names)
    return headings.remove_orphans(flat, selected, words, chances, header)
