from __future__ import annotations

from turbohtml import Element, parse

from pagemill.extraction import discussions, extract
from pagemill.extraction.reading.markup_names import MarkupNames

PAGE = """<title>Bread</title><div class="crumbs"><strong>Rye</strong></div>
<script src="/mathjax.js"></script><div id="menu">Menu</div>
<div class="blockpost"><h2><a>2024-05-03</a></h2><div class="postleft"><dt>alice *x*</dt></div>
<div class="postmsg"><p>One</p><p>two.</p></div></div>
<div class="blockpost"><div class="postleft"><dt></dt></div><div class="postmsg">Three.</div></div>"""
NESTED = """<div class="quotebox"><cite>bob wrote:</cite><blockquote>
<div class="quotebox"><cite>alice wrote:</cite><blockquote><p>one</p></blockquote></div>
<p>two</p></blockquote></div><p>three</p>"""


def _rebuilt(html: str) -> Element:
    body = parse(html).select_one("body")
    assert body is not None
    found = discussions.read(body, MarkupNames(body))
    assert found is not None
    discussions.rebuild(body, found)
    return body


def test_the_tree_is_a_title_and_articles():
    body = _rebuilt(PAGE)
    assert [child.tag for child in body.children if isinstance(child, Element)] == [
        "h1",
        "hr",
        "article",
        "hr",
        "article",
        "script",
    ]
    assert [article.text for article in body.find_all("article")] == ["alice *x* · 2024-05-03Onetwo.", "Three."]


def test_cleaned_html_keeps_articles_and_headers():
    content = extract(PAGE.encode(), "https://example.org/")
    assert content.cleaned_html == (
        "<h1>Rye</h1><hr><article><header><strong>alice *x*</strong> · 2024-05-03</header>"
        "<p>One</p><p>two.</p></article><hr><p>Three.</p>"
    )
    assert content.markdown.startswith("# Rye\n\n---\n\n**alice \\*x\\*** · 2024-05-03\n\nOne\n\ntwo.\n\n---\n\nThree.")
    assert content.quality == 0.95


def test_other_headers_are_written_as_before():
    html = "<article><header><h2>Title</h2></header><p>Text of the article.</p></article>"
    assert "<header>" not in extract(html.encode(), "https://example.org/", only_main_content=False).cleaned_html


def test_quotations_in_quotations():
    body = _rebuilt(PAGE.replace("<p>One</p><p>two.</p>", NESTED))
    first = body.find("article")
    assert first is not None
    outer = first.find("blockquote")
    assert outer is not None
    assert [child.tag for child in outer.children if isinstance(child, Element)] == ["p", "div"]
    assert " ".join(outer.strings).split() == ["bob", "wrote:", "alice", "wrote:", "one", "two"]
    assert len(first.find_all("blockquote")) == 2


def test_the_whole_page_is_not_rebuilt():
    assert "Menu" in extract(PAGE.encode(), "https://example.org/", only_main_content=False).markdown


def test_excluded_elements_stay_out_of_posts():
    content = extract(PAGE.encode(), "https://example.org/", exclude_tags=[".postmsg p + p"])
    assert "two" not in content.markdown
    assert "One" in content.markdown


def test_a_tower_of_quotations_is_kept_as_it_is():
    body = _rebuilt(PAGE.replace("<p>One</p>", '<div class="quotebox"><cite>a</cite>' * 3000 + "deep"))
    assert "deep" in body.text
    assert body.find("blockquote") is None
