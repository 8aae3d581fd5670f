"""The start tags of a page's elements: tag, classes, id, roles."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pagemill.extraction.choosing.features import label_encoding

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pagemill.extraction.choosing.blocks import Blocks


class Markup(NamedTuple):
    """The start tag of an element, as in `Blocks`."""

    tag: str
    classes: str
    id: str
    roles: str


def distinct_markup(blocks: Blocks) -> tuple[list[Markup], NDArray[np.int64]]:
    """Return the distinct start tags of a page's elements, and for each element the index of its start tag."""
    found, indices = label_encoding.factorize(zip(blocks.tags, blocks.classes, blocks.ids, blocks.roles, strict=True))
    return list(map(Markup._make, found)), indices
