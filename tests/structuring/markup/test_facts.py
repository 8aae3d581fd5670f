from __future__ import annotations

import pytest
import turbohtml
from hypothesis import given
from hypothesis import strategies as st

from pagemill.extraction.metadata import json_ld
from pagemill.structuring.markup import facts as markup
from pagemill.structuring.markup import overview

BASE = "https://shop.example/p/"


def read(html):
    return markup.read(turbohtml.parse(html), BASE)


def test_json_ld_is_read_with_its_references_and_cleaned():
    facts = read(
        """<script type="application/ld+json">{"@context": "https://schema.org", "@graph": [
        {"@type": ["Product", "Thing"], "name": " Bread &amp; <b>butter</b> ", "brand": {"@id": "#b"}, "size": [],
         "offers": [{"@type": "Offer", "price": 9.5, "availability": "http://schema.org/InStock"}]},
        {"@id": "#b", "@type": "https://schema.org/Brand", "name": "Acme"}, {"@type": "Thing"}]}</script>
        <script type="application/ld+json">{"broken": </script>"""
    )
    product, brand = facts.items
    assert product == {
        "@type": "Product",
        "name": "Bread & butter",
        "brand": {"@type": "Brand", "name": "Acme"},
        "offers": {"@type": "Offer", "price": 9.5, "availability": "InStock"},
    }
    assert brand == {"@type": "Brand", "name": "Acme"}


HEAD = "<tr>" + "".join(f"<th>{number}" for number in range(200))


@pytest.mark.parametrize(
    "rows",
    [
        HEAD + "<tr><td>y<td>z" * 5000,
        HEAD + ("<tr>" + "<td colspan=1000 rowspan=65534>x" * 20) * 50,
        HEAD + ("<tr>" + "<td colspan=9999999999999999999999>x" * 20) * 50,
    ],
)
def test_a_table_whose_grid_is_far_larger_than_its_markup_is_no_data(rows):
    assert read(f"<table>{rows}</table>").tables == []
    assert len(read(f"<table>{HEAD}<tr><td>y<td>z</table>").tables) == 1


def test_microdata_and_rdfa_become_items_of_the_same_shape():
    facts = read(
        """<div itemscope itemtype="https://schema.org/Product"><b itemprop=name>Kettle</b>
        <a itemprop=url href=kettle>x</a><i itemprop=tag>red</i><i itemprop=tag>hot</i>
        <p itemprop=offers itemscope itemtype="https://schema.org/Offer"><meta itemprop=price content="9.50"></p></div>
        <div vocab="https://schema.org/" typeof="Person"><span property="name">Ann</span></div>"""
    )
    assert facts.items == [
        {
            "@type": "Product",
            "name": "Kettle",
            "url": "https://shop.example/p/kettle",
            "tag": ["red", "hot"],
            "offers": {"@type": "Offer", "price": "9.50"},
        },
        {"@type": "Person", "name": "Ann"},
    ]


def test_open_graph_and_its_kin_are_read():
    facts = read(
        """<meta property="og:title" content="Kettle"><meta property="product:price:amount" content="9.50">
        <meta property="og:title" content="Second"><meta name="twitter:card" content=""><meta name=viewport content=x>
        """
    )
    assert facts.metas == {"og:title": "Kettle", "product:price:amount": "9.50"}


def test_definition_lists_and_two_column_tables_are_pairs():
    facts = read(
        """<dl><dt>Colour:</dt><dd>Red</dd><dd>Blue</dd><dt>Size</dt><dd> 3 \n cm</dd><dd></dd></dl>
        <table><tr><th>Weight</th><td>2 kg</td></tr><tr><th>Colour</th><td>Red</td></tr></table>"""
    )
    assert facts.pairs == {"Colour": ["Red", "Blue"], "Size": "3 cm", "Weight": "2 kg"}


def test_data_tables_are_read_and_layout_is_not():
    facts = read(
        """<table><caption>Stock</caption><tr><th>Size</th><th>Left</th></tr><tr><td>S</td><td>2</td></tr></table>
        <table><tr><td><table><tr><td>inner</td></tr></table></td></tr></table>
        <table><tr><td>menu</td><td>text</td><td>more</td></tr></table>"""
    )
    assert facts.tables == [markup.Table("Stock", ["Size", "Left"], [{"Size": "S", "Left": "2"}])]


