"""`<noscript>`: markup that browsers with scripts read as text, and so never mind how it is nested.

Where it is parsed as elements, an element in it that holds raw text and is not closed (`<noscript><iframe src=…/>`)
takes in the rest of the page.
"""

from __future__ import annotations

import re

# The elements whose content is text up to their own end tag (HTML standard, "parsing raw text elements").
_RAW_TEXT_TAG = re.compile(r"<(/?)(iframe|noembed|noframes|style|script|textarea|title|xmp)\b", re.IGNORECASE)
_BEGIN = re.compile(r"<(?i:noscript)\b")
_END = re.compile(r"</(?i:noscript)\b")


def close_raw_text(html: str) -> str | None:
    """The page with every such element closed within its `<noscript>`; None where nothing is to be closed."""
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
    """The raw text element that is open at the end, empty where there is none."""
    opened = ""
    for tag in _RAW_TEXT_TAG.finditer(markup):
        name = tag[2].lower()
        if not opened and not tag[1]:
            opened = name
        elif opened == name and tag[1]:
            opened = ""
    return opened
