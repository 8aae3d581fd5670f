"""Finding a phrase in a text: the same words in the same order, whatever stands between them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# Between words: punctuation, white space, Markdown's marks, the destination of a link, a character reference.
_BETWEEN = re.compile(
    r"(?:\]\((?:[^()\n]|\([^()\n]{0,200}\)){0,1000}\)|&(?:amp|nbsp|lt|gt|quot|apos|#\d{1,7});|[\W_])++"
)
_WORD = re.compile(r"[^\W_]+")
_UNIT = re.compile(r"(\d+)([^\W\d_]{1,5})$")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_SCRIPTS_WITHOUT_SPACES = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
)
# Signs that change what a phrase means: "C++" is not "C", "-5 °C" not "5 °C".
_SIGNIFICANT_SIGNS = "+#%$€£¥₹₽°±=<>"
_NEGATIVE = re.compile(r"\s*[-−]\s?\d")
_JOINERS = frozenset("-'’\u2010\u2011\u00b4`")
_MIN_HITS, _MAX_HITS, _MAX_WORDS = 3, 300, 60_000
"""So often a phrase's anchor is tried, the less often the longer the phrase: hostile pages repeat themselves."""
_ANCHOR_CANDIDATES = 6
_WINDOW_BEFORE = 400
_MAX_RETRIES = 3

Span = tuple[int, int]


class Phrase:
    """The words of a value, and which gaps between them may close up ("e-mail", "email"; "12 kg", "12kg")."""

    def __init__(self, folded: str) -> None:
        self.words: list[str] = []
        self.closing: list[bool] = []
        """For each word but the first: whether nothing need stand before it."""
        end = 0
        for match in _WORD.finditer(folded):
            gap = folded[end : match.start()]
            self._add(match[0], closing=bool(gap) and set(gap) <= _JOINERS)
            end = match.end()
        self.signs = {sign for sign in folded if sign in _SIGNIFICANT_SIGNS}
        self.negative = _NEGATIVE.match(folded) is not None

    def _add(self, word: str, *, closing: bool) -> None:
        unit = _UNIT.fullmatch(word)
        parts = unit.groups() if unit else (word,)
        for number, part in enumerate(parts):
            last = self.words[-1] if self.words else ""
            measure = last.isdigit() and part.isalpha() and len(part) <= 5
            self.words.append(part)
            self.closing.append(closing or number > 0 or measure)


def spaced_camel_case(text: str) -> str:
    """Return `InStock` as `In Stock`."""
    return _CAMEL.sub(" ", text)


def find(phrase: Phrase, text: str) -> Iterator[Span]:
    """Yield where the phrase stands in a folded text, from first to last."""
    words = phrase.words
    anchor = max(range(min(len(words), _ANCHOR_CANDIDATES)), key=lambda index: (len(words[index]), -index))
    reach = sum(len(word) for word in words[:anchor]) + _WINDOW_BEFORE
    position = -1
    for _ in range(max(_MIN_HITS, min(_MAX_HITS, _MAX_WORDS // len(words)))):
        position = text.find(words[anchor], position + 1)
        if position < 0:
            return
        for start in _starts(words[:anchor], text, position, reach) if anchor else (position,):
            end = _match(phrase, text, start)
            if end is not None and end > position and _signs_agree(phrase, text, start, end):
                yield start, end
                break


def _starts(before: list[str], text: str, position: int, reach: int) -> Iterator[int]:
    """Where a phrase may start whose words `before` stand before its anchor: word by word back, else a few guesses."""
    lowest = max(0, position - reach)
    start = position
    for word in reversed(before):
        start = text.rfind(word, lowest, start)
        if start < 0:
            return
    yield start
    end = position
    for _ in range(_MAX_RETRIES):  # a word may also stand in the destination of a link on the way
        end = text.rfind(before[0], lowest, end)
        if end < 0:
            return
        if end != start:
            yield end


def _match(phrase: Phrase, text: str, start: int) -> int | None:
    """Return where the phrase ends when it begins at `start`, or None when it does not stand there."""
    if start > 0 and _same_word(text[start - 1], text[start]):
        return None
    end = start
    for index, word in enumerate(phrase.words):
        if index:
            between = _BETWEEN.match(text, end)
            if between is not None:
                end = between.end()
            elif not phrase.closing[index] and not _without_spaces(text[end - 1]):
                return None
        if not text.startswith(word, end):
            return None
        end += len(word)
        # A gap that the value does not have must not be there either, and the other way round.
        if index + 1 < len(phrase.words) and phrase.closing[index + 1]:
            continue
        if end < len(text) and _same_word(text[end - 1], text[end]) and not _is_number_with_unit(word, text, end):
            return None
    return end


def _same_word(left: str, right: str) -> bool:
    """Whether two characters belong to one word."""
    return left.isalnum() and right.isalnum() and not (_without_spaces(left) or _without_spaces(right))


def _is_number_with_unit(word: str, text: str, end: int) -> bool:
    """Whether a number is followed by its unit without a gap: the "12" of "12kg"."""
    return word.isdigit() and text[end].isalpha()


def _without_spaces(character: str) -> bool:
    return not character.isascii() and _SCRIPTS_WITHOUT_SPACES.match(character) is not None


def _signs_agree(phrase: Phrase, text: str, start: int, end: int) -> bool:
    if phrase.negative and not text[max(0, start - 2) : start].strip().endswith(("-", "−", "–")):
        return False
    around = text[max(0, start - 3) : end + 3]
    return all(sign in around for sign in phrase.signs)
