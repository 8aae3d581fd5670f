"""Builder: writes the cleaned HTML of a tree in one walk.

It writes an allowlist of elements with the few attributes that carry meaning, so nothing executable can pass. Two
stacks, `blocks` and `inlines`, contain the elements that are open in the source. Their start tags are written when
content arrives in them, so no element is written empty. A *run* is a stretch of inline content; it becomes a paragraph
if its block has several children. Inline elements are closed at the end of a run and opened again in the next one, so
no inline element contains a block.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from turbohtml import Element, Text, escape

from pagemill.extraction.choosing.blocks import INLINE_TAGS
from pagemill.extraction.reading import line_breaks, word_boundaries
from pagemill.extraction.reading.characters import INVISIBLE, JOINERS, strip_invisible
from pagemill.extraction.writing import formula, mathml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from turbohtml import Node

    from pagemill.extraction.reading.addresses import Resolver
    from pagemill.extraction.reading.hidden import HiddenElements
    from pagemill.extraction.writing.formula import Formula

    LeaveHandler = Callable[["Builder"], None]
    EnterHandler = Callable[["Builder", Element], LeaveHandler | bool | None]
    """A function called on entering an element. It returns the function to call on leaving it, None for nothing, or
    False to skip the element's content."""

# Deeper nesting means nothing to a reader, and could overflow the stack of a program that reads the output.
MAX_BLOCKS = 48
MAX_INLINES = 16
_LONG_TEXT = 1_000_000
_SPACES = re.compile(r"[^\S ]\s*| \s+")


class ContentModel(Enum):
    """The content model of a block: what it may contain, and so how its content is written."""

    FLOW = 1
    """Blocks; inline content becomes paragraphs. Written only if it groups several blocks."""
    QUOTE = 2
    """As FLOW, but always written."""
    ITEM = 3
    """Blocks; a single paragraph is written without `<p>`. Always written."""
    PHRASING = 4
    """Inline content only; blocks in it become parts of one run."""
    LIST = 5
    """Items only."""
    TABLE_PART = 6
    """Table parts only. Start tags are written at once, and text between the parts is dropped."""


# Module names, because looking up a member of an Enum is slow.
_FLOW, _QUOTE, _ITEM, _PHRASING, _LIST, _TABLE_PART = ContentModel


@dataclass(slots=True)
class Block:
    """An open block element. `position` is the index of its start tag in the output, -1 before it is written."""

    content_model: ContentModel
    start: str
    end: str
    position: int = -1
    blocks: int = 0
    """The number of its blocks and paragraphs so far, including those of wrappers that were not written."""
    paragraph: int = -1
    """The index of the first paragraph's start tag in the output, if that is its first child; else -1."""
    paragraphs: int = 0
    implicit: bool = False
    """Whether it is an item that is missing in the source. It ends where the next item starts."""


@dataclass(slots=True)
class BlockLink:
    """A link that contains blocks. It is written around the inline content of its heading, else of its first text."""

    start: str
    in_heading: bool
    has_text: bool
    used: bool = False


@dataclass(frozen=True, slots=True)
class Context:
    """What is known about a tree before the walk."""

    resolver: Resolver
    formulas: dict[Element, Formula | None]
    """The elements that represent a formula. None marks duplicates, which are skipped."""
    directions: dict[Element, str]
    """The language and direction attributes of the elements that have any, as markup."""
    hidden: HiddenElements
    delimited_formulas: re.Pattern[str] | None
    """The formulas that a script of the page typesets from TeX in its text."""


