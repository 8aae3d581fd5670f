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

from pagemill.extraction import code, formula, mathml, media, tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from turbohtml import Node

    from pagemill.extraction.address import Resolver
    from pagemill.extraction.formula import Formula

    Leave = Callable[["Builder"], None]
    Enter = Callable[["Builder", Element], "Leave | None | bool"]

# Deeper nesting than this means nothing to a reader, and would overrun the stacks of whoever reads the output.
MAX_BLOCKS = 48
MAX_INLINES = 16

# Characters that HTML cannot carry, or that are there only to be invisible. Joiners stay: some scripts need them.
_INVISIBLE = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u200b\u2060\ufeff\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_PERMALINKS = frozenset(["", "#", "¶", "§", "🔗", "⚓", "🔗︎", "link"])


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


class Builder:
    """Writes one tree. Use `build` once."""

    def __init__(
        self,
        resolver: Resolver,
        formulas: dict[Element, Formula | None],
        directions: dict[Element, str],
        *,
        tex_in_text: bool = False,
    ) -> None:
        self.resolver = resolver
        self.formulas = formulas
        self.directions = directions
        self.tex_in_text = tex_in_text
        self.out: list[str] = []
        self.blocks = [Block(Kind.FLOW, "", "", mark=0)]
        self.written_blocks = 1
        self.inlines: list[tuple[str, str]] = []
        self.written_inlines = 0
        self.phrases = 0
        self.codes = 0
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

    def build(self, root: Element) -> str:
        """The cleaned HTML of what is under `root`."""
        iterators: list[Iterator[Node]] = [iter(root)]
        leaves: list[Leave | None] = [None]
        enter_of, special = ENTER, self.formulas
        while iterators:
            for node in iterators[-1]:
                if type(node) is Text:
                    self.text(node.data)
                elif type(node) is Element:
                    enter = enter_of.get(node.tag)
                    if special and node in special:
                        self.formula(special[node])
                        continue
                    if enter is not None:
                        leave = enter(self, node)
                        if leave is False:
                            continue
                    else:
                        leave = None
                    iterators.append(iter(node))
                    leaves.append(leave)  # type: ignore[arg-type]
                    break
            else:
                iterators.pop()
                leave = leaves.pop()
                if leave is not None:
                    leave(self)
        self.end_run()
        return "".join(self.out)

    # Content

    def text(self, data: str) -> None:
        """Write text, its whitespace collapsed."""
        words = data.split()
        if not words:
            self.space = True
            return
        if _INVISIBLE.search(data) is not None:
            self.text(_INVISIBLE.sub("", data))
            return
        if self.tex_in_text and not self.codes and ("\\" in data or "$$" in data):
            self._text_with_formulas(data)
            return
        if data[0].isspace():
            self.space = True
        if not self.prepare(is_text=True):
            return
        self.out.append(escape(" ".join(words), quote=False))
        self.space = data[-1].isspace()

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
        if found is None or not self.prepare():
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
            if self.out[-1] == end and start not in ("<q>",) and end != "</a>":
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
        if link.in_heading and not self.phrases or link.has_text and not is_text:
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
        if top.kind is Kind.PART:
            return False
        if top.kind is Kind.LIST:
            self.blocks.append(Block(Kind.ITEM, *_STRAY[top.end], implicit=True))
            top = self.blocks[-1]
        self.write_blocks()
        if top.kind is not Kind.PHRASE:
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
        self._close_inlines()
        if self.link_open:
            self.out.append("</a>")
            self.link_open = False
        if self.blocks[-1].kind is not Kind.PHRASE:
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
        if top.kind is Kind.LIST and not (kind is Kind.ITEM and tag in _ITEMS[top.end]):
            if kind is Kind.FLOW:
                return False
            self.blocks.append(Block(Kind.ITEM, *_STRAY[top.end], implicit=True))
        elif top.implicit and kind is Kind.ITEM and tag in _ITEMS[self.blocks[-2].end]:
            self._close_top()
        if self.directions and element in self.directions:
            attributes += self.directions[element]
        self.blocks.append(Block(kind, f"<{tag}{attributes}>", f"</{tag}>"))
        if kind is Kind.PHRASE:
            self.phrases += 1
        return True

    def close_block(self) -> None:
        """Leave the block that was entered last."""
        if self.blocks[-1].kind is Kind.PHRASE:
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
        if block.kind is Kind.FLOW and block.blocks < 2 and block.start == f"<{block.end[2:]}":
            self.out[block.mark] = ""
            if parent.blocks == 0 and block.paragraph >= 0:
                parent.paragraph = block.paragraph
            parent.blocks += block.blocks
            parent.paragraphs += block.paragraphs
            return
        if block.kind is Kind.ITEM and block.paragraphs == 1 and block.paragraph >= 0:
            self._bare(block.paragraph)
        self.out.append(block.end)
        parent.blocks += 1

    def _bare(self, mark: int) -> None:
        """Take away the `<p>` written at `mark`, and its end."""
        self.out[mark] = ""
        self.out[self.out.index("</p>", mark)] = ""

    def keep(self, markup: str) -> None:
        """Write a block that is complete."""
        self.end_run()
        if self.blocks[-1].kind is Kind.LIST:
            self.blocks.append(Block(Kind.ITEM, *_STRAY[self.blocks[-1].end], implicit=True))
        self.write_blocks()
        self.out.append(markup)
        self.blocks[-1].blocks += 1


