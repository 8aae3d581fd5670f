"""Builder: writes the cleaned HTML of a tree in one walk.

It writes only what it knows: a closed set of elements, and for each the few attributes that mean something, so that
nothing executable can pass. Three stacks say where it stands: `blocks` and `inlines` hold the elements that are open in
the source, and each is written only when content arrives in it, so that no empty element is ever written; a *run* is a
stretch of inline content, a paragraph wherever its block holds several. Inline elements are closed at a run's end and
opened again in the next one, so that no inline element ever holds a block.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from turbohtml import Element, Text, escape

from pagemill.extraction.choosing.blocks import INLINE
from pagemill.extraction.reading import line_breaks, word_boundaries
from pagemill.extraction.reading.characters import INVISIBLE, JOINERS, visible
from pagemill.extraction.writing import formula, mathml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from turbohtml import Node

    from pagemill.extraction.reading.addresses import Resolver
    from pagemill.extraction.reading.hidden import Hidden
    from pagemill.extraction.writing.formula import Formula

    Leave = Callable[["Builder"], None]
    Enter = Callable[["Builder", Element], Leave | bool | None]
    """What is done on entering an element. It returns what is to be done on leaving it, None for nothing, or False
    where the element's content is to be left out."""

# Deeper nesting than this means nothing to a reader, and would overrun the stacks of whoever reads the output.
MAX_BLOCKS = 48
MAX_INLINES = 16
_LONG = 1_000_000
_SPACES = re.compile(r"[^\S ]\s*| \s+")


class Kind(Enum):
    """What a block may hold, and so how its content is written."""

    FLOW = 1
    """Blocks; inline content becomes paragraphs. Kept only where it groups several blocks."""
    QUOTE = 2
    """As FLOW, and always kept."""
    ITEM = 3
    """Blocks; a single paragraph stands in it without `<p>`. Always kept."""
    PHRASE = 4
    """Inline content alone; blocks in it become parts of one run."""
    LIST = 5
    """Items alone."""
    PART = 6
    """Parts of tables: written at once, text between them is dropped."""


# Looking a member up in its class takes longer than what is done with it.
_FLOW, _QUOTE, _ITEM, _PHRASE, _LIST, _PART = Kind


@dataclass(slots=True)
class Block:
    """A block element that is open. `mark` is where its start tag was written, -1 while it was not."""

    kind: Kind
    start: str
    end: str
    mark: int = -1
    blocks: int = 0
    """How many blocks and paragraphs it holds so far, those of wrappers that were not kept included."""
    paragraph: int = -1
    """Where the first paragraph's tag was written, if that was the first thing in it."""
    paragraphs: int = 0
    implicit: bool = False
    """An item that the source lacks: it ends where the next item starts."""


@dataclass(slots=True)
class BlockLink:
    """A link that holds blocks. It is written around the inline content of its heading, or of its first text."""

    start: str
    in_heading: bool
    has_text: bool
    used: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """What was found out about a tree before it is walked."""

    resolver: Resolver
    formulas: dict[Element, Formula | None]
    """The elements that stand for a formula."""
    directions: dict[Element, str]
    """The language and direction attributes of the elements that have any, as markup."""
    hidden: Hidden
    tex_in_text: bool
    """Whether a script of the page typesets the TeX that stands in its text."""


