from __future__ import annotations

import turbohtml

from pagemill.structuring.markup import facts as markup
from pagemill.structuring.markup import filling
from pagemill.structuring.schemas.schema import Schema

BASE = "https://shop.example/p/"
PRODUCT = """<meta property="og:image" content="/k.png"><script type="application/ld+json">[
{"@type": "WebSite", "name": "Shop"},
{"@type": "Product", "name": "Kettle", "gtin13": "4006381333931", "image": "kettle.png", "brand": {"name": "Acme"},
 "keywords": "red, hot", "releaseDate": "5 March 2024",
 "offers": {"price": "1,299.00", "priceCurrency": "EUR", "availability": "https://schema.org/InStock"},
 "aggregateRating": {"ratingValue": "4.5", "reviewCount": "12"},
 "review": [{"author": {"name": "Ann"}, "reviewBody": "Good."}, {"author": {"name": "Bob"}, "reviewBody": "Bad."}]}]
</script><dl><dt>Material</dt><dd>Copper</dd></dl>
<table><tr><th>Size</th><th>In stock</th></tr><tr><td>S</td><td>2</td></tr><tr><td>M</td><td>0</td></tr></table>"""


def fill(properties, html=PRODUCT, page=None, **more):
    facts = markup.read(turbohtml.parse(html), BASE)
    return filling.fill(Schema({"type": "object", "properties": properties, **more}), facts, page or {}, BASE)


TEXT, NUMBER = {"type": "string"}, {"type": "number"}


def test_properties_are_filled_by_name_synonym_and_type():
    filled = fill(
        {
            "name": TEXT,
            "title": TEXT,
            "price": NUMBER,
            "currency": TEXT,
            "in_stock": {"type": "boolean"},
            "brand": TEXT,
            "rating": NUMBER,
            "numReviews": {"type": "integer"},
            "EAN": TEXT,
            "material": TEXT,
            "image": {"type": "string", "format": "uri"},
            "release-date": {"type": "string", "format": "date"},
            "tags": {"type": "array", "items": TEXT},
            "availability": {"enum": ["in stock", "sold out"]},
        }
    )
    assert filled.missing == []
    assert filled.data == {
        "name": "Kettle",
        "title": "Kettle",
        "price": 1299,
        "currency": "EUR",
        "in_stock": True,
        "brand": "Acme",
        "rating": 4.5,
        "numReviews": 12,
        "EAN": "4006381333931",
        "material": "Copper",
        "image": "https://shop.example/p/kettle.png",
        "release-date": "2024-03-05",
        "tags": ["red", "hot"],
        "availability": "in stock",
    }


def test_objects_are_filled_from_items_or_by_their_qualified_names():
    filled = fill(
        {
            "offers": {"type": "object", "properties": {"price": NUMBER, "priceCurrency": TEXT}},
            "price": {"type": "object", "properties": {"amount": NUMBER, "currency": TEXT}},
            "rating": {"type": "object", "properties": {"value": NUMBER, "count": {"type": "integer"}}},
        }
    )
    assert filled.data == {
        "offers": {"price": 1299, "priceCurrency": "EUR"},
        "price": {"amount": 1299, "currency": "EUR"},
        "rating": {"value": 4.5, "count": 12},
    }


def test_lists_are_filled_from_items_and_tables():
    row = {"type": "object", "properties": {"size": TEXT, "in_stock": {"type": "integer"}}}
    review = {"type": "object", "properties": {"author": TEXT, "text": TEXT}}
    filled = fill({"variants": {"type": "array", "items": row}, "reviews": {"type": "array", "items": review}})
    assert filled.data == {
        "variants": [{"size": "S", "in_stock": 2}, {"size": "M", "in_stock": 0}],
        "reviews": [{"author": "Ann", "text": "Good."}, {"author": "Bob", "text": "Bad."}],
    }


def test_what_cannot_be_filled_is_missing():
    filled = fill(
        {
            "name": TEXT,
            "isbn10": TEXT,
            "deep": {"type": "object", "properties": {"a/b": TEXT}},
            "rows": {"type": "array"},
        },
        required=["isbn10"],
        html='<script type="application/ld+json">{"@type": "Product", "name": "Kettle"}</script>',
    )
    assert filled.data == {"name": "Kettle"}
    assert filled.missing == ["/isbn10", "/deep/a~1b", "/rows"]


def test_what_the_schema_refuses_is_left_out():
    refused = {"name": {"type": "string", "maxLength": 3}, "price": {"type": "number", "maximum": 100}}
    filled = fill({**refused, "brand": TEXT})
    assert filled.data == {"brand": "Acme"}
    assert set(filled.missing) == {"/name", "/price"}


def test_references_and_unions_are_followed():
    facts = markup.read(turbohtml.parse(PRODUCT), BASE)
    schema = Schema(
        {
            "$defs": {"money": {"anyOf": [{"type": "null"}, {"type": "number"}]}},
            "properties": {"price": {"$ref": "#/$defs/money"}, "name": {"type": ["null", "string"]}},
        }
    )
    assert filling.fill(schema, facts, {}, BASE).data == {"price": 1299, "name": "Kettle"}


def test_the_item_that_fills_most_is_chosen():
    html = """<script type="application/ld+json">[{"@type": "Product", "name": "Kettle"},
    {"@type": "Event", "name": "Fair", "startDate": "2024-03-05", "location": {"name": "Hall"}}]</script>"""
    filled = fill({"name": TEXT, "startDate": TEXT, "venue": TEXT}, html)
    assert filled.data == {"name": "Fair", "startDate": "2024-03-05", "venue": "Hall"}


def test_what_is_known_of_the_page_fills_too():
    known = {"title": "A", "author": "B", "datePublished": "2024-01-01"}
    filled = fill({"title": TEXT, "author": TEXT, "published": TEXT}, "<p>x", known)
    assert filled.data == {"title": "A", "author": "B", "published": "2024-01-01"}


def test_an_object_is_never_filled_from_its_parents_properties():
    html = """<title>Kettle</title><meta property="og:title" content="Kettle"><dl><dt>Name</dt><dd>Kettle</dd></dl>
    <script type="application/ld+json">{"@type": "Product", "name": "Kettle", "description": "Hot",
    "offers": {"price": 5}}</script>"""
    one = {"type": "object", "properties": {"name": TEXT}}
    filled = fill(
        {
            "seller": one,
            "manufacturer": one,
            "shipping": {"type": "object", "properties": {"price": NUMBER}},
            "warranty": {"type": "object", "properties": {"terms": {"type": "object", "properties": {"name": TEXT}}}},
        },
        html,
        {"title": "Kettle"},
    )
    assert filled.data == {}
    assert filled.missing == ["/seller/name", "/manufacturer/name", "/shipping/price", "/warranty/terms/name"]


def test_a_recursive_schema_ends():
    facts = markup.read(turbohtml.parse(PRODUCT), BASE)
    schema = Schema({"type": "object", "properties": {"name": TEXT, "child": {"$ref": "#"}}})
    filled = filling.fill(schema, facts, {}, BASE)
    assert (filled.data, filled.missing) == ({"name": "Kettle"}, ["/child"])


def test_the_work_of_filling_is_bounded():
    facts = markup.read(turbohtml.parse(PRODUCT), BASE)
    more = {f"brand{number}": {"type": "object", "properties": {f"x{number}": {"$ref": "#"}}} for number in range(60)}
    schema = Schema({"type": "object", "properties": {"name": TEXT, **more}})
    assert filling.fill(schema, facts, {}, BASE).data == {"name": "Kettle"}
