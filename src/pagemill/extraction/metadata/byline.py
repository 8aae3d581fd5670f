"""Byline: the author of a page, read from its visible text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pagemill.extraction.reading.characters import normalize_space
from pagemill.extraction.reading.page_index import short_text, text_of

if TYPE_CHECKING:
    from turbohtml import Element

    from pagemill.extraction.reading.page_index import PageIndex

# Patterns of author classes, `rel` and `itemprop`, the most reliable first.
_AUTHOR_PATTERNS = tuple(
    re.compile(source)
    for source in (
        r"author[-_]?_?name|name[-_]author|byline-name|\bp-author\b",
        r"\bauthor\b(?![-_])",
        r"username|user-details|post-author|entry-author|article-author",
        r"byline",
        r"author(?!iz|it)",
    )
)
_PREFIX = re.compile(
    r"^\W*(?i:(?:written|posted|published|authored|reviewed|story|words|article|text|medically\s+reviewed)\s+)?"
    r"(?:(?i:by|von|par|por|author)\b[:\s]*|[Bb]y(?=[A-Z]))"
)
_SUFFIX = re.compile(
    r"(?i)\s*(?:[|•·,/–—(]|\bon\b|\bin\b|\bat\b|\bupdated\b|\bpublished\b|\breviewed\b|\bposted\b|\bfact\b|\blast\b"
    r"|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec)[a-z]*\.?\s+\d|\d).*$",
    re.DOTALL,
)
_BY = re.compile(
    r"(?m)^\W*(?:(?:[Ww]ritten|[Pp]osted|[Pp]ublished|[Aa]uthored)\s+)?(?:[Bb]y|[Aa]uthor):?\s+([A-Z][^\n]{1,80})"
)
_LABELLED = re.compile(r"(?:作者|撰文|著者|執筆者?|筆者)\s*[:：]\s*([^\s:：|｜/,，、(（]{2,20})")
# Places with names and dates that are not those of the page.
OTHER_PLACES = (
    ".comment, .comments, .comment-list, .commentlist, #comments, #disqus_thread, .related, .related-posts, "
    ".related-articles, .recent-posts, .widget, aside, footer, nav"
)
_MAX_PLACES = 20
_NOT_NAMES = frozenset(
    [
        *(
            "admin",
            "administrator",
            "author",
            "authors",
            "by",
            "staff",
            "editor",
            "anonymous",
            "guest",
            "user",
            "share",
        ),
        *(
            "about the author",
            "reply",
            "post",
            "profile",
            "view profile",
            "comments",
            "follow",
            "the author",
            "login",
            "log in",
        ),
        *(
            "mon",
            "tue",
            "wed",
            "thu",
            "fri",
            "sat",
            "sun",
            "name",
            "date",
            "member",
            "today",
            "yesterday",
            "anonymous user",
        ),
    ]
)
_MAX_NAME_LENGTH = 60
_MAX_LINKS = 4


def read(index: PageIndex) -> str | None:
    """The first plausible name in an element whose attributes suggest an author; None if there is none."""
    for pattern in _AUTHOR_PATTERNS:
        elements = [element for words, element in index.byline_candidates if pattern.search(words)][:_MAX_PLACES]
        for element in [element for element in elements if element.closest(OTHER_PLACES) is None][:4]:
            name = _name(element)
            if name:
                return name
    return None


def in_text(text: str) -> str | None:
    """The name in the first line of a text that names its author."""
    match = _BY.search(text) or _LABELLED.search(text)
    return clean(match[1]) if match else None


def _name(element: Element) -> str | None:
    if element.tag == "meta":
        return clean(element.attr("content") or "")
    if element.tag in ("img", "script", "style", "input", "svg"):
        return None
    for link in element.find_all("a", limit=_MAX_LINKS):
        text = short_text(link, _MAX_NAME_LENGTH)
        if text and clean(_PREFIX.sub("", text)) is not None:
            element = link
            break
    lines = text_of(element).splitlines() if short_text(element, 400) else []
    return clean(next((text for text in lines if _PREFIX.sub("", text.strip())), ""))


def clean(text: str) -> str | None:
    """A name without "By …", a date or a role around it; None if the rest is not like a name."""
    text = normalize_space(text)
    if "://" in text:
        return None
    name = _SUFFIX.sub("", _PREFIX.sub("", text)).strip(" .,;:|-–—·•")
    if not name or len(name) > _MAX_NAME_LENGTH or len(name) < 2 or name.lower() in _NOT_NAMES or "@" in name:
        return None
    return name if len(name.split()) <= 6 and any(character.isalpha() for character in name) else None
