"""Selects the title of a page from its candidates, without the site's name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

_SEPARATOR = re.compile(
    r"\s+[|\-–—·•»«:/~]+\s+|\s*[|｜»]\s*|\s+::\s+|\s+_+\s+|(?<=[\u3000-\u9fff])_+|(?<!_)_+(?=[\u3000-\u9fff])"
)
_MAX_LENGTH = 400


@dataclass(frozen=True, slots=True)
class Site:
    """The name and host of a page's site, to remove them from the title."""

    name: str
    host: str

    @classmethod
    def of(cls, url: str, name: str | None) -> Site:
        """The site of a page's URL."""
        try:
            host = urlsplit(url).hostname or ""
        except ValueError:
            host = ""
        return cls(_alphanumeric(name or ""), host.removeprefix("www."))

    def is_site_name(self, text: str) -> bool:
        """Whether a text is the site's name or its domain, or has no letters or digits."""
        characters = _alphanumeric(text)
        labels = _alphanumeric(self.host.rpartition(".")[0])
        return (
            not characters
            or characters in (self.name, labels, _alphanumeric(self.host))
            or (len(characters) > 3 and characters in labels)
        )


def select_title(document_title: str, social_title: str, item: str, headings: list[str], site: Site) -> str | None:
    """Select from `<title>`, the social title (Open Graph), the name of the main JSON-LD item, and the `<h1>`s.

    A heading that matches another title is best, then the social title or the `<title>`, without the site's name.
    """
    headings = [heading.rstrip("¶#").strip() for heading in headings if _words(heading)]
    headings = [heading for heading in headings if len(heading) <= _MAX_LENGTH]
    given = [title for title in (document_title, social_title, item) if title]
    matching = [heading for heading in headings if not site.is_site_name(heading) and _matches_title(heading, given)]
    if matching:
        return max(matching, key=len)
    parts = _title_parts(social_title or document_title, site)
    whole = _without_site(social_title or document_title, site)
    similar = _most_similar(headings, [whole, item])
    if similar:
        return similar
    return (parts[0] if len(parts) > 1 else whole) or item or (headings or [None])[0]  # type: ignore[list-item]


def _matches_title(heading: str, titles: list[str]) -> bool:
    """Whether a title begins with the heading, or one of its parts is the heading."""
    words = _words(heading)
    for title in titles:
        if _words(title)[: len(words)] == words:
            return True
        if any(_words(part) == words for part in _SEPARATOR.split(title)):
            return True
    return False


def _most_similar(headings: list[str], titles: list[str]) -> str | None:
    best, best_similarity = None, 0.5
    for heading in headings:
        heading_words = set(_words(heading))
        for title in titles:
            title_words = set(_words(title))
            similarity = (
                len(heading_words & title_words) / len(heading_words | title_words)
                if heading_words and title_words
                else 0.0
            )
            if similarity > best_similarity:
                best, best_similarity = heading, similarity
    return best


def _title_parts(title: str, site: Site) -> list[str]:
    parts = [part.strip() for part in _SEPARATOR.split(title)]
    while len(parts) > 1 and site.is_site_name(parts[-1]):
        parts.pop()
    while len(parts) > 1 and site.is_site_name(parts[0]):
        parts.pop(0)
    return parts


def _without_site(title: str, site: Site) -> str:
    parts = _title_parts(title, site)
    begin = title.find(parts[0])
    end = title.rfind(parts[-1]) + len(parts[-1])
    return " ".join(title[begin:end].split())


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def _alphanumeric(text: str) -> str:
    return re.sub(r"[\W_]", "", text.lower())
