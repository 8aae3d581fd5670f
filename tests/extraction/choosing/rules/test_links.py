from __future__ import annotations

import pytest
from tests.extraction.chosen import kept

from pagemill.extraction.choosing.rules import links

TEXT = "<p><mark>Text.</mark></p>"


@pytest.mark.parametrize(
    "line",
    [
        '<div><a class="btn btn--book" href="/tickets">Book tickets</a></div>',
        '<div class=x><a class="wp-element-button" href="/shop">Visit the shop</a></div>',
        '<p><b>READ MORE:</b> <a href="/other">Bridge stuck again: queue reaches the hospital</a></p>',
        '<p>Lesen Sie auch: <a href="/anders">Die Brücke klemmt</a></p>',
        '<p>Get more of this in our <a href="/newsletters/">weekly newsletter</a>.</p>',
        '<p><em>Get the headlines in your inbox: <a href="/newsletters/">sign up to our newsletter</a>.</em></p>',
    ],
)
def test_buttons_and_lines_that_lead_elsewhere_are_no_content(line):
    assert kept(links.remove, f"<mark>{line}</mark>{TEXT}") == ["Text."]


@pytest.mark.parametrize(
    "line",
    [
        '<h3><a class="btn" href="/card">Card</a></h3>',
        '<p><a href="/shop">Visit the shop</a></p>',
        '<p><a class="btn" href="/a">Why the bridge has been stuck since May</a></p>',
        '<p>Read more: in the third volume of this work, there is <a href="/v3">a longer account</a> of it.</p>',
        '<li>Related: <a href="/a">The other one</a></li>',
        '<p>In her <a href="/newsletter/12">newsletter</a> she wrote that the bill was dead.</p>',
        '<p>The newsletter was printed on <a href="/paper">blue paper</a>.</p>',
    ],
)
def test_other_links_stay(line):
    assert len(kept(links.remove, f"<mark>{line}</mark>{TEXT}")) == 2


def test_a_page_of_buttons_alone_keeps_them():
    assert kept(links.remove, '<p><mark><a class="btn" href="/a">Go</a></mark></p>') == ["Go"]


def test_a_button_in_a_header_is_no_heading():
    assert kept(links.remove, f'<header><mark><a class="btn" href="/a">Go</a></mark></header>{TEXT}') == ["Text."]