def test_the_overview_has_one_shape_and_merges_what_is_declared():
    facts = read(
        """<meta property="og:type" content="product"><meta property="product:price:amount" content="9.50">
        <script type="application/ld+json">[{"@type": "BreadcrumbList", "itemListElement": [
          {"@type": "ListItem", "position": "1", "item": {"@id": "/a", "name": "Home"}}]},
          {"@type": "Product", "name": "Kettle",
           "aggregateRating": {"ratingValue": "4.5", "reviewCount": "1,200"}}]</script>
        <dl><dt>Name</dt><dd>again</dd><dt>Colour</dt><dd>Red</dd></dl>"""
    )
    data = overview.of_markup(facts, {"title": "Kettle", "author": "Ann"})
    assert data == {
        "type": "product",
        "title": "Kettle",
        "fields": {
            "name": "Kettle",
            "aggregateRating": {"ratingValue": 4.5, "reviewCount": 1200},
            "price": 9.5,
            "author": "Ann",
            "Colour": "Red",
        },
        "lists": [{"name": "BreadcrumbList", "items": [{"position": 1, "name": "Home"}]}],
        "tables": [],
    }


def test_a_page_without_markup_has_the_same_shape():
    data = overview.of_markup(read("<p>text"), {})
    assert data == {"type": None, "title": None, "fields": {}, "lists": [], "tables": []}


def test_hostile_nesting_is_cut():
    deep = '{"a":' * 300 + "1" + "}" * 300
    loop = '{"@id": "#a", "name": "x", "b": {"@id": "#a"}}'
    facts = read(f'<script type="application/ld+json">[{deep}, {loop}]</script>' + "<dl>" * 300)
    assert len(str(facts)) < 10_000


@given(st.text(alphabet='<>/="{}[]:,@abdl scriptypeonitm', max_size=200))
def test_broken_markup_is_passed_over(text):
    facts = read(f'<script type="application/ld+json">{text}</script><div itemscope>{text}</div><table>{text}</table>')
    assert isinstance(overview.of_markup(facts, {}), dict)


LENIENT = [
    '{"@type": "Product", "name": "Copper\nKettle"}',
    '//<![CDATA[\n{"@type": "Product", "name": "Copper Kettle"}\n//]]>',
    '/*<![CDATA[*/ {"@type": "Product", "name": "Copper Kettle"} /*]]>*/',
    '<![CDATA[{"@type": "Product", "name": "Copper Kettle"}]]>',
    '<!-- {"@type": "Product", "name": "Copper Kettle"} -->',
    '{"@type": "Product", "name": "Copper Kettle"};',
    '{"@type": "Product", "name": "Copper Kettle",}',
    '{"@type": "Product", /* what it is */ "name": "Copper Kettle"}',
]


@pytest.mark.parametrize("script", LENIENT)
def test_json_ld_is_read_leniently(script):
    tree = turbohtml.parse(f'<script type="application/ld+json">{script}</script>')
    assert markup.read(tree, BASE).items == [{"@type": "Product", "name": "Copper Kettle"}]
    assert [" ".join(item["name"].split()) for item in json_ld.items(tree.iter_elements("script"))] == ["Copper Kettle"]


def test_two_documents_in_one_script_are_read():
    tree = turbohtml.parse('<script type="application/ld+json">{"name": "A"}\n{"name": "B"}</script>')
    assert markup.read(tree, BASE).items == [{"name": "A"}, {"name": "B"}]


def test_addresses_that_run_scripts_are_left_out():
    tree = turbohtml.parse(
        """<meta property="og:url" content="javascript:alert(1)">
        <meta property="og:title" content="JavaScript: A Guide">
        <script type="application/ld+json">{"name": "JavaScript: The Good Parts", "url": "java\\tscript:alert(1)",
        "image": " JavaScript: alert(1)", "sameAs": "vbscript:x"}</script>"""
    )
    facts = markup.read(tree, BASE)
    assert facts.items == [{"name": "JavaScript: The Good Parts"}]
    assert facts.metas == {"og:title": "JavaScript: A Guide"}


def test_a_span_of_more_digits_than_are_read_as_a_number_is_the_largest():
    table = "<table><tr><th>A<th>B<tr><td colspan={}>1<td>2</table>"
    found = [read(table.format(digits)).tables for digits in ("9" * 10, "9" * 5000)]
    assert found[0] == found[1]