class Builder:
    """Writes one tree. Use `build` once."""

    def __init__(self, enter_handlers: Mapping[str, EnterHandler], context: Context) -> None:
        self.enter_handlers = enter_handlers
        self.context = context
        self.resolver = context.resolver
        self.delimited_formulas = context.delimited_formulas
        self.out: list[str] = []
        self.blocks = [Block(_FLOW, "", "", position=0)]
        self.written_blocks = 1
        self.inlines: list[tuple[str, str]] = []
        self.written_inlines = 0
        self.phrasing_depth = 0
        self.code_depth = 0
        self.cell_depth = 0
        self.link: BlockLink | None = None
        self.link_open = False
        self.link_depth = 0
        self.in_run = False
        self.at_line_start = True
        """Whether the run is empty or ends with a line break."""
        self.pending_space = False
        self.pending_breaks = 0
        self.pending_rule = False
        self.last_image_source = ""
        self.shown_without_alt: set[str] = set()
        """The written images without alternative text, which are not written twice."""
        self.heading: tuple[int, str] = (0, "")
        """The index in the output where the last heading ended, and its markup."""

    def build(self, root: Element) -> str:
        """The cleaned HTML of the content of `root`."""
        enter_handlers, formulas, hidden = self.enter_handlers, self.context.formulas, self.context.hidden.elements
        nodes: Iterator[Node] = iter(root)
        leave: LeaveHandler | bool | None = None
        last: Text | None = None
        before = ""  # the data of `last`
        ancestors: list[tuple[Iterator[Node], LeaveHandler | bool | None]] = []
        while True:
            for node in nodes:
                if type(node) is Text:
                    if (data := node.data).isspace():  # half of all texts
                        self.pending_space = True
                    else:
                        is_boundary = (
                            last is not None
                            and not self.code_depth
                            and word_boundaries.is_boundary(last, before, node, data, INLINE_TAGS)
                        )
                        self.pending_space = self.pending_space or is_boundary
                        self.text(data)
                        last, before = node, data
                elif type(node) is Element:
                    if hidden and node in hidden and self.context.hidden.stays_hidden(node):
                        continue
                    if formulas and node in formulas:
                        self.formula(formulas[node])
                        continue
                    enter = enter_handlers.get(node.tag)
                    entered = enter(self, node) if enter is not None else None
                    if entered is not False:
                        ancestors.append((nodes, leave))
                        nodes, leave = iter(node), entered
                        break
            else:
                if callable(leave):
                    leave(self)
                if not ancestors:
                    break
                nodes, leave = ancestors.pop()
        self.end_run()
        return "".join(self.out)

    # Content

    def text(self, data: str) -> None:
        """Write text with its whitespace collapsed."""
        if "\n" in data:
            data = line_breaks.transform_segment_breaks(data)
        # Splitting a text of megabytes into words takes many times its memory.
        shown = " ".join(data.split()) if len(data) < _LONG_TEXT else _SPACES.sub(" ", data).strip()
        if not shown:
            self.pending_space = True
            return
        if not shown.isprintable():
            if not shown.strip(JOINERS):
                self.pending_space = True
                return
            if INVISIBLE.search(data) is not None:
                self.text(strip_invisible(data))
                return
        if self.delimited_formulas is not None and not self.code_depth and ("\\" in data or "$" in data):
            self._text_with_formulas(data, self.delimited_formulas)
            return
        if data[0] != shown[0]:
            self.pending_space = True
        if not self.prepare(is_text=True):
            return
        self.out.append(escape(shown, quote=False))
        self.pending_space = data[-1] != shown[-1]

    def _text_with_formulas(self, data: str, delimited: re.Pattern[str]) -> None:
        parts = formula.split(data, delimited)
        self.delimited_formulas = None
        for part in parts:
            if isinstance(part, str):
                self.text(part)
            else:
                self.formula(part)
        self.delimited_formulas = delimited

    def formula(self, found: Formula | None) -> None:
        """Write a formula as `<math>` with its TeX as `alttext`."""
        if found is None:
            return
        if self.code_depth:
            self.text(found.tex)
            return
        if not self.prepare():
            return
        display = ' display="block"' if found.display else ""
        inner = mathml.markup(found.source) if found.source is not None else ""
        inner = inner or f"<mtext>{escape(found.tex, quote=False)}</mtext>"
        self.out.append(f'<math{display} alttext="{escape(found.tex)}">{inner}</math>')

    def prepare(self, *, is_text: bool = False) -> bool:
        """Write the start tags that must come before content. False if no content is allowed here."""
        if self.pending_breaks:
            if self.pending_breaks > 1 and not self.phrasing_depth and not self.code_depth:
                self.end_run()
            elif self.in_run and not self.at_line_start:
                self.out.append("<br>")
                self.at_line_start = True
        self.pending_breaks = 0
        if not self.in_run and not self.start_run():
            return False
        if self.link is not None and not self.link.used:
            self._write_link(self.link, is_text=is_text)
        if self.pending_space and not self.at_line_start:
            self.out.append(" ")
        self.pending_space = self.at_line_start = False
        if self.written_inlines < len(self.inlines):
            self._write_inlines()
        return True

    def _write_inlines(self) -> None:
        for start, end in self.inlines[self.written_inlines :]:
            if self.out[-1] == end and end in _MERGEABLE:
                self.out.pop()
            else:
                self.out.append(start)
        self.written_inlines = len(self.inlines)

    def _close_inlines(self, kept: int = 0) -> None:
        while self.written_inlines > kept:
            self.written_inlines -= 1
            self.out.append(self.inlines[self.written_inlines][1])

    def _write_link(self, link: BlockLink, *, is_text: bool) -> None:
        """Write the start tag of a block's link, if it belongs here."""
        if (link.in_heading and not self.phrasing_depth) or (link.has_text and not is_text):
            return
        self._close_inlines()
        if self.pending_space and not self.at_line_start:
            self.out.append(" ")
            self.pending_space = False
        self.out.append(link.start)
        self.link_open = link.used = True

    # Runs

    def start_run(self) -> bool:
        """Begin a run of inline content. False if none is allowed here."""
        top = self.blocks[-1]
        if top.content_model is _TABLE_PART:
            return False
        if top.content_model is _LIST:
            self.blocks.append(Block(_ITEM, *_IMPLICIT_ITEM_TAGS[top.end], implicit=True))
            top = self.blocks[-1]
        if self.pending_rule or self.written_blocks < len(self.blocks):
            self.write_blocks()
        if top.content_model is not _PHRASING:
            if top.blocks == 0:
                top.paragraph = len(self.out)
            top.blocks += 1
            top.paragraphs += 1
            self.out.append("<p>")
        self.in_run = self.at_line_start = True
        self.last_image_source = ""
        return True

    def end_run(self) -> None:
        """End the run of inline content: what comes next is another block."""
        if self.phrasing_depth:
            self.pending_space = True
            return
        self.pending_breaks = 0
        if not self.in_run:
            self.pending_space = False
            return
        if self.written_inlines:
            self._close_inlines()
        if self.link_open:
            self.out.append("</a>")
            self.link_open = False
        if self.blocks[-1].content_model is not _PHRASING:
            self.out.append("</p>")
        self.in_run = self.pending_space = False

    # Blocks

    def write_blocks(self) -> None:
        """Write the start tags of the open blocks that have none yet."""
        if self.pending_rule:
            self.pending_rule = False
            self.out.append("<hr>")
            self.blocks[self.written_blocks - 1].blocks += 1
        for block in self.blocks[self.written_blocks :]:
            block.position = len(self.out)
            self.out.append(block.start)
        self.written_blocks = len(self.blocks)

    def open_block(self, content_model: ContentModel, tag: str, element: Element, attributes: str = "") -> bool:
        """Enter a block. False if it is too deep or no block is allowed here."""
        self.end_run()
        if self.phrasing_depth or len(self.blocks) >= MAX_BLOCKS:
            return False
        top = self.blocks[-1]
        if top.content_model is _LIST and not (content_model is _ITEM and tag in _ITEM_TAGS[top.end]):
            if content_model is _FLOW:
                return False
            self.blocks.append(Block(_ITEM, *_IMPLICIT_ITEM_TAGS[top.end], implicit=True))
        elif top.implicit and content_model is _FLOW:
            return False
        elif top.implicit and content_model is _ITEM and tag in _ITEM_TAGS[self.blocks[-2].end]:
            self._close_top()
        if self.context.directions:
            attributes += self.context.directions.get(element, "")
        self.blocks.append(Block(content_model, f"<{tag}{attributes}>", f"</{tag}>"))
        if content_model is _PHRASING:
            self.phrasing_depth += 1
        return True

    def list_end(self) -> str:
        """The end tag of the list that accepts items here; empty if there is none."""
        top = self.blocks[-1]
        if top.implicit:
            top = self.blocks[-2]
        return top.end if top.content_model is _LIST else ""

    def close_block(self) -> None:
        """Leave the innermost block."""
        if self.blocks[-1].content_model is _PHRASING:
            self.phrasing_depth -= 1
        self.end_run()
        if self.blocks[-1].implicit:
            self._close_top()
        self._close_top()

    def _close_top(self) -> None:
        block = self.blocks.pop()
        if block.position < 0:
            return
        self.written_blocks = len(self.blocks)
        parent = self.blocks[-1]
        if block.content_model is _FLOW and block.blocks < 2 and len(block.start) < len(block.end):
            self.out[block.position] = ""
            if parent.blocks == 0 and block.paragraph >= 0:
                parent.paragraph = block.paragraph
            parent.blocks += block.blocks
            parent.paragraphs += block.paragraphs
            return
        if block.content_model is _ITEM:
            if block.paragraphs == 1 and block.paragraph >= 0:
                self._unwrap_paragraph(block.paragraph)
            elif block.blocks == 1 and parent.start == "<ul>" and self._is_only_list(block):
                self._move_list(block.position)
                return
        self.out.append(block.end)
        if block.content_model is _PHRASING and self._is_repeated(block):
            self.out[block.position :] = [""] * (len(self.out) - block.position)
            return
        parent.blocks += 1

    def _is_only_list(self, item: Block) -> bool:
        """Whether the item of a bulleted list that was just written contains only a bulleted list."""
        return self.out[-1] == "</ul>" and next(filter(None, self.out[item.position + 1 :])) == "<ul>"

    def _move_list(self, position: int) -> None:
        """Move the only list of the item written at `position` into the previous item, else replace the item by it."""
        before = position - 1
        while not self.out[before]:
            before -= 1
        self.out[position] = ""
        if self.out[before] == "</li>":
            self.out[before] = ""
            self.out.append("</li>")
        else:
            self.out[self.out.index("<ul>", position)] = self.out[-1] = ""

    def _is_repeated(self, block: Block) -> bool:
        """Whether the heading that was just written repeats the one right before it, as on pages with two layouts."""
        begin, before = self.heading
        markup = "".join(self.out[block.position :])
        self.heading = len(self.out), markup
        return (
            block.start[1] == "h"
            and markup == before
            and all(map(_WRAPPER.fullmatch, self.out[begin : block.position]))
        )

    def _unwrap_paragraph(self, position: int) -> None:
        """Remove the `<p>` written at `position`, and its end tag."""
        self.out[position] = ""
        self.out[self.out.index("</p>", position)] = ""

    def pop_line(self, wanted: Callable[[str], bool]) -> str:
        """Remove the last paragraph and return its text, if it is plain text that is wanted; else return nothing."""
        self.end_run()
        while self.out and not self.out[-1]:
            self.out.pop()
        if self.out[-1:] != ["</p>"] or self.out[-3] != "<p>" or not wanted(self.out[-2]):
            return ""
        text = self.out[-2]
        del self.out[-3:]
        owner = next(block for block in reversed(self.blocks) if block.blocks)
        owner.blocks -= 1
        owner.paragraphs -= 1
        if owner.paragraph >= len(self.out):
            owner.paragraph = -1
        return text

    def write_block(self, markup: str) -> None:
        """Write a complete block."""
        self.end_run()
        if self.blocks[-1].content_model is _LIST:
            self.blocks.append(Block(_ITEM, *_IMPLICIT_ITEM_TAGS[self.blocks[-1].end], implicit=True))
        self.write_blocks()
        self.out.append(markup)
        self.blocks[-1].blocks += 1


_IMPLICIT_ITEM_TAGS = {"</ul>": ("<li>", "</li>"), "</ol>": ("<li>", "</li>"), "</dl>": ("<dd>", "</dd>")}
# Adjacent inline elements with these tags are merged: Markdown cannot end one and begin another at the same place.
_MERGEABLE = frozenset(["</em>", "</strong>", "</code>", "</del>", "</mark>", "</sub>", "</sup>", "</ins>", "</kbd>"])
_WRAPPER = re.compile(r"|</?(?:div|section|article|main|aside|header|footer|nav)>")
_ITEM_TAGS = {"</ul>": ("li",), "</ol>": ("li",), "</dl>": ("dt", "dd")}
