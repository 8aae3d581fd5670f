"""Cleaned HTML: the selected content as a small, safe, valid HTML5 tree."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from turbohtml import parse_fragment

from pagemill.extraction.reading import addresses
from pagemill.extraction.reading.hidden import HiddenElements
from pagemill.extraction.writing import elements, formula
from pagemill.extraction.writing.builder import Builder, Context

if TYPE_CHECKING:
    from turbohtml import Element

# Line numbers in a table column of their own beside code.
_GUTTERS = "td.gutter, td.linenos, td.blob-num, td.rouge-gutter"


def clean(root: Element, base_url: str) -> Element:
    """The cleaned tree of the content of `root`, which is consumed. Relative URLs are resolved against `base_url`.

    The result is an element whose children are the content; its own tag has no meaning.
    """
    return parse(write(root, base_url))


def parse(markup: str) -> Element:
    """The cleaned tree of the markup that `write` returned."""
    return parse_fragment(markup, positions=False)


def write(root: Element, base_url: str) -> str:
    """The markup of the cleaned tree."""
    context = Context(
        resolver=addresses.Resolver(base_url),
        formulas=formula.find(root),
        directions=_directions(root),
        hidden=HiddenElements(root),
        delimited_formulas=formula.delimited_in_text(root),
    )
    root.remove(_GUTTERS)
    return Builder(elements.ENTER_HANDLERS, context).build(root)


def _directions(root: Element) -> dict[Element, str]:
    """The language and direction attributes of the blocks under `root` that have any, as markup."""
    found = {}
    for element in root.select("[lang], [dir]"):
        lang, direction = (element.attr("lang") or "").strip(), (element.attr("dir") or "").strip().lower()
        attributes = f' lang="{lang}"' if re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*", lang) else ""
        if direction in ("ltr", "rtl", "auto"):
            attributes += f' dir="{direction}"'
        if attributes:
            found[element] = attributes
    return found


def serialize(root: Element) -> str:
    """The cleaned tree as HTML text."""
    return root.inner_html
