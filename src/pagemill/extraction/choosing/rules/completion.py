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
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from pagemill.extraction.choosing.blocks import Blocks
    from pagemill.extraction.choosing.choice_record import ChoiceRecord


def complete(
    flat: Blocks,
    selected: NDArray[np.bool_],
    words: NDArray[np.float64],
    probability: NDArray[np.float64],
    record: ChoiceRecord | None = None,
) -> NDArray[np.bool_]:
    """Return `selected` with what belongs to it, and without labels and boxes that are content nowhere.

    `probability`: that of each block to be content. `record`: where each rule is noted.
    """
    rules: tuple[tuple[str, Callable[[NDArray[np.bool_]], NDArray[np.bool_]]], ...] = (
        ("small_lists", lambda chosen: small_lists.select_whole(flat, chosen, words)),
        ("illustrations", lambda chosen: illustrations.select(flat, chosen, words)),
        ("headings", lambda chosen: headings.select(flat, chosen, words)),
        ("headings", lambda chosen: headings.select_before_text(flat, chosen, probability)),
        ("product_choices", lambda chosen: product_choices.select(flat, chosen)),
        ("footnotes", lambda chosen: footnotes.select(flat, chosen, words)),
        ("code_panels", lambda chosen: code_panels.select(flat, chosen, words)),
        ("labels", lambda chosen: labels.remove(flat, chosen, words)),
        ("links", lambda chosen: links.remove(flat, chosen, words)),
        ("page_links", lambda chosen: page_links.remove(flat, chosen, words)),
        ("forms", lambda chosen: forms.remove(flat, chosen, words)),
        ("entry_times", lambda chosen: entry_times.select(flat, chosen, words)),
    )
    for name, rule in rules:
        selected = rule(selected)
        if record is not None:
            record.step(name, selected)
    return selected


def remove_parts_of_header(  # noqa: PLR0913 - the page, what was chosen of it and how likely it is, and the header
    flat: Blocks,
    selected: NDArray[np.bool_],
    words: NDArray[np.float64],
    chances: tuple[NDArray[np.float64], NDArray[np.int64]],
    *,
    header: Sequence[int],
    names: Sequence[str],
    record: ChoiceRecord | None = None,
) -> NDArray[np.bool_]:
    """Return `selected` without what only serves a headline or byline, which are written elsewhere.

    `chances`: the probability of each block to be content, and the number of its template. `header`: the blocks of
    headline and byline. `names`: whom the byline names.
    """
    selected = author_box.remove(flat, selected, words, names)
    if record is not None:
        record.step("author_box", selected)
    return headings.remove_orphans(flat, selected, words, chances, header)
