from __future__ import annotations

import json
import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from turbohtml import parse

from pagemill.extraction import extract, pipeline
from pagemill.extraction.choosing import blocks
from pagemill.extraction.choosing.model import classifier
from pagemill.model import Content, Image, Link
from tests.extraction.rendering import HTML_TAGS, body

URL = "https://example.org/blog/a-post"
PROSE = [
    "The mill stands by the river, and has ground the corn of the valley for three hundred years.",
    "In winter the wheel freezes, so the miller's family used to keep a fire beside the sluice all night.",
    "Today it is a museum, but on Sundays the stones still turn, and the flour is sold at the door.",
]
ARTICLE = f"""<!doctype html><html lang=en><head><title>The mill | Valley news</title></head><body>
<header class="site-header"><nav class="main-menu"><ul><li><a href="/">Home</a><li><a href="/news">News</a>
<li><a href="/contact">Contact</a></ul></nav></header>
<main><article class="post-content"><h1>The mill</h1><p>{PROSE[0]}</p><figure><img src="/mill.jpg" alt="The mill">
<figcaption>The mill in spring</figcaption></figure><p>{PROSE[1]}</p><p>{PROSE[2]}</p></article></main>
<aside class="sidebar"><h3>Most read</h3><ul><li><a href="/1">One story</a>
<li><a href="/2">Another story</a></ul></aside>
<footer class="site-footer"><p>© 2024 Valley news. <a href="/privacy">Privacy policy</a></p></footer></body></html>"""


def test_an_article_is_kept_and_what_surrounds_it_is_not():
    content = extract(ARTICLE.encode(), URL)
    for text in ("The mill", *PROSE):
        assert text in content.cleaned_html
        assert text in content.markdown
    assert 'src="https://example.org/mill.jpg"' in content.cleaned_html
    for text in ("Contact", "Most read", "Privacy"):
        assert text not in content.cleaned_html
        assert text not in content.markdown
    assert content.html == ARTICLE
    assert content.metadata.title
    assert content.quality > 0.7
    assert "https://example.org/privacy" in [link.href for link in content.links]


CHINESE = [
    "今年秋季，北京的气温比往年同期下降了约三度，市民纷纷换上了厚衣服。",
    "气象专家表示，冷空气活动频繁，预计未来一周仍将持续低温天气，请注意保暖。",
    "交通部门提醒，早晚有雾，驾驶时请减速慢行，并与前车保持安全距离。",
]


def test_an_article_in_a_script_without_spaces():
    related = "".join(f'<li><a href="/{number}">上海迎来第{number}场降雨</a>' for number in range(8))
    page = f"""<!doctype html><html lang=zh-CN><meta charset=utf-8><title>北京秋季转凉_示例网</title>
    <nav class=nav><a href=/>首页</a><a href=/n>新闻</a><a href=/s>体育</a></nav>
    <div class=article><h1>北京秋季转凉</h1>{"".join(f"<p>{text}" for text in CHINESE)}</div>
    <div class=related><h3>相关新闻</h3><ul>{related}</ul></div><footer>版权所有 示例网</footer>"""
    content = extract(page.encode(), URL)
    assert content.markdown == "\n\n".join(["# 北京秋季转凉", *CHINESE]) + "\n"
    assert content.quality > 0.5
    assert content.signals is not None
    assert content.signals.words > 100


def test_the_whole_body_without_choice():
    content = extract(ARTICLE.encode(), URL, only_main_content=False)
    for text in (*PROSE, "Contact", "Most read", "Privacy"):
        assert text in content.cleaned_html
        assert text in content.markdown
    assert content.quality == 1


def test_the_same_page_gives_the_same_content():
    assert extract(ARTICLE.encode(), URL) == extract(ARTICLE.encode(), URL)


def test_posts_that_forums_put_into_noscript():
    posts = "".join(f"<div class=post><p>{text}</p></div>" for text in PROSE)
    html = f"<body><div id=app></div><noscript><div id=main-outlet>{posts}</div></noscript></body>"
    content = extract(html.encode(), "https://forum.example.org/t/mill/1")
    assert all(text in content.markdown for text in PROSE)


