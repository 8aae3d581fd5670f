"""Reads the metadata of a page from its markup and its visible text.

The sources are JSON-LD, `<meta>` (Open Graph, Dublin Core and the names of publishing systems), Microdata and `<time>`,
and the visible text; dates also come from the URL. The order of the sources differs between the fields.
"""

from __future__ import annotations

import re
from html import unescape
from itertools import islice
from typing import TYPE_CHECKING

from turbohtml import Element

from pagemill.extraction.metadata import byline, dates, json_ld, title
from pagemill.extraction.reading import addresses, page_index
from pagemill.extraction.reading.characters import normalize_space
from pagemill.model import Metadata

if TYPE_CHECKING:
    from collections.abc import Iterator

    from turbohtml import Document

    from pagemill.extraction.metadata.json_ld import Item
    from pagemill.extraction.reading.page_index import PageIndex

_PUBLISHED = (
    *("article:published_time", "og:article:published_time", "og:published_time", "datepublished", "og:publish_date"),
    *("parsely-pub-date", "sailthru.date", "cxenseparse:publishtime", "dc.date.issued", "dcterms.issued", "dc.date"),
    *("dcterms.date", "dcterms.created", "citation_publication_date", "citation_date", "publish-date", "publish_date"),
    *("publishdate", "pubdate", "published", "date", "dc.date.created", "article.published", "article:published"),
)
_MODIFIED = (
    *("article:modified_time", "og:article:modified_time", "og:modified_time", "datemodified", "og:updated_time"),
    *("dcterms.modified", "dc.date.modified", "last-modified", "lastmod", "article.updated", "article:modified"),
)
_AUTHOR = (
    *("author", "parsely-author", "sailthru.author", "dc.creator", "dcterms.creator", "citation_author", "byl"),
    *("cxenseparse:author", "article:author", "og:article:author", "og:author", "creator", "article.author", "authors"),
)
_DESCRIPTION = ("description", "og:description", "twitter:description", "dc.description", "dcterms.description")
_SITE = ("og:site_name", "application-name", "apple-mobile-web-app-title", "al:ios:app_name", "twitter:app:name:iphone")
_SCRIPT_DATE = re.compile(
    r'"(?:datePublished|date_published|publishedAt|published_at|publishDate|publish_date|publicationDate|post_date'
    r'|firstPublished|dateCreated|date|first_published_at|pubDate|published_time)\\?"\s*:\s*\\?"(\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-][\d:]+)?)?)'
)
_ANY_SCRIPT_DATE = re.compile(r'"\d{4}-\d\d-\d\d')  # in few scripts, and found sooner
_URL_DATE = re.compile(r"/((?:19|20)\d\d)[/-]([01]?\d)[/-]([0-3]?\d)(?:[/.-]|$)")
_NO_DATE_TAGS = ("script", "style")
_MODIFIED_MARK = re.compile(r"(?i)modified|updated")
_MAX_LABEL_WORDS = 3
_SITE_HEADING = re.compile(r"(?i)(?<![a-z])(?:site-?(?:title|name)|blog-?title|logo|brand|redditname)(?![a-z])")
_DATE_CLASS = re.compile(r"publish|posted|date(?!picker)|byline|meta\b|time")
_LABELLED = re.compile(
    r"(?i)\b(?:published|posted|updated|last\s+updated|publié|veröffentlicht|publicado|written|created|date)\b[^\n]{0,40}?(?=[\d(]|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)"
)

# The largest lengths of titles and author names, and of other `<meta>` values, in characters.
_MAX_LENGTH, _MAX_META_LENGTH = 500, 5000
_MAX_PROPERTIES = 50
# How many years in a page's text are examined, and how far before a year its label may be, in characters.
_MAX_YEARS, _MAX_LABEL_DISTANCE = 100, 80

Metas = dict[str, str]


def read(document: Document, url: str, index: PageIndex | None = None) -> Metadata:
    """Read the metadata of a page. `document` must not be pruned: the head and the scripts are read too.

    `index`: the index of the document, if it exists already.
    """
    index = index or page_index.PageIndex(document)
    metas = index.metas
    items = json_ld.items(index.scripts)
    site = _first_meta(metas, _SITE) or _site_of(items)
    name = _title(index, url, items, site)
    return Metadata(
        title=name,
        author=_author(index, items),
        published=_published(index, url, items, name),
        modified=_date_of(items, "dateModified") or _meta_date(metas, _MODIFIED),
        description=_first_meta(metas, _DESCRIPTION),
        language=_language(document, metas),
        canonical_url=_canonical(document, url, metas),
        site_name=site,
        open_graph=_open_graph(metas),
    )


