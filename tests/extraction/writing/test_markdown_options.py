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


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ('<p>a</p><p><b><img src="/i.png"></b></p>', "a\n"),
        ('<p>a <em><img src="/i.png"> <img src="/j.png"></em> b</p>', "a b\n"),
        ('<ul><li>a</li><li><a href="/x"><img src="/i.png"></a></li></ul>', "- a\n"),
        ('<figure><img src="/i.png"><figcaption>a</figcaption></figure>', "a\n"),
        (
            '<table><tr><th>a</th><th>b</th></tr><tr><td><b><img src="/i.png"></b></td><td>c</td></tr></table>',
            "| a | b |\n| --- | --- |\n|  | c |\n",
        ),
    ],
)
def test_what_held_an_image_alone_goes_with_it(markup, expected):
    page = extract(markup.encode(), "https://example.org/", only_main_content=False, show_images=False)
    assert page.markdown == expected
