"""Title: which of the titles that a page gives is its own, without the site's name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

_SEPARATOR = re.compile(
    r"\s+[|\-–—·•»«:/~]+\s+|\s*[|｜»]\s*|\s+::\s+|\s+_+\s+|(?<=[\u3000-\u9fff])_+|_+(?=[\u3000-\u9fff])"
)
_LONGEST = 400


@dataclass(frozen=True, slots=True)
class Site:
    """What a page's site is called, for telling its name from the page's title."""

    name: str
    host: str

    @classmethod
    def of(cls, url: str, name: str | None) -> Site:
        """The site of a page's address."""
        try:
            host = urlsplit(url).hostname or ""
        except ValueError:
            host = ""
        return cls(_letters(name or ""), host.removeprefix("www."))

    def is_called(self, text: str) -> bool:
        """Whether a text is the site's name, or its domain, or nothing."""
        letters = _letters(text)
        labels = _letters(self.host.rpartition(".")[0])
        return (
            not letters
            or letters in (self.name, labels, _letters(self.host))
            or (len(letters) > 3 and letters in labels)
        )


def choose(document_title: str, shared: str, item: str, headings: list[str], site: Site) -> str | None:
    """The page's title, out of `<title>`, that for sharing (Open Graph), the main item's name, and its `<h1>`s.

    A heading that the other titles confirm is the best; then the title for sharing or the `<title>`, without the site.
    """
    headings = [heading.rstrip("¶#").strip() for heading in headings if _words(heading)]
    headings = [heading for heading in headings if len(heading) <= _LONGEST]
    given = [title for title in (document_title, shared, item) if title]
    confirmed = [heading for heading in headings if not site.is_called(heading) and _confirmed(heading, given)]
    if confirmed:
        return max(confirmed, key=len)
    parts = _parts(shared or document_title, site)
    whole = _without_site(shared or document_title, site)
    similar = _most_similar(headings, [whole, item])
    if similar:
        return similar
    return (parts[0] if len(parts) > 1 else whole) or item or (headings or [None])[0]  # type: ignore[list-item]


def _confirmed(heading: str, titles: list[str]) -> bool:
    """Whether a title begins with the heading, or is it in one of its parts."""
    words = _words(heading)
    for title in titles:
        if _words(title)[: len(words)] == words:
            return True
        if any(_words(part) == words for part in _SEPARATOR.split(title)):
            return True
    return False


def _most_similar(headings: list[str], titles: list[str]) -> str | None:
    best, best_likeness = None, 0.5
    for heading in headings:
        mine = set(_words(heading))
        for title in titles:
            others = set(_words(title))
            likeness = len(mine & others) / len(mine | others) if mine and others else 0.0
            if likeness > best_likeness:
                best, best_likeness = heading, likeness
    return best


def _parts(title: str, site: Site) -> list[str]:
    parts = [part.strip() for part in _SEPARATOR.split(title)]
    while len(parts) > 1 and site.is_called(parts[-1]):
        parts.pop()
    while len(parts) > 1 and site.is_called(parts[0]):
        parts.pop(0)
    return parts


def _without_site(title: str, site: Site) -> str:
    parts = _parts(title, site)
    begin = title.find(parts[0])
    end = title.rfind(parts[-1]) + len(parts[-1])
    return " ".join(title[begin:end].split())


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def _letters(text: str) -> str:
    return re.sub(r"[\W_]", "", text.lower())