class Builder:
    """Writes one tree. Use `build` once."""

    def __init__(self, enter_of: Mapping[str, Enter], page: Page) -> None:
        self.enter_of = enter_of
        self.page = page
        self.resolver = page.resolver
        self.tex_in_text = page.tex_in_text
        self.out: list[str] = []
        self.blocks = [Block(_FLOW, "", "", mark=0)]
        self.written_blocks = 1
        self.inlines: list[tuple[str, str]] = []
        self.written_inlines = 0
        self.phrases = 0
        self.codes = 0
        self.cells = 0
        self.link: BlockLink | None = None
        self.link_open = False
        self.links = 0
        self.run = False
        self.fresh = True
        """Whether nothing, or only a line break, was written in this run."""
        self.space = False
        self.breaks = 0
        self.rule = False
        self.last_source = ""
        self.mute_sources: set[str] = set()
        """The pictures without a text of their own that were shown: nobody needs them twice."""
        self.heading: tuple[int, str] = (0, "")
        """Where the last heading ended, and its markup."""

    def build(self, root: Element) -> str:
        """The cleaned HTML of what is under `root`."""
        enter_of, formulas, hidden = self.enter_of, self.page.formulas, self.page.hidden.elements
        nodes: Iterator[Node] = iter(root)
        leave: Leave | bool | None = None
        last: Text | None = None
        before = ""  # what it says
        around: list[tuple[Iterator[Node], Leave | bool | None]] = []
        while True:
            for node in nodes:
                if type(node) is Text:
                    if (data := node.data).isspace():  # half of all texts
                        self.space = True
                    else:
                        meets = (
                            last is not None
                            and not self.codes
                            and word_boundaries.parts(last, before, node, data, INLINE)
                        )
                        self.space = self.space or meets
                        self.text(data)
                        last, before = node, data
                elif type(node) is Element:
                    if hidden and node in hidden and self.page.hidden.holds(node):
                        continue
                    if formulas and node in formulas:
                        self.formula(formulas[node])
                        continue
                    enter = enter_of.get(node.tag)
                    entered = enter(self, node) if enter is not None else None
                    if entered is not False:
                        around.append((nodes, leave))
                        nodes, leave = iter(node), entered
                        break
            else:
                if callable(leave):
                    leave(self)
                if not around:
                    break
                nodes, leave = around.pop()
        self.end_run()
        return "".join(self.out)

    # Content

    def text(self, data: str) -> None:
        """Write text, its whitespace collapsed."""
        if "\n" in data:
            data = line_breaks.flow(data)
        # The words of a text of megabytes would take many times as much as it.
        shown = " ".join(data.split()) if len(data) < _LONG else _SPACES.sub(" ", data).strip()
        if not shown:
            self.space = True
            return
        if not shown.isprintable():
            if not shown.strip(JOINERS):
                self.space = True
                return
            if INVISIBLE.search(data) is not None:
                self.text(visible(data))
                return
        if self.tex_in_text and not self.codes and ("\\" in data or "$$" in data):
            self._text_with_formulas(data)
            return
        if data[0] != shown[0]:
            self.space = True
        if not self.prepare(is_text=True):
            return
        self.out.append(escape(shown, quote=False))
        self.space = data[-1] != shown[-1]

    def _text_with_formulas(self, data: str) -> None:
        parts = formula.split(data)
        self.tex_in_text = False
        for part in parts:
            if isinstance(part, str):
                self.text(part)
            else:
                self.formula(part)
        self.tex_in_text = True

    def formula(self, found: Formula | None) -> None:
        """Write a formula as `<math>` that carries its TeX."""
        if found is None:
            return
        if self.codes:
            self.text(found.tex)
            return
        if not self.prepare():
            return
        display = ' display="block"' if found.display else ""
        inner = mathml.markup(found.source) if found.source is not None else ""
        inner = inner or f"<mtext>{escape(found.tex, quote=False)}</mtext>"
        self.out.append(f'<math{display} alttext="{escape(found.tex)}">{inner}</math>')

    def prepare(self, *, is_text: bool = False) -> bool:
        """Open all that must be open before content is written. False where no content may stand."""
        if self.breaks:
            if self.breaks > 1 and not self.phrases and not self.codes:
                self.end_run()
            elif self.run and not self.fresh:
                self.out.append("<br>")
                self.fresh = True
        self.breaks = 0
        if not self.run and not self.start_run():
            return False
        if self.link is not None and not self.link.used:
            self._write_link(self.link, is_text=is_text)
        if self.space and not self.fresh:
            self.out.append(" ")
        self.space = self.fresh = False
        if self.written_inlines < len(self.inlines):
            self._write_inlines()
        return True

    def _write_inlines(self) -> None:
        for start, end in self.inlines[self.written_inlines :]:
            if self.out[-1] == end and end in _MERGED:
                self.out.pop()
            else:
                self.out.append(start)
        self.written_inlines = len(self.inlines)

    def _close_inlines(self, keep: int = 0) -> None:
        while self.written_inlines > keep:
            self.written_inlines -= 1
            self.out.append(self.inlines[self.written_inlines][1])

    def _write_link(self, link: BlockLink, *, is_text: bool) -> None:
        """Start a block's link here, if here is its place."""
        if (link.in_heading and not self.phrases) or (link.has_text and not is_text):
            return
        self._close_inlines()
        if self.space and not self.fresh:
            self.out.append(" ")
            self.space = False
        self.out.append(link.start)
        self.link_open = link.used = True

    # Runs

    def start_run(self) -> bool:
        """Begin inline content. False where the place takes none."""
        top = self.blocks[-1]
        if top.kind is _PART:
            return False
        if top.kind is _LIST:
            self.blocks.append(Block(_ITEM, *_STRAY[top.end], implicit=True))
            top = self.blocks[-1]
        if self.rule or self.written_blocks < len(self.blocks):
            self.write_blocks()
        if top.kind is not _PHRASE:
            if top.blocks == 0:
                top.paragraph = len(self.out)
            top.blocks += 1
            top.paragraphs += 1
            self.out.append("<p>")
        self.run = self.fresh = True
        self.last_source = ""
        return True

    def end_run(self) -> None:
        """End inline content: what comes next is another block."""
        if self.phrases:
            self.space = True
            return
        self.breaks = 0
        if not self.run:
            self.space = False
            return
        if self.written_inlines:
            self._close_inlines()
        if self.link_open:
            self.out.append("</a>")
            self.link_open = False
        if self.blocks[-1].kind is not _PHRASE:
            self.out.append("</p>")
        self.run = self.space = False

    # Blocks

    def write_blocks(self) -> None:
        """Write the start tags of all open blocks that were not yet written."""
        if self.rule:
            self.rule = False
            self.out.append("<hr>")
            self.blocks[self.written_blocks - 1].blocks += 1
        for block in self.blocks[self.written_blocks :]:
            block.mark = len(self.out)
            self.out.append(block.start)
        self.written_blocks = len(self.blocks)

    def open_block(self, kind: Kind, tag: str, element: Element, attributes: str = "") -> bool:
        """Enter a block; False where it is too deep, or stands where no block may."""
        self.end_run()
        if self.phrases or len(self.blocks) >= MAX_BLOCKS:
            return False
        top = self.blocks[-1]
        if top.kind is _LIST and not (kind is _ITEM and tag in _ITEMS[top.end]):
            if kind is _FLOW:
                return False
            self.blocks.append(Block(_ITEM, *_STRAY[top.end], implicit=True))
        elif top.implicit and kind is _FLOW:
            return False
        elif top.implicit and kind is _ITEM and tag in _ITEMS[self.blocks[-2].end]:
            self._close_top()
        if self.page.directions:
            attributes += self.page.directions.get(element, "")
        self.blocks.append(Block(kind, f"<{tag}{attributes}>", f"</{tag}>"))
        if kind is _PHRASE:
            self.phrases += 1
        return True

    def list_end(self) -> str:
        """The end tag of the list that takes items here; empty where there is none."""
        top = self.blocks[-1]
        if top.implicit:
            top = self.blocks[-2]
        return top.end if top.kind is _LIST else ""

    def close_block(self) -> None:
        """Leave the block that was entered last."""
        if self.blocks[-1].kind is _PHRASE:
            self.phrases -= 1
        self.end_run()
        if self.blocks[-1].implicit:
            self._close_top()
        self._close_top()

    def _close_top(self) -> None:
        block = self.blocks.pop()
        if block.mark < 0:
            return
        self.written_blocks = len(self.blocks)
        parent = self.blocks[-1]
        if block.kind is _FLOW and block.blocks < 2 and len(block.start) < len(block.end):
            self.out[block.mark] = ""
            if parent.blocks == 0 and block.paragraph >= 0:
                parent.paragraph = block.paragraph
            parent.blocks += block.blocks
            parent.paragraphs += block.paragraphs
            return
        if block.kind is _ITEM:
            if block.paragraphs == 1 and block.paragraph >= 0:
                self._bare(block.paragraph)
            elif block.blocks == 1 and parent.start == "<ul>" and self._is_list_alone(block):
                self._move_list(block.mark)
                return
        self.out.append(block.end)
        if block.kind is _PHRASE and self._is_repeated(block):
            self.out[block.mark :] = [""] * (len(self.out) - block.mark)
            return
        parent.blocks += 1

    def _is_list_alone(self, item: Block) -> bool:
        """Whether an item of a bulleted list, just written, holds nothing but a bulleted list."""
        return self.out[-1] == "</ul>" and next(filter(None, self.out[item.mark + 1 :])) == "<ul>"

    def _move_list(self, mark: int) -> None:
        """Put the list that is alone in the item written at `mark` into the item before, or else in its own list."""
        before = mark - 1
        while not self.out[before]:
            before -= 1
        self.out[mark] = ""
        if self.out[before] == "</li>":
            self.out[before] = ""
            self.out.append("</li>")
        else:
            self.out[self.out.index("<ul>", mark)] = self.out[-1] = ""

    def _is_repeated(self, block: Block) -> bool:
        """Whether a heading, just written, is the same as the one right before it, as pages for two widths have it."""
        begin, before = self.heading
        markup = "".join(self.out[block.mark :])
        self.heading = len(self.out), markup
        return block.start[1] == "h" and markup == before and all(map(_WRAPPER.fullmatch, self.out[begin : block.mark]))

    def _bare(self, mark: int) -> None:
        """Take away the `<p>` written at `mark`, and its end."""
        self.out[mark] = ""
        self.out[self.out.index("</p>", mark)] = ""

    def take_line(self, wanted: Callable[[str], bool]) -> str:
        """Take back the paragraph written last where it is plain text that is wanted, and return that; else nothing."""
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

    def keep(self, markup: str) -> None:
        """Write a block that is complete."""
        self.end_run()
        if self.blocks[-1].kind is _LIST:
            self.blocks.append(Block(_ITEM, *_STRAY[self.blocks[-1].end], implicit=True))
        self.write_blocks()
        self.out.append(markup)
        self.blocks[-1].blocks += 1


_STRAY = {"</ul>": ("<li>", "</li>"), "</ol>": ("<li>", "</li>"), "</dl>": ("<dd>", "</dd>")}
# Inline elements that mean the same in two pieces as in one. Markdown cannot end one and begin the next at once.
_MERGED = frozenset(["</em>", "</strong>", "</code>", "</del>", "</mark>", "</sub>", "</sup>", "</ins>", "</kbd>"])
_WRAPPER = re.compile(r"|</?(?:div|section|article|main|aside|header|footer|nav)>")
_ITEMS = {"</ul>": ("li",), "</ol>": ("li",), "</dl>": ("dt", "dd")}
