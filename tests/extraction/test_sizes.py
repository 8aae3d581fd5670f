"""Deep, wide and large pages: they are read in linear time, and what comes out is no larger than they are."""

from __future__ import annotations

import time

import pytest
from turbohtml import parse, parse_fragment

from pagemill.extraction.metadata import media, page_metadata
from pagemill.extraction.writing import cleaned_html, markdown
from tests.extraction.rendering import BASE, body, clean, faults


def everything(html):
    """Everything that this half of extraction does to a page."""
    document = parse(html, positions=False)
    page_metadata.read(document, BASE)
    media.links(document, BASE)
    media.images(document, BASE)
    result = cleaned_html.clean(body(document), BASE)
    return cleaned_html.serialize(result), markdown.render(result)


def seconds(html):
    begin = time.process_time()
    everything(html)
    return time.process_time() - begin


DEEP = [
    "div",
    "b",
    "a href=x",
    "ul><li",
    "ol><li",
    "blockquote",
    "table><tr><td",
    "span",
    "font size=1",
    "code",
    "noscript",
    "dl><dd",
]
DEEP += [
    "details",
    "h1",
    "math",
    "math><mrow",
    "svg",
    "x-y",
    "q",
    "sub",
    "p class=katex",
    "figure",
    "section class=author",
    "abbr title=x",
]
DEEP += [
    "button",
    "i lang=x",
    "ruby><rt",
    "template",
    "select",
    "form",
    "li",
    "dd",
    "caption",
    "tr",
    "picture",
    "li class=date",
]

# These are nested a hundred thousand times, the others a quarter of that.
DEEPEST = ("div", "b", "ul><li", "table><tr><td", "span")


@pytest.mark.parametrize("tag", DEEP)
def test_deep_nesting_is_read_in_linear_time(tag):
    times = 20 if tag in DEEPEST else 5
    few = seconds(f"<{tag}>" * 5_000 + "text")
    html = f"<{tag}>" * (5_000 * times) + "text"
    begin = time.process_time()
    out, text = everything(html)
    took = time.process_time() - begin
    assert took < times * 4 * max(few, 0.05), (took, few)
    assert faults(parse_fragment(out)) == []
    assert out.count("<") < 2_000
    assert len(text) < 100_000


WIDE = {
    "paragraphs": "<p>x",
    "spans": "<span>x</span>",
    "links": '<a href="x?{n}">y</a>',
    "images": "<img src=x{n}.png>",
    "items": "<li>x",
    "breaks": "<br>x",
    "rows": "<tr><td>x<td>y",
    "emphasis": "<b>x</b>",
    "anchors around blocks": '<a href="x{n}"><div>y</div></a>',
    "headings": "<h1>x{n}</h1>",
    "times": "<time>x</time>",
    "metas": "<meta name=a{n} content=x>",
    "formulas": "<math><mi>x</mi></math>",
    "codes": "<code>x</code>",
    "blocks of code": "<pre>x</pre>",
    "terms": "<dt>x<dd>y",
    "markers": "1. * _ [ ` \\",
    "authors": "<p class=author>1</p>",
    "sources": "<source srcset=x>",
    "noscripts": "<noscript><img src=x></noscript>",
    "scripts": '<script>"date": x</script>',
    "subscripts": "x<sub>2</sub>",
    "tables": "<table><tr><th>x<tr><td>y</table>",
    "comments": "<!-- x -->",
}


@pytest.mark.parametrize("name", WIDE)
def test_very_many_siblings_are_read_in_linear_time(name):
    def page(count):
        wrap = "<table>" if name == "rows" else "<picture>" if name == "sources" else ""
        return wrap + "".join(WIDE[name].replace("{n}", str(n)) for n in range(count))

    few = min(seconds(page(1_000)) for _ in range(2))
    many = seconds(page(10_000))
    assert many < 10 * 3 * max(few, 0.02), (many, few)


def test_a_table_whose_spans_claim_millions_of_cells_stays_small():
    html = "<table>" + "<tr><td colspan=1000 rowspan=65000>x</td><td>y</td></tr>" * 2_000 + "</table>"
    out, text = everything(html)
    assert len(text) < 10 * len(out) < 100 * len(html)
    assert text.count("x") == 2_000


def test_a_table_whose_rows_all_reach_to_its_end_stays_small():
    html = "<table>" + "<tr><td rowspan=65000>x</td><td>y</td></tr>" * 2_000 + "</table>"
    out, text = everything(html)
    assert len(text) < 10 * len(out)
    assert text.count("x") == 2_000


def test_endless_attributes_and_addresses_are_left_out():
    html = f'<p title="{"x" * 3_000_000}" {"a " * 100_000}>t<a href="https://e.org/{"y" * 100_000}">l</a></p>'
    assert clean(html) == "<p>tl</p>"


def test_a_page_of_megabytes():
    piece = "<div class=x><p>Some <b>words</b> of text, and <a href=/there>a link</a>.</p></div>"
    html = piece * (2_000_000 // len(piece))
    small = seconds(html[: len(html) // 10])
    assert seconds(html) < 10 * 3 * max(small, 0.05)
