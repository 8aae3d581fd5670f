# ruff: noqa: E501 — cases read best one to a line
from __future__ import annotations

import json

import pytest
from turbohtml import parse

from pagemill.extraction.metadata import byline, dates, page_metadata
from pagemill.model import Metadata

URL = "https://www.paper.example/news/story"


def read(html, url=URL):
    return page_metadata.read(parse(html), url)


def json_ld(**item):
    return f'<script type="application/ld+json">{json.dumps(item)}</script>'


def test_everything_from_a_well_marked_page():
    html = """<html lang="en_GB"><head><title>A story - The Paper</title><link rel="canonical" href="/news/a-story">
    <meta property="og:title" content="A story"><meta property="og:site_name" content="The Paper">
    <meta name="description" content=" What it  is &amp; was "><meta property="article:published_time" content="2024-03-05T10:00:00+01:00">
    <meta property="article:modified_time" content="2024-03-06"><meta name="author" content="Ann Writer"></head>
    <body><h1>A story</h1>"""
    assert read(html) == Metadata(
        title="A story",
        author="Ann Writer",
        published="2024-03-05T10:00:00+01:00",
        modified="2024-03-06",
        description="What it is & was",
        language="en-GB",
        canonical_url="https://www.paper.example/news/a-story",
        site_name="The Paper",
        open_graph={"title": "A story", "site_name": "The Paper"},
    )


def test_a_page_that_says_nothing():
    assert read("<p>text") == Metadata()
    assert read("") == Metadata()


@pytest.mark.parametrize(
    ("html", "title"),
    [
        ("<title>Story | Paper</title><h1>Story</h1>", "Story"),
        ("<title>Story about things - paper.example</title>", "Story about things"),
        ("<title>Long story - Paper</title><h1>Paper</h1><h1>Long story</h1>", "Long story"),
        ("<title>Paper: Part one | Paper</title>", "Paper: Part one"),
        ("<title>秋季天气异常转凉_新闻_示例网</title>", "秋季天气异常转凉"),
        ("<title>猫の飼い方｜ペット情報サイト</title>", "猫の飼い方"),
        ("<title>The max_length option</title>", "The max_length option"),
        ("<title>x</title><meta property='og:title' content='Real title'><h1>Menu</h1>", "Real title"),
        ("<h1>Only a heading</h1>", "Only a heading"),
        ("<title>T</title>" + json_ld(**{"@type": "NewsArticle", "headline": "T"}), "T"),
        (json_ld(**{"@graph": [{"@type": "Product", "name": "A &amp; B"}]}), "A & B"),
    ],
)
def test_titles(html, title):
    assert read(html).title == title


@pytest.mark.parametrize(
    ("html", "author"),
    [
        (json_ld(**{"@type": "Article", "author": {"@type": "Person", "name": "Ann W"}}), "Ann W"),
        (json_ld(**{"@type": ["BlogPosting"], "author": [{"name": "Ann W"}, {"name": "Ben X"}, "Ann W"]}), "Ann W, Ben X"),
        (json_ld(**{"@graph": [{"@type": "Article", "author": {"@id": "#a"}}, {"@type": "Person", "@id": "#a", "name": "Ann W"}]}), "Ann W"),
        (json_ld(**{"@type": "Article", "author": "https://x.example/ann"}) + '<a rel="author" href=x>Ann W</a>', "Ann W"),
        ('<meta property="article:author" content="https://facebook.example/x"><meta name="dc.creator" content="Ann W">', "Ann W"),
        ('<div class="post-meta">By <a class="author" href=x>Ann W</a> | 3 May 2020</div>', "Ann W"),
        ('<span class="byline">Written by Ann W on May 3, 2020</span>', "Ann W"),
        ('<h1>T</h1><p>By Ann Writer</p><p>Text by Zed</p>', "Ann Writer"),
        ('<meta name="twitter:label1" content="Written by"><meta name="twitter:data1" content="Ann W">', "Ann W"),
        ('<p class="author">admin</p>', None),
        ('<p class="author">https://x.example/</p>', None),
    ],
)  # fmt: skip
def test_authors(html, author):
    assert read(html).author == author


@pytest.mark.parametrize(
    ("html", "published"),
    [
        (json_ld(**{"@type": "Article", "datePublished": "2020-02-03T04:05:06.789Z", "dateModified": "2021-01-01"}), "2020-02-03T04:05:06Z"),
        (json_ld(**{"@type": "WebPage", "datePublished": "2020-02-03"}), "2020-02-03"),
        ('<meta itemprop="datePublished" content="2020-02-03">', "2020-02-03"),
        ('<time datetime="2020-02-03T10:00">yesterday</time>', "2020-02-03T10:00:00"),
        ("<time>3rd of February 2020</time>", "2020-02-03"),
        ('<span class="post-date">February 3, 2020</span>', "2020-02-03"),
        ("<h1>Title of it</h1><p>3. Februar 2020</p>", "2020-02-03"),
        ("<p>Last updated: 03/02/2020</p>", "2020-03-02"),
        ('<script>{"publishedAt":"2020-02-03T01:02:03Z"}</script>', "2020-02-03T01:02:03Z"),
        ('<meta name="date" content="soon"><p>nothing', None),
        ('<time datetime="2020-13-45">x</time>', None),
    ],
)  # fmt: skip
def test_dates(html, published):
    assert read(html).published == published


def test_what_a_page_declares_goes_before_the_date_in_its_address():
    html = json_ld(**{"@type": "Article", "datePublished": "2020-02-04T02:00:00Z"})
    assert read(html, "https://x.example/2020/02/03/story").published == "2020-02-04T02:00:00Z"
    assert read("<p>Text</p>", "https://x.example/2020/02/03/story").published == "2020-02-03"


