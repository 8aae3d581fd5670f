from __future__ import annotations

import json
from typing import Any

import pytest

from pagemill.extraction import extract, products
from pagemill.extraction.products import Fact
from pagemill.extraction.reading import document

TEXT = "The lamp bends wherever you put it and stays there, which took us four years and eleven kinds of spring. " * 3
BODY = f"<body><main><h1>Vireo lamp</h1><p>{TEXT}</p></main></body>"
OFFER = {"@type": "Offer", "price": "129.00", "priceCurrency": "EUR", "availability": "https://schema.org/InStock"}
PRODUCT = {"@type": "Product", "name": "Vireo lamp", "brand": {"name": "Almanac"}, "sku": "VIR-03", "offers": OFFER}


def _page(*items: Any, body: str = BODY, head: str = "") -> bytes:
    scripts = "".join(f'<script type="application/ld+json">{json.dumps(item)}</script>' for item in items)
    return f"<head><title>Vireo lamp</title>{head}{scripts}</head>{body}".encode()


def _facts(html: bytes) -> list[str]:
    page = document.read(html, "https://example.org/")
    return [f"{fact.name}: {fact.value}" for fact in products.read(page.index)]


def test_the_facts_of_a_product_stand_below_its_title():
    markdown = extract(_page(PRODUCT), "https://example.org/").markdown
    expected = (
        "# Vireo lamp\n\n- Price: 129.00 EUR\n- Availability: In stock\n- Brand: Almanac\n- SKU: VIR-03\n\nThe lamp"
    )
    assert markdown.startswith(expected)


@pytest.mark.parametrize("kind", ["application/ld+json; charset=utf-8", "Application/LD+JSON"])
@pytest.mark.parametrize("name", ["Product", "https://schema.org/Product"])
def test_a_product_is_known_by_its_type_however_it_is_written(kind, name):
    html = _page(PRODUCT | {"@type": name}).replace(b'"application/ld+json"', f'"{kind}"'.encode())
    assert "Price: 129.00 EUR" in _facts(html)


def test_what_the_page_shows_is_not_repeated():
    body = BODY.replace("</p>", " Now for 129 €, in stock, by Almanac.</p>")
    markdown = extract(_page(PRODUCT, body=body), "https://example.org/").markdown
    assert "- SKU: VIR-03\n\n" in markdown
    assert "Price" not in markdown
    assert "Brand" not in markdown
    assert "Availability" not in markdown


@pytest.mark.parametrize(
    ("offers", "expected"),
    [
        ([{"price": 5}, {"price": "5.00"}], ["Price: 5"]),
        ([{"price": 5}, {"price": 12.5}, {"price": 7}], ["Price: 5 to 12.50"]),
        ({"lowPrice": "2.98", "highPrice": "79.98", "priceCurrency": "GBP"}, ["Price: 2.98 to 79.98 GBP"]),
        (
            {
                "priceSpecification": [
                    {"price": "249", "priceType": "x/ListPrice"},
                    {"price": "149", "priceCurrency": "USD"},
                ]
            },
            ["Price: 149 USD"],
        ),
        ([{"availability": "InStock"}, {"availability": "OutOfStock"}], []),
        ({"availability": "http://schema.org/PreOrder"}, ["Availability: Pre order"]),
        ({"price": 0}, []),
        ({"price": "<b>free</b>"}, []),
        ([[1], None, "text"], []),
    ],
)
def test_offers(offers, expected):
    assert _facts(_page({"@type": "Product", "name": "Vireo lamp", "offers": offers})) == expected


def test_variants_and_the_specification():
    item = {
        "@type": "ProductGroup",
        "name": "Vireo lamp",
        "hasVariant": [{"color": "Red", "size": "S", "offers": OFFER}, {"color": "Blue", "size": "S"}],
        "additionalProperty": [{"name": "Height", "value": 42, "unitText": "cm"}, {"name": "Socket"}],
    }
    expected = ["Price: 129.00 EUR", "Availability: In stock", "Color: Red, Blue", "Height: 42 cm"]
    assert _facts(_page(item)) == expected


@pytest.mark.parametrize(
    "items",
    [
        [PRODUCT, PRODUCT | {"name": "Other lamp"}],
        [PRODUCT, {"@type": "NewsArticle", "headline": "Lamps"}],
        [PRODUCT, {"@type": "ItemList"}],
        [PRODUCT | {"name": "Something else entirely"}],
        ["broken"],
        [],
    ],
)
def test_pages_that_are_not_about_one_product_have_no_facts(items):
    assert _facts(_page(*items)) == []


def test_microdata():
    body = """<body><div itemscope itemtype="http://schema.org/Product"><h1 itemprop="name">Vireo lamp</h1>
<div itemprop="brand" itemscope><meta itemprop="name" content="Almanac"></div><meta itemprop="sku" content="VIR-03">
<div itemprop="offers" itemscope><meta itemprop="price" content="129.00"><meta itemprop="priceCurrency" content="EUR">
<link itemprop="availability" href="http://schema.org/InStock"></div></div></body>"""
    expected = ["Price: 129.00 EUR", "Availability: In stock", "Brand: Almanac", "SKU: VIR-03"]
    assert _facts(_page(body=body)) == expected
    assert _facts(_page(body=body * 2)) == []


def test_open_graph():
    price = '<meta property="product:price:amount" content="129"><meta property="product:price:currency" content="EUR">'
    title = '<meta property="og:title" content="Vireo lamp">'
    kind = '<meta property="og:type" content="og:product">'
    assert _facts(_page(head=price + title + kind)) == ["Price: 129 EUR"]
    assert _facts(_page(head=price + title)) == []


@pytest.mark.parametrize("shown", ["1.299,00 €", "$1,299", "1 299", "1'299.00", "1299.0"])
def test_prices_are_compared_as_amounts(shown):
    price = Fact("Price", "1299.00 EUR", ("1299.00",))
    assert products.missing_facts([price], f"Costs {shown}.") == []
    assert products.missing_facts([price], "Costs 12.99.") == [price]


@pytest.mark.parametrize("shown", ["Brand: Vireo Lamps", "by VIREO - Lamps.", "A Vireo, no: Vireo\n lamps"])
def test_values_are_compared_by_their_words(shown):
    brand = Fact("Brand", "Vireo-Lamps", ("Vireo-Lamps",))
    assert products.missing_facts([brand], shown) == []


@pytest.mark.parametrize("shown", ["", "Vireo", "Vireo table lamps", "AVireo Lamps", "Vireo Lampshade", "Lamps Vireo"])
def test_a_part_of_a_value_is_not_the_value(shown):
    brand = Fact("Brand", "Vireo-Lamps", ("Vireo-Lamps",))
    assert products.missing_facts([brand], shown) == [brand]


def test_the_facts_of_a_page_without_content_selection_are_not_added():
    assert "SKU" not in extract(_page(PRODUCT), "https://example.org/", only_main_content=False).markdown