def test_a_page_that_shows_nothing_gives_what_it_tells_machines_with_low_quality():
    data = json.dumps({"@type": "Article", "articleBody": PROSE[0]})
    html = f'<head><script type="application/ld+json">{data}</script></head><body><div id=app></div></body>'
    content = extract(html.encode(), URL)
    assert content.markdown.strip() == PROSE[0]
    assert 0 < content.quality < 0.3


@pytest.mark.parametrize("html", [b"", b"<p>", b"\0", b"<script>x</script>", b"<svg><text>x</text></svg>"])
def test_no_text_gives_no_content_of_no_quality(html):
    content = extract(html, URL)
    assert not content.markdown.strip()
    assert content.quality == 0


@pytest.mark.parametrize("html", [b"x", b"<p>One word", b"<a href=x>link</a>", b"<button>Go</button>", b"<td>cell"])
def test_where_there_is_text_there_is_content(html):
    assert extract(html, URL).markdown.strip()


def test_a_page_too_large_to_choose_from_is_kept_whole():
    content = extract(b"<p>word</p>" * (blocks.MAX_BLOCKS + 1), URL)
    assert content.cleaned_html.count("<p>") == blocks.MAX_BLOCKS + 1
    assert 0 < content.quality < 0.6


def test_a_page_of_very_many_inline_elements_is_kept_whole_too():
    content = extract(b"<b>x</b> " * (pipeline.MAX_ELEMENTS + 1), URL)
    assert content.cleaned_html.count("x") == pipeline.MAX_ELEMENTS + 1
    assert 0 < content.quality < 0.6


def test_only_what_is_asked_for_is_made():
    everything = extract(ARTICLE.encode(), URL)
    for formats in (("markdown",), ("cleanedHtml",), ("links", "images"), ("metadata",), ()):
        made = extract(ARTICLE.encode(), URL, formats=formats)
        fields = {"cleanedHtml": "cleaned_html"}
        for name in ("cleanedHtml", "markdown", "links", "images", "metadata"):
            field = fields.get(name, name)
            nothing = getattr(Content(html="", cleaned_html="", markdown=""), field)
            assert getattr(made, field) == (getattr(everything, field) if name in formats else nothing)
        assert (made.html, made.quality, made.signals) == (everything.html, everything.quality, everything.signals)


@pytest.mark.parametrize(
    "piece",
    [
        b"<div>word",
        b"<p>word</p>",
        b"<b><p>word",
        b"<table><tr><td>word",
        b"<ul><li>word",
        b"<noscript><form><button>word</button></form></noscript>",
        b"\0<p>\xff\xfe\0",
        b"<br>x<br><br>",
        b"<p class='a b c' id=d style='display:none'>word</p>",
    ],
    ids=lambda piece: piece.decode("latin-1")[:12],
)
def test_time_grows_no_faster_than_the_page(piece):
    """Eight times the page may take at most twenty times as long: a square would take sixty-four times."""

    def seconds(times: int) -> float:
        begin = time.process_time()
        extract(piece * times, URL)
        return time.process_time() - begin

    extract(piece * 100, URL)
    small = min(seconds(1500) for _ in range(3))
    assert seconds(12000) < 20 * small + 0.05


def test_long_attributes_and_deep_nesting():
    extract(b"<p class='" + b"word " * 200_000 + b"'>x", URL)
    extract(b"<p " + b"a=1 " * 100_000 + b">x", URL)
    assert "word" in extract(b"<div>" * 100_000 + b"word", URL).markdown


@given(st.binary(max_size=300), st.sampled_from(["", "text/html; charset=utf-16", "text/html; charset=x"]))
def test_any_bytes_at_all(body, content_type):
    content = extract(body, "not a url", content_type=content_type)
    assert 0 <= content.quality <= 1


@pytest.fixture
def doubting(monkeypatch):
    """The model, made to think a thousand times less of every block."""
    model = classifier.load()
    doubts = np.float32(np.log(1000) / len(model.first_stage.value))
    forest = replace(model.first_stage, value=model.first_stage.value - doubts)
    doubtful = replace(model, first_stage=forest, second_stage=forest)
    monkeypatch.setattr(classifier, "load", lambda: doubtful)


