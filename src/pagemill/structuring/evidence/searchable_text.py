"""Text made fit for searching, that still knows where each character came from.

Letters lose their case and their compatibility forms (full-width digits, ligatures); emphasis marks inside words
(`Wid**get**`) vanish. Both sides of a comparison go through `fold`.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from functools import cache, cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pagemill.structuring.evidence.phrase_search import Span

# What stands between two letters or digits of one word when a tag splits it in the page.
_INTRAWORD_MARKS = "*~\\\u00ad\u200b\u200c\u200d\u2060\ufeff"
_MAX_INTRAWORD_MARKS = 6
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_DIGITS_ALONE = bytes(code if code in b"0123456789" else 32 for code in range(256))


class SearchableText:
    """A text to search in: `folded` is what is searched, `origin` translates a place in it back to the text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._starts = [0]
        self._origins = [0]
        self.folded = self._fold(text)

    @cached_property
    def digit_runs(self) -> frozenset[str]:
        """Every run of digits in the text: what is not among them need not be searched for."""
        latin = self.folded.encode("latin-1", "replace")
        return frozenset(run.decode() for run in set(latin.translate(_DIGITS_ALONE).split()))

    def _fold(self, text: str) -> str:
        pieces: list[str] = []
        length = end = 0
        for start, stop in _exceptions(text):
            plain = _lower(text[end:start])
            odd = _folded(text[start:stop]) if text[start].isalnum() else ""
            pieces += (plain, odd)
            length += len(plain)
            self._mark(length, start)
            length += len(odd)
            self._mark(length, stop)
            end = stop
        pieces.append(_lower(text[end:]))
        return "".join(pieces)

    def _mark(self, start: int, origin: int) -> None:
        self._starts.append(start)
        self._origins.append(origin)

    def origin(self, position: int, *, end: bool = False) -> int:
        """Return where in the text the character at `position` of `folded` stands; with `end`, where it ends."""
        if end:
            index = bisect_left(self._starts, position)
            if index < len(self._starts) and self._starts[index] == position:
                return self._origins[index]
            return self.origin(position - 1) + 1
        index = bisect_right(self._starts, position) - 1
        return self._origins[index] + position - self._starts[index]


def fold(text: str) -> str:
    """Return `text` as `SearchableText` would have it."""
    return SearchableText(text).folded


def _lower(text: str) -> str:
    """Lower-case without changing the length: characters that would are handled as exceptions."""
    lower = text.lower()
    if lower.isascii() or unicodedata.is_normalized("NFKC", lower):
        return lower
    return lower.translate(_single_character_folds())


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _exceptions(text: str) -> list[Span]:
    """Where the text changes its length when folded: glued marks, combining accents, characters that become several."""
    found = list(_intraword_marks(text))
    found.sort()
    if text.isascii():
        return found
    odd = [character for character in set(_NOT_ASCII.findall(text)) if _changes_length(character)]
    if odd:
        pattern = re.compile(rf"\w[\u0300-\u036f]+|[{re.escape(''.join(odd))}]")
        found += [match.span() for match in pattern.finditer(text)]
        found.sort()
    return found


def _intraword_marks(text: str) -> Iterator[Span]:
    """The marks that stand between two letters or digits."""
    for mark in _INTRAWORD_MARKS[:3] if text.isascii() else _INTRAWORD_MARKS:
        start = text.find(mark)
        while start >= 0:
            end = start + 1
            while text[end : end + 1] in _INTRAWORD_MARKS and end < len(text):
                end += 1
            if (
                start
                and text[start - 1].isalnum()
                and text[end : end + 1].isalnum()
                and end - start <= _MAX_INTRAWORD_MARKS
            ):
                yield start, end
            start = text.find(mark, end)


def _changes_length(character: str) -> bool:
    """Whether a character joins the one before it, or becomes several when folded."""
    if "\u0300" <= character <= "\u036f":
        return True
    return character.isalnum() and (len(_folded(character)) != 1 or len(character.lower()) != 1)


@cache
def _single_character_folds() -> dict[int, str]:
    """The letters and digits whose folded form is another single character, such as full-width ones."""
    return {
        ord(c): _folded(c)
        for c in _basic_plane()
        if c.isalnum() and len(_folded(c)) == 1 and _folded(c) != c and not unicodedata.is_normalized("NFKC", c)
    }


def _basic_plane() -> list[str]:
    return [chr(code) for code in (*range(0x80, 0xD800), *range(0xF900, 0x10000))]
