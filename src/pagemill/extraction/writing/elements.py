"""Elements: what cleaning does with each element of HTML, as functions that steer the builder."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from turbohtml import Element, Text, escape

from pagemill.extraction.metadata import media
from pagemill.extraction.reading.characters import line
from pagemill.extraction.writing import code, icons, tables
from pagemill.extraction.writing.builder import MAX_INLINES, BlockLink, Builder, Kind

if TYPE_CHECKING:
    from pagemill.extraction.writing.builder import Enter, Leave

_CODE = ("<code>", "</code>")
_RULED = (Kind.FLOW, Kind.QUOTE)
# The names of buttons that stand beside content and never are it.
_NO_CONTENT = frozenset(
    ["copy", "copy code", "copy link", "copied!", "share", "print", "edit", "close", "menu", "save"]
)
# How Tailwind, Bootstrap and their like say that a span is a block.
_DISPLAYED = frozenset(["block", "d-block", "flex", "d-flex", "grid", "d-grid"])
_PERMALINKS = frozenset(["", "#", "¶", "§", "🔗", "⚓", "🔗︎", "link"])


def _holds(element: Element, tags: tuple[str, ...]) -> bool:
    """Whether one of these elements is under another."""
    # Most links hold text alone, which is told faster.
    return any(type(child) is Element for child in element) and next(element.iter_elements(tags), None) is not None


def _drop(_builder: Builder, _element: Element) -> bool:
    return False


def _boundary(builder: Builder, _element: Element) -> Leave:
    builder.end_run()
    return Builder.end_run


def _separate(builder: Builder, _element: Element) -> Leave:
    builder.space = True
    return _space


def _button(builder: Builder, element: Element) -> Leave | bool:
    return False if line(element.text).lower() in _NO_CONTENT else _separate(builder, element)


def _span(builder: Builder, element: Element) -> Leave | None:
    """A span; one that common style sheets display as a block is no part of the word before."""
    names = element.attr("class")
    return _separate(builder, element) if names and not _DISPLAYED.isdisjoint(names.split()) else None


def _space(builder: Builder) -> None:
    builder.space = True


def _block(kind: Kind, tag: str) -> Enter:
    def enter(builder: Builder, element: Element) -> Leave:
        return Builder.close_block if builder.open_block(kind, tag, element) else Builder.end_run

    return enter


def _heading(tag: str) -> Enter:
    """A heading; in a table's cell a bold paragraph, as a cell is no section."""
    enter_phrase, enter_strong = _block(Kind.PHRASE, tag), _inline("strong")

    def enter(builder: Builder, element: Element) -> Leave | bool | None:
        if not builder.cells:
            return enter_phrase(builder, element)
        builder.end_run()
        return _leave_cell_heading if enter_strong(builder, element) else Builder.end_run

    return enter


def _leave_cell_heading(builder: Builder) -> None:
    _leave_inline(builder)
    builder.end_run()


def _quote(builder: Builder, element: Element) -> Leave | bool | None:
    """A quotation; in a table's cell it is a paragraph."""
    return _boundary(builder, element) if builder.cells else _block(Kind.QUOTE, "blockquote")(builder, element)


def _ordered(builder: Builder, element: Element) -> Leave:
    start = (element.attr("start") or "").strip()
    number = re.fullmatch(r"\d{1,9}", start)
    attributes = f' start="{int(start)}"' if number and int(start) != 1 else ""
    if "reversed" in element.attrs:
        attributes += " reversed"
    return Builder.close_block if builder.open_block(Kind.LIST, "ol", element, attributes) else Builder.end_run


def _item(builder: Builder, element: Element) -> Leave:
    """A list item outside a list is a block as any other."""
    inside = builder.list_end() in ("</ul>", "</ol>")
    opened = builder.open_block(*((Kind.ITEM, "li") if inside else (Kind.FLOW, "div")), element)
    return Builder.close_block if opened else Builder.end_run


def _term(tag: str) -> Enter:
    def enter(builder: Builder, element: Element) -> Leave:
        inside = builder.list_end() == "</dl>"
        opened = builder.open_block(*((Kind.ITEM, tag) if inside else (Kind.FLOW, "div")), element)
        return Builder.close_block if opened else Builder.end_run

    return enter


