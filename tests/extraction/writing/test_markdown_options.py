from __future__ import annotations

import pytest

from pagemill.extraction import extract
from pagemill.model import LinkStyle

PAGE = b"""<body><p>See [1] and <a href="/a">one</a>, <a href="/b"><img src="/i.png" alt="picture">two</a>.</p>"""


def markdown(links, *, images):
    page = extract(PAGE, "https://example.org/", only_main_content=False, link_style=links, show_images=images)
    return page.markdown


@pytest.mark.parametrize("links", list(LinkStyle))
def test_images_are_left_out(links):
    assert "i.png" in markdown(links, images=True)
    assert "i.png" not in markdown(links, images=False)


def test_links_are_their_text_alone():
    text = markdown(LinkStyle.NONE, images=False)
    assert "](" not in text
    assert "one" in text
    assert "two" in text


def test_references_stand_below_the_text_whose_brackets_are_no_references():
    text = markdown(LinkStyle.REFERENCE, images=False)
    assert "](" not in text
    assert "]: https://example.org/a" in text
    assert r"\[1" in text