@pytest.mark.parametrize(
    ("html", "published"),
    [
        (
            (
                '<p>Updated <time datetime="2024-03-03" itemprop="dateModified">March 3</time> · Published '
                '<time datetime="2024-02-10" itemprop="datePublished">February 10</time></p>'
            ),
            "2024-02-10",
        ),
        ('<p>The well will be opened on <time datetime="2025-06-01">1 June</time> at noon.</p>', None),
        ('<div class="comments"><p><time datetime="2025-06-01">1 June</time></p></div>', None),
        ('<html lang="fr"><p class="date">Publié le 10/02/2024 à 08h30</p>', "2024-02-10"),
        ('<html lang="en"><p class="date">10/02/2024</p>', "2024-10-02"),
    ],
)
def test_dates_that_are_of_something_else_are_not_taken(html, published):
    assert read(html).published == published


@pytest.mark.parametrize(
    "script",
    [
        '//<![CDATA[\n{"@type":"Article","author":{"name":"Hanne Bruck"}}\n//]]>',
        '<!-- {"@type":"Article","author":{"name":"Hanne Bruck"}} -->',
        '{"@type":"Article","author":{"name":"Hanne Bruck",},};',
        '{"@type":"Article","author":{"@type":"Person","givenName":"Hanne","familyName":"Bruck"}}',
    ],
)
def test_json_ld_is_read_as_pages_write_it(script):
    assert read(f'<script type="application/ld+json">{script}</script>').author == "Hanne Bruck"


def test_who_comments_is_not_the_author():
    assert read('<section class="comments"><div class="comment-author">Tarn Weir</div></section>').author is None


@pytest.mark.parametrize(
    "heading", ['<h1 class="site-title">Valley Notes</h1>', '<h1><a href="/">Valley Notes</a></h1>']
)
def test_the_name_of_the_site_is_not_the_title(heading):
    assert read(f"<title>How we cleaned the well | Valley Notes</title>{heading}").title == "How we cleaned the well"


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("Posted on Dec. 5, 2021 by x", "2021-12-05"),
        ("5 décembre 2021", "2021-12-05"),
        ("5 de marzo de 2021", "2021-03-05"),
        ("05.12.2021", "2021-12-05"),
        ("12/05/2021", "2021-12-05"),
        ("25/12/2021", "2021-12-25"),
        ("2021年12月5日", "2021-12-05"),
        ("发布于2021年12月5日 10:20", "2021-12-05"),
        ("2021년 12월 5일", "2021-12-05"),
        ("등록일2021.12.05", "2021-12-05"),
        ("5 декабря 2021 г.", "2021-12-05"),
        ("5 Aralık 2021", "2021-12-05"),
        ("Feb 30, 2021 and May 1, 2021", "2021-05-01"),
        ("in May 2021", None),
        ("version 1.2.2021000", None),
        ("", None),
    ],
)
def test_dates_for_people(text, day):
    assert dates.find(text) == day


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("By Ann Writer", "Ann Writer"),
        ("Written byAnn Writer", "Ann Writer"),
        ("Ann Writer, Senior Editor", "Ann Writer"),
        ("Ann Writer March 4, 2020 5 min read", "Ann Writer"),
        ("Posted by: user_name", "user_name"),
        ("Admin", None),
        ("2020", None),
        ("a b c d e f g h", None),
    ],
)
def test_names_in_bylines(text, name):
    assert byline.clean(text) == name


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("来源：示例网 作者：张三 2024年11月05日", "张三"),
        ("執筆者: 山田太郎｜編集部", "山田太郎"),
        ("作者的话", None),
    ],
)
def test_names_behind_a_label(line, name):
    assert byline.in_text(line) == name


@pytest.mark.parametrize("content", ["en", "EN-us", "zh-Hans-CN", "de_DE"])
def test_languages(content):
    assert read(f'<html lang="{content}"><p>x').language == content.replace("_", "-")
    assert read('<html lang="x y"><p>x').language is None


def test_addresses_that_are_unsafe_are_not_canonical():
    assert read('<link rel="canonical" href="javascript:x"><meta property="og:url" content="/y">').canonical_url == (
        "https://www.paper.example/y"
    )


def test_broken_json_ld_is_left_out():
    html = '<script type="application/ld+json">{"@type": "Article", </script>' + json_ld(
        **{"@type": "Article", "author": "Ann W"}
    )
    assert read(html).author == "Ann W"
    assert read(json_ld(**{"@type": 5, "author": [[[[None]]]], "datePublished": 7, "headline": ["x"]})) == Metadata()


def test_no_character_comes_out_that_nothing_can_hold():
    html = '<script type="application/ld+json">{"@type":"Article","headline":"a\\u0000b\\ud83d c","author":"A\\u0007nn"}</script>'
    assert read(html) == Metadata(title="ab c", author="Ann")


def test_open_graph_keeps_no_address_that_runs_a_script():
    html = """<meta property="og:url" content=" JAVASCRIPT:alert(1)"><meta property="og:image" content="java&#9;script:1">
    <meta property="og:title" content="JavaScript: The Good Parts">"""
    found = read(html)
    assert found.open_graph == {"title": "JavaScript: The Good Parts"}


def test_a_heading_in_the_banner_of_the_site_is_no_title_and_a_link_to_a_post_no_author():
    html = (
        b"<title>Which sensor? - Garden Forum</title><div role=banner><h1>Garden Forum</h1></div><h2>Which sensor?</h2>"
        b'<p class=author><a href="#1"><span class=sr-only>Post</span></a> by <a href="/u/1">mira</a></p>'
    )
    found = page_metadata.read(parse(html), "https://forum.example/t/1")
    assert (found.title, found.author) == ("Which sensor?", "mira")