def _inline(tag: str) -> Enter:
    start, end = f"<{tag}>", f"</{tag}>"
    apart = tag in ("em", "strong")  # right behind a link they are parted by a style sheet

    def enter(builder: Builder, _element: Element) -> Leave | None:
        if builder.codes or len(builder.inlines) >= MAX_INLINES or (start, end) in builder.inlines:
            return None
        if apart and builder.run and builder.out[-1] == "</a>":
            builder.space = True
        builder.inlines.append((start, end))
        return _leave_inline

    return enter


def _leave_inline(builder: Builder) -> None:
    _start, end = builder.inlines.pop()
    if builder.written_inlines > len(builder.inlines):
        builder.written_inlines -= 1
        builder.out.append(end)


def _code(builder: Builder, element: Element) -> Leave | bool | None:
    if builder.codes or len(builder.inlines) >= MAX_INLINES:
        return None
    if not (builder.phrases or builder.cells) and element.find("br") is not None:
        return _preformatted(builder, element)
    builder.codes += 1
    builder.inlines.append(_CODE)
    return _leave_code


def _leave_code(builder: Builder) -> None:
    builder.codes -= 1
    _leave_inline(builder)


def _preformatted(builder: Builder, element: Element) -> Leave | bool | None:
    if builder.phrases or builder.blocks[-1].kind is Kind.PART:
        return None
    text = code.text(element)
    if builder.cells:
        _code_lines(builder, text)
    elif text:
        language = code.language(element)
        while label := builder.take_line(code.is_label):
            language = language or (label.lower() if code.is_language(label.lower()) else "")
        attribute = f' class="language-{language}"' if language else ""
        builder.keep(f"<pre><code{attribute}>{escape(text, quote=False)}</code></pre>")
    return False


def _code_lines(builder: Builder, text: str) -> None:
    """A code block in a table's cell: its lines, one under the other."""
    builder.end_run()
    for line_of_code in filter(None, map(line, text.split("\n"))):
        if builder.run:
            builder.breaks = 1
        if builder.prepare():
            builder.out.append(f"<code>{escape(line_of_code, quote=False)}</code>")
    builder.end_run()


_BLOCKS = (
    *("p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl", "table", "section", "article", "figure", "pre"),
    *("blockquote", "header", "footer", "main", "aside", "nav", "address", "details", "fieldset", "hr"),
)
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")


def _anchor(builder: Builder, element: Element) -> Leave | bool | None:
    reference = element.attr("href")
    if not reference or builder.links:
        return None
    if builder.phrases and reference[0] == "#" and element.text.strip() in _PERMALINKS and element.find("img") is None:
        return False
    if reference.strip() == "#" or (builder.phrases and reference[0] == "#"):
        return None  # leads nowhere, or a heading to itself
    href = builder.resolver.resolve(reference)
    if href is None:
        return None
    start = f'<a href="{escape(href)}"{_title(element)}>'
    if not builder.phrases and _holds(element, _BLOCKS):
        return _block_anchor(builder, element, start)
    return _inline_anchor(builder, start)


def _title(element: Element) -> str:
    title = line(element.attr("title") or "")
    return f' title="{escape(title)}"' if title and title != element.text.strip() else ""


def _inline_anchor(builder: Builder, start: str) -> Leave:
    builder.links += 1
    if builder.run and builder.out[-1] == "</a>":
        builder.space = True
    if builder.codes:
        # Markdown has links around code, but no links in code.
        _leave_inline(builder)
        builder.inlines += [(start, "</a>"), _CODE]
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
    builder.inlines.append(_CODE)


def _block_anchor(builder: Builder, element: Element, start: str) -> Leave:
    builder.end_run()
    builder.links += 1
    has_text = bool(element.text.strip())
    in_heading = not builder.cells and any(h.text.strip() for h in element.iter_elements(_HEADINGS))
    builder.link = BlockLink(start, in_heading=in_heading, has_text=has_text)
    return _leave_block_anchor


def _leave_block_anchor(builder: Builder) -> None:
    builder.end_run()
    builder.links -= 1
    builder.link = None


def _image(builder: Builder, element: Element) -> bool:
    if text := icons.emoji(element):
        builder.text(text)
        return False
    src = media.source(element, builder.resolver)
    if src is None or src == builder.last_source:
        return False
    alt = line(element.attr("alt") or "")
    if not alt and (src in builder.mute_sources or icons.is_decoration(element, src)):
        return False
    title = line(element.attr("title") or "")
    attribute = f' title="{escape(title)}"' if title and title != alt else ""
    in_code = bool(builder.codes)
    if in_code:  # code holds text alone
        _leave_inline(builder)
    if builder.prepare():
        builder.out.append(f'<img src="{escape(src)}" alt="{escape(alt)}"{attribute}>')
        builder.last_source = src
        if not alt:
            builder.mute_sources.add(src)
    if in_code:
        builder.inlines.append(_CODE)
    return False


