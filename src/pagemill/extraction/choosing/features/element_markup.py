"""What the start tags of a page's elements say: tag, classes, id, roles."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pagemill.extraction.choosing.features import label_encoding

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pagemill.extraction.choosing.blocks import Blocks


class Markup(NamedTuple):
    """What an element's start tag says, as it stands in `Blocks`."""

    tag: str
    classes: str
    id: str
    roles: str


def distinct_markup(blocks: Blocks) -> tuple[list[Markup], NDArray[np.int64]]:
    """Return the distinct markup of a page's elements, and the place among it of that of each element."""
    found, indices = label_encoding.factorize(zip(blocks.tags, blocks.classes, blocks.ids, blocks.roles, strict=True))
    return list(map(Markup._make, found)), indices
