"""What the tests of conversion share: extraction of a piece of HTML, a judge of Markdown, and one of safety."""

from __future__ import annotations

from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin
from turbohtml import Document, Element, Node, Text, parse, parse_fragment

from pagemill.extraction.reading.addresses import SAFE_SCHEMES
from pagemill.extraction.writing import cleaned_html, markdown

BASE = "https://example.org/folder/page"
HTML_TAGS = frozenset(
    [
        *(
            "a",
            "abbr",
            "article",
            "aside",
            "blockquote",
            "br",
            "caption",
            "cite",
            "code",
            "dd",
            "del",
            "details",
            "div",
        ),
        *(
            "dl",
            "dt",
            "em",
            "figcaption",
            "figure",
            "footer",
            "h1",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
            "header",
            "hr",
            "img",
        ),
        *("ins", "kbd", "li", "main", "mark", "math", "nav", "ol", "p", "pre", "q", "rp", "rt", "ruby", "section"),
        *("strong", "sub", "summary", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "time", "tr", "ul"),
    ]
)
ATTRIBUTES = frozenset(
    [
        *("href", "title", "src", "alt", "colspan", "rowspan", "start", "reversed", "class", "lang", "dir", "datetime"),
        *("display", "alttext"),
    ]
)


def clean(html: str, base: str = BASE) -> str:
    """The cleaned HTML of a page's body."""
    return cleaned_html.serialize(tree(html, base))


def tree(html: str, base: str = BASE) -> Element:
    """The cleaned tree of a page's body."""
    return cleaned_html.clean(body(parse(html)), base)


def body(document: Document) -> Element:
    """A page's body, or what it has instead of one."""
    found = document.find("body") or document.root
    assert found is not None
    return found


def only(root: Element, tag: str) -> Element:
    """The first element of a kind, which must be there."""
    found = root.find(tag)
    assert found is not None
    return found


def mark(html: str) -> str:
    """The Markdown of a page's body, without the newline at its end."""
    return markdown.render(tree(html)).rstrip("\n")


def rendered(text: str) -> Element:
    """What a renderer that knows raw HTML, tables, strikethrough and formulas makes of Markdown."""
    judge = MarkdownIt("commonmark", {"maxNesting": 200}).enable(["table", "strikethrough"])
    judge.use(dollarmath_plugin, allow_space=False, allow_digits=False, double_inline=True)
    return parse_fragment(judge.render(text))


def plainly_rendered(text: str) -> Element:
    """What a renderer that knows no formulas makes of Markdown, and that lets every kind of link pass."""
    judge = MarkdownIt("commonmark", {"maxNesting": 200}).enable(["table", "strikethrough"])
    judge.validateLink = lambda url: True  # type: ignore[method-assign]
    return parse_fragment(judge.render(text))


def faults(root: Element, tags: frozenset[str] = HTML_TAGS) -> list[str]:
    """All that must not be in a tree: unknown elements and attributes, and unsafe addresses."""
    found = []
    for element in root.iter_elements():
        in_math = element.tag == "math" or any(getattr(a, "tag", "") == "math" for a in element.ancestors)
        if element.tag not in tags and not in_math:
            found.append(f"<{element.tag}>")
        if in_math and element.tag in ("annotation-xml", "script", "style", "img", "a", "mglyph", "malignmark"):
            found.append(f"<{element.tag}> in <math>")
        found += [f"{element.tag}@{name}" for name in element.attrs if name not in ATTRIBUTES]
        for name in ("href", "src"):
            value = element.attr(name)
            if value is not None and not value.startswith(SAFE_SCHEMES):
                found.append(f"{element.tag}@{name}={value}")
    return found


def words(root: Element) -> list[str]:
    """The words of an element, where a line break parts them too."""
    return "".join(_piece(node) for node in root.descendants).split()


def _piece(node: Node) -> str:
    if isinstance(node, Text):
        return node.data
    return " " if isinstance(node, Element) and node.tag == "br" else ""
