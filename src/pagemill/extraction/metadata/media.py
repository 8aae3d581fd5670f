"""Media: the links and images of a page, with absolute URLs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from turbohtml import Element

from pagemill.extraction.reading import addresses
from pagemill.extraction.reading.characters import normalize_space
from pagemill.model import Image, Link

if TYPE_CHECKING:
    from collections.abc import Iterable

    from turbohtml import Node

# The attributes in which lazy-loading libraries store the URL for `src`, the most common first.
LAZY_SOURCES = ("data-src", "data-lazy-src", "data-original", "data-lazy", "nitro-lazy-src", "data-orig-src",
                "data-original-src", "data-hi-res-src", "data-actualsrc", "data-url", "data-image")  # fmt: skip
_LAZY = frozenset(LAZY_SOURCES)
LAZY_SOURCE_SETS = ("srcset", "data-srcset", "data-lazy-srcset", "nitro-lazy-srcset")

_PLACEHOLDER = re.compile(
    r"(?<![^/_.-])(?:blank|spacer|placeholder|transparent|pixel|1x1|grey|gray|loading|loader|spinner|lazy[_-]?load)"
    r"[^/]{0,100}\.(?:gif|png|svg|jpe?g|webp)(?:[?#]|$)"
)
_ANY_PLACEHOLDER = re.compile(r"blank|spacer|placeholder|transparent|pixel|1x1|gr[ea]y|load|spinner")
"""In few addresses, and found sooner."""
_TRACKER = re.compile(
    r"(?i)//(?:[^/]*\.)?(?:facebook\.com/tr|google-analytics\.com/|doubleclick\.net/|googleadservices\.com/"
    r"|scorecardresearch\.com/|quantserve\.com/|bat\.bing\.com/|pixel\.wp\.com/|stats\.wp\.com/|analytics\.twitter\.com/"
    r"|t\.co/i/|px\.ads\.linkedin\.com/|ct\.pinterest\.com/|mc\.yandex\.ru/|sb\.scorecardresearch\.com/)"
)
_MAX_SOURCES = 20
# A source set that a program wrote where the address of one picture belongs.
_SOURCE_SET = re.compile(r"(?:%20|\s)\d+w,(?:%20|\s)*(?:https?:|/)")
_PICTURE_URL = re.compile(
    r"(?i)(?:https?:/)?/?[^\s{}<>\"']{1,2000}\.(?:jpe?g|png|gif|webp|avif|svg)(?:\?[^\s{}<>\"']*)?"
)
_TRACKING_PIXEL_SIZE = re.compile(r"\s*[0-2](?:px)?\s*")
# What the script of lazysizes ("RIaS") fills in, with the widths to choose from, as on Shopify; and its usual width.
_WIDTH = re.compile(r"\{width\}|%7Bwidth%7D", re.IGNORECASE)
_WIDTHS = re.compile(r"\d{2,4}")
_USUAL_WIDTH = "1024"
_CANDIDATE = re.compile(r"([^\s,]\S*[^\s,]|[^\s,])(?:\s+([\d.]+)([wxh]))?[^,]*(?:,|$)")


def links(root: Node, base_url: str, anchors: Iterable[Element] | None = None) -> tuple[Link, ...]:
    """Every http(s) hyperlink under `root` in document order, each URL once with its first non-empty text.

    `anchors`: its `<a>` and `<area>` elements, if they are known.
    """
    resolver = addresses.Resolver(base_url)
    found: dict[str, str] = {}
    for anchor in root.iter_elements(("a", "area")) if anchors is None else anchors:
        reference = anchor.attr("href")
        if not reference:
            continue
        href = resolver.resolve(reference)
        if href is not None and href.startswith("http") and not found.get(href):
            found[href] = _link_text(anchor)
    return tuple(Link(href, text) for href, text in found.items())


def images(root: Node, base_url: str, image_elements: Iterable[Element] | None = None) -> tuple[Image, ...]:
    """Every image under `root`, each URL once. Lazy images are resolved and tracking pixels omitted.

    `image_elements`: its `<img>` elements, if they are known.
    """
    resolver = addresses.Resolver(base_url)
    found: dict[str, str] = {}
    for image in root.iter_elements("img") if image_elements is None else image_elements:
        src = source(image, resolver)
        if src is not None and not found.get(src):
            found[src] = normalize_space(image.attr("alt") or "")
    return tuple(Image(src, alt) for src, alt in found.items())


def source(image: Element, resolver: addresses.Resolver) -> str | None:
    """The absolute URL of the image that an `<img>` shows after the scripts of its page have run.

    None for placeholders without an alternative, for `data:` images, and for tracking pixels.
    """
    if _TRACKING_PIXEL_SIZE.fullmatch(image.attr("width") or "x") or _TRACKING_PIXEL_SIZE.fullmatch(
        image.attr("height") or "x"
    ):
        return None
    for reference in _candidates(image):
        if "width" in reference:
            reference = _with_width(reference, image)  # noqa: PLW2901
        if reference.lstrip()[:5].lower() == "data:":
            continue
        src = resolver.resolve(reference)
        if src is not None and src.startswith("http"):
            return None if _TRACKER.search(src) else src
    return None


def _candidates(image: Element) -> list[str]:
    """The references of an image, the best first."""
    attributes = image.attrs
    references: list[str] = []
    if not _LAZY.isdisjoint(attributes):
        references += [url for name in LAZY_SOURCES if (url := str(attributes.get(name) or "")) and _is_like_url(url)]
    src = attributes.get("src")
    if isinstance(src, str) and src and not _is_placeholder(src) and not _SOURCE_SET.search(src):
        references.append(src)
    if references and references[0][:5] != "data:":
        return references
    sets = [str(attributes.get(name) or "") for name in LAZY_SOURCE_SETS]
    parent = image.parent
    if isinstance(parent, Element) and parent.tag == "picture":
        for other in parent.find_all("source", limit=_MAX_SOURCES):
            sets += [other.attr(name) or "" for name in LAZY_SOURCE_SETS]
    references += [best for value in sets if (best := largest(value))]
    if any(not reference.startswith("data:") for reference in references):
        return references
    return references + [str(value) for name, value in attributes.items() if _is_unknown_lazy_source(name, value)]


def _is_placeholder(src: str) -> bool:
    src = src.lower()
    return _ANY_PLACEHOLDER.search(src) is not None and _PLACEHOLDER.search(src) is not None


def _with_width(reference: str, image: Element) -> str:
    """A reference with the largest width for `{width}`."""
    if _WIDTH.search(reference) is None:
        return reference
    widths = _WIDTHS.findall(image.attr("data-widths") or "")
    return _WIDTH.sub(max(widths, key=int, default=_USUAL_WIDTH), reference)


def _is_unknown_lazy_source(name: str, value: object) -> bool:
    """Whether an attribute that no library is known for holds the URL of a picture."""
    return name.startswith("data-") and isinstance(value, str) and _PICTURE_URL.fullmatch(value.strip()) is not None


def _is_like_url(value: str) -> bool:
    return "/" in value or "." in value


def largest(srcset: str) -> str | None:
    """The URL of the largest candidate of a `srcset` (by width or density); None if there is none.

    The grammar is that of the HTML standard, "parsing a srcset attribute", without its error reports.
    """
    best, best_size = None, -1.0
    for url, size, _unit in _CANDIDATE.findall(srcset):
        number = _number(size)
        if number > best_size and url[:5].lower() != "data:":
            best, best_size = url, number
    return best


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 1.0


def _link_text(anchor: Element) -> str:
    text = normalize_space(anchor.text)
    if text:
        return text
    image = anchor.find("img")
    return (
        normalize_space(image.attr("alt") or "")
        if image is not None
        else normalize_space(anchor.attr("aria-label") or "")
    )
