"""What the words in class and id attributes tell of an element: learnt, a number for each word."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

_WORD = re.compile(r"[A-Z]?[a-z]{2,}|[A-Z]{2,}")
_LONGEST = 400  # characters of the attributes that are read; more are of a machine


def words_of(classes: str) -> frozenset[str]:
    """Return the words of class and id attributes, in lower case: `postBody` and `post-body` have the same."""
    return frozenset(map(str.lower, _WORD.findall(classes[:_LONGEST])))


def score(classes: Sequence[str], weights: Mapping[str, float]) -> NDArray[np.float64]:
    """Return for each element the sum of the weights of the words of its class and id attributes."""
    known = {text: _score(text, weights) for text in set(classes)}
    return np.array([known[text] for text in classes])


def _score(classes: str, weights: Mapping[str, float]) -> float:
    known = words_of(classes) & weights.keys()
    # `fsum` does not depend on the order of the set.
    return math.fsum([weights[word] for word in known])