def _open_graph(metas: Metas) -> dict[str, str]:
    found = islice(((name, value) for name, value in metas.items() if name.startswith("og:")), _MAX_PROPERTIES)
    texts = ((name[3:], unescape(value[:_MAX_META_LENGTH])) for name, value in found if value)
    return {name: normalize_space(text) for name, text in texts if not addresses.is_unsafe(text, name)}


def _first_meta(metas: Metas, names: tuple[str, ...]) -> str | None:
    for name in names:
        if value := metas.get(name):
            return normalize_space(unescape(value[:_MAX_META_LENGTH]))
    return None


# Title and site


def title_of(index: PageIndex, url: str) -> str | None:
    """The page's own title, without the site's name; None where it gives none."""
    items = json_ld.items(index.scripts)
    return _title(index, url, items, _first_meta(index.metas, _SITE) or _site_of(items))


def _title(index: PageIndex, url: str, items: list[Item], site: str | None) -> str | None:
    element, metas = index.document.find("title"), index.metas
    written = normalize_space(unescape(element.text[:_MAX_LENGTH])) if element is not None else ""
    shared = (
        _first_meta(metas, ("og:title", "twitter:title", "parsely-title", "sailthru.title", "dc.title", "title")) or ""
    )
    articles, things = json_ld.of_type(items, json_ld.ARTICLES), json_ld.of_type(items, json_ld.THINGS)
    named = next((name for item in articles if (name := json_ld.text(item, "headline", "name"))), None)
    named = named or next((name for item in things if (name := json_ld.text(item, "name"))), None)
    headings = [page_index.short_text(element, _MAX_LENGTH) for element in index.headings if not _names_site(element)]
    return title.select_title(written, shared, named or "", headings, title.Site.of(url, site)) or None


def _names_site(heading: Element) -> bool:
    """Whether a first-level heading is the name of the site: its class says so, its place, or a link to the root.

    The place is the banner of the site (WAI-ARIA 1.2, "banner").
    """
    link = heading.find("a")
    if heading.closest('[role="banner"]') is not None:
        return True
    return _SITE_HEADING.search(heading.attr("class") or "") is not None or (
        link is not None and link.attr("href") in ("/", "./", "index.html", "./index.php")
    )


def _site_of(items: list[Item]) -> str | None:
    sites = json_ld.of_type(items, frozenset(["WebSite"]))
    return next((name for item in sites if (name := json_ld.text(item, "name", "alternateName"))), None)


# Author


def _author(index: PageIndex, items: list[Item]) -> str | None:
    metas = index.metas
    for item in json_ld.of_type(items, json_ld.ARTICLES):
        names = json_ld.names(item.get("author") or item.get("creator"), items)
        if names:
            return ", ".join(dict.fromkeys(names))
    for name in _AUTHOR:
        value = metas.get(name)
        if value and not value.startswith(("http://", "https://", "www.")) and not value.isdigit():
            return normalize_space(unescape(value[:_MAX_LENGTH]))
    if "ritten" in metas.get("twitter:label1", "") and metas.get("twitter:data1"):
        return normalize_space(metas["twitter:data1"])
    return byline.read(index) or _author_after_heading(index)


def _author_after_heading(index: PageIndex) -> str | None:
    """The author in the text right after a heading."""
    for heading in index.headings:
        name = byline.in_text(page_index.text_after(index.text, page_index.short_text(heading, _MAX_LENGTH), 300))
        if name is not None:
            return name
    return None


# Dates


def _date_of(items: list[Item], *keys: str) -> str | None:
    """The first valid date in these properties of an article, else of any item."""
    for group in (json_ld.of_type(items, json_ld.ARTICLES), iter(items)):
        for item in group:
            value = json_ld.text(item, *keys)
            if value and (moment := dates.parse(value)):
                return moment
    return None


def _meta_date(metas: Metas, names: tuple[str, ...]) -> str | None:
    return next((moment for name in names if name in metas and (moment := dates.parse(metas[name]))), None)


