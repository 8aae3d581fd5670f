"""Markdown: the cleaned tree as GitHub-flavoured Markdown.

turbohtml writes the Markdown. Before, on a copy, the tree is brought to what Markdown can say: formulas, spans, blocks
in table cells, sub- and superscripts, readings, terms and summaries. Where turbohtml's escaping must not touch
something, a *mark* stands in the text for it and is replaced at the end: code points that no text has (Unicode's
noncharacters, which cleaning takes out).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from turbohtml import Element, Markdown, Text, parse_fragment

from pagemill.extraction import grid

if TYPE_CHECKING:
    from collections.abc import Iterable

    from turbohtml import Node

_STYLE = Markdown(inline=Markdown.Inline(quote_open="“", quote_close="”"))

_START, _END, _UNDERSCORE, _OPENING, _CLOSING, _DOLLAR = "\ufdd0\ufdd1\ufdd2\ufdd3\ufdd4\ufdd5"
_RAW = re.compile(f"{_START}([0-9]+){_END}")
_PLAIN = str.maketrans({_UNDERSCORE: "_", _OPENING: "[", _CLOSING: "]", _DOLLAR: "\\$"})

# Underscores inside a word can neither open nor close emphasis (CommonMark 0.31, 6.2, rules 2 and 6).
_INTRAWORD = re.compile(r"(?<=[^\W_])_+(?=[^\W_])")
# Brackets that can become neither a link nor an image, a footnote, a task or a definition, as references are never
# defined and nothing that would make a link follows.
_BRACKETED = re.compile(r"(?<=[\w\s.,;:\"'”’)])\[(?![ xX^]\]|\^)([^\[\]\n<>`*_\\]{1,60})\](?=[\w\s.,;\"'”’)?])")
# A dollar sign can begin or end a formula, except right before a digit, which ends none, and so leaves none begun.
_MATH_DOLLAR = re.compile(r"\$(?!\d)")

_DELIMITERS = {"em": "*", "strong": "**"}
_TEXT_OR_NONE = (Text, type(None))
_MENDED = "em, strong, math, table, li blockquote, sub, sup, ruby, dt, summary"
_LISTS = ("ul", "ol", "li")
_CELL_BLOCKS: tuple[str, ...] = (
    *_LISTS,
    "p",
    "div",
    "dl",
    "dt",
    "dd",
    "details",
    "summary",
    "section",
    "article",
    "header",
    "footer",
)
_CELL_BLOCKS += ("aside", "nav", "main", "figcaption", "hr")


def render(root: Element) -> str:
    """GitHub-flavoured Markdown that means the same as the cleaned tree; it ends with a newline unless it is empty."""
    tree = parse_fragment(root.inner_html, positions=False)
    raw: list[str] = []
    if tree.select_one(_MENDED) is not None:
        _mend(tree, raw)
    marked = _mark_text(tree)
    text = tree.to_markdown(_STYLE)
    if raw:
        text = _RAW.sub(lambda match: raw[int(match[1])], text)
    if marked:
        text = text.translate(_PLAIN)
    return f"{text}\n" if text else ""


def _mark_text(tree: Element) -> bool:
    """Mark the characters that need no escape, and the dollar signs, which do. True where there were any."""
    marked = False
    for node in tree.descendants:
        if type(node) is not Text:
            continue
        data = node.data
        if ("_" in data or "[" in data or "$" in data) and getattr(node.parent, "tag", "") != "code":
            new = _INTRAWORD.sub(lambda match: _UNDERSCORE * len(match[0]), data)
            new = _BRACKETED.sub(rf"{_OPENING}\1{_CLOSING}", new)
            new = _MATH_DOLLAR.sub(_DOLLAR, new)
            if new != data:
                node.data = new
                marked = True
    return marked


def _mend(tree: Element, raw: list[str]) -> None:
    """Bring a tree to what Markdown can say. `raw` collects what the marks in it stand for."""
    for math in tree.find_all("math"):
        sign = "$$" if math.attr("display") == "block" else "$"
        tex = math.attr("alttext") or ""
        if math.closest("table") is not None:
            tex = tex.replace("|", "\\vert ").strip()
        math.replace_with(_raw(raw, f"{sign}{tex}{sign}"))
    for script in tree.find_all(["sub", "sup"]):
        if len(script.children) != 1 or getattr(script.children[0], "tag", "") != "a":
            _surround(script, raw)
        script.unwrap()
    tree.strip_tags("ruby, rp, rt")
    for term in tree.find_all(["dt", "summary"]):
        if term.find("strong") is None:
            term.wrap_children(Element("strong"))
    _emphasise(tree, raw)
    for table in tree.find_all("table"):
        for cell in table.find_all(["td", "th"]):
            _flatten(cell, raw)
        grid.regularise(table)
    for block in tree.select("li table, li blockquote"):
        if getattr(block.previous_sibling, "tag", "") in ("table", "blockquote"):
            block.insert_before(Element("p", children=[_raw(raw, "<!-- -->")]))  # in a tight list they would be one


def _emphasise(tree: Element, raw: list[str]) -> None:
    """Write the emphasis that turbohtml would write as HTML for its letters beyond ASCII.

    Delimiters between letters open and close wherever they stand (CommonMark 0.31, 6.2), as long as no other delimiters
    touch them and none is left open: literal ones are escaped, and nested emphasis is left to turbohtml.
    """
    for element in list(tree.iter_elements(tuple(_DELIMITERS))):
        children, before, after = element.children, element.previous_sibling, element.next_sibling
        if len(children) != 1 or not isinstance(before, _TEXT_OR_NONE) or not isinstance(after, _TEXT_OR_NONE):
            continue
        inner = children[0]
        if not isinstance(inner, Text) or not (inner.data[:1].isalnum() and inner.data[-1:].isalnum()):
            continue
        edges = f"{before.data[-1:] if before else ''}{inner.data[0]}{inner.data[-1]}{after.data[:1] if after else ''}"
        if not edges.isascii() and getattr(element.parent, "tag", "") not in _DELIMITERS:
            element.insert_before(_raw(raw, _DELIMITERS[element.tag]))
            element.insert_after(_raw(raw, _DELIMITERS[element.tag]))
            element.unwrap()


def _raw(raw: list[str], markup: str) -> Text:
    """A mark for `markup`."""
    raw.append(markup)
    return Text(f"{_START}{len(raw) - 1}{_END}")


def _surround(element: Element, raw: list[str]) -> None:
    """Put marks for an element's tags around it: GitHub shows these few as HTML."""
    element.insert_before(_raw(raw, f"<{element.tag}>"))
    element.insert_after(_raw(raw, f"</{element.tag}>"))


def _flatten(cell: Element, raw: list[str]) -> None:
    """Make a cell's blocks one line, as a table row is one: breaks between paragraphs, lists as HTML."""
    for block in list(cell.iter_elements(_CELL_BLOCKS)):
        if block.tag in _LISTS:
            _surround(block, raw)
        elif any(_says(node) for node in block.previous_siblings):
            block.insert_before(Element("br"))
        if block.tag not in _LISTS and _continues(block.next_siblings):
            block.insert_after(Element("br"))
        block.unwrap()


def _says(node: Node) -> bool:
    """Whether a break belongs after this node: it shows something, and is no break or list itself."""
    if isinstance(node, Text):
        return bool(node.data.strip()) and not node.data.startswith(_START)
    return isinstance(node, Element) and node.tag != "br"


def _continues(following: Iterable[Node]) -> bool:
    """Whether inline content follows, so that it needs a break before it."""
    for node in following:
        if isinstance(node, Text) and not node.data.strip():
            continue
        return isinstance(node, Text) or (isinstance(node, Element) and node.tag not in (*_CELL_BLOCKS, "br"))
    return False
