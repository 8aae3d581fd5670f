from __future__ import annotations

import numpy as np
import pytest
from tests.extraction.chosen import kept, read

from pagemill.extraction.choosing.rules import headings


@pytest.mark.parametrize(
    ("markup", "texts"),
    [
        ("<details><summary>Care</summary><p><mark>Cut the wick.</mark></p></details>", ["Care", "Cut the wick."]),
        ("<details><summary>Care</summary><p>Cut the wick.</p></details>", []),
        ("<figure><pre><mark>a = 1</mark></pre><figcaption>One</figcaption></figure>", ["a = 1", "One"]),
        ("<table><caption>Sizes</caption><tr><td><mark>4</mark><td><mark>5</mark></table>", ["Sizes", "4", "5"]),
    ],
)
def test_what_heads_content_is_content(markup, texts):
    assert kept(headings.select, markup) == texts


def _before_text(markup: str, probability: float) -> list[str]:
    flat, selected, _, texts = read(markup)
    result = headings.select_before_text(flat, selected, np.full(len(texts), probability))
    return [text for text, is_in in zip(texts, result, strict=True) if is_in]


def test_a_likely_heading_right_before_content_is_content():
    markup = "<section><h2>Messages</h2><p><mark>There are two.</mark></p></section>"
    assert _before_text(markup, 0.45) == ["Messages", "There are two."]
    assert _before_text(markup, 0.2) == ["There are two."]


@pytest.mark.parametrize(
    "markup",
    [
        '<h2><a href="/other">Another story</a></h2><p><mark>Text.</mark></p>',
        "<div><h2>Elsewhere</h2></div><p><mark>Text.</mark></p>",
        "<h2>Group</h2><h2><mark>Text.</mark></h2>",
    ],
)
def test_headings_of_other_text_do_not_follow_it(markup):
    assert _before_text(markup, 0.6) == ["Text."]


def _without_orphans(markup: str, probability: float, header: tuple[int, ...] = ()) -> list[str]:
    flat, selected, words, texts = read(markup)
    chances = np.full(len(texts), probability), np.arange(len(texts))
    result = headings.remove_orphans(flat, selected, words, chances, header)
    return [text for text, is_in in zip(texts, result, strict=True) if is_in]


ORPHAN = "<p><mark>Text.</mark></p><aside><h3><mark>Read also</mark></h3><ul><li>A story</ul></aside>"


def test_an_unlikely_heading_goes_with_its_section():
    assert _without_orphans(ORPHAN, 0.5) == ["Text."]
    assert _without_orphans(ORPHAN, 0.9) == ["Text.", "Read also"]


def test_the_label_of_the_byline_goes_with_it():
    markup = "<section><h2><mark>Published</mark></h2><p>4 May 2024</p></section><p><mark>Text.</mark></p>"
    assert _without_orphans(markup, 0.95, (1,)) == ["Text."]


@pytest.mark.parametrize(
    "markup",
    [
        "<h2><mark>Gallery</mark></h2><img src=/a.jpg>",
        '<h2><mark><a href="/card">Card</a></mark></h2><p>Price</p>',
        "<h2><mark>We are growing our network of dealers all over the country</mark></h2><p>Call us</p>",
        "<h2><mark>Part</mark></h2><h3>Chapter</h3><p><mark>Text.</mark></p>",
    ],
)
def test_other_headings_stay(markup):
    flat, selected, _, texts = read(markup)
    assert _without_orphans(markup, 0.5) == [text for text, is_in in zip(texts, selected, strict=True) if is_in]
    assert flat.owner


def test_the_headings_of_cards_stay():
    card = "<div><h3><mark>Card</mark></h3><p>Price</p></div>"
    flat, selected, words, texts = read(f"<p><mark>Text.</mark></p>{card * 3}")
    chances = np.full(len(texts), 0.5), np.array([0, 1, 2, 1, 2, 1, 2])
    result = headings.remove_orphans(flat, selected, words, chances, ())
    assert [text for text, is_in in zip(texts, result, strict=True) if is_in] == ["Text.", "Card", "Card", "Card"]


def test_the_section_of_a_heading_may_stand_beside_a_box_around_it():
    markup = "<p><mark>Text.</mark></p><div><div><div><h3><mark>Read also</mark></h3></div></div><ul><li>A</ul></div>"
    assert _without_orphans(markup, 0.5) == ["Text."]


def test_a_summary_of_what_is_hardly_content_is_none():
    markup = "<details><summary>Care</summary><p><mark>Cut.</mark></p><p>It is made of wax and wool.</p></details>"
    assert kept(headings.select, markup) == ["Cut."]
