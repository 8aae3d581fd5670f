"""Markdown: the cleaned tree as GitHub-flavoured Markdown.

turbohtml writes the Markdown. Before that, elements that Markdown does not have are converted: formulas, spans, blocks
in table cells, sub- and superscripts, ruby readings, terms and summaries. Markup that turbohtml must not escape is
replaced by placeholders, which are restored at the end (see `placeholders`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from turbohtml import Element, Text

from pagemill.extraction.reading.normalization import CHECKED, UNCHECKED
from pagemill.extraction.writing import emphasis, markdown_options, table_grid
from pagemill.extraction.writing.placeholders import (
    AMPERSAND,
    CLOSING,
    DOLLAR,
    OPENING,
    POINT,
    UNDERSCORE,
    Placeholders,
)
from pagemill.model import LinkStyle

if TYPE_CHECKING:
    from collections.abc import Iterable

    from turbohtml import Node

# Underscores inside a word can neither open nor close emphasis (CommonMark 0.31, 6.2, rules 2 and 6).
_INTRAWORD = re.compile(r"(?<=[^\W_])_+(?=[^\W_])")
# Brackets that cannot be read as a link, an image, a footnote, a task or a definition: there are no link reference
# definitions, and no character that would make a link follows.
_BRACKETED = re.compile(r"(?<=[\w\s.,;:\"'”’)])\[(?![ xX^]\]|\^)([^\[\]\n<>`*_\\]{1,60})\](?=[\w\s.,;\"'”’)?])")
# A dollar sign can begin or end a formula. One right before a digit cannot end a formula, so it is left as it is.
_MATH_DOLLAR = re.compile(r"\$(?!\d)")

# A decimal point. The point of a list item's number is followed by a space (CommonMark 0.31, 5.2).
_DECIMAL = re.compile(r"\A(\s*\d{1,9})\.(?=\S)")

# What Markdown would read as a character reference in a URL (CommonMark 0.31, 2.5).
_REFERENCE = re.compile(r"&(?=#?[A-Za-z0-9]{1,32};)")

_MAX_NUMBER_LENGTH = 12
"""The length in which the number of a list item ends, in characters."""
_TASK_MARKS = {f"{CHECKED} ": f"{OPENING}x{CLOSING} ", f"{UNCHECKED} ": f"{OPENING} {CLOSING} "}
_PREPARED = "em, strong, math, table, li blockquote, sub, sup, ruby, dt, summary, del q, ol[reversed]"
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
_CELL_BLOCKS += ("aside", "nav", "main", "figure", "figcaption", "hr")
_TERM_BLOCKS = (*_CELL_BLOCKS, "table", "blockquote", "pre")
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")


def render(root: Element, links: LinkStyle = LinkStyle.INLINE, *, images: bool = True) -> str:
    """GitHub-flavoured Markdown with the same meaning as the cleaned tree, which is consumed.

    It ends with a newline unless it is empty.
    """
    placeholders = Placeholders()
    markdown_options.apply(root, links, images=images)
    if root.select_one(_PREPARED) is not None:
        _prepare(root, placeholders)
    _protect_addresses(root, placeholders)
    _protect_text(root, placeholders, brackets=links is not LinkStyle.REFERENCE)
    text = placeholders.restore(root.to_markdown(markdown_options.style(links)))
    return f"{text}\n" if text else ""


def _protect_addresses(tree: Element, placeholders: Placeholders) -> None:
    """Insert placeholders where a URL would be read as containing a character reference."""
    for name in ("href", "src"):
        for element in tree.select(f'[{name}*=";"]'):
            address = element.attr(name) or ""
            if _REFERENCE.search(address):
                element.attrs[name] = _REFERENCE.sub(AMPERSAND, address)
                placeholders.has_characters = True


def _protect_text(tree: Element, placeholders: Placeholders, *, brackets: bool) -> None:
    """Insert placeholders for the characters that need no escape, and for dollar signs, which do.

    `brackets`: whether brackets are among them. With link reference definitions they are not.
    """
    for node in tree.descendants:
        if type(node) is not Text:
            continue
        data = node.data
        if data[:2] in _TASK_MARKS and _begins_item(node):
            node.data = data = _TASK_MARKS[data[:2]] + data[2:]
            placeholders.has_characters = True
        if "." in data[:_MAX_NUMBER_LENGTH] and getattr(node.parent, "tag", "") != "code":
            new = _DECIMAL.sub(rf"\1{POINT}", data)
            if new != data:
                node.data = data = new
                placeholders.has_characters = True
        if ("_" in data or "[" in data or "$" in data) and getattr(node.parent, "tag", "") != "code":
            new = _INTRAWORD.sub(lambda match: UNDERSCORE * len(match[0]), data)
            new = _BRACKETED.sub(rf"{OPENING}\1{CLOSING}", new) if brackets else new
            new = _MATH_DOLLAR.sub(DOLLAR, new)
            if new != data:
                node.data = new
                placeholders.has_characters = True


def _begins_item(text: Text) -> bool:
    """Whether a text is the first of a list item."""
    around = text.parent
    if text.previous_sibling is None and isinstance(around, Element) and around.tag == "p":
        return around.previous_sibling is None and getattr(around.parent, "tag", "") == "li"
    return text.previous_sibling is None and getattr(around, "tag", "") == "li"


def _count_down(listed: Element, placeholders: Placeholders) -> None:
    """Write the items of a list that counts down as lists of their own: within one list Markdown counts up."""
    items = [child for child in listed.children if isinstance(child, Element)]
    first = listed.attr("start") or str(len(items))
    number = int(first) if first.isdigit() else len(items)
    if len(items) < 2 or number < len(items) - 1 or listed.closest("table") is not None:
        return
    for position in range(1, len(items)):
        listed.insert_before(Element("ol", attrs={"start": str(number - position + 1)}, children=[items[position - 1]]))
        listed.insert_before(Element("p", children=[placeholders.add("<!-- -->")]))
    listed.attrs["start"] = str(number - len(items) + 1)


def _prepare(tree: Element, placeholders: Placeholders) -> None:
    """Convert the elements of a tree that Markdown does not have."""
    for listed in tree.select("ol[reversed]"):
        _count_down(listed, placeholders)
    for math in tree.find_all("math"):
        sign = "$$" if math.attr("display") == "block" else "$"
        tex = math.attr("alttext") or ""
        if math.closest("table") is not None:
            tex = tex.replace("|", "\\vert ").strip()
        math.replace_with(placeholders.add(f"{sign}{tex}{sign}"))
    _prepare_sub_and_sup(tree, placeholders)
    tree.strip_tags("ruby, rp, rt")
    for term in tree.find_all(["dt", "summary"]):
        if term.find("strong") is None and next(term.iter_elements(_HEADINGS), None) is None:
            _embolden(term)
    for deleted in tree.select("del:has(q)"):  # tildes between a word and a quotation mark are not delimiters
        _wrap_in_tags(deleted, placeholders)
        deleted.unwrap()
    emphasis.write(tree, placeholders)
    for table in tree.find_all("table"):
        for cell in table.find_all(["td", "th"]):
            _flatten_cell(cell, placeholders)
        table_grid.normalize(table)
    for block in tree.select("li table, li blockquote"):
        if getattr(block.previous_sibling, "tag", "") in ("table", "blockquote"):
            block.insert_before(Element("p", children=[placeholders.add("<!-- -->")]))  # a tight list would merge them


def _embolden(term: Element) -> None:
    """Make a term bold. In one with blocks only its inline children are: emphasis does not reach over blocks."""
    if next(term.iter_elements(_TERM_BLOCKS), None) is None:
        term.wrap_children(Element("strong"))
        return
    for part in list(term.iter_elements()):
        is_block = part.tag in _TERM_BLOCKS
        if not is_block and part.parent is not term:
            continue
        if part.text.strip() and next(part.iter_elements(_TERM_BLOCKS), None) is None:
            if is_block:
                part.wrap_children(Element("strong"))
            else:
                part.wrap(Element("strong"))


def _prepare_sub_and_sup(tree: Element, placeholders: Placeholders) -> None:
    """Write `sub` and `sup` as HTML tags, except around a single link, such as a footnote."""
    for script in tree.find_all(["sub", "sup"]):
        if len(script.children) != 1 or getattr(script.children[0], "tag", "") != "a":
            _wrap_in_tags(script, placeholders)
        script.unwrap()


def _wrap_in_tags(element: Element, placeholders: Placeholders) -> None:
    """Insert placeholders for an element's tags around it: GitHub renders these few as HTML."""
    element.insert_before(placeholders.add(f"<{element.tag}>"))
    element.insert_after(placeholders.add(f"</{element.tag}>"))


def _flatten_cell(cell: Element, placeholders: Placeholders) -> None:
    """Write a cell's blocks on one line, because a table row is one: `<br>` between paragraphs, lists as HTML."""
    for block in list(cell.iter_elements(_CELL_BLOCKS)):
        if block.tag in _LISTS:
            _wrap_in_tags(block, placeholders)
        elif any(_needs_break_after(node, placeholders) for node in block.previous_siblings):
            block.insert_before(Element("br"))
        if block.tag not in _LISTS and _inline_follows(block.next_siblings):
            block.insert_after(Element("br"))
        block.unwrap()


def _needs_break_after(node: Node, placeholders: Placeholders) -> bool:
    """Whether a break is needed after this node: it is visible, and is not a break or a list itself."""
    if isinstance(node, Text):
        return bool(node.data.strip()) and placeholders.get(node.data) is None
    return isinstance(node, Element) and node.tag != "br"


def _inline_follows(following: Iterable[Node]) -> bool:
    """Whether inline content follows, which needs a break before it."""
    for node in following:
        if isinstance(node, Text) and not node.data.strip():
            continue
        return isinstance(node, Text) or (isinstance(node, Element) and node.tag not in (*_CELL_BLOCKS, "br"))
    return False
