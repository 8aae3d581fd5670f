"""The page as it came, as markup of our own: its blocks in plain elements, with nothing of the page's but its text.

No tag, attribute, style or address of the page is passed on: tags are chosen from a list, and all text is escaped.
Each block is one `<span data-block="N">`. So the result can neither run, load, link nor submit anything.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from turbohtml import Element, Text, escape

from pagemill.extraction.choosing.blocks import HEADING_TAGS, INLINE_TAGS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pagemill.extraction.choosing.blocks import Blocks

MAX_DEPTH = 60
"""Elements that are deeper add nothing of their own."""
MAX_PICTURES = 1000
"""More pictures of a page are not shown."""
_MAX_ALT = 200
_MAX_INLINE = 6
_INLINE = {
    **dict.fromkeys(("b", "strong"), "b"),
    **dict.fromkeys(("i", "em", "cite", "dfn"), "i"),
    **dict.fromkeys(("code", "kbd", "samp", "tt"), "code"),
    "a": "u",
    "sub": "sub",
    "sup": "sup",
    "s": "s",
    "del": "s",
}
_LEAVES = HEADING_TAGS | {"p", "pre", "caption", "figcaption"}
"""These contain text alone; those that contain more are plain boxes here."""
_LISTS = frozenset({"ul", "ol"})
_TABLE_PARENTS = {
    "thead": ("table",),
    "tbody": ("table",),
    "tfoot": ("table",),
    "caption": ("table",),
    "tr": ("thead", "tbody", "tfoot", "table"),
    "td": ("tr",),
    "th": ("tr",),
    "figcaption": ("figure",),
}
_BOXES = frozenset({"table", "blockquote", "figure"})
_AREAS = frozenset({"nav", "header", "footer", "aside", "form", "button"})
"""Boxes that are told apart by the eye: what stands around the content, as a rule."""
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,3}")
_DIRECTIONS = frozenset({"ltr", "rtl", "auto"})


class Original:
    """Writes one page that was split into blocks. Make it before anything changes the tree."""

    def __init__(self, flat: Blocks, root: Element, hidden: Sequence[bool]) -> None:
        self._flat = flat
        self._hidden = hidden
        self._children: list[list[int]] = [[] for _ in flat.elements]
        self._own: list[list[int]] = [[] for _ in flat.elements]
        for index in range(1, len(flat.elements)):
            self._children[flat.parent[index]].append(index)
        for block, owner in enumerate(flat.owner):
            self._own[owner].append(block)
        self._texts = [self._text(text) for text in flat.texts]
        self._before: dict[int, list[str]] = {}
        """What stands before each text: space, line ends and pictures."""
        self._note_what_stands_between(root)
        self._tags = self._plain_tags()
        self._attributes = [self._plain_attributes(index) for index in range(len(flat.elements))]

    def _note_what_stands_between(self, root: Element) -> None:
        known = {text: number for number, text in enumerate(self._flat.texts)}
        place = pictures = 0
        for node in root.descendants:
            if isinstance(node, Text):
                place = known.get(node, place - 1) + 1
                if node.data.isspace():
                    self._before.setdefault(place, []).append(escape(node.data))
            elif isinstance(node, Element) and node.tag == "br":
                self._before.setdefault(place, []).append("<br>")
            elif isinstance(node, Element) and node.tag == "img" and pictures < MAX_PICTURES:
                pictures += 1
                alt = " ".join((node.attr("alt") or "").split())[:_MAX_ALT]
                shown = escape(alt, quote=True) or "picture"
                self._before.setdefault(place, []).append(f'<span class="picture">{shown}</span>')

    def _text(self, node: Text) -> str:
        """Return a text with the plain form of the inline elements around it."""
        markup, around = escape(node.data, quote=True), node.parent
        tags: list[str] = []
        while isinstance(around, Element) and around.tag in INLINE_TAGS and len(tags) < _MAX_INLINE:
            tag = _INLINE.get(around.tag)
            if tag is not None and tag not in tags:
                tags.append(tag)
            around = around.parent
        for tag in tags:
            markup = f"<{tag}>{markup}</{tag}>"
        return markup

    def _plain_tags(self) -> list[str]:
        """Return the tag that each element gets here. Parts of tables and lists that stand elsewhere are boxes."""
        flat = self._flat
        tags: list[str] = ["div"]
        for index in range(1, len(flat.elements)):
            tag, parent = flat.tags[index], tags[flat.parent[index]]
            children = self._children[index]
            if tag in _LEAVES and children:
                plain = "div"
            elif tag in _TABLE_PARENTS:
                plain = tag if parent in _TABLE_PARENTS[tag] else "div"
            elif tag == "li":
                plain = "li" if parent in _LISTS else "div"
            elif tag in _LISTS:
                only_items = all(flat.tags[child] == "li" for child in children)
                plain = tag if children and only_items and not self._own[index] else "div"
            elif parent in ("table", "thead", "tbody", "tfoot", "tr"):
                plain = ""  # a box would be moved out of the table
            else:
                plain = tag if tag in _LEAVES or tag in _BOXES else "div"
            tags.append(plain)
        return tags

    def _plain_attributes(self, index: int) -> str:
        element, tag = self._flat.elements[index], self._flat.tags[index]
        classes = [name for name, given in (("area", tag in _AREAS), ("unseen", self._hidden[index])) if given]
        found = f' class="{" ".join(classes)}"' if classes else ""
        language, direction = element.attr("lang") or "", (element.attr("dir") or "").lower()
        found += f' lang="{language}"' if _LANGUAGE.fullmatch(language) else ""
        return found + (f' dir="{direction}"' if direction in _DIRECTIONS else "")

    def write(self, attributes: Sequence[str]) -> str:
        """Return the markup. `attributes`: those of each block, as markup of ours."""
        out: list[str] = []
        for kind, number in self._walk():
            if kind == "block":
                self._write_block(out, number, attributes[number])
            elif tag := self._tags[number]:
                out.append(f"<{tag}{self._attributes[number]}>" if kind == "open" else f"</{tag}>")
        return "".join(out)

    def _write_block(self, out: list[str], block: int, attributes: str) -> None:
        inside = self._flat.texts_of(block)
        before = self._before.get(inside.start, ())
        out += ["<br>"] if "<br>" in before else []
        out += [markup for markup in before if markup.startswith("<span")]
        out.append(f'<span data-block="{block}"{attributes}>')
        for number in range(inside.start, inside.stop):
            if number > inside.start:
                out += self._before.get(number, ())
            out.append(self._texts[number])
        out.append("</span> ")

    def _walk(self) -> Iterator[tuple[str, int]]:
        """Yield the elements that have text, as `open` and `close`, and the blocks, in the order of the page."""
        flat = self._flat
        stack: list[tuple[int, list[tuple[str, int]]]] = [(0, self._contents(0)[::-1])]
        yield "open", 0
        while stack:
            element, rest = stack[-1]
            if not rest:
                stack.pop()
                if len(stack) < MAX_DEPTH:
                    yield "close", element
                continue
            kind, number = rest.pop()
            if kind == "block":
                yield kind, number
                continue
            if flat.block_begin[number] == flat.block_end[number] and flat.tags[number] not in ("td", "th"):
                continue
            if len(stack) < MAX_DEPTH:
                yield "open", number
            stack.append((number, self._contents(number)[::-1]))

    def _contents(self, element: int) -> list[tuple[str, int]]:
        """The blocks and the elements right inside an element, in their order."""
        flat = self._flat
        inside = [(flat.block_begin[child], 0, child) for child in self._children[element]]
        inside += [(block, 1, block) for block in self._own[element]]
        return [("block" if is_block else "element", number) for _, is_block, number in sorted(inside)]
