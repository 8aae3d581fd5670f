from __future__ import annotations

from pagemill.extraction import extract

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


def test_a_selector_that_is_none_matches_nothing():
    assert markdown(include_tags=("p[[",)) == ""
    assert "Title" in markdown(exclude_tags=(">>",), only_main_content=False)
