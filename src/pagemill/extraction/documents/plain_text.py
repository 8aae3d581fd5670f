"""Plain text documents: text, Markdown, JSON, XML, feeds and source code.

Everything becomes a cleaned tree first, and Markdown is written from that tree, so text cannot become markup in either.
"""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING

import orjson
from turbohtml import escape, parse_fragment
from turbohtml.extract import feed

from pagemill.extraction.metadata import dates, media
from pagemill.extraction.reading import addresses, encoding, line_breaks
from pagemill.extraction.writing import cleaned_html, markdown
from pagemill.media_types import MARKDOWN, SOURCE_LANGUAGES
from pagemill.model import Content, Link, Metadata

if TYPE_CHECKING:
    from turbohtml import Element
    from turbohtml.extract import Feed

_MARKUP = re.compile(r"[\w.+-]+/(?:[\w.+-]+\+)?xml")
_ADDRESS = re.compile(r"https?://[^\s<>\"'`()\[\]{}]+")
_ADDRESS_LINE = re.compile(r"(?:https?|ftp)://\S+")
_FEED_ROOT = re.compile(
    r"\s*(?:<\?xml[^>]{0,200}>\s*)?(?:<!--(?:(?!-->).){0,1000}-->\s*)*<(?:rss|feed|rdf:RDF)[\s>]", re.DOTALL
)
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,200}>")
_JSON_LEXEME = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\],:]|[^\s{}\[\],:"]+')
# Wrapped prose has lines of at least this many columns. Shorter lines end intentionally.
_MIN_WRAPPED_WIDTH = 45
_MAX_ENTRIES = 500
# Deeper JSON is indented no further: a thousand levels would make a thousandfold of it.
_INDENTS = tuple(f"\n{'  ' * level}" for level in range(17))
# Longer Markdown is read as plain text: parsing takes a second for each million characters.
_MAX_MARKDOWN_LENGTH = 1_000_000


def extract(body: str | bytes, content_type: str, url: str) -> Content:
    """Extract a text, Markdown, JSON, XML or source file. It does no I/O and raises nothing.

    `content_type` is the Content-Type header. Valid JSON is indented; XML feeds become their entries; other XML and
    source code become one code block; Markdown is parsed; other text becomes paragraphs, or a code block if its columns
    are aligned.
    """
    text = body if isinstance(body, str) else encoding.decode(body, content_type)
    text = text.removeprefix("\ufeff")
    kind = content_type.partition(";")[0].strip().lower()
    name = None
    if kind.endswith(("/json", "+json")):
        html = _code(_indented(text), "json")
    elif _MARKUP.fullmatch(kind) or _FEED_ROOT.match(text):
        entries = feed(text.strip())  # a declaration counts at the very beginning only
        name = _plain(entries.title) if entries is not None else None
        html = _feed(entries) if entries is not None else _code(text, "xml")
    elif kind in SOURCE_LANGUAGES:
        html = _code(text, SOURCE_LANGUAGES[kind])
    elif _is_markdown(kind, url) and len(text) <= _MAX_MARKDOWN_LENGTH:
        html = _rendered(text)
    else:
        html = _code(text, "") if _is_aligned(text) else _paragraphs(text)
    tree = cleaned_html.clean(parse_fragment(html, positions=False), url)
    return Content(
        html=text,
        cleaned_html=cleaned_html.serialize(tree),
        links=media.links(tree, url) or _addresses(tree, url),
        images=media.images(tree, url),
        markdown=markdown.render(tree),  # consumes the tree
        metadata=Metadata(title=name),
    )


def _code(text: str, language: str) -> str:
    attribute = f' class="language-{language}"' if language else ""
    return f"<pre><code{attribute}>{escape(text, quote=False)}</code></pre>"


def _is_markdown(kind: str, url: str) -> bool:
    """Whether a file is Markdown, by its media type, or by its name because most servers send `text/plain`."""
    path = url.partition("?")[0].partition("#")[0].lower()
    return kind in MARKDOWN or (
        kind in ("text/plain", "") and path.endswith((".md", ".markdown", "/llms.txt", "/llms-full.txt"))
    )


def _rendered(text: str) -> str:
    """Markdown as HTML, which is not safe until it is cleaned."""
    from markdown_it import MarkdownIt

    return str(MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(text))


def _is_aligned(text: str) -> bool:
    """Whether a text has aligned columns: many lines are indented or contain wide gaps."""
    lines = [line for line in text.splitlines()[:2000] if line.strip()]
    aligned = sum(line[0] in " \t" or "   " in line.strip() or "\t" in line.strip() for line in lines)
    return aligned > 0.3 * len(lines)


def _paragraphs(text: str) -> str:
    """A paragraph for each group of lines between blank lines. Wrapped lines are joined, others stay separate lines."""
    parts = []
    for paragraph in re.split(r"\n[ \t\r]*\n", text.replace("\r\n", "\n").replace("\r", "\n")):
        lines = [escape(line.strip(), quote=False) for line in paragraph.split("\n") if line.strip()]
        wrapped = len(lines) > 1 and all(line_breaks.width(line) >= _MIN_WRAPPED_WIDTH for line in lines[:-1])
        wrapped = wrapped and not any(_ADDRESS_LINE.fullmatch(line) for line in lines)
        parts.append(f"<p>{line_breaks.join(lines) if wrapped else '<br>'.join(lines)}</p>")
    return "".join(parts)


def _indented(text: str) -> str:
    """JSON indented by two spaces a level, every number and string unchanged. Invalid JSON is returned unchanged."""
    try:
        orjson.loads(text.encode("utf-8", "replace"))
    except orjson.JSONDecodeError:
        return text
    out: list[str] = []
    level, before = 0, ""
    for match in _JSON_LEXEME.finditer(text):
        lexeme = match[0]
        if lexeme in "}]":
            level -= 1
        indent = _INDENTS[min(level, len(_INDENTS) - 1)]
        if lexeme in "}]":
            out.append(lexeme if before in "{[" and before else f"{indent}{lexeme}")
        elif lexeme in ",:":
            out.append(lexeme if lexeme == "," else ": ")
        else:
            out.append(f"{indent}{lexeme}" if before and before in "{[," else lexeme)
            level += lexeme in "{["
        before = lexeme
    return "".join(out)


def _feed(entries: Feed) -> str:
    """A feed's title, and for each entry its title, date and summary."""
    parts = [f"<h1>{_linked(entries.title, entries.link)}</h1>", f"<p>{escape(entries.description or '')}</p>"]
    for entry in entries.entries[:_MAX_ENTRIES]:
        moment = dates.parse(entry.published or entry.updated or "")
        parts += [
            f"<h2>{_linked(entry.title, entry.link)}</h2>",
            f"<p>{moment[:10]}</p>" if moment else "",
            f"<div>{cleaned_html.serialize(parse_fragment(str(entry.content or entry.summary or '')))}</div>",
        ]
    return "".join(parts)


def _linked(text: str | None, href: str | None) -> str:
    shown = escape(_plain(text) or href or "", quote=False)
    return f'<a href="{escape(href)}">{shown}</a>' if href else shown


def _plain(text: str | None) -> str | None:
    """A title as readers of feeds show it: publishers escape twice, and put tags in."""
    if text is None:
        return None
    text = unescape(text)
    return " ".join(_TAG.sub("", text).split()) if "<" in text else text


def _addresses(tree: Element, url: str) -> tuple[Link, ...]:
    """The URLs in the text."""
    resolver = addresses.Resolver(url)
    found = (resolver.resolve(match[0].rstrip(".,;:!?")) for match in _ADDRESS.finditer(tree.text))
    return tuple(Link(href, href) for href in dict.fromkeys(found) if href is not None)
