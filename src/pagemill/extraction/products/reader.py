"""Reads the facts of the product of a page: from JSON-LD, else microdata, else the Open Graph price."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pagemill.extraction.metadata import json_ld
from pagemill.extraction.products import facts
from pagemill.extraction.reading.characters import normalize_space

if TYPE_CHECKING:
    from turbohtml import Element

    from pagemill.extraction.metadata.json_ld import Item
    from pagemill.extraction.products.facts import Fact
    from pagemill.extraction.reading.page_index import PageIndex

_PRODUCTS = frozenset(["Product", "ProductGroup"])
_OTHER_MAIN_ITEMS = frozenset(
    [
        *("Article", "NewsArticle", "BlogPosting", "Recipe", "Course", "Event"),
        *("ItemList", "CollectionPage", "SearchResultsPage"),
    ]
)
_OFFER = ("price", "lowPrice", "highPrice", "priceCurrency", "availability")
_MICRODATA = "[itemtype$='schema.org/Product']"
_MIN_NAME_SHARE = 0.5
"""The share of the words of a product's name that the page's title or main heading must contain."""


def read(index: PageIndex) -> list[Fact]:
    """The facts of a page's product. Empty if its main item is not one product."""
    scripts = [script for script in index.scripts if json_ld.is_json_ld(script) and "Product" in script.text]
    found = json_ld.items(scripts)
    products = list(json_ld.of_type(found, _PRODUCTS))
    if products:
        every = json_ld.items(index.scripts)
        is_main = len({json_ld.text(item, "name") for item in products}) == 1
        if not is_main or next(json_ld.of_type(every, _OTHER_MAIN_ITEMS), None) is not None:
            return []
        item = max(products, key=len)
        return facts.of(item, every) if _is_named_in_title(item, index) else []
    item = _from_microdata(index) or _from_open_graph(index)
    return facts.of(item, []) if item and _is_named_in_title(item, index) else []


def _is_named_in_title(item: Item, index: PageIndex) -> bool:
    """Whether the page is about the product: its title or a main heading names it."""
    name = _words(json_ld.text(item, "name") or "")
    title = index.document.find("title")
    titles = [index.metas.get("og:title", ""), title.text if title is not None else ""]
    shown = _words(" ".join([*titles, *(heading.text for heading in index.headings)]))
    return bool(name) and len(name & shown) >= _MIN_NAME_SHARE * len(name)


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.lower()))


def _from_microdata(index: PageIndex) -> Item:
    """The item of a page with one product in microdata."""
    products = index.document.select(_MICRODATA)
    if len(products) != 1:
        return {}
    product = products[0]
    return {
        "name": _property(product, "name"),
        "brand": _property(product, "brand"),
        "sku": _property(product, "sku"),
        "offers": {key: _property(product, key) for key in _OFFER},
    }


def _property(product: Element, name: str) -> str:
    element = product.select_one(f"[itemprop~='{name}']")
    if element is None:
        return ""
    if (inner := element.select_one("[itemprop='name']")) is not None:
        element = inner
    return normalize_space(element.attr("content") or element.attr("href") or element.text)


def _from_open_graph(index: PageIndex) -> Item:
    """The item of a page that tells other sites that it is a product, and its price."""
    metas = index.metas
    price = metas.get("product:price:amount") or metas.get("og:price:amount")
    if not price or "product" not in metas.get("og:type", ""):
        return {}
    currency = metas.get("product:price:currency") or metas.get("og:price:currency")
    offer = {"price": price, "priceCurrency": currency, "availability": metas.get("product:availability")}
    return {"name": metas.get("og:title"), "brand": metas.get("product:brand"), "offers": offer}