_STRAY = {"</ul>": ("<li>", "</li>"), "</ol>": ("<li>", "</li>"), "</dl>": ("<dd>", "</dd>")}
_ITEMS = {"</ul>": ("li",), "</ol>": ("li",), "</dl>": ("dt", "dd")}


# What is done on entering each element: a function of the builder and the element that returns what is to be done on
# leaving it, None for nothing, or False where the element's content is to be left out.


def _drop(_builder: Builder, _element: Element) -> bool:
    return False


def _boundary(builder: Builder, _element: Element) -> Leave:
    builder.end_run()
    return Builder.end_run


def _separate(builder: Builder, _element: Element) -> Leave:
    builder.space = True
    return _space


def _space(builder: Builder) -> None:
    builder.space = True


def _block(kind: Kind, tag: str) -> Enter:
    def enter(builder: Builder, element: Element) -> Leave:
        return Builder.close_block if builder.open_block(kind, tag, element) else Builder.end_run

    return enter


def _ordered(builder: Builder, element: Element) -> Leave:
    start = (element.attr("start") or "").strip()
    number = re.fullmatch(r"\d{1,9}", start)
    attributes = f' start="{int(start)}"' if number and int(start) != 1 else ""
    if "reversed" in element.attrs:
        attributes += " reversed"
    return Builder.close_block if builder.open_block(Kind.LIST, "ol", element, attributes) else Builder.end_run


def _item(builder: Builder, element: Element) -> Leave:
    """A list item outside a list is a block as any other."""
    inside = builder.blocks[-1].kind is Kind.LIST or builder.blocks[-1].implicit
    opened = builder.open_block(*((Kind.ITEM, "li") if inside else (Kind.FLOW, "div")), element)
    return Builder.close_block if opened else Builder.end_run


def _term(tag: str) -> Enter:
    def enter(builder: Builder, element: Element) -> Leave:
        inside = builder.blocks[-1].end == "</dl>" or builder.blocks[-1].implicit
        opened = builder.open_block(*((Kind.ITEM, tag) if inside else (Kind.FLOW, "div")), element)
        return Builder.close_block if opened else Builder.end_run

    return enter


def _inline(tag: str) -> Enter:
    start, end = f"<{tag}>", f"</{tag}>"

    def enter(builder: Builder, _element: Element) -> Leave | None:
        if builder.codes or len(builder.inlines) >= MAX_INLINES or (start, end) in builder.inlines:
            return None
        builder.inlines.append((start, end))
        return _leave_inline

    return enter


def _leave_inline(builder: Builder) -> None:
    _start, end = builder.inlines.pop()
    if builder.written_inlines > len(builder.inlines):
        builder.written_inlines -= 1
        builder.out.append(end)


def _code(builder: Builder, element: Element) -> Leave | None | bool:
    if builder.codes or len(builder.inlines) >= MAX_INLINES:
        return None
    if element.find("br") is not None and not builder.phrases:
        return _preformatted(builder, element)
    builder.codes += 1
    builder.inlines.append(("<code>", "</code>"))
    return _leave_code


def _leave_code(builder: Builder) -> None:
    builder.codes -= 1
    _leave_inline(builder)


def _preformatted(builder: Builder, element: Element) -> bool | Leave | None:
    if builder.phrases or builder.blocks[-1].kind is Kind.PART:
        return None
    text = code.text(element)
    if text:
        language = code.language(element)
        attribute = f' class="language-{language}"' if language else ""
        builder.keep(f"<pre><code{attribute}>{escape(text, quote=False)}</code></pre>")
    return False


