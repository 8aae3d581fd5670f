"""The handlers of HTML elements: functions that the builder calls on entering and leaving an element."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from turbohtml import Element, Text, escape

from pagemill.extraction.discussions.rebuild import POST_HEADER
from pagemill.extraction.metadata import media
from pagemill.extraction.reading.characters import normalize_space
from pagemill.extraction.writing import code, icons, tables
from pagemill.extraction.writing.builder import MAX_INLINES, BlockLink, Builder, ContentModel

if TYPE_CHECKING:
    from pagemill.extraction.writing.builder import EnterHandler, LeaveHandler

_CODE_TAGS = ("<code>", "</code>")
_RULE_PARENTS = (ContentModel.FLOW, ContentModel.QUOTE)
# The labels of buttons that are never content.
_BUTTON_LABELS = frozenset(
    ["copy", "copy code", "copy link", "copied!", "share", "print", "edit", "close", "menu", "save"]
)
# The classes of Tailwind, Bootstrap and others that display a span as a block.
_BLOCK_DISPLAY_CLASSES = frozenset(["block", "d-block", "flex", "d-flex", "grid", "d-grid"])


def _contains(element: Element, tags: tuple[str, ...]) -> bool:
    """Whether an element contains one with these tags."""
    # Fast path: most links contain only text.
    return any(type(child) is Element for child in element) and next(element.iter_elements(tags), None) is not None


def _drop(_builder: Builder, _element: Element) -> bool:
    return False


def _boundary(builder: Builder, _element: Element) -> LeaveHandler:
    builder.end_run()
    return Builder.end_run


def _separate(builder: Builder, _element: Element) -> LeaveHandler:
    builder.pending_space = True
    return _space


def _button(builder: Builder, element: Element) -> LeaveHandler | bool:
    return False if normalize_space(element.text).lower() in _BUTTON_LABELS else _separate(builder, element)


def _span(builder: Builder, element: Element) -> LeaveHandler | None:
    """A span. If common style sheets display it as a block, a space separates it from the word before."""
    names = element.attr("class")
    return _separate(builder, element) if names and not _BLOCK_DISPLAY_CLASSES.isdisjoint(names.split()) else None


def _space(builder: Builder) -> None:
    builder.pending_space = True


def _block(content_model: ContentModel, tag: str) -> EnterHandler:
    def enter(builder: Builder, element: Element) -> LeaveHandler:
        return Builder.close_block if builder.open_block(content_model, tag, element) else Builder.end_run

    return enter


def _heading(tag: str) -> EnterHandler:
    """A heading. In a table cell it becomes a bold paragraph, because a cell is not a section."""
    enter_phrase, enter_strong = _block(ContentModel.PHRASING, tag), _inline("strong")

    def enter(builder: Builder, element: Element) -> LeaveHandler | bool | None:
        if not builder.cell_depth:
            return enter_phrase(builder, element)
        builder.end_run()
        return _leave_cell_heading if enter_strong(builder, element) else Builder.end_run

    return enter


def _leave_cell_heading(builder: Builder) -> None:
    _leave_inline(builder)
    builder.end_run()


def _header(builder: Builder, element: Element) -> LeaveHandler | bool | None:
    """A header. That of a post of a discussion is one line, which says who wrote it and when."""
    content_model = ContentModel.ITEM if POST_HEADER in element.attrs else ContentModel.FLOW
    return _block(content_model, "header")(builder, element)


def _quote(builder: Builder, element: Element) -> LeaveHandler | bool | None:
    """A quotation. In a table cell it becomes a paragraph."""
    return (
        _boundary(builder, element)
        if builder.cell_depth
        else _block(ContentModel.QUOTE, "blockquote")(builder, element)
    )


def _bulleted(builder: Builder, element: Element) -> LeaveHandler | bool | None:
    """A list. One of nothing but pictures is a gallery: they stand below each other without bullets."""
    is_gallery = all(map(str.isspace, element.strings)) and element.find("img") is not None
    return _block(*((ContentModel.FLOW, "div") if is_gallery else (ContentModel.LIST, "ul")))(builder, element)


def _ordered(builder: Builder, element: Element) -> LeaveHandler:
    start = (element.attr("start") or "").strip()
    number = re.fullmatch(r"\d{1,9}", start)
    attributes = f' start="{int(start)}"' if number and int(start) != 1 else ""
    if "reversed" in element.attrs:
        attributes += " reversed"
    return Builder.close_block if builder.open_block(ContentModel.LIST, "ol", element, attributes) else Builder.end_run


def _item(builder: Builder, element: Element) -> LeaveHandler:
    """A list item. Outside a list it is an ordinary block."""
    inside = builder.list_end() in ("</ul>", "</ol>")
    opened = builder.open_block(*((ContentModel.ITEM, "li") if inside else (ContentModel.FLOW, "div")), element)
    return Builder.close_block if opened else Builder.end_run


def _term(tag: str) -> EnterHandler:
    def enter(builder: Builder, element: Element) -> LeaveHandler:
        inside = builder.list_end() == "</dl>"
        opened = builder.open_block(*((ContentModel.ITEM, tag) if inside else (ContentModel.FLOW, "div")), element)
        return Builder.close_block if opened else Builder.end_run

    return enter


def _inline(tag: str) -> EnterHandler:
    start, end = f"<{tag}>", f"</{tag}>"
    is_spaced = tag in ("em", "strong")  # right after a link, a style sheet separates them

    def enter(builder: Builder, _element: Element) -> LeaveHandler | None:
        if builder.code_depth or len(builder.inlines) >= MAX_INLINES or (start, end) in builder.inlines:
            return None
        if is_spaced and builder.in_run and builder.out[-1] == "</a>":
            builder.pending_space = True
        builder.inlines.append((start, end))
        return _leave_inline

    return enter


def _leave_inline(builder: Builder) -> None:
    _start, end = builder.inlines.pop()
    if builder.written_inlines > len(builder.inlines):
        builder.written_inlines -= 1
        builder.out.append(end)


def _code(builder: Builder, element: Element) -> LeaveHandler | bool | None:
    if builder.code_depth or len(builder.inlines) >= MAX_INLINES:
        return None
    if not (builder.phrasing_depth or builder.cell_depth) and element.find("br") is not None:
        return _preformatted(builder, element)
    builder.code_depth += 1
    builder.inlines.append(_CODE_TAGS)
    return _leave_code


def _leave_code(builder: Builder) -> None:
    builder.code_depth -= 1
    _leave_inline(builder)


def _preformatted(builder: Builder, element: Element) -> LeaveHandler | bool | None:
    if builder.phrasing_depth or builder.blocks[-1].content_model is ContentModel.TABLE_PART:
        return None
    text = code.text(element)
    if builder.cell_depth:
        _code_lines(builder, text)
    elif text:
        language = code.language(element)
        while label := builder.pop_line(code.is_label):
            language = language or (label.lower() if code.is_language(label.lower()) else "")
        attribute = f' class="language-{language}"' if language else ""
        builder.write_block(f"<pre><code{attribute}>{escape(text, quote=False)}</code></pre>")
    return False


def _code_lines(builder: Builder, text: str) -> None:
    """A code block in a table cell: its lines, separated by line breaks."""
    builder.end_run()
    for line_of_code in filter(None, map(normalize_space, text.split("\n"))):
        if builder.in_run:
            builder.pending_breaks = 1
        if builder.prepare():
            builder.out.append(f"<code>{escape(line_of_code, quote=False)}</code>")
    builder.end_run()


_BLOCKS = (
    *("p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl", "table", "section", "article", "figure", "pre"),
    *("blockquote", "header", "footer", "main", "aside", "nav", "address", "details", "fieldset", "hr"),
)
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")


def _anchor(builder: Builder, element: Element) -> LeaveHandler | bool | None:
    reference = element.attr("href")
    if not reference or builder.link_depth:
        return None
    if reference[0] == "#" and icons.is_permalink(element, in_heading=builder.phrasing_depth > 0):
        return False
    if reference.strip() == "#" or (reference[0] == "#" and (builder.phrasing_depth or _is_own(element, reference))):
        return None  # has no target, or links a heading or a term to itself
    href = builder.resolver.resolve(reference)
    if href is None:
        return None
    start = f'<a href="{escape(href)}"{_title(element)}>'
    if not builder.phrasing_depth and _contains(element, _BLOCKS):
        return _block_anchor(builder, element, start)
    return _inline_anchor(builder, start)


def _is_own(anchor: Element, reference: str) -> bool:
    """Whether a link leads to the element it stands in."""
    parent = anchor.parent
    return isinstance(parent, Element) and parent.attr("id") == reference[1:]


def _title(element: Element) -> str:
    title = normalize_space(element.attr("title") or "")
    if not title or title == element.text.strip():
        return ""
    image = element.find("img")
    if image is not None and title == normalize_space(image.attr("alt") or ""):
        return ""
    return f' title="{escape(title)}"'


def _inline_anchor(builder: Builder, start: str) -> LeaveHandler:
    builder.link_depth += 1
    if builder.in_run and builder.out[-1] == "</a>":
        builder.pending_space = True
    if builder.code_depth:
        # Markdown allows links around code, but no links in code.
        _leave_inline(builder)
        builder.inlines += [(start, "</a>"), _CODE_TAGS]
        return _leave_anchor_in_code
    builder.inlines.append((start, "</a>"))
    return _leave_anchor


def _leave_anchor(builder: Builder) -> None:
    builder.link_depth -= 1
    _leave_inline(builder)


def _leave_anchor_in_code(builder: Builder) -> None:
    builder.link_depth -= 1
    _leave_inline(builder)
    _leave_inline(builder)
    builder.inlines.append(_CODE_TAGS)


def _block_anchor(builder: Builder, element: Element, start: str) -> LeaveHandler:
    builder.end_run()
    builder.link_depth += 1
    has_text = bool(element.text.strip())
    in_heading = not builder.cell_depth and any(h.text.strip() for h in element.iter_elements(_HEADINGS))
    builder.link = BlockLink(start, in_heading=in_heading, has_text=has_text)
    return _leave_block_anchor


def _leave_block_anchor(builder: Builder) -> None:
    builder.end_run()
    builder.link_depth -= 1
    builder.link = None


def _image(builder: Builder, element: Element) -> bool:
    if text := icons.emoji(element):
        builder.text(text)
        return False
    src = media.source(element, builder.resolver)
    if src is None or src == builder.last_image_source:
        return False
    if icons.is_portrait(element, src) or icons.is_logo(element, builder.resolver):
        return False
    if icons.is_badge(element, src) or icons.is_banner(element, src):
        return False
    alt = normalize_space(element.attr("alt") or "")
    if not alt and (src in builder.shown_without_alt or icons.is_decoration(element, src)):
        return False
    title = normalize_space(element.attr("title") or "")
    attribute = f' title="{escape(title)}"' if title and title != alt else ""
    in_code = bool(builder.code_depth)
    if in_code:  # code contains only text
        _leave_inline(builder)
    if builder.prepare():
        builder.out.append(f'<img src="{escape(src)}" alt="{escape(alt)}"{attribute}>')
        builder.last_image_source = src
        if not alt:
            builder.shown_without_alt.add(src)
    if in_code:
        builder.inlines.append(_CODE_TAGS)
    return False


def _noscript(builder: Builder, element: Element) -> LeaveHandler | bool:
    """The fallback of a script: kept, unless it is the fallback of an image that is already in the tree."""
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
    if builder.code_depth:
        builder.pending_space = True
    elif builder.in_run:
        builder.pending_breaks += 1
    return False


def _rule(builder: Builder, _element: Element) -> bool:
    """A rule between blocks. Items have none: there, Markdown would read it as the underline of a heading."""
    builder.end_run()
    top = builder.blocks[builder.written_blocks - 1]
    if not builder.phrasing_depth and top.blocks and all(b.content_model in _RULE_PARENTS for b in builder.blocks):
        builder.pending_rule = True
    return False


def _time(builder: Builder, element: Element) -> LeaveHandler | None:
    moment = (element.attr("datetime") or "").strip()
    if (
        builder.code_depth
        or len(builder.inlines) >= MAX_INLINES
        or not re.fullmatch(r"[0-9PTWYMDHSZ:.+ -]{4,40}", moment)
    ):
        return None
    builder.inlines.append((f'<time datetime="{moment}">', "</time>"))
    return _leave_inline


def _abbreviation(builder: Builder, element: Element) -> LeaveHandler | None:
    if builder.code_depth or len(builder.inlines) >= MAX_INLINES:
        return None
    title = _title(element)
    if not title:
        return None
    builder.inlines.append((f"<abbr{title}>", "</abbr>"))
    return _leave_inline


def _ruby_text(builder: Builder, element: Element) -> bool:
    """A ruby reading, with parentheses for software without ruby support."""
    text = normalize_space(element.text)
    if text and builder.in_run and not builder.at_line_start:
        builder.pending_space = False
        builder.out.append(f"<rp>(</rp><rt>{escape(text, quote=False)}</rt><rp>)</rp>")
    return False


def _table(builder: Builder, element: Element) -> LeaveHandler | bool:
    builder.end_run()
    if builder.phrasing_depth or not tables.is_data(element):
        return Builder.end_run
    if not element.text.strip() and element.find("img") is None:
        return False
    if not builder.open_block(ContentModel.TABLE_PART, "table", element):
        return Builder.end_run
    builder.write_blocks()
    return Builder.close_block


def _table_part(tag: str) -> EnterHandler:
    def enter(builder: Builder, element: Element) -> LeaveHandler | bool:
        if builder.blocks[-1].content_model is not ContentModel.TABLE_PART:
            builder.end_run()
            return Builder.end_run
        if (
            not element.text.strip()
            and not _contains(element, ("img", "math"))
            and element.select_one("[rowspan]") is None
        ):
            return False
        builder.open_block(ContentModel.TABLE_PART, tag, element)
        builder.write_blocks()
        return Builder.close_block

    return enter


def _cell(tag: str) -> EnterHandler:
    def enter(builder: Builder, element: Element) -> LeaveHandler | bool:
        if builder.blocks[-1].content_model is not ContentModel.TABLE_PART:
            builder.end_run()
            return Builder.close_block if builder.open_block(ContentModel.FLOW, "div", element) else Builder.end_run
        attributes = ""
        for name in ("colspan", "rowspan"):
            if (number := tables.span(element, name)) > 1:
                attributes += f' {name}="{number}"'
        builder.open_block(ContentModel.ITEM, tag, element, attributes)
        builder.write_blocks()
        builder.cell_depth += 1
        if not element.text.strip() and (check_mark := icons.check_mark(element)):
            builder.text(check_mark)
            _leave_cell(builder)
            return False
        return _leave_cell

    return enter


def _leave_cell(builder: Builder) -> None:
    builder.cell_depth -= 1
    builder.close_block()


def _caption(builder: Builder, element: Element) -> LeaveHandler | bool:
    if builder.blocks[-1].content_model is not ContentModel.TABLE_PART:
        return _boundary(builder, element)
    return Builder.close_block if builder.open_block(ContentModel.PHRASING, "caption", element) else False


ENTER_HANDLERS: dict[str, EnterHandler] = {
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
    **{tag: _block(ContentModel.FLOW, tag) for tag in ("article", "section", "aside", "nav", "footer", "main", "div")},
    "header": _header,
    "address": _block(ContentModel.FLOW, "div"),
    "blockquote": _quote,
    "details": _block(ContentModel.QUOTE, "details"),
    "figure": _block(ContentModel.ITEM, "figure"),
    "figcaption": _block(ContentModel.ITEM, "figcaption"),
    "summary": _block(ContentModel.PHRASING, "summary"),
    **{tag: _heading(tag) for tag in _HEADINGS},
    **dict.fromkeys(["ul", "menu", "dir"], _bulleted),
    "ol": _ordered,
    "li": _item,
    "dl": _block(ContentModel.LIST, "dl"),
    "dt": _term("dt"),
    "dd": _term("dd"),
    **{tag: _inline(tag) for tag in ("em", "strong", "sub", "sup", "mark", "del", "ins", "q", "cite", "kbd", "ruby")},
    **{source: _inline(tag) for source, tag in {"i": "em", "b": "strong", "s": "del", "strike": "del"}.items()},
    **dict.fromkeys(["code", "tt", "samp"], _code),
    **dict.fromkeys(["pre", "xmp", "listing", "plaintext"], _preformatted),
    **{tag: _table_part(tag) for tag in ("thead", "tbody", "tfoot", "tr")},
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
