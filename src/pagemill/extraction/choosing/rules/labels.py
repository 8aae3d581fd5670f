"""Labels of the user interface: buttons that act on the page, and marks of advertisement, are no content anywhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pagemill.extraction.choosing.blocks import Blocks

MAX_WORDS = 6
"""Longer blocks are no labels."""
# Other buttons may be content: questions of an accordion, colours of a product.
_ACTION = re.compile(
    r"(?i)\W*(?:add to (?:cart|basket|bag|wish ?list|favou?rites)|quick (?:add|view|shop)|notify me|buy(?: it)? now"
    r"|share|(?:re)?tweet|listen|follow|subscribe|sign (?:up|in)|log in|reply|report|copy(?: \w+){0,3}|print|clap|like"
    r"|bookmark|(?:load|show|view) (?:more|less|fewer|new|all|earlier|older|newer)\b.*|(?:hide|show) transcript"
    r"|jump to recipe|in den warenkorb|jetzt kaufen|teilen|drucken|abonnieren|ajouter au panier|partager"
    r"|añadir al carrito|compartir|\d+|\d\d:\d\d)\W*"
)
_MARK = re.compile(
    r"(?i)\W*(?:advertisements?|promoted content|(?:skip|story continues below|article continues below) advertisement"
    r"|advertisement\W+(?:continue reading below|scroll to continue)"
    r"|anzeige|publicité|publicidad|pubblicità|реклама|広告|广告"
    r"|\d{1,3} ?(?:/|of) ?\d{1,3})\W*"
)
# How many entries a listing has. As a heading, "2. Results" is the second section of a paper.
_COUNT = re.compile(r"(?i)\W*\d[\d,.]* (?:products?|results|items|produkte|produits|productos|artikel|articles)\W*")
_FEEDBACK = re.compile(
    r"(?i)\W*(?:(?:was|is) this (?:\w+ )?(?:helpful|useful)(?: to you)?|did this (?:\w+ )?help(?: you)?"
    r"|did you find this (?:\w+ )?(?:helpful|useful)|war dies(?:er|e|es)? (?:\w+ )?hilfreich"
    r"|cet(?:te)? \w+ vous a-t-(?:il|elle) (?:été utile|aidée?)|¿te (?:ha sido|ha resultado|fue|resultó) útil .*)\W*"
)
_MAX_MARK = 60


def remove(flat: Blocks, selected: NDArray[np.bool_], words: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return `selected` without labels, or unchanged if that would leave no words."""
    short = (selected & (words <= MAX_WORDS)).tolist()
    texts: dict[int, str] = {}
    for string, block in zip(flat.strings, flat.text_block, strict=True):
        if short[block]:
            texts[block] = texts[block] + string if block in texts else string
    result = selected.copy()
    for block, string in texts.items():
        text = " ".join(string.split())
        if len(text) <= _MAX_MARK and _is_label(flat, flat.owner[block], text):
            result[block] = False
    return result if words[result].any() else selected


def _is_label(flat: Blocks, element: int, text: str) -> bool:
    if _MARK.fullmatch(text) or _FEEDBACK.fullmatch(text):
        return True
    if _COUNT.fullmatch(text) and flat.tags[element] in ("div", "p", "span"):
        return True
    if not _is_button(flat, element):
        return False
    return _ACTION.fullmatch(text) is not None or flat.elements[element].attr("aria-pressed") is not None


def _is_button(flat: Blocks, element: int) -> bool:
    for _ in range(3):
        if flat.tags[element] == "button" or flat.roles[element] == "button":
            return True
        element = flat.parent[element]
    return False
