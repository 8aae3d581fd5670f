from __future__ import annotations

import pytest
from turbohtml import parse

from pagemill.extraction.metadata import media
from pagemill.extraction.reading import addresses
from pagemill.model import Image, Link

URL = "https://example.org/a/b?c=d"


def links(html):
    return media.links(parse(html), URL)


def images(html):
    return media.images(parse(html), URL)


def test_links_are_absolute_once_and_in_order():
    html = """<nav><a href="/x"><img alt="Logo" src=/l.png></a><a href="y">  Why
      not </a></nav><a href="https://example.org/x">X</a><a href="//cdn.example/z#f">Z</a><map><area href="?q=1"></map>
      <a href="y">again</a><a>none</a><a href="">empty</a><a href="#here">here</a><a href="mailto:a@b.c">mail</a>
      <a href="javascript:x">js</a><a href="http://[bad">bad</a><a href="/e"></a><a href="/e">late</a>"""
    assert links(html) == (
        Link("https://example.org/x", "Logo"),
        Link("https://example.org/a/y", "Why not"),
        Link("https://cdn.example/z#f", "Z"),
        Link("https://example.org/a/b?q=1", ""),
        Link("https://example.org/a/b?c=d#here", "here"),
        Link("https://example.org/e", "late"),
    )


def test_images_are_absolute_once_in_order_and_without_pixels():
    html = """<img src=/one.png alt=" One  image "><img data-src="two.png" src="data:image/gif;base64,x" alt="">
      <img src="/one.png"><img src="https://www.facebook.com/tr?id=1"><img src=/p.gif width=1 height=1>
      <picture><source srcset="/s.webp 1x, /l.webp 2x"><img></picture>"""
    assert images(html) == (
        Image("https://example.org/one.png", "One image"),
        Image("https://example.org/a/two.png", ""),
        Image("https://example.org/l.webp", ""),
    )


@pytest.mark.parametrize(
    ("srcset", "expected"),
    [
        ("a.jpg", "a.jpg"),
        ("a.jpg 1x, b.jpg 2x", "b.jpg"),
        ("a.jpg 100w,b.jpg 300w,c.jpg 200w", "b.jpg"),
        ("/w_1,h_2/a.jpg 100w, /w_2,h_4/b.jpg 200w", "/w_2,h_4/b.jpg"),
        ("  a.jpg   1.5x ,\n b.jpg", "a.jpg"),
        ("data:image/gif;base64,AA 1x, b.jpg 1x", "b.jpg"),
        ("", None),
        (" , ,", None),
    ],
)
def test_the_largest_of_a_source_set(srcset, expected):
    assert media.largest(srcset) == expected


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("/x", "https://example.org/x"),
        ("//y.example/z", "https://y.example/z"),
        ("../x/./y", "https://example.org/x/y"),
        ("https://EXAMPLE.org/%7Ex y", "https://example.org/%7Ex%20y"),
        ("https://münchen.example/ü", "https://xn--mnchen-3ya.example/%C3%BC"),
        ("mailto:a@b.c", "mailto:a@b.c"),
        ("tel:+1 (2) 3", "tel:+1%20(2)%203"),
        ("JAVASCRIPT:x", None),
        ("java\tscript:x", None),
        ("data:text/html,x", None),
        ("http://[x", None),
        ("x" * 100_000, None),
    ],
)
def test_references_are_resolved_as_browsers_do(reference, expected):
    assert addresses.Resolver(URL).resolve(reference) == expected


def test_without_a_base_only_absolute_references_are_resolved():
    resolver = addresses.Resolver("")
    assert resolver.resolve("https://x.example/y") == "https://x.example/y"
    assert resolver.resolve("/y") is None


@pytest.mark.parametrize(
    ("image", "found"),
    [
        ('<img src="data:image/gif;base64,R0" data-lazyload="/real.jpg" alt="Well">', "https://example.org/real.jpg"),
        ('<img data-anything="https://cdn.example/x.webp?w=9">', "https://cdn.example/x.webp?w=9"),
        ('<img data-id="42" data-caption="A picture of x.jpg in a text">', None),
        ('<img src="/shown.jpg" data-large="/large.jpg">', "https://example.org/shown.jpg"),
    ],
)
def test_an_attribute_of_an_unknown_library_holds_the_picture_where_nothing_else_does(image, found):
    assert [one.src for one in images(image)] == ([found] if found else [])


def test_a_source_set_in_the_place_of_a_source_is_no_address():
    srcset = "/a.jpg 600w, /a-300.jpg 300w"
    html = f'<img src="/a.jpg%20600w,%20/a-300.jpg%20300w" srcset="{srcset}"><img src="/b.jpg 600w, /b-300.jpg 300w">'
    assert images(html + '<img src="/c%20600w.jpg">') == (
        Image("https://example.org/a.jpg", ""),
        Image("https://example.org/c%20600w.jpg", ""),
    )


@pytest.mark.parametrize(
    ("attributes", "width"),
    [('data-widths="[180, 1080, 360]"', "1080"), ("", "1024"), ('data-widths="auto"', "1024")],
)
def test_the_width_that_a_script_fills_in_is_the_largest(attributes, width):
    html = f'<img src="data:image/gif;base64,R0" data-src="/a_{{width}}x.jpg" {attributes} alt="A">'
    assert images(html) == (Image(f"https://example.org/a_{width}x.jpg", "A"),)
