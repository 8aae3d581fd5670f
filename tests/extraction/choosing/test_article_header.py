from __future__ import annotations

import numpy as np
import pytest
from tests.extraction.flat import split
from turbohtml import parse

from pagemill.extraction.choosing import article_header

NEVER = -np.inf


def found(html: str, title: list[float], meta: list[float], selected: list[bool]) -> article_header.ArticleHeader:
    flat = split(html)
    words = np.array([len(text.split()) for text in flat.strings], float)
    return article_header.find(flat, np.array(title), np.array(meta), np.array(selected), words)


def test_the_likeliest_block_is_the_title_and_bylines_are_near():
    html = "<h1>T</h1><p>By A</p><p>Text</p>" + "<p>More</p>" * 20 + "<p>By B</p>"
    count = 24
    title = [2.0] + [NEVER] * (count - 1)
    meta = [NEVER, 1.0] + [NEVER] * (count - 3) + [3.0]
    header = found(html, title, meta, [False, False] + [True] * (count - 2))
    assert header.title == (0,)
    assert header.meta == (1,)


def test_a_page_may_show_no_title():
    assert found("<p>Text</p>", [-4.0], [NEVER], [True]).title == ()


def test_a_heading_of_several_lines_is_one_title():
    header = found("<h1><div>One</div><div>Two</div></h1><p>Text</p>", [1.0, -3.0, NEVER], [NEVER] * 3, [False] * 3)
    assert header.title == (0, 1)


def test_the_title_is_the_only_first_level_heading():
    body = parse("<body><h1>Section</h1><p>Text</p></body>").select_one("body")
    article_header.insert(body, "Title & more", ["By A", "Monday"])
    assert body.inner_html == "<h1>Title &amp; more</h1><p>By A · Monday</p><h2>Section</h2><p>Text</p>"


def test_nothing_is_put_where_there_is_nothing():
    body = parse("<body><p>Text</p></body>").select_one("body")
    article_header.insert(body, "", [])
    assert body.inner_html == "<p>Text</p>"


def test_bylines_that_the_markup_names_count_before_the_second_paragraph():
    lead, text = "<p>Lead</p>".replace("Lead", "lead " * 25), "<p>Text</p>".replace("Text", "text " * 25)
    byline = '<p class="byline">Jane Doe</p><p><time>4 May 2024</time></p>'
    html = f"<h1>T</h1>{lead}{byline}{text}{byline}"
    header = found(html, [2.0] + [NEVER] * 6, [NEVER] * 7, [False] + [True] * 6)
    assert header.meta == (2, 3)


def test_a_heading_that_repeats_the_headline_right_below_it_goes():
    body = parse("<body><h2>Title</h2><p>Text</p></body>").select_one("body")
    article_header.insert(body, "Title", [])
    assert body.inner_html == "<h1>Title</h1><p>Text</p>"
    body = parse(f"<body><p>{'Text ' * 40}</p><h2>Title</h2></body>").select_one("body")
    article_header.insert(body, "Title", [])
    assert body.find("h2") is not None


def test_a_picture_of_the_author_goes():
    body = parse(
        "<body><img alt='Ann Lee' src=a><img alt='Photo of  Ann Lee' src=b><img alt='Ann Lee headshot' src=c>"
        "<figure><img alt='Ann Lee' src=d></figure><img alt='Ann Lee on a mountain' src=e><img src=f>"
    ).select_one("body")
    article_header.insert(body, "Title", ["By Ann Lee", "Monday"])
    assert [image.attr("src") for image in body.iter_elements("img")] == ["d", "e", "f"]


def test_a_credit_in_the_byline_takes_no_picture_along():
    body = parse("<body><img alt='Picture of the harbour by Ann Lee' src=a>").select_one("body")
    article_header.insert(body, "Title", ["Picture of the harbour by Ann Lee"])
    assert body.find("img") is not None


@pytest.mark.parametrize(
    ("markup", "title"),
    [
        ("What is new in C#", "What is new in C#"),
        ("Calibration<a href=#c>#</a>", "Calibration"),
        ("Calibration <a href=#c>#</a>", "Calibration"),
        ("Calibration¶", "Calibration"),
        ("The fall of H<sub>2</sub>O, <em>again</em>!", "The fall of H2O, again!"),
        ("<div>One</div><div>Two #</div>", "One Two"),
    ],
)
def test_a_headline_reads_as_it_is_shown_without_the_mark_of_its_link(markup, title):
    flat = split(f"<h1>{markup}</h1>")
    assert article_header.title_text(flat, range(len(flat.owner))) == title
    body = parse(f"<body><h2>{markup}</h2><p>Text</p></body>").select_one("body")
    article_header.insert(body, title, [])
    assert body.find("h2") is None or "<div>" in markup
