"""The lines of a PDF's page: words on one baseline, closer together than columns are."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

Word = dict[str, Any]

MIN_SPACE_WIDTH = 0.15
"""The smallest space between words, relative to the font size; justified lines have narrow spaces."""
BULLET = re.compile(r"^[•‣▪●○◦–·]\s*")
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_MIN_LINE_OVERLAP = 0.4
"""The smallest vertical overlap of two words on one line, relative to the height of the smaller one."""
_MAX_WORD_GAP = 1.2
"""The largest distance of words of one line, relative to the font size."""
_MAX_BULLET_GAP = 4.0
"""The largest distance of a bullet from its text, relative to the font size."""
_LETTERS = {code: unicodedata.normalize("NFKC", chr(code)) for code in (*range(0x2F00, 0x2FD6), *range(0xFB00, 0xFB07))}
_UNKNOWN_GLYPH = re.compile(r"\(cid:\d+\)")
_PICTURE_GLYPH = re.compile(r"\(cid:\d+\)|[\ue000-\uf8ff]")
_PICTURE_FONT = re.compile(r"dingbat|wingding|symbol", re.IGNORECASE)
_DOT_LEADER = re.compile(r"(?:\s?[.·…]){5,}\s*")
"""The dots between an entry of a table of contents and its page number."""


@dataclass(frozen=True, slots=True)
class Line:
    """Words on one line. Coordinates are in points from the top left of the page."""

    text: str
    left: float
    right: float
    top: float
    bottom: float
    size: float
    bold: bool
    sideways: bool = False
    """Whether it runs in another direction than the page's text."""


def rows(words: Sequence[Word]) -> list[list[Line]]:
    """Group words into rows, from the top, and each row into lines, from the left."""
    found = []
    for row in _rows(words):
        lines: list[list[Word]] = []
        last = None
        for word in sorted(row, key=lambda word: word["x0"]):
            widest = _MAX_BULLET_GAP if last is not None and len(lines[-1]) == 1 and _is_bullet(last) else _MAX_WORD_GAP
            if last is not None and -last["size"] < word["x0"] - last["x1"] < widest * last["size"]:
                lines[-1].append(word)
            else:
                lines.append([word])
            last = word
        found.append([_line(line) for line in lines])
    return found


def plain(text: str) -> str:
    """Return a text without control characters and pdfminer's codes for unknown glyphs.

    Ligatures, and radicals that some fonts use in place of ideographs, become ordinary characters.
    """
    return _UNKNOWN_GLYPH.sub("", CONTROL.sub("", text).translate(_LETTERS))


def plain_lines(text: str) -> list[Line]:
    """Return the lines of a text of which no position is known."""
    lines = [line.strip() for line in plain(text.replace("\r", "")).split("\n")]
    return [Line(line, 0, 0, 12 * number, 12 * number + 10, 0, False) for number, line in enumerate(lines) if line]


def _rows(words: Sequence[Word]) -> list[list[Word]]:
    """Group words that overlap vertically into rows, from the top. Other fonts and subscripts are a little off."""
    found: list[list[Word]] = []
    tallest: Word = {}
    for word in sorted(words, key=lambda word: word["bottom"]):
        if found and _overlap(word, tallest) > _MIN_LINE_OVERLAP:
            found[-1].append(word)
            tallest = max(tallest, word, key=_height)
        else:
            found.append([word])
            tallest = word
    return found


def _overlap(word: Word, other: Word) -> float:
    """The vertical overlap of two words relative to the height of the smaller one, from 0 to 1."""
    common = min(word["bottom"], other["bottom"]) - max(word["top"], other["top"])
    return float(common / (min(_height(word), _height(other)) or 1))


def _height(word: Word) -> float:
    return float(word["bottom"] - word["top"])


def _is_bullet(word: Word) -> bool:
    """Whether a word is a bullet alone: by its character, or by a font of pictures that says nothing of it."""
    text = word["text"]
    if _PICTURE_GLYPH.fullmatch(text) or (len(text) == 1 and _PICTURE_FONT.search(word["fontname"])):
        return True
    return bool(BULLET.fullmatch(text))


def _line(words: list[Word]) -> Line:
    letters: Counter[float] = Counter()
    for word in words:
        letters[round(word["size"] * 2) / 2] += len(word["text"])
    text = words[0]["text"]
    if len(words) > 1 and _is_bullet(words[0]) and not BULLET.match(text):
        text = "•"
    for before, word in pairwise(words):  # pdfplumber splits a word with two fonts
        text += (" " if word["x0"] - before["x1"] >= MIN_SPACE_WIDTH * before["size"] else "") + word["text"]
    return Line(
        text=_DOT_LEADER.sub(" … ", plain(text)).strip(),
        left=words[0]["x0"],
        right=words[-1]["x1"],
        top=min(word["top"] for word in words),
        bottom=max(word["bottom"] for word in words),
        size=letters.most_common(1)[0][0],
        bold=all("bold" in word["fontname"].lower() for word in words),
    )
