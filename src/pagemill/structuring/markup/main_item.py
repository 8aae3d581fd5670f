"""Which of a page's declared items it is about, and what is a list beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pagemill.model import JsonObject

# What pages are about, and what they merely sit in.
_MAIN_TYPES = (
    *("Product", "ProductGroup", "Recipe", "Event", "JobPosting", "Book", "Movie", "TVSeries", "MusicAlbum", "Course"),
    *(
        "SoftwareApplication",
        "MobileApplication",
        "Vehicle",
        "Car",
        "Dataset",
        "HowTo",
        "VideoObject",
        "PodcastEpisode",
    ),
)
_ARTICLE_TYPES = ("Article", "Posting", "Report", "QAPage", "FAQPage", "Question", "Review")
_SECONDARY_TYPES = frozenset(
    [
        *("BreadcrumbList", "WebSite", "WebPage", "Organization", "ImageObject", "SiteNavigationElement", "WPHeader"),
        *(
            "WPFooter",
            "SearchAction",
            "ItemList",
            "CollectionPage",
            "ListItem",
            "WPSideBar",
            "Person",
            "NewsMediaOrganization",
        ),
    ]
)
_MAIN_ENTITY_KEYS = ("mainEntity", "mainEntityOfPage", "about")


def ranked(items: Sequence[JsonObject]) -> list[JsonObject]:
    """Return the items, likeliest to be what the page is about first; main entities of page items count as items."""
    found = list(items)
    for item in items:
        found += [item[key] for key in _MAIN_ENTITY_KEYS if isinstance(item.get(key), dict)]
    return sorted(found, key=_rank)


def _rank(item: JsonObject) -> tuple[int, int]:
    kind = item.get("@type", "")
    if kind in _SECONDARY_TYPES or not kind:
        place = 3 if kind in ("WebPage", "CollectionPage") else 4
    elif kind in _MAIN_TYPES:
        place = 0
    elif any(word in kind for word in _ARTICLE_TYPES):
        place = 1
    else:
        place = 2
    return place, -len(item)


def lists(items: Sequence[JsonObject]) -> dict[str, list[JsonObject]]:
    """Return lists of records by name: those declared as lists, and items of one type that come several times."""
    found: dict[str, list[JsonObject]] = {}
    by_type: dict[str, list[JsonObject]] = {}
    for item in items:
        kind = item.get("@type", "")
        elements = item.get("itemListElement")
        if isinstance(elements, list | dict):
            records = [_element(part) for part in (elements if isinstance(elements, list) else [elements])]
            found.setdefault(str(item.get("name") or kind or "list"), [record for record in records if record])
        elif kind:
            by_type.setdefault(kind, []).append(item)
    for kind, several in by_type.items():
        if len(several) > 1:
            found.setdefault(kind, several)
    return found


def _element(part: Any) -> JsonObject:
    if not isinstance(part, dict):
        return {"name": part} if isinstance(part, str) else {}
    inner = part.get("item")
    outer = {key: value for key, value in part.items() if key not in ("item", "@type")}
    if isinstance(inner, dict):
        return {**outer, **inner}
    return {**outer, "url": inner} if isinstance(inner, str) and "url" not in outer else outer


def plain(value: Any) -> Any:
    """Return declared data without the types of its parts."""
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items() if not key.startswith("@")}
    return [plain(part) for part in value] if isinstance(value, list) else value