def _published(index: PageIndex, url: str, items: list[Item], heading: str | None) -> str | None:
    return (
        _meta_date(index.metas, _PUBLISHED)
        or _date_of(items, "datePublished")
        or _url_date(url)
        or _date_of(items, "dateCreated", "uploadDate")
        or next(_shown_dates(index, heading or ""), None)
    )


def _url_date(url: str) -> str | None:
    match = _URL_DATE.search(url)
    return dates.parse(f"{match[1]}-{match[2]:0>2}-{match[3]:0>2}") if match else None


def _shown_dates(index: PageIndex, heading: str) -> Iterator[str]:
    """The dates in a page's body, the most likely publication date first."""
    day_first = _is_day_first(_language(index.document, index.metas))
    times = [time for time in index.times if _may_be_publication(time)]
    for time in sorted(times, key=lambda time: (time.attr("itemprop") or "") != "datePublished")[:3]:
        if moment := dates.parse(time.attr("datetime") or "") or dates.find(time.text, day_first=day_first):
            yield moment
    for words, element in index.byline_candidates:
        if _DATE_CLASS.search(words) and element.tag not in _NO_DATE_TAGS and _may_be_publication(element):
            text = page_index.short_text(element, 200)
            moment = dates.parse(element.attr("content") or "") or dates.find(text, day_first=day_first)
            if moment:
                yield moment
    for script in index.scripts:
        text = "".join(script.strings)
        if _ANY_SCRIPT_DATE.search(text) and (match := _SCRIPT_DATE.search(text)):
            yield from filter(None, [dates.parse(match[1])])
    for text in (heading, *(page_index.short_text(element, _MAX_LENGTH) for element in index.headings)):
        lines = page_index.text_after(index.text, text).splitlines()
        shown = "\n".join(line for line in lines if not _is_sentence(line))
        if moment := dates.find(shown, day_first=day_first):
            yield moment
    yield from _labelled_dates(index.text)


def _may_be_publication(element: Element) -> bool:
    """Whether a date may be that of the publication: not one of a change, of a comment, or within a sentence."""
    marked = f"{element.attr('itemprop') or ''} {element.attr('class') or ''}"
    if "datePublished" in marked or element.attr("pubdate") is not None:
        return True
    if _MODIFIED_MARK.search(marked) or element.closest(byline.OTHER_PLACES) is not None:
        return False
    parent = element.parent
    if element.tag != "time" or not isinstance(parent, Element):
        return True
    sentence = page_index.short_text(parent, 400).removesuffix(page_index.short_text(element, 100))
    return not (parent.tag in ("p", "li", "td") and _is_sentence(sentence))


def _is_sentence(text: str) -> bool:
    """Whether a text is a sentence rather than the label of a date: it ends as one and has words in lower case.

    Without a regular expression: on a long line, one that looks for words in order takes cubic time.
    """
    text = text.rstrip()
    return text.endswith((".", "!", "?")) and sum(map(str.islower, text.split())) >= _MAX_LABEL_WORDS


def _is_day_first(language: str | None) -> bool:
    """Whether a language writes the day before the month, as all but American English do."""
    return language is not None and language.lower() not in ("en", "en-us")


def _labelled_dates(text: str) -> Iterator[str]:
    """The dates that follow a label such as "published". The search starts at years, because labels are everywhere."""
    for year in islice(dates.YEAR.finditer(text), _MAX_YEARS):
        around = text[max(0, year.start() - _MAX_LABEL_DISTANCE) : year.end() + 10]
        match = _LABELLED.search(around)
        if match and (moment := dates.find(around[match.start() :])):
            yield moment


# Language and address


def _language(document: Document, metas: Metas) -> str | None:
    root = document.root
    language = (root.attr("lang") or root.attr("xml:lang") or "").strip() if root is not None else ""
    language = language or metas.get("content-language") or metas.get("og:locale") or metas.get("dc.language") or ""
    language = language.partition(",")[0].strip().replace("_", "-")
    return language if re.fullmatch(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*", language) else None


def _canonical(document: Document, url: str, metas: Metas) -> str | None:
    resolver = addresses.Resolver(url)
    link = document.select_one('link[rel~="canonical" i][href]')
    for reference in ((link.attr("href") if link is not None else None), metas.get("og:url")):
        if reference and (canonical := resolver.resolve(reference)) and canonical.startswith("http"):
            return canonical
    return None
