"""Near-duplicates: texts that share most of their shingles, found by MinHash and locality-sensitive hashing.

The sketches are rensa's. Only the first of similar texts is kept in the index, so that many copies cost nothing.
"""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING

from pagemill.bulk.extras import load

if TYPE_CHECKING:
    from collections.abc import Iterable

_PERMUTATIONS = 128
_BANDS = 32
_ROWS = _PERMUTATIONS // _BANDS
_SEED = 1
_SHINGLE = 5
_MIN_SHINGLES = 5
"""Texts with fewer are compared with none: they are captions and errors, and alike by chance."""
_MAX_CHARACTERS = 200_000
_PACKED = struct.Struct(f">{_PERMUTATIONS}I")
# A word; in scripts without spaces between words, a character.
_TOKEN = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W\u0e00-\u0eff\u1000-\u109f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+"
)

Sketch = tuple[int, ...]


class NearDuplicates:
    """The texts that were seen, by URL. About 5 KB of memory for each that is no duplicate."""

    def __init__(self, similarity: float) -> None:
        self._similarity = similarity
        self._minhash = load("rensa", "--mark-duplicates").RMinHash
        self._urls: list[str] = []
        self._sketches: list[bytes] = []
        self._buckets: dict[tuple[int, Sketch], list[int]] = {}
        self._added: list[tuple[str, bytes]] = []

    def duplicate_of(self, url: str, text: str) -> str | None:
        """Return the URL of the first text that this one is much like. Without one it is kept as the first itself."""
        shingles = _shingles(text)
        if len(shingles) < _MIN_SHINGLES:
            return None
        minhash = self._minhash(num_perm=_PERMUTATIONS, seed=_SEED)
        minhash.update(shingles)
        sketch: Sketch = tuple(minhash.digest())
        alike = [index for index in self._candidates(sketch) if self._is_similar(index, sketch)]
        if alike:
            return self._urls[min(alike)]
        packed = _PACKED.pack(*sketch)
        self._add(url, packed, sketch)
        self._added.append((url, packed))
        return None

    def take_added(self) -> list[tuple[str, bytes]]:
        """Return what was added since the last call, to be given to `restore` in a later run."""
        added, self._added = self._added, []
        return added

    def restore(self, added: Iterable[tuple[str, bytes]]) -> None:
        """Know again what an earlier run knew."""
        for url, packed in added:
            self._add(url, packed, _PACKED.unpack(packed))

    def _add(self, url: str, packed: bytes, sketch: Sketch) -> None:
        index = len(self._urls)
        self._urls.append(url)
        self._sketches.append(packed)
        for key in _bands(sketch):
            self._buckets.setdefault(key, []).append(index)

    def _candidates(self, sketch: Sketch) -> set[int]:
        return {index for key in _bands(sketch) for index in self._buckets.get(key, ())}

    def _is_similar(self, index: int, sketch: Sketch) -> bool:
        other = _PACKED.unpack(self._sketches[index])
        equal: int = sum(one == two for one, two in zip(sketch, other, strict=True))
        return equal >= self._similarity * _PERMUTATIONS


def _bands(sketch: Sketch) -> Iterable[tuple[int, Sketch]]:
    return ((start, sketch[start : start + _ROWS]) for start in range(0, _PERMUTATIONS, _ROWS))


def _shingles(text: str) -> list[str]:
    tokens = _TOKEN.findall(text[:_MAX_CHARACTERS].lower())
    return list({" ".join(tokens[start : start + _SHINGLE]) for start in range(len(tokens) - _SHINGLE + 1)})