_BLOCKS = [
    *("p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl", "table", "section", "article", "figure", "pre"),
    *("blockquote", "header", "footer", "main", "aside", "nav", "address", "details", "fieldset", "hr"),
]
_HEADINGS = ["h1", "h2", "h3", "h4", "h5", "h6"]


def _anchor(builder: Builder, element: Element) -> Leave | None | bool:
    reference = element.attr("href")
    if not reference or builder.links:
        return None
    if builder.phrases and reference[0] == "#" and element.text.strip() in _PERMALINKS and element.find("img") is None:
        return False
    if reference.strip() == "#":
        return None
    href = builder.resolver.resolve(reference)
    if href is None:
        return None
    start = f'<a href="{escape(href)}"{_title(element)}>'
    if not builder.phrases and element.find(_BLOCKS) is not None:
        return _block_anchor(builder, element, start)
    return _inline_anchor(builder, start)


def _title(element: Element) -> str:
    title = " ".join(_INVISIBLE.sub("", element.attr("title") or "").split())
    return f' title="{escape(title)}"' if title and title != element.text.strip() else ""


def _inline_anchor(builder: Builder, start: str) -> Leave:
    builder.links += 1
    if builder.run and builder.out[-1] == "</a>":
        builder.space = True
    if builder.codes:
        # Markdown has links around code, but no links in code.
        _leave_inline(builder)
        builder.inlines += [(start, "</a>"), ("<code>", "</code>")]
        return _leave_anchor_in_code
    builder.inlines.append((start, "</a>"))
    return _leave_anchor


def _leave_anchor(builder: Builder) -> None:
    builder.links -= 1
    _leave_inline(builder)


def _leave_anchor_in_code(builder: Builder) -> None:
    builder.links -= 1
    _leave_inline(builder)
    _leave_inline(builder)
    builder.inlines.append(("<code>", "</code>"))


def _block_anchor(builder: Builder, element: Element, start: str) -> Leave:
    builder.end_run()
    builder.links += 1
    has_text = bool(element.text.strip())
    in_heading = any(heading.text.strip() for heading in element.find_all(_HEADINGS))
    builder.link = BlockLink(start, in_heading=in_heading, has_text=has_text)
    return _leave_block_anchor


def _leave_block_anchor(builder: Builder) -> None:
    builder.end_run()
    builder.links -= 1
    builder.link = None


def _image(builder: Builder, element: Element) -> bool:
    src = media.source(element, builder.resolver)
    if src is None or src == builder.last_source:
        return False
    alt = " ".join(_INVISIBLE.sub("", element.attr("alt") or "").split())
    title = " ".join(_INVISIBLE.sub("", element.attr("title") or "").split())
    attribute = f' title="{escape(title)}"' if title and title != alt else ""
    if builder.prepare():
        builder.out.append(f'<img src="{escape(src)}" alt="{escape(alt)}"{attribute}>')
        builder.last_source = src
    return False


def _noscript(builder: Builder, element: Element) -> Leave | bool:
    """What stands in for a script: kept, unless it is the fallback of an image that is already there."""
    if element.text.strip():
        return _boundary(builder, element)
    before = element.previous_sibling
    while isinstance(before, Text) and not before.data.strip():
        before = before.previous_sibling
    if isinstance(before, Element):
        image = before if before.tag == "img" else before.find("img")
        if image is not None and media.source(image, builder.resolver) is not None:
            return False
    return _space


def _break(builder: Builder, _element: Element) -> bool:
    if builder.run:
        builder.breaks += 1
    return False


def _rule(builder: Builder, _element: Element) -> bool:
    builder.end_run()
    top = builder.blocks[-1]
    if not builder.phrases and top.kind in (Kind.FLOW, Kind.QUOTE) and top.mark >= 0 and top.blocks:
        builder.rule = True
    return False


def _time(builder: Builder, element: Element) -> Leave | None:
    moment = (element.attr("datetime") or "").strip()
    if builder.codes or len(builder.inlines) >= MAX_INLINES or not re.fullmatch(r"[0-9PTWYMDHSZ:.+ -]{4,40}", moment):
        return None
    builder.inlines.append((f'<time datetime="{moment}">', "</time>"))
    return _leave_inline


def _abbreviation(builder: Builder, element: Element) -> Leave | None:
    title = _title(element)
    if builder.codes or len(builder.inlines) >= MAX_INLINES or not title:
        return None
    builder.inlines.append((f"<abbr{title}>", "</abbr>"))
    return _leave_inline


