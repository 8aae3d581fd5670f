"""Where the blocks of a page stand in its Markdown: the words of both are aligned.

The Markdown is written from a tree that knows nothing of the blocks any more. But its words come in the order of the
blocks, so one walk along both finds nearly all of them: where they part, it goes on at the nearest place where two
words are the same again, or else at the next three words that are.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_UNSPACED = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0002ffff"
# A word; in scripts without spaces a character.
_WORD = re.compile(rf"[{_UNSPACED}]|(?:(?![{_UNSPACED}])[^\W_])+")
# What Markdown has beside the words of the page: addresses, pictures' texts, tags.
_DESTINATION = r"\((?:<[^>\n]{0,4000}>|(?:[^()\s]|\([^()\s]{0,4000}\)){0,4000})(?:\s+\"[^\"\n]{0,2000}\")?\)"
_MARKUP = re.compile(
    rf"!\[[^\]\n]{{0,2000}}\](?:{_DESTINATION})?"
    rf"|\]{_DESTINATION}"
    r"|<(?!https?:)/?[A-Za-z][^>\n]{0,2000}>"
)
_NEAR = 24
"""How many words may be skipped to the nearest place where both go on."""
_FAR = 400
"""Of how many words of a block the next place is looked for beyond that."""
_GRAM = 3
_MIN_MATCHED = 3
"""A block of which fewer words than these are found, and no more than half, is taken to be there by chance."""
MAX_WORDS = 200_000
"""Words beyond these are not aligned."""


class Piece(NamedTuple):
    """A part of a line of Markdown that is of one block, or of none."""

    begin: int
    """Where it begins, in characters."""
    end: int
    block: int | None


class _Word(NamedTuple):
    text: str
    begin: int


def words_of(text: str) -> list[str]:
    """Return the words of a text in lower case."""
    return _WORD.findall(text.lower())


def align(blocks: Iterable[tuple[int, str]], markdown: str) -> list[Piece]:
    """Return the pieces of a page's Markdown in their order: all of it but line ends and empty lines.

    `blocks`: the number and the text of each block that may be in it, in the order in which it has them.
    """
    ours: list[str] = []
    block_of: list[int] = []
    for block, text in blocks:
        words = words_of(text)
        if len(ours) + len(words) > MAX_WORDS:
            break
        ours += words
        block_of += [block] * len(words)
    theirs = _markdown_words(markdown)
    found: list[int | None] = [None] * len(theirs)
    for mine, place in _matches(ours, [word.text for word in theirs[:MAX_WORDS]]):
        found[place] = block_of[mine]
    matched, all_words = Counter(found), Counter(block_of)
    by_chance = {
        block
        for block, count in matched.items()
        if block is not None and count < _MIN_MATCHED and 2 * count <= all_words[block]
    }
    found = [None if block in by_chance else block for block in found]
    return _with_same_texts(markdown, _pieces(markdown, theirs, found), ours, block_of)


def _with_same_texts(
    markdown: str, pieces: Sequence[Piece], words: Sequence[str], block_of: Sequence[int]
) -> list[Piece]:
    """Give pieces of no block the next block without a piece that has the same words: what was moved, for instance."""
    placed = {piece.block for piece in pieces}
    texts: dict[int, list[str]] = defaultdict(list)
    for word, block in zip(words, block_of, strict=True):
        if block not in placed:
            texts[block].append(word)
    left: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for block in reversed(texts):
        left[tuple(texts[block])].append(block)
    result = []
    for piece in pieces:
        same = (
            left.get(tuple(word.text for word in _markdown_words(markdown[piece.begin : piece.end]))) if left else None
        )
        result.append(piece._replace(block=same.pop()) if piece.block is None and same else piece)
    return result


def _markdown_words(markdown: str) -> list[_Word]:
    blanked = _MARKUP.sub(lambda match: " " * len(match[0]), markdown)
    return [_Word(match[0].lower(), match.start()) for match in _WORD.finditer(blanked)]


def _matches(ours: Sequence[str], theirs: Sequence[str]) -> Iterable[tuple[int, int]]:
    """Yield the places of the same words, in ascending order."""
    places: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for place in range(len(theirs) - _GRAM + 1):
        places[tuple(theirs[place : place + _GRAM])].append(place)
    i = j = 0
    while i < len(ours) and j < len(theirs):
        if ours[i] == theirs[j]:
            yield i, j
            i, j = i + 1, j + 1
            continue
        skipped = _near(ours, theirs, i, j) or _far(ours, places, i, j)
        if skipped is None:
            i += _FAR
            continue
        i, j = i + skipped[0], j + skipped[1]


def _near(ours: Sequence[str], theirs: Sequence[str], i: int, j: int) -> tuple[int, int] | None:
    """Return how many words to skip of both until two are the same, as few as possible."""
    for skipped in range(1, _NEAR):
        for mine in range(skipped + 1):
            first, second = i + mine, j + skipped - mine
            if ours[first : first + 1] != theirs[second : second + 1] or first >= len(ours):
                continue
            if ours[first + 1 : first + 2] == theirs[second + 1 : second + 2]:
                return mine, skipped - mine
    return None


def _far(ours: Sequence[str], places: dict[tuple[str, ...], list[int]], i: int, j: int) -> tuple[int, int] | None:
    """Return how many words to skip of both until three are the same, as few as possible."""
    best: tuple[int, int] | None = None
    for mine in range(min(_FAR, len(ours) - i)):
        if best is not None and mine >= sum(best):
            break
        known = places.get(tuple(ours[i + mine : i + mine + _GRAM]))
        if known is None:
            continue
        after = bisect_left(known, j)
        if after < len(known) and (best is None or mine + known[after] - j < sum(best)):
            best = mine, known[after] - j
    return best


def _pieces(markdown: str, words: Sequence[_Word], found: Sequence[int | None]) -> list[Piece]:
    """Cut each line where the block of its words changes. Words of no block go with those before them."""
    pieces: list[Piece] = []
    position = number = 0
    for line in markdown.splitlines(keepends=True):
        end = position + len(line.rstrip())
        begin, block = position, None
        while number < len(words) and words[number].begin < position + len(line):
            mine = found[number]
            if mine is not None and block is not None and mine != block:
                pieces.append(Piece(begin, words[number].begin, block))
                begin = words[number].begin
            block = mine if mine is not None else block
            number += 1
        if line.strip():
            pieces.append(Piece(begin, end, block))
        position += len(line)
    return pieces
