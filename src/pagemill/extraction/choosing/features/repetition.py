"""Repetition: elements that stand side by side and look alike, such as the cards of a list."""

from __future__ import annotations

from dataclasses import dataclass
from string import digits
from typing import TYPE_CHECKING

import numpy as np

from pagemill.extraction.choosing.features import label_encoding

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pagemill.extraction.choosing.features.element_markup import Markup
    from pagemill.extraction.choosing.features.tree_arrays import TreeArrays

_MIN_GROUP_SIZE = 3
_NO_DIGITS = str.maketrans("", "", digits)


@dataclass(frozen=True, slots=True)
class SiblingGroups:
    """Groups of at least three siblings with the same tag and classes, all with words.

    `group` has an entry for each element, the others one for each group of siblings (of any size).
    """

    group: NDArray[np.int64]
    size: NDArray[np.float64]
    totals: NDArray[np.float64]
    """(sums, groups): the given sums over each group."""
    repeated: NDArray[np.bool_]
    """Whether each element is in a group that is large enough."""


def template_labels(markup: list[Markup]) -> NDArray[np.int64]:
    """Number markup alike that looks alike: the same tag with the same classes, the digits 0 to 9 aside.

    Pages number what they repeat (`post-17`, `comment_body_64153947`). Identifiers tell nothing of looks.
    """
    return label_encoding.encode_items([(element.tag, element.classes.translate(_NO_DIGITS)) for element in markup])


def find_groups(tree: TreeArrays, labels: NDArray[np.int64], sums: NDArray[np.float64]) -> SiblingGroups:
    """Find the groups. `labels`: one for each look; `sums`: (sums, elements), the first of them the words below."""
    group, size = label_encoding.encode(tree.parent * (labels.max() + 1) + labels)
    totals = np.stack([np.bincount(group, row, len(size)) for row in sums]).astype(np.float64)
    repeated = (size[group] >= _MIN_GROUP_SIZE) & (sums[0] > 0)
    repeated[0] = False
    return SiblingGroups(group, size.astype(np.float64), totals, repeated)


def repeated_ancestors(tree: TreeArrays, groups: SiblingGroups) -> NDArray[np.int64]:
    """Return (3, elements): the outermost, innermost and largest repeated element around each, itself included.

    -1 where there is none. The largest is the one whose group has the most words.
    """
    absent = -np.inf
    index = tree.index.astype(np.float64)
    rank = np.argsort(np.argsort(groups.totals[0], kind="stable"), kind="stable")[groups.group]
    path = tree.path_max(
        np.where(groups.repeated, np.stack([-index, index, rank * float(tree.element_count) + index]), absent)
    )
    outermost, innermost, largest = np.where(path == absent, -1.0, path)
    found = np.stack([np.abs(outermost), innermost, largest % tree.element_count])
    found[:, path[0] == absent] = -1
    return found.astype(np.int64)