def _noscript(builder: Builder, element: Element) -> Leave | bool:
    """What stands in for a script: kept, unless it is the fallback of an image that is already there."""
    if any(text and not text.isspace() for text in islice(element.strings, 20)):
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
    if builder.codes:
        builder.space = True
    elif builder.run:
        builder.breaks += 1
    return False


def _rule(builder: Builder, _element: Element) -> bool:
    """A rule stands between blocks. In items there is none, where Markdown would take it for a heading's line."""
    builder.end_run()
    top = builder.blocks[-1]
    if not builder.phrases and top.mark >= 0 and top.blocks and all(b.kind in _RULED for b in builder.blocks):
        builder.rule = True
    return False


def _time(builder: Builder, element: Element) -> Leave | None:
    moment = (element.attr("datetime") or "").strip()
    if builder.codes or len(builder.inlines) >= MAX_INLINES or not re.fullmatch(r"[0-9PTWYMDHSZ:.+ -]{4,40}", moment):
        return None
    builder.inlines.append((f'<time datetime="{moment}">', "</time>"))
    return _leave_inline


def _abbreviation(builder: Builder, element: Element) -> Leave | None:
    if builder.codes or len(builder.inlines) >= MAX_INLINES:
        return None
    title = _title(element)
    if not title:
        return None
    builder.inlines.append((f"<abbr{title}>", "</abbr>"))
    return _leave_inline


def _ruby_text(builder: Builder, element: Element) -> bool:
    """A reading, in parentheses for those who show no ruby."""
    text = line(element.text)
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
        if (
            not element.text.strip()
            and not _holds(element, ("img", "math"))
            and element.select_one("[rowspan]") is None
        ):
            return False
        builder.open_block(Kind.PART, tag, element)
        builder.write_blocks()
        return Builder.close_block

    return enter


def _cell(tag: str) -> Enter:
    def enter(builder: Builder, element: Element) -> Leave | bool:
        if builder.blocks[-1].kind is not Kind.PART:
            builder.end_run()
            return Builder.close_block if builder.open_block(Kind.FLOW, "div", element) else Builder.end_run
        attributes = ""
        for name in ("colspan", "rowspan"):
            if (number := tables.span(element, name)) > 1:
                attributes += f' {name}="{number}"'
        builder.open_block(Kind.ITEM, tag, element, attributes)
        builder.write_blocks()
        builder.cells += 1
        if not element.text.strip() and (sign := icons.sign(element)):
            builder.text(sign)
            _leave_cell(builder)
            return False
        return _leave_cell

    return enter


def _leave_cell(builder: Builder) -> None:
    builder.cells -= 1
    builder.close_block()


def _caption(builder: Builder, element: Element) -> Leave | bool:
    if builder.blocks[-1].kind is not Kind.PART:
        return _boundary(builder, element)
    return Builder.close_block if builder.open_block(Kind.PHRASE, "caption", element) else False


ENTER: dict[str, Enter] = {
    **dict.fromkeys(
        [
            *(
                "script",
                "style",
                "template",
                "iframe",
                "object",
                "embed",
                "applet",
                "input",
                "select",
                "textarea",
                "svg",
            ),
            *("canvas", "audio", "video", "head", "title", "link", "meta", "base", "frame", "frameset", "noframes"),
            *("source", "track", "param", "col", "colgroup", "datalist", "optgroup", "option", "progress", "meter"),
            *("area", "rp", "dialog", "math", "wbr", "basefont", "bgsound", "noembed", "keygen", "command", "portal"),
        ],
        _drop,
    ),
    **dict.fromkeys(["p", "form", "fieldset", "legend", "center", "hgroup", "search", "body", "html"], _boundary),
    "button": _button,
    "label": _separate,
    "span": _span,
    **{
        tag: _block(Kind.FLOW, tag) for tag in ("article", "section", "aside", "nav", "header", "footer", "main", "div")
    },
    "address": _block(Kind.FLOW, "div"),
    "blockquote": _quote,
    "details": _block(Kind.QUOTE, "details"),
    "figure": _block(Kind.ITEM, "figure"),
    "figcaption": _block(Kind.ITEM, "figcaption"),
    "summary": _block(Kind.PHRASE, "summary"),
    **{tag: _heading(tag) for tag in _HEADINGS},
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
