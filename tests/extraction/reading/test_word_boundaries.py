from __future__ import annotations

import pytest

from pagemill.extraction import extract

URL = "https://example.org/"


def read(markup: str) -> str:
    page = f"<body><p>{markup}</p></body>".encode()
    return extract(page, URL, content_type="text/html; charset=utf-8", only_main_content=False).markdown.strip()


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("<span>Giro</span><span>Agilis</span>", "Giro Agilis"),
        ("<span><span>Giro</span></span><span>Agilis</span>", "Giro Agilis"),
        ("<b>Warranty</b>Two years", "**Warranty** Two years"),
        ("All of it<span>See more</span>", "All of it See more"),
        ("<span>Valves</span><span>218</span>", "Valves 218"),
        ("<span>2019</span><span>Edition</span>", "2019 Edition"),
        ("<span>SIZE</span><span>XL</span>", "SIZE XL"),
        ("<span>12</span><span>34</span>", "12 34"),
    ],
)
def test_words_that_style_sheets_separate_are_separated(markup, expected):
    assert read(markup) == expected


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("<span>Le</span><span>arn</span>", "Learn"),
        ("<span>T</span><span>HE</span>", "THE"),
        ("<span>i</span><span>Phone</span>", "iPhone"),
        ("CO<sub>2</sub> and x<sup>2</sup>", "CO<sub>2</sub> and x<sup>2</sup>"),
        ("the 21<sup>st</sup>", "the 21<sup>st</sup>"),
        ("<b>AC</b><b>ME</b>", "**ACME**"),
        ("Mac<!-- -->Book", "MacBook"),
        ("<span>東京</span><span>都</span>", "東京都"),
        ("<code><span>get</span><span>Name</span></code>", "`getName`"),
        ("<span>end.</span><span>Next</span>", "end.Next"),
    ],
)
def test_one_word_stays_one(markup, expected):
    assert read(markup) == expected


def test_blocks_and_output_have_the_same_word_boundaries():
    page = b"<body><p><span>Giro</span><span>Agilis</span><span>2</span></p></body>"
    assert extract(page, URL).markdown.strip() == "Giro Agilis 2"


def test_code_stays_as_it_is():
    page = b"<body><pre><span>get</span><span>Name</span><span>12</span></pre></body>"
    assert "getName12" in extract(page, URL, only_main_content=False).markdown
