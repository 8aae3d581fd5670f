"""Labels blocks by aligning the words of a page with the words of its ground truth."""

from __future__ import annotations

import numpy as np
from rapidfuzz.distance import LCSseq


def label(blocks: list[list[str]], truth: list[str]) -> np.ndarray:
    """Return the share of each block's words that is in a longest common subsequence with `truth`.

    A sequence is better than a bag of words: a menu's words are not content because an article has them too.
    """
    lengths = np.array([len(words) for words in blocks], np.int64)
    numbers: dict[str, int] = {}
    page = [numbers.setdefault(word, len(numbers)) for words in blocks for word in words]
    wanted = [numbers.setdefault(word, len(numbers)) for word in truth]
    matched = np.zeros(len(page) + 1)
    for step in LCSseq.opcodes(page, wanted):
        if step.tag == "equal":
            matched[step.src_start + 1 : step.src_end + 1] = 1
    sums = np.cumsum(matched)
    end = np.cumsum(lengths)
    return (sums[end] - sums[end - lengths]) / np.maximum(lengths, 1)
