"""Finds repeated sibling elements of the same template, such as the cards of a list."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pagemill.extraction.choosing.features import label_encoding

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pagemill.extraction.choosing.features.element_markup import Markup
    from pagemill.extraction.choosing.features.tree_arrays import TreeArrays

_MIN_GROUP_SIZE = 3
_DIGITS = re.compile("[0-9]+")
_END = "\0"  # between classes; in no attribute, as parsers replace it


@dataclass(frozen=True, slots=True)
class SiblingGroups:
    """Groups of siblings with the same tag and classes.

    `group` and `repeated` have an entry for each element, the others one for each group.
    """

    group: NDArray[np.int64]
    size: NDArray[np.float64]
    totals: NDArray[np.float64]
    """The totals of the given sums over each group, (sums, groups)."""
    repeated: NDArray[np.bool_]
    """Whether each element has words and is in a group of at least three."""


def template_labels(markup: list[Markup]) -> NDArray[np.int64]:
    """Return a label for each start tag, equal for the same tag and classes without the digits 0 to 9.

    Pages number the instances of a template (`post-17`, `comment_body_64153947`). Ids are ignored.
    """
    classes = _DIGITS.sub("", _END.join([element.classes for element in markup])).split(_END)
    return label_encoding.encode_items(zip([element.tag for element in markup], classes, strict=True))


def find_groups(tree: TreeArrays, labels: NDArray[np.int64], sums: NDArray[np.float64]) -> SiblingGroups:
    """Group siblings by `labels`. `sums` is (sums, elements), its first row the words of each subtree."""
    group, size = label_encoding.encode(tree.parent * (labels.max() + 1) + labels)
    totals = np.stack([np.bincount(group, row, len(size)) for row in sums]).astype(np.float64)
    repeated = (size[group] >= _MIN_GROUP_SIZE) & (sums[0] > 0)
    repeated[0] = False
    return SiblingGroups(group, size.astype(np.float64), totals, repeated)


def repeated_ancestors(tree: TreeArrays, groups: SiblingGroups) -> NDArray[np.int64]:
    """Return the outermost, innermost and largest repeated ancestor or self of each element, (3, elements).

    -1 if there is none. The largest is the one whose group has the most words.
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
