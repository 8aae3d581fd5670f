"""Line breaks: what stands in place of one where text flows on, a space or nothing.

Between two wide characters, Chinese or Japanese, a break in a page's source shows as nothing (CSS Text 3, 4.1.3,
"segment break transformation rules"); Korean, wide as well, has spaces. Lines that were wrapped for paper are joined
likewise, and so are those of other scripts that run words together.
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
    """Return a text of a page without the breaks that show as nothing. Linear in the text's length."""
    return text if text.isascii() else _SEGMENT_BREAK.sub("", text)


def join(lines: Sequence[str]) -> str:
    """Join lines that were wrapped."""
    joined = list(lines[:1])
    for before, line in pairwise(lines):
        joined += separator(before, line), line
    return "".join(joined)


def separator(before: str, after: str) -> str:
    """Return what stands between two wrapped lines: nothing where both are of a script without spaces, else a space."""
    return "" if is_unspaced(before[-1:]) and is_unspaced(after[:1]) else " "


def is_unspaced(character: str) -> bool:
    """Whether a character is of a script without spaces, or of its punctuation."""
    return _UNSPACED.match(character) is not None


def width(line: str) -> int:
    """Return how many columns a line takes: a wide character two, as in a terminal."""
    return len(line) if line.isascii() else len(line) + len(_IS_WIDE.findall(line))
