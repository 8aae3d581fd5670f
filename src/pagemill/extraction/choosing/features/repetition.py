"""Repetition: elements that stand side by side and look alike, such as the cards of a list."""

from __future__ import annotations

from dataclasses import dataclass
from string import digits
from typing import TYPE_CHECKING

import numpy as np

from pagemill.extraction.choosing.features import numbering

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pagemill.extraction.choosing.features.element_markup import Markup
    from pagemill.extraction.choosing.features.tree_arrays import Layout

_SMALLEST = 3
_NO_DIGITS = str.maketrans("", "", digits)


@dataclass(frozen=True, slots=True)
class Groups:
    """Groups of at least three siblings with the same tag and classes, all with words.

    `group` has an entry for each element, the others one for each group of siblings (of any size).
    """

    group: NDArray[np.int64]
    size: NDArray[np.float64]
    totals: NDArray[np.float64]
    """(sums, groups): the given sums over each group."""
    repeated: NDArray[np.bool_]
    """Whether each element is in a group that is large enough."""


def look(markup: list[Markup]) -> NDArray[np.int64]:
    """Number markup alike that looks alike: the same tag with the same classes, the digits 0 to 9 aside.

    Pages number what they repeat (`post-17`, `comment_body_64153947`). Identifiers tell nothing of looks.
    """
    return numbering.label([(element.tag, element.classes.translate(_NO_DIGITS)) for element in markup])


def find(layout: Layout, labels: NDArray[np.int64], sums: NDArray[np.float64]) -> Groups:
    """Find the groups. `labels`: one for each look; `sums`: (sums, elements), the first of them the words below."""
    group, size = numbering.number(layout.parent * (labels.max() + 1) + labels)
    totals = np.stack([np.bincount(group, row, len(size)) for row in sums]).astype(np.float64)
    repeated = (size[group] >= _SMALLEST) & (sums[0] > 0)
    repeated[0] = False
    return Groups(group, size.astype(np.float64), totals, repeated)


def around(layout: Layout, groups: Groups) -> NDArray[np.int64]:
    """Return (3, elements): the outermost, innermost and largest repeated element around each, itself included.

    -1 where there is none. The largest is the one whose group has the most words.
    """
    nowhere = -np.inf
    index = layout.index.astype(np.float64)
    rank = np.argsort(np.argsort(groups.totals[0], kind="stable"), kind="stable")[groups.group]
    path = layout.path_maximum(
        np.where(groups.repeated, np.stack([-index, index, rank * float(layout.elements) + index]), nowhere)
    )
    outermost, innermost, largest = np.where(path == nowhere, -1.0, path)
    found = np.stack([np.abs(outermost), innermost, largest % layout.elements])
    found[:, path[0] == nowhere] = -1
    return found.astype(np.int64)
