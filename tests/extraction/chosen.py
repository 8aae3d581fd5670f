"""A helper of several tests: splits HTML into blocks, of which those in `<mark>` are chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tests.extraction.flat import split

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from pagemill.extraction.choosing.blocks import Blocks

    Rule = Callable[[Blocks, NDArray[np.bool_], NDArray[np.float64]], NDArray[np.bool_]]


def read(html: str) -> tuple[Blocks, NDArray[np.bool_], NDArray[np.float64], list[str]]:
    """Return the blocks, which of them are chosen, their words and their texts."""
    flat = split(html)
    texts = [""] * len(flat.owner)
    selected = np.zeros(len(texts), bool)
    for text, string, block in zip(flat.texts, flat.strings, flat.text_block, strict=True):
        texts[block] = f"{texts[block]}{string}".strip()
        selected[block] |= text.parent.closest("mark") is not None
    return flat, selected, np.array([len(text.split()) for text in texts], float), texts


def kept(rule: Rule, html: str) -> list[str]:
    """Return the texts of the blocks that are chosen after a rule."""
    flat, selected, words, texts = read(html)
    return [text for text, is_in in zip(texts, rule(flat, selected, words), strict=True) if is_in]
