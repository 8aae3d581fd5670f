"""What tells the type of a page: its URL, what it says of itself in its head, and how much of what it has."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import numpy as np

from pagemill.extraction.metadata import json_ld

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from pagemill.extraction.reading.page_index import PageIndex
    from pagemill.model import Metadata

_LD_TYPE = re.compile(r'"@type"\s{0,9}:\s{0,9}\[?\s{0,9}"(?:https?://schema\.org/)?(\w{1,40})"')
_MOST_TYPES = 300
_MAX_LENGTH = 2000
_LD_TYPES = (
    *("Article", "NewsArticle", "BlogPosting", "TechArticle", "Product", "ProductGroup", "Offer", "AggregateOffer"),
    *("AggregateRating", "Review", "ItemList", "ListItem", "CollectionPage", "SearchResultsPage", "OfferCatalog"),
    *("DiscussionForumPosting", "QAPage", "Question", "Answer", "Comment", "FAQPage", "Service", "LocalBusiness"),
    *("Organization", "WebPage", "WebSite", "BreadcrumbList", "Person", "Event", "VideoObject", "Recipe", "HowTo"),
    *("SoftwareApplication", "ContactPoint", "PostalAddress", "JobPosting"),
)
_OG_TYPES = ("article", "website", "product", "profile", "video")
_URL_WORDS = {
    "article": "blog blogs news article articles story stories post posts magazine press opinion feature "
    "features insight insights entry",
    "forum": "forum forums thread threads topic topics showthread viewtopic t comments discussion "
    "discussions question questions community answers issues board r",
    "product": "product products shop item items dp p itm buy sku store pd listing",
    "listing": "category categories collection collections tag tags search archive archives browse c "
    "department departments catalog all list page jobs events topics directory",
    "documentation": "doc docs documentation reference guide guides manual api tutorial tutorials wiki help "
    "support kb learn handbook latest stable dev en-us user-guide getting-started",
    "service": "service services solution solutions about about-us pricing company contact home platform "
    "industries products treatment treatments practice-area practice-areas what-we-do",
}
_HOST_WORDS = {
    "article": "blog blogs news medium substack magazine times post",
    "forum": "forum forums community discuss discourse board boards reddit stackexchange stackoverflow answers talk",
    "product": "shop store ebay etsy amazon",
    "documentation": "doc docs developer developers help support wiki learn readthedocs api kb dev",
}
_BODY_CLASSES = {
    "article": r"single-post|post-template|single-format|article|postid|blog-post",
    "product": r"single-product|product-template|template-product|product-page|catalog-product-view|product",
    "listing": r"archive|category|tax-|term-|catalog-category|collection|search|blog\b|template-collection|list",
    "forum": r"forum|topic|thread|question|discussion|bbpress",
    "service": r"home|page-template|page-id|elementor-page|front-page|landing",
    "documentation": r"docs?\b|documentation|wiki|ns-0|sphinx|theme-doc|md-",
}
_GENERATORS = {
    "article": r"wordpress|ghost|blogger|movable|hugo|jekyll|substack",
    "forum": r"discourse|phpbb|vbulletin|xenforo|flarum|nodebb|invision|simple machines|mybb",
    "documentation": r"docusaurus|sphinx|mkdocs|gitbook|mediawiki|dokuwiki|vuepress|vitepress|docfx|antora|doxygen|"
    r"readme|javadoc",
    "shop": r"woocommerce|shopify|magento|prestashop|opencart|bigcommerce",
    "builder": r"wix|squarespace|webflow|elementor|weebly|duda",
}
_METAS = (
    *("article:published_time", "article:section", "article:tag", "product:price:amount", "og:price:amount"),
    *("product:availability", "twitter:label1", "parsely-type", "citation_title", "og:video", "docsearch:version"),
    *("author", "keywords"),
)
_DATE = re.compile(r"/(?:19|20)\d\d[/-](?:[01]?\d[/-])?")
_NUMBER = re.compile(r"\d{4,}")
_WORD = re.compile(r"[a-z0-9-]+")


_URL_SETS, _HOST_SETS = ([frozenset(text.split()) for text in words.values()] for words in (_URL_WORDS, _HOST_WORDS))
_CLASS_PATTERNS, _GENERATOR_PATTERNS = (
    {name: re.compile(pattern) for name, pattern in patterns.items()} for patterns in (_BODY_CLASSES, _GENERATORS)
)


def read(
    index: PageIndex, url: str, metadata: Metadata, body_classes: str, shape: Sequence[float] | NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return the features of a page. `shape`: those of its text, by which the quality of the choice is told."""
    values = [*shape, *_of_url(url), *_of_head(index, metadata), *_of_markup(index, body_classes)]
    return np.array(values, np.float32)


def _of_url(url: str) -> Iterator[float]:
    try:
        parts = urlsplit(url[:_MAX_LENGTH].lower())
    except ValueError:
        parts = urlsplit("")
    path, host = parts.path, parts.netloc.partition(":")[0]
    segments = [segment for segment in path.split("/") if segment]
    last = segments[-1] if segments else ""
    words = _WORD.findall(last)
    yield from (len(segments), len(path), len(last), last.count("-"), last.count("_"), sum(map(len, words)))
    yield from (bool(parts.query), parts.query.count("&"), path.endswith("/"), "." in last)
    yield from (bool(_DATE.search(path)), bool(_NUMBER.search(last)), sum(map(str.isdigit, last)), host.count("."))
    folders = _WORD.findall("/".join(segments[:-1]))
    yield from (not known.isdisjoint(folders) for known in _URL_SETS)
    yield from (not known.isdisjoint(words) for known in _URL_SETS)
    labels = _WORD.findall(host)
    yield from (not known.isdisjoint(labels) for known in _HOST_SETS)


def _of_head(index: PageIndex, metadata: Metadata) -> Iterator[float]:
    counts = dict.fromkeys(_LD_TYPES, 0)
    total = 0
    for script in filter(json_ld.is_json_ld, index.scripts):
        for found in islice(_LD_TYPE.finditer("".join(script.strings)), _MOST_TYPES - total):
            total += 1
            if found[1] in counts:
                counts[found[1]] += 1
    yield total
    yield from counts.values()
    og_type = metadata.open_graph.get("type", "").lower()
    yield from (og_type.startswith(name) for name in _OG_TYPES)
    yield bool(og_type)
    yield from (bool(value) for value in (metadata.author, metadata.published, metadata.modified, metadata.site_name))
    yield from (len(metadata.title or ""), len(metadata.description or ""))
    yield from (name in index.metas for name in _METAS)
    generator = index.metas.get("generator", "")[:_MAX_LENGTH].lower()
    yield from (bool(pattern.search(generator)) for pattern in _GENERATOR_PATTERNS.values())


def _of_markup(index: PageIndex, body_classes: str) -> Iterator[float]:
    classes = body_classes[:_MAX_LENGTH].lower()
    yield from (bool(pattern.search(classes)) for pattern in _CLASS_PATTERNS.values())
    yield from map(len, (index.anchors, index.images, index.headings, index.times, index.scripts))
