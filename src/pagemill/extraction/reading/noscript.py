"""Closes raw text elements inside `<noscript>`.

Browsers with scripts read the content of `<noscript>` as text and ignore its nesting. Here it is parsed as elements,
so an open raw text element in it (`<noscript><iframe src=…/>`) would swallow the rest of the page.
"""

from __future__ import annotations

import re

# The elements whose content is text up to the matching end tag (HTML standard, "parsing raw text elements").
_RAW_TEXT_TAG = re.compile(r"<(/?)(iframe|noembed|noframes|style|script|textarea|title|xmp)\b", re.IGNORECASE)
_BEGIN = re.compile(r"<(?i:noscript)\b")
_END = re.compile(r"</(?i:noscript)\b")


def close_raw_text(html: str) -> str | None:
    """Close every raw text element within its `<noscript>`. None if there is nothing to close."""
    parts, written, begin = [], 0, _BEGIN.search(html)
    while begin is not None:
        end = _END.search(html, begin.end())
        if end is None:
            break
        if open_tag := _unclosed(html[begin.end() : end.start()]):
            parts += [html[written : end.start()], f"</{open_tag}>"]
            written = end.start()
        begin = _BEGIN.search(html, end.end())
    return "".join([*parts, html[written:]]) if parts else None


def _unclosed(markup: str) -> str:
    """The raw text element that is still open at the end; empty if there is none."""
    opened = ""
    for tag in _RAW_TEXT_TAG.finditer(markup):
        name = tag[2].lower()
        if not opened and not tag[1]:
            opened = name
        elif opened == name and tag[1]:
            opened = ""
    return opened
