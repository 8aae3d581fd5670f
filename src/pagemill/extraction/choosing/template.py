"""Templates: pages of one site that are built alike, known by the structure of their elements."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING
from zlib import crc32

if TYPE_CHECKING:
    from collections.abc import Sequence

    from turbohtml import Document

_MAX_ELEMENTS = 4000
_MAX_HASHES = 300
_MIN_SIMILARITY = 0.6
_DIGITS = re.compile(r"\d+")


def signature(tree: Document) -> list[int]:
    """Return what marks a page's template: hashes of its elements' names and classes with their parents', sorted.

    Numbers in classes count as one, texts and how often an element comes not at all.
    """
    found: set[int] = set()
    for element in islice(tree.iter_elements(), _MAX_ELEMENTS):
        parent = element.parent
        found.add(crc32(f"{_name(parent)}>{_name(element)}".encode("utf-8", "replace")))
    return sorted(found)[:_MAX_HASHES]


def _name(element: object) -> str:
    attr = getattr(element, "attr", None)
    if attr is None:
        return ""
    return _DIGITS.sub("0", f"{getattr(element, 'tag', '')}.{attr('class') or ''}")


def is_similar(one: Sequence[int], other: Sequence[int]) -> bool:
    """Whether two signatures are of one template: most of what either has, both have."""
    first, second = set(one), set(other)
    union = len(first | second)
    return union > 0 and len(first & second) / union >= _MIN_SIMILARITY
