"""The facts of a product, from its schema.org item, as they are shown to readers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from typing import TYPE_CHECKING, Any

from pagemill.extraction.metadata import json_ld
from pagemill.extraction.reading.characters import normalize_space

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pagemill.extraction.metadata.json_ld import Item

_MAX_FACTS, _MAX_VALUES, _MAX_LENGTH = 40, 20, 200
_VARIANT_PROPERTIES = ("color", "size", "material", "pattern", "flavor")
_LIST_PRICE = ("ListPrice", "StrikethroughPrice", "MSRP", "SRP")


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact: `Price` and `19.99 EUR`. A page that shows each of `values` shows the fact."""

    name: str
    value: str
    values: tuple[str, ...]


def of(item: Item, found: list[Item]) -> list[Fact]:
    """The facts of a product: price, availability, brand, SKU, variants, and the properties of its specification.

    `found`: all items of the page, which may be referred to.
    """
    offers = _dicts(item.get("offers"))
    variants = _dicts(item.get("hasVariant"))
    if not offers:
        offers = [offer for variant in variants for offer in _dicts(variant.get("offers"))]
    facts = [
        *_price(offers),
        *_availability(offers),
        *_text("Brand", next(iter(json_ld.names(item.get("brand"), found)), "")),
        *_text("SKU", _scalar(item.get("sku"))),
        *_variants(variants),
        *_specification(item),
    ]
    return facts[:_MAX_FACTS]


def _dicts(value: object) -> list[Item]:
    return [part for part in (value if isinstance(value, list) else [value]) if isinstance(part, dict)]


def _scalar(value: Any) -> str:
    """A text or number on one line; empty if it is neither, or too long."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return ""
    shown = normalize_space(unescape(str(value)))
    return shown if len(shown) <= _MAX_LENGTH else ""


def _text(name: str, value: str) -> Iterator[Fact]:
    if value and len(value) <= _MAX_LENGTH:
        yield Fact(name, value, (value,))


def _price(offers: list[Item]) -> Iterator[Fact]:
    """The price, or the lowest and the highest of several offers."""
    prices: dict[float, str] = {}
    currency = ""
    for offer in offers:
        specifications = [
            part
            for part in _dicts(offer.get("priceSpecification"))
            if not str(part.get("priceType", "")).endswith(_LIST_PRICE)
        ]
        for source in (offer, *specifications[:1]):
            currency = currency or _scalar(source.get("priceCurrency"))
            for key in ("price", "lowPrice", "highPrice"):
                amount = _scalar(source.get(key))
                if (number := _number(amount)) > 0:
                    prices.setdefault(number, f"{amount}0" if amount[-2:-1] == "." else amount)
    if prices:
        amounts = tuple(dict.fromkeys((prices[min(prices)], prices[max(prices)])))
        yield Fact("Price", " ".join(filter(None, [" to ".join(amounts), currency])), amounts)


def _number(amount: str) -> float:
    return float(amount) if re.fullmatch(r"\d{1,12}(\.\d{1,6})?", amount) else 0.0


def _availability(offers: list[Item]) -> Iterator[Fact]:
    """The availability, if it is the same for all offers."""
    states = {_scalar(offer.get("availability")).rpartition("/")[2] for offer in offers} - {""}
    if len(states) == 1:
        words = " ".join(re.findall(r"[A-Z]?[a-z]+", states.pop())).capitalize()
        yield from _text("Availability", words)


def _variants(variants: list[Item]) -> Iterator[Fact]:
    """In what the variants differ: each property with several values."""
    for key in _VARIANT_PROPERTIES:
        values = list(dict.fromkeys(value for variant in variants if (value := _scalar(variant.get(key)))))
        if len(values) > 1:
            values = values[:_MAX_VALUES]
            yield Fact(key.capitalize(), ", ".join(values), tuple(values))


def _specification(item: Item) -> Iterator[Fact]:
    for part in _dicts(item.get("additionalProperty")):
        name, value = _scalar(part.get("name")), _scalar(part.get("value"))
        if name and value:
            unit = _scalar(part.get("unitText"))
            yield Fact(name, f"{value} {unit}".strip(), (value,))