@pytest.mark.usefixtures("doubting")
def test_where_hardly_any_content_is_found_all_but_navigation_is_kept_and_quality_says_so():
    content = extract(ARTICLE.encode(), URL)
    assert all(text in content.markdown for text in ("The mill", *PROSE))
    assert not any(text in content.markdown for text in ("Contact", "Most read", "Privacy"))
    assert 0 < content.quality <= 0.2


@pytest.mark.usefixtures("doubting")
def test_where_there_is_nothing_but_navigation_it_is_kept():
    content = extract(b"<nav><h1>Menu</h1><ul><li>One</ul></nav><footer><p>Two</footer>", URL)
    assert content.markdown.split() == ["#", "Menu", "-", "One", "Two"]
    assert content.quality <= 0.2


def test_a_page_of_few_words_is_no_reason_to_doubt():
    assert extract(b"<h1>It works!</h1>", URL).quality > 0.2


WORDS = st.sampled_from(["Home", "word ", "Some words of a sentence.", "12", "中文", " ", "\n", "a|b", "$5"])
NAMES = st.sampled_from(
    ["p", "span", "noscript", "form", "button", "dialog", "label", "fieldset", *sorted(HTML_TAGS - {"rp", "rt"})]
)
SHOWN = st.sampled_from(["", " class=sidebar", " class='nav menu'", " aria-hidden=true", " href=/x"])
nodes = st.recursive(
    WORDS,
    lambda inner: st.builds(
        lambda name, attribute, parts: f"<{name}{attribute}>{''.join(parts)}</{name}>",
        NAMES,
        SHOWN,
        st.lists(inner, max_size=4),
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(st.lists(nodes, max_size=4).map("".join))
def test_no_page_with_text_gives_nothing(html):
    content = extract(html.encode(), URL)
    assert content.markdown.strip() or not body(parse(html)).text.strip()


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        ("https://other.example/deep/", "https://other.example/deep/"),
        ("/deep/er/", "https://example.org/deep/er/"),
        ("deep/", "https://example.org/a/deep/"),
        ("javascript:x", "https://example.org/a/"),
    ],
)
def test_the_base_element_is_respected_once(base, expected):
    page = f'<head><base href="{base}"></head><p>text <a href="x">X</a> <img src="y.png" alt="Y"></p>'
    content = extract(page.encode(), "https://example.org/a/b", only_main_content=False)
    assert content.links == (Link(f"{expected}x", "X"),)
    assert content.images == (Image(f"{expected}y.png", "Y"),)
    assert f'href="{expected}x"' in content.cleaned_html
    assert f"]({expected}x)" in content.markdown


TEXT = "".join(f"<p>{'The water was low since the spring, and nobody opened the gates. ' * 3}</p>" for _ in range(4))


def test_a_byline_below_the_text_is_found_if_there_is_none_above():
    footer = '<footer><p>Posted by <a rel="author" href="/me">Nuala</a> at <time>16:44</time></p></footer>'
    html = f"<body><h2>13 March 2014</h2><article><h1>The shawl</h1>{TEXT}{footer}</article>"
    assert "\nPosted by Nuala · 13 March 2014\n" in extract(html.encode(), "https://e.example/a").markdown


def test_the_name_of_the_site_is_no_headline():
    title = "<title>How we cleaned the well | Valley Notes</title>"
    html = f"{title}<main><h1 class=site-title>Valley Notes</h1><h2>How we cleaned the well</h2>{TEXT}</main>"
    markdown = extract(html.encode(), "https://e.example/a").markdown
    assert markdown.startswith("# How we cleaned the well\n")
    assert "Valley Notes" not in markdown


@given(count=st.integers(0, 10**6), line=st.sampled_from(["Stock: {} pieces", "Version {}", "Value {}", "{} views"]))
def test_of_a_tiny_page_each_line_is_kept_whatever_its_numbers(count: int, line: str) -> None:
    """Watched for changes, such a page must not lose its line at some numbers."""
    text = line.format(count)
    html = (
        "<title>The bridge</title><nav><a href='/a'>All bridges</a></nav><h1>The bridge</h1>"
        f"<p>The stones of the bridge near the mill have moved again.</p><p>{text}</p><footer>Imprint</footer>"
    )
    markdown = extract(html.encode(), "https://example.com/").markdown
    assert text in markdown
    assert "All bridges" not in markdown
    assert "Imprint" not in markdown
