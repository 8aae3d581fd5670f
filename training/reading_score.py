"""Scores of a text against the roles of a page's blocks: the words that a reader wants, and no others.

Wanted are title, body and captions; bylines and dates are welcome where they come, and not missed where they do not.
"""

from __future__ import annotations

import re
import statistics
from collections import Counter
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_WORD = re.compile(r"\w+")
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0002ffff]")
_GRAM = 4
_MIN_JUNK_WORDS = 10


@dataclass(frozen=True, slots=True)
class Score:
    """The scores of one page, from 0 to 1; None where the page has nothing of the kind."""

    f1: float
    precision: float
    recall: float
    title: float | None
    """The share of the title's words that the text holds; likewise for captions and bylines."""
    caption: float | None
    meta: float | None
    junk: float | None
    """The share of the four-word sequences of longer unwanted blocks that the text holds."""


def words_of(text: str) -> list[str]:
    """Return the words of a text in lower case; where scripts put no spaces, each character is one."""
    found: list[str] = []
    for word in _WORD.findall(text.lower()):
        found.extend(word) if _UNSPACED.search(word) else found.append(word)
    return found


def score(blocks: Sequence[tuple[str, str]], text: str) -> Score:
    """Score a text by the role and the text of each block of its page."""
    bags: dict[str, Counter[str]] = {}
    for role, own in blocks:
        bags.setdefault(role, Counter()).update(words_of(own))
    empty: Counter[str] = Counter()
    title, body, caption, meta = (bags.get(role, empty) for role in ("title", "body", "caption", "meta"))
    got = words_of(text)
    found, wanted = Counter(got), title + body + caption
    if wanted:
        recall = (found & wanted).total() / wanted.total()
        precision = (found & (wanted + meta)).total() / len(got) if got else 0.0
        f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    else:
        f1 = precision = recall = float(not found)
    shares = [(found & part).total() / part.total() if part else None for part in (title, caption, meta)]
    return Score(f1, precision, recall, *shares, _junk(blocks, got))


def means(scores: Sequence[Score]) -> dict[str, float]:
    """Return the number of pages, and the mean of each score over the pages that have it."""
    found: dict[str, float] = {"pages": len(scores)}
    for field in fields(Score):
        values = [value for score in scores if (value := getattr(score, field.name)) is not None]
        if values:
            found[field.name] = round(statistics.mean(values), 4)
    return found


def _junk(blocks: Sequence[tuple[str, str]], got: list[str]) -> float | None:
    kept: set[tuple[str, ...]] = set()
    junk: set[tuple[str, ...]] = set()
    for role, text in blocks:
        words = words_of(text)
        if role not in ("junk", "comments"):
            kept |= _grams(words)
        elif len(words) >= _MIN_JUNK_WORDS:
            junk |= _grams(words)
    junk -= kept
    return len(junk & _grams(got)) / len(junk) if junk else None


def _grams(words: list[str]) -> set[tuple[str, ...]]:
    return {tuple(words[begin : begin + _GRAM]) for begin in range(len(words) - _GRAM + 1)}
