from __future__ import annotations

import time

import pytest
from turbohtml import parse

from pagemill.extraction import extract
from pagemill.extraction.reading import tag_filter

PAGE = (
    b"<body><nav>Menu</nav><main><h1>Title</h1><div class='box'><p class='in'>Inside the box</p></div>"
    b"<p class='in'>Outside the box</p></main><footer>Small print</footer>"
)
URL = "http://example.com/"


def markdown(**options):
    return extract(PAGE, URL, **options).markdown


def test_only_the_parts_included_stay_in_their_order_and_once():
    text = markdown(include_tags=(".in", ".box"))
    assert text.split("\n\n") == ["Inside the box", "Outside the box\n"]


def test_parts_excluded_are_gone():
    text = markdown(exclude_tags=("nav", ".box"), only_main_content=False)
    assert "Menu" not in text
    assert "Inside" not in text
    assert "Small print" in text


def test_both_together():
    assert markdown(include_tags=("main",), exclude_tags=(".box", "h1")) == "Outside the box\n"


def test_the_whole_page_where_no_choice_is_wanted():
    text = markdown(only_main_content=False)
    assert "Menu" in text
    assert "Small print" in text


@pytest.mark.parametrize(
    "page", ["<div class=a>" * 40_000 + "text", "<div class=a>text</div>" * 40_000], ids=["deep", "wide"]
)
def test_parts_within_parts_are_found_in_linear_time(page):
    """Eight times the page may take at most twenty times as long: a square would take sixty-four times."""

    def seconds(html, choose):
        body = parse(html, positions=False).find("body")
        begin = time.process_time()
        choose(body, (".a", "div"))
        return time.process_time() - begin

    for choose in (tag_filter.include, tag_filter.exclude):
        few = min(seconds(page[: len(page) // 8], choose) for _ in range(3))
        assert seconds(page, choose) < 20 * few + 0.05


def test_a_selector_that_is_none_matches_nothing():
    assert markdown(include_tags=("p[[",)) == ""
    assert "Title" in markdown(exclude_tags=(">>",), only_main_content=False)
