"""Links that are no content: buttons, lines that only lead to another story, and lines that ask to subscribe."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
from turbohtml import Element

from pagemill.extraction.choosing.blocks import HEADING_TAGS

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from turbohtml import Text

    from pagemill.extraction.choosing.blocks import Blocks

MAX_WORDS = 30
"""Longer blocks say more than where a link leads."""
_MAX_BUTTON_WORDS = 6
_MAX_DEPTH = 3
_BUTTON = re.compile(r"(?:^|[-_\s])(?:btn|button|cta)(?=[-_\s]|$)", re.IGNORECASE)
# What leads to another story, if at least half of it is a link.
_READ_MORE = re.compile(
    r"(?i)\W*(?:read (?:more|also|next)|also read|more on this story|related|lesen sie auch|mehr zum thema|lire aussi"
    r"|à lire aussi|lea también|leer más|leggi anche|читайте также|материалы по теме|اقرأ أيضا|関連記事)\s*[:：]"
)
# What asks for a subscription. That somebody wrote something in a newsletter is content.
_NEWSLETTER = re.compile(
    r"(?i)\binbox|\bsign up|\bsubscribe\b|\babonnieren|\babonnez|^\W*(?:get|join|receive|read|try|more)\b.*\bnewsletter"
)
_NEWSLETTER_ADDRESS = re.compile(r"(?i)newsletter|\bsubscri|/sign-?up")
_NO_LINE = HEADING_TAGS | {"li", "td", "th", "dd"}


def remove(flat: Blocks, selected: NDArray[np.bool_], words: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return `selected` without such links, or unchanged if that would leave no words."""
    linked = np.zeros(len(flat.owner), bool)
    linked[np.array(flat.text_block, np.int64)[np.array(flat.text_linked, bool)]] = True
    result = selected
    for block in np.flatnonzero(selected & linked & (words <= MAX_WORDS)).tolist():
        inside = flat.texts_of(block)
        if all(flat.text_linked[inside]):
            is_other = words[block] <= _MAX_BUTTON_WORDS and _is_button(flat, block, flat.texts[inside])
        else:
            is_other = _leads_elsewhere(flat, block, inside)
        if is_other:
            result = result.copy() if result is selected else result
            result[block] = False
    return result if words[result].any() else selected


def _is_button(flat: Blocks, block: int, texts: list[Text]) -> bool:
    """Whether all of a block is links that are called buttons. A heading may look like one."""
    return flat.tags[flat.owner[block]] not in HEADING_TAGS and all(_in_button(text) for text in texts)


def _in_button(text: Text) -> bool:
    for element in islice(text.ancestors, _MAX_DEPTH):
        if isinstance(element, Element) and element.tag == "a":
            return _BUTTON.search(element.attr("class") or "") is not None
    return False


def _leads_elsewhere(flat: Blocks, block: int, inside: slice) -> bool:
    """Whether a line only leads to another story or to a newsletter."""
    if flat.tags[flat.owner[block]] in _NO_LINE:
        return False
    strings, linked = flat.strings[inside], flat.text_linked[inside]
    line = "".join(strings)
    if _READ_MORE.match(line):
        return 2 * sum(len(string) for string, is_link in zip(strings, linked, strict=True) if is_link) >= len(line)
    return _NEWSLETTER.search(line) is not None and any(
        _NEWSLETTER_ADDRESS.search(_address(text))
        for text, is_link in zip(flat.texts[inside], linked, strict=True)
        if is_link
    )


def _address(text: Text) -> str:
    link = text.parent.closest("a") if isinstance(text.parent, Element) else None
    return (link.attr("href") or "") if link is not None else ""
