"""How many pages of each URL there are: sixteen bytes for each, whatever its length.

A URL is known by a hash of eight bytes. That two of ten million have the same one has a chance of three in a million.
"""

from __future__ import annotations

from array import array
from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_HASH_BYTES = 8


class PageCounts:
    """URLs are added first, and taken then."""

    def __init__(self) -> None:
        self._added = array("Q")
        self._hashes: NDArray[np.uint64] | None = None
        self._left: NDArray[np.int64] | None = None

    def add(self, url: str) -> None:
        """Count one more page of a URL."""
        self._added.append(_hash(url))

    def take(self, url: str) -> bool:
        """Whether a page of this URL is left, which is one less then."""
        import numpy as np

        if self._hashes is None or self._left is None:
            self._hashes, self._left = np.unique(np.frombuffer(self._added, np.uint64), return_counts=True)
            self._added = array("Q")
        wanted = np.uint64(_hash(url))
        place = int(np.searchsorted(self._hashes, wanted))
        if place == len(self._hashes) or self._hashes[place] != wanted or not self._left[place]:
            return False
        self._left[place] -= 1
        return True


def _hash(url: str) -> int:
    return int.from_bytes(blake2b(url.encode("utf-8", "surrogatepass"), digest_size=_HASH_BYTES).digest(), "little")