def _ruby_text(builder: Builder, element: Element) -> bool:
    """A reading, in parentheses for those who show no ruby."""
    text = " ".join(_INVISIBLE.sub("", element.text).split())
    if text and builder.run and not builder.fresh:
        builder.space = False
        builder.out.append(f"<rp>(</rp><rt>{escape(text, quote=False)}</rt><rp>)</rp>")
    return False


def _table(builder: Builder, element: Element) -> Leave | bool:
    builder.end_run()
    if builder.phrases or not tables.is_data(element):
        return Builder.end_run
    if not element.text.strip() and element.find("img") is None:
        return False
    if not builder.open_block(Kind.PART, "table", element):
        return Builder.end_run
    builder.write_blocks()
    return Builder.close_block


def _part(tag: str) -> Enter:
    def enter(builder: Builder, element: Element) -> Leave | bool:
        if builder.blocks[-1].kind is not Kind.PART:
            builder.end_run()
            return Builder.end_run
        if not element.text.strip() and element.find(["img", "math"]) is None and element.select_one("[rowspan]") is None:
            return False
        builder.open_block(Kind.PART, tag, element)
        builder.write_blocks()
        return Builder.close_block

    return enter


def _cell(tag: str) -> Enter:
    def enter(builder: Builder, element: Element) -> Leave:
        if builder.blocks[-1].kind is not Kind.PART:
            builder.end_run()
            return Builder.close_block if builder.open_block(Kind.FLOW, "div", element) else Builder.end_run
        attributes = ""
        for name in ("colspan", "rowspan"):
            if (number := tables.span(element, name)) > 1:
                attributes += f' {name}="{number}"'
        builder.open_block(Kind.ITEM, tag, element, attributes)
        builder.write_blocks()
        return Builder.close_block

    return enter


def _caption(builder: Builder, element: Element) -> Leave | bool:
    if builder.blocks[-1].kind is not Kind.PART:
        return _boundary(builder, element)
    return Builder.close_block if builder.open_block(Kind.PHRASE, "caption", element) else False


ENTER: dict[str, Enter] = {
    **dict.fromkeys(
        [
            *("script", "style", "template", "iframe", "object", "embed", "applet", "input", "select", "textarea", "svg"),
            *("canvas", "audio", "video", "head", "title", "link", "meta", "base", "frame", "frameset", "noframes"),
            *("source", "track", "param", "col", "colgroup", "datalist", "optgroup", "option", "progress", "meter"),
            *("area", "rp", "dialog", "math", "wbr", "basefont", "bgsound", "noembed", "keygen", "command", "portal"),
        ],
        _drop,
    ),
    **dict.fromkeys(["p", "form", "fieldset", "legend", "center", "hgroup", "search", "body", "html"], _boundary),
    **dict.fromkeys(["button", "label"], _separate),
    **{tag: _block(Kind.FLOW, tag) for tag in ("article", "section", "aside", "nav", "header", "footer", "main", "div")},
    "address": _block(Kind.FLOW, "div"),
    "blockquote": _block(Kind.QUOTE, "blockquote"),
    "details": _block(Kind.QUOTE, "details"),
    "figure": _block(Kind.ITEM, "figure"),
    "figcaption": _block(Kind.ITEM, "figcaption"),
    "summary": _block(Kind.PHRASE, "summary"),
    **{tag: _block(Kind.PHRASE, tag) for tag in _HEADINGS},
    **dict.fromkeys(["ul", "menu", "dir"], _block(Kind.LIST, "ul")),
    "ol": _ordered,
    "li": _item,
    "dl": _block(Kind.LIST, "dl"),
    "dt": _term("dt"),
    "dd": _term("dd"),
    **{tag: _inline(tag) for tag in ("em", "strong", "sub", "sup", "mark", "del", "ins", "q", "cite", "kbd", "ruby")},
    **{source: _inline(tag) for source, tag in {"i": "em", "b": "strong", "s": "del", "strike": "del"}.items()},
    **dict.fromkeys(["code", "tt", "samp"], _code),
    **dict.fromkeys(["pre", "xmp", "listing", "plaintext"], _preformatted),
    **{tag: _part(tag) for tag in ("thead", "tbody", "tfoot", "tr")},
    **{tag: _cell(tag) for tag in ("td", "th")},
    "caption": _caption,
    "table": _table,
    "a": _anchor,
    "img": _image,
    "noscript": _noscript,
    "br": _break,
    "hr": _rule,
    "time": _time,
    "abbr": _abbreviation,
    "acronym": _abbreviation,
    "rt": _ruby_text,
}
