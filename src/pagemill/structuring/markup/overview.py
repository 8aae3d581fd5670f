"""What a page is about, in the one shape that stands in for a schema where none is given.

`type`, `title`, `fields` (an object), `lists` (of `name` and `items`), `tables` (of `name`, `columns` and `rows`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pagemill.structuring.evidence import quantities
from pagemill.structuring.markup import coercion, main_item, synonyms

if TYPE_CHECKING:
    from pagemill.model import JsonObject
    from pagemill.structuring.markup.facts import Facts

SCHEMA: JsonObject = {
    "type": "object",
    "properties": {
        "type": {"type": ["string", "null"], "description": "what the page is: product, article, recipe, event …"},
        "title": {"type": ["string", "null"]},
        "fields": {"type": "object", "description": "the main facts, by name in camelCase"},
        "lists": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"name": {"type": "string"}, "items": {"type": "array"}},
                "required": ["name", "items"],
            },
        },
        "tables": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "name": {"type": "string"},
                    "columns": {"type": "array", "items": {"type": "string"}},
                    "rows": {"type": "array", "items": {"type": "object"}},
                },
                "required": ["name", "columns", "rows"],
            },
        },
    },
    "required": ["type", "title", "fields", "lists", "tables"],
}

EMPTY: JsonObject = {"type": None, "title": None, "fields": {}, "lists": [], "tables": []}

_NUMERIC_PROPERTIES = frozenset(
    [
        *("price", "lowPrice", "highPrice", "ratingValue", "bestRating", "worstRating", "reviewCount", "ratingCount"),
        *(
            "offerCount",
            "latitude",
            "longitude",
            "position",
            "numberOfPages",
            "width",
            "height",
            "minPrice",
            "maxPrice",
        ),
    ]
)
_LONG_PROPERTIES = frozenset(["articleBody", "text", "reviewBody", "transcript"])
_MAX_TEXT_LENGTH = 2000
_META_FIELDS = {
    "og:description": "description",
    "og:image": "image",
    "og:url": "url",
    "og:site_name": "publisher",
    "article:section": "articleSection",
    "article:tag": "keywords",
    "product:price:amount": "price",
    "product:price:currency": "priceCurrency",
    "product:brand": "brand",
    "product:availability": "availability",
    "og:price:amount": "price",
    "og:price:currency": "priceCurrency",
}


def of_markup(facts: Facts, page: JsonObject) -> JsonObject:
    """Return the overview that a page's facts give. `page` is what is known of the page by schema.org names."""
    items = main_item.ranked(facts.items)
    main = items[0] if items else {}
    fields = _clean(main)
    for name, property_ in _META_FIELDS.items():
        if name in facts.metas:
            fields.setdefault(property_, _number(property_, facts.metas[name]))
    for name, value in page.items():
        if value and name != "title":
            fields.setdefault(name, value)
    known = {synonyms.key(name) for name in fields}
    fields |= {label: value for label, value in facts.pairs.items() if synonyms.key(label) not in known}
    return {
        "type": _type(main, facts),
        "title": page.get("title") or main.get("headline") or main.get("name") or facts.metas.get("og:title"),
        "fields": fields,
        "lists": [
            {"name": name, "items": [_clean(r) for r in rows]} for name, rows in main_item.lists(facts.items).items()
        ],
        "tables": [{"name": table.name, "columns": table.columns, "rows": table.rows} for table in facts.tables],
    }


def _type(main: JsonObject, facts: Facts) -> str | None:
    kind = main.get("@type") or facts.metas.get("og:type")
    return str(kind).rpartition(":")[2][:1].lower() + str(kind).rpartition(":")[2][1:] if kind else None


def _clean(item: JsonObject) -> JsonObject:
    return {
        name: _value(name, part)
        for name, part in main_item.plain(item).items()
        if not (name in _LONG_PROPERTIES and isinstance(part, str) and len(part) > _MAX_TEXT_LENGTH)
    }


def _value(name: str, value: Any) -> Any:
    if isinstance(value, dict):
        return _clean(value)
    if isinstance(value, list):
        return [_value(name, part) for part in value]
    return _number(name, value)


def _number(name: str, value: Any) -> Any:
    if name in _NUMERIC_PROPERTIES and isinstance(value, str) and (readings := quantities.readings(value)):
        number = coercion.plain_number(readings[0])
        return number if number is not None else value
    return value
