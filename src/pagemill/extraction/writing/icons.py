"""Icons: emoji images, decorative images, the signs of permalinks, and check marks in table cells."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from turbohtml import Element, Text

from pagemill.extraction.reading import normalization

if TYPE_CHECKING:
    from pagemill.extraction.reading.addresses import Resolver

_EMOJI = frozenset({"emoji", "emojione", "twemoji", "wp-smiley", "smiley", "smilie", "inlineimg"})
_MAX_EMOJI_LENGTH = 32
_SMALL = re.compile(r"\s*(?:[0-9]|[12][0-9]|3[0-2])(?:px)?\s*")
_ICON = re.compile(
    r"(?i)(?:^|[/_-])(?:icons?|favicon|sprites?|arrow|chevron|caret|bullet|social|facebook|twitter|linkedin|instagram|pinterest"
    r"|whatsapp)(?:[/_.-]|$)"
)

# Avatars and logos: whole words of class names and URLs.
_PORTRAIT = re.compile(
    r"(?<![a-z])(?:avatars?|gravatar|userpic|user-photo|site-logo|logo-img|custom-logo|header-logo)(?![a-z])"
)

_BADGE = re.compile(r"//(?:img\.shields\.io|badges?\.|badgen\.net)|/badges?/[^/]+$|[/_-]badge(?:\.svg|\?|$)")

# The sizes of banners and buttons that advertisers agreed on (IAB).
_BANNER_SIZES = frozenset({("468", "60"), ("728", "90"), ("234", "60"), ("88", "31"), ("120", "600"), ("160", "600")})

_PERMALINK_SIGNS = frozenset(["#", "¶", "§", "🔗", "⚓", "🔗︎"])
_PERMALINKS = _PERMALINK_SIGNS | {"", "link"}
_MAX_BESIDE = 100
"""How many nodes of a heading are searched for text beside a link."""

# The names of yes and no icons in icon fonts and files, as whole words.
_YES = re.compile(r"(?i)(?<![a-z])(?:check|checkmark|checked|tick|yes)(?![a-z])")
_NO = re.compile(r"(?i)(?<![a-z])(?:cross|times|xmark|close|no)(?![a-z])")
_MAX_DESCENDANTS = 4
_MAX_LOGO_PARTS = 20
"""A link with more nodes shows more than a logo."""


def emoji(image: Element) -> str:
    """The text of an emoji image; empty for any other image."""
    text = (image.attr("alt") or "").strip()
    if not text or len(text) > _MAX_EMOJI_LENGTH:
        return ""
    return text if not _EMOJI.isdisjoint((image.attr("class") or "").lower().split()) else ""


def is_decoration(image: Element, src: str) -> bool:
    """Whether an image without alternative text is decorative: its URL names an icon, or it is as small as one."""
    path = src.partition("?")[0].partition("//")[2].partition("/")[2]
    if _ICON.search(path) is not None:
        return True
    return all(_SMALL.fullmatch(image.attr(name) or "x") for name in ("width", "height"))


def is_portrait(image: Element, src: str) -> bool:
    """Whether an image is a user's avatar or a site's logo: its class, its parent's, its URL or its text says so."""
    around = image.parent
    own = [part.attr("class") or "" for part in (image, around) if isinstance(part, Element)]
    names = " ".join([*own, src.partition("?")[0], image.attr("alt") or ""]).lower()
    return _PORTRAIT.search(names) is not None and image.closest("figure") is None


def is_logo(image: Element, resolver: Resolver) -> bool:
    """Whether an image is all of a link to the start page of its own site."""
    link = image.parent
    if not isinstance(link, Element) or link.tag != "a":
        return False
    parts = list(islice(link.descendants, _MAX_LOGO_PARTS + 1))
    if len(parts) > _MAX_LOGO_PARTS or any(isinstance(part, Text) and part.data.strip() for part in parts):
        return False
    target = resolver.resolve(link.attr("href") or "")
    return target is not None and target == resolver.resolve("/")


def is_banner(image: Element, src: str) -> bool:
    """Whether an image has the size of an advertisement or of a banner, or counts visits."""
    size = (image.attr("width") or "").strip(), (image.attr("height") or "").strip()
    return size in _BANNER_SIZES or normalization.COUNTER.search(src) is not None


def is_badge(image: Element, src: str) -> bool:
    """Whether an image shows the state of a software project, as on the first lines of a read-me."""
    return _BADGE.search(src) is not None or _BADGE.search(image.attr("data-canonical-src") or "") is not None


def is_permalink(anchor: Element, *, in_heading: bool) -> bool:
    """Whether a link within the page only says that it can be linked to: in a heading also if it is empty."""
    text = anchor.text.strip()
    if not in_heading:
        return text in _PERMALINK_SIGNS
    around = anchor.parent
    # A picture beside text is an icon, and not what a heading says.
    near = islice(around.descendants, _MAX_BESIDE) if isinstance(around, Element) else ()
    is_beside_text = any(isinstance(node, Text) and not node.data.isspace() for node in near)
    return text in _PERMALINKS and (anchor.find("img") is None or is_beside_text)


def check_mark(cell: Element) -> str:
    """The ✓ or ✗ for the icon in a table cell without text; empty if there is none."""
    for part in islice(cell.iter_elements(), _MAX_DESCENDANTS):
        if part.attr("alt"):
            return ""
        source = (part.attr("src") or "").rpartition("/")[2]
        names = " ".join((part.attr("class") or "", part.attr("aria-label") or "", part.attr("title") or "", source))
        if _YES.search(names):
            return "✓"
        if _NO.search(names):
            return "✗"
    return ""
