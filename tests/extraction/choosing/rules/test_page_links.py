from __future__ import annotations

import pytest
from tests.extraction.chosen import kept

from pagemill.extraction.choosing.rules import page_links

SECTIONS = "<h2><mark>Sockets</mark></h2><p><mark>One.</mark></p><h2><mark>Answers</mark></h2><p><mark>Two.</mark></p>"
STAYS = ["Sockets", "One.", "Answers", "Two."]
ITEMS = '<li><mark><a href="#a">1. Sockets</a></mark><li><mark><a href="#b">Answers</a></mark>'


@pytest.mark.parametrize(
    "contents",
    [
        f"<ul>{ITEMS}</ul>",
        f"<div><p><mark>Contents</mark></p><div><ol>{ITEMS}</ol></div></div>",
        f"<div><p><mark>Contents</mark></p><ul>{ITEMS}</ul></div>",
        f"<ol>{ITEMS.replace('#', '?page=2#').replace('1. ', '17.15 ')}</ol>",
    ],
)
def test_a_table_of_contents_is_no_content(contents):
    assert kept(page_links.remove, f"{contents}{SECTIONS}") == STAYS


@pytest.mark.parametrize(
    "contents",
    [
        '<ul><li><mark><a href="#x">Best of all: Seka</a></mark><li><mark><a href="#y">Costs: 5</a></mark></ul>',
        f"<ul>{ITEMS}<li><mark>and more</mark></ul>",
        '<ul><li><mark><a href="/a">Sockets</a></mark><li><mark><a href="/b">Answers</a></mark></ul>',
    ],
)
def test_other_lists_of_links_stay(contents):
    assert len(kept(page_links.remove, f"{contents}{SECTIONS}")) > len(STAYS)


def test_the_text_before_a_list_is_no_label_of_it():
    found = kept(page_links.remove, f"<p><mark>SKU: 4</mark></p><section><ul>{ITEMS}</ul></section>{SECTIONS}")
    assert found == ["SKU: 4", *STAYS]


@pytest.mark.parametrize(
    "label", ["<p><mark>All that you ever wanted to know of it</mark></p>", "<h1><mark>Sockets</mark></h1>"]
)
def test_a_long_text_or_a_headline_is_no_label(label):
    assert len(kept(page_links.remove, f"<div>{label}<ul>{ITEMS}</ul></div>{SECTIONS}")) == 1 + len(STAYS)


def test_a_single_link_is_no_table_of_contents():
    found = kept(page_links.remove, f'<ul><li><mark><a href="#a">Sockets</a></mark></ul>{SECTIONS}')
    assert found == ["Sockets", *STAYS]
