"""Line breaks: whether a line break inside a paragraph becomes a space or disappears.

Between two wide characters (Chinese or Japanese), browsers render a line break in the source as nothing (CSS Text 3,
4.1.3, "segment break transformation rules"). Korean is wide as well but uses spaces. The same rule joins wrapped lines
of plain text and PDFs, there also for other scripts without spaces between words.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_WIDE = "\u2e80-\u303f\u3041-\u30ff\u3105-\u312f\u31a0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff01-\uff60"
_IS_WIDE = re.compile(f"[{_WIDE}]")
_SEGMENT_BREAK = re.compile(rf"(?<=[{_WIDE}])[ \t\r\f]*\n\s*(?=[{_WIDE}])")
_UNSPACED = re.compile(f"[{_WIDE}\u0e01-\u0eff\u1000-\u109f\u1780-\u17ff]")


def transform_segment_breaks(text: str) -> str:
    """Remove the line breaks that browsers render as nothing. Linear in the text's length."""
    return text if text.isascii() else _SEGMENT_BREAK.sub("", text)


def join(lines: Sequence[str]) -> str:
    """Join wrapped lines."""
    joined = list(lines[:1])
    for before, line in pairwise(lines):
        joined += separator(before, line), line
    return "".join(joined)


def separator(before: str, after: str) -> str:
    """Return the separator of two wrapped lines: empty if both are of a script without spaces, else a space."""
    return "" if is_unspaced(before[-1:]) and is_unspaced(after[:1]) else " "


def is_unspaced(character: str) -> bool:
    """Whether a character belongs to a script without spaces, or to its punctuation."""
    return _UNSPACED.match(character) is not None


def width(line: str) -> int:
    """Return the width of a line in columns. A wide character takes two, as in a terminal."""
    return len(line) if line.isascii() else len(line) + len(_IS_WIDE.findall(line))
