"""Reads the discussion of a page by the markup of known software."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from turbohtml import Text

from pagemill.extraction.discussions.discussion import Discussion, Kind, Post
from pagemill.extraction.discussions.known import KNOWN
from pagemill.extraction.metadata import dates
from pagemill.extraction.reading.characters import normalize_space

if TYPE_CHECKING:
    from turbohtml import Element, Node

    from pagemill.extraction.discussions.software import Fields, Software
    from pagemill.extraction.reading.markup_names import MarkupNames

_MAX_POSTS = 5_000
"""A page with more matches than this is no discussion that a person reads."""
_MAX_DEPTH = 200
"""How many elements may stand between a post and its parts."""
_MAX_VALUE_LENGTH = 200
_LABEL = re.compile(
    r"(?i)^(?:(?:on|by|posted|submitted|published|originally|asked|answered|said|reply #\d+)\b[\s:,]*|[\s,:·•«»|–-]+)+"
)
_NUMBER = re.compile(r"[+\-\u2212]?\d[\d.,\s]*[km]?", re.IGNORECASE)
_MACHINE_DATES = ("datetime", "data-time", "content", "title")


def read(body: Element, names: MarkupNames) -> Discussion | None:
    """The discussion of a page, or None if its software is unknown or no post has text. It changes nothing.

    `names`: those of the page's markup.
    """
    for software in KNOWN:
        if names.select_one(body, software.posts) is not None and (found := _read(body, software)) is not None:
            return found
    return None


def _read(body: Element, software: Software) -> Discussion | None:
    if software.page and body.select_one(software.page) is None:
        return None
    elements = body.select(software.posts)
    if len(elements) > _MAX_POSTS:
        return None
    parts = _Parts(body, elements)
    texts = parts.of(software.text)
    posts = {
        element: _post(element, outermost, software, parts)
        for element in elements
        if (outermost := _outermost(texts.get(element, ()))) and any(map(_has_content, outermost))
    }
    if not any(post.author for post in posts.values()):
        return None
    if software.is_general and not (elements[0] in posts and all(post.author for post in posts.values())):
        return None
    return Discussion(_title(body, software), tuple(posts.values()), software)


class _Parts:
    """Finds the parts of posts. What stands in a nested post belongs to that one."""

    def __init__(self, body: Element, posts: list[Element]) -> None:
        self.body = body
        self.posts = frozenset(posts)
        self._found: dict[str, dict[Element, list[Element]]] = {}

    def of(self, selector: str) -> dict[Element, list[Element]]:
        """The elements that match, by the innermost post around them, or that they are."""
        if selector not in self._found:
            found = self._found[selector] = {}
            for element in self.body.select(selector) if selector else ():
                if (post := self._post_around(element)) is not None:
                    found.setdefault(post, []).append(element)
        return self._found[selector]

    def _post_around(self, element: Element) -> Element | None:
        around = element
        for _ in range(_MAX_DEPTH):
            if around in self.posts:
                return around
            parent = around.parent
            if parent is None or parent is self.body:
                return None
            around = parent  # type: ignore[assignment]  # only elements have children here
        return None


def _post(element: Element, text: tuple[Element, ...], software: Software, parts: _Parts) -> Post:
    kind = Kind.POST
    if element in parts.of(software.question):
        kind = Kind.QUESTION
    elif element in parts.of(software.answer):
        kind = Kind.ANSWER
    return Post(
        text,
        author=_value(element, software.author, parts),
        date=_date(element, software.date, parts),
        votes=_votes(_value(element, software.votes, parts), software.unit),
        accepted=element in parts.of(software.accepted),
        kind=kind,
    )


def _outermost(elements: list[Element] | tuple[()]) -> tuple[Element, ...]:
    """The elements that are in no other of them. They stand in document order."""
    if len(elements) < 2:
        return tuple(elements)
    every = frozenset(elements)
    return tuple(element for element in elements if every.isdisjoint(element.ancestors))


def _has_content(element: Element) -> bool:
    return any(not text.isspace() for text in element.strings) or element.find("img") is not None


def _matches(post: Element, field: str, parts: _Parts) -> list[tuple[Element, str]]:
    """The elements at a place, with the attribute that is asked for."""
    selector, _, attribute = field.partition("@")
    found = parts.of(selector).get(post, []) if selector else [post]
    return [(element, attribute) for element in found]


def _value(post: Element, fields: Fields, parts: _Parts) -> str:
    """The first value of a post at these places."""
    for field in fields:
        for element, attribute in _matches(post, field, parts):
            value = normalize_space(element.attr(attribute) or "" if attribute else _shown(element))
            if value and len(value) <= _MAX_VALUE_LENGTH:
                return value
    return ""


def _date(post: Element, fields: Fields, parts: _Parts) -> str:
    """The date of a post as it is shown, without labels, else the day of a machine-readable time."""
    for field in fields:
        for element, attribute in _matches(post, field, parts):
            if attribute:
                if day := _day(element.attr(attribute) or ""):
                    return day
                continue
            shown = _LABEL.sub("", normalize_space(_shown(element)).rstrip(" ,|·»").rpartition("»")[2])
            if shown and len(shown) <= _MAX_VALUE_LENGTH:
                return shown
            for name in _MACHINE_DATES:
                if day := _day(element.attr(name) or ""):
                    return day
    return ""


def _day(value: str) -> str:
    return (dates.parse(value) or "")[:10]


def _shown(element: Element) -> str:
    """The text of an element, with spaces between its parts where the page has block elements or breaks."""
    return "".join(element.strings) if element.find("br") is None else " ".join(element.strings)


def _votes(value: str, unit: str) -> str:
    """Votes with their unit. None at all are not worth a word."""
    if not any(character in "123456789" for character in value):
        return ""
    if _NUMBER.fullmatch(value) is None:
        return value
    return f"{value} {unit}" if value in ("1", "-1") else f"{value} {unit}s"


def _title(body: Element, software: Software) -> str:
    """The title of a discussion, else the only `<h1>` of the page, else the title that it shows to other sites."""
    for field in software.title:
        selector, _, attribute = field.partition("@")
        element = body.select_one(selector)
        if element is None:
            continue
        title = normalize_space(element.attr(attribute) or "") if attribute else _title_text(element, software)
        if title:
            return title
    headings = [heading for heading in body.find_all("h1") if heading.text.strip()]
    if len(headings) == 1:
        return normalize_space(headings[0].text)
    top: Node = body
    for top in body.ancestors:  # noqa: B007 - the last ancestor is the document
        pass
    social = top.select_one("meta[property='og:title']")
    return normalize_space(social.attr("content") or "") if social is not None else ""


def _title_text(element: Element, software: Software) -> str:
    left_out = frozenset(element.select(software.leave_out)) if software.leave_out else frozenset()
    pieces = (
        node.data for node in element.descendants if isinstance(node, Text) and left_out.isdisjoint(node.ancestors)
    )
    return normalize_space("".join(pieces))
