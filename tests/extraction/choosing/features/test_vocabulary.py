from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.extraction.flat import split

from pagemill.extraction.choosing.features.element_markup import Markup, distinct_markup
from pagemill.extraction.choosing.features.vocabulary import Vocabulary, tokenize

KNOWN = Vocabulary({"<p": 0, "post": 1, "<div": 2}, np.array([[1.0, 2, 4], [10, 20, 40], [100, 200, 400]]), bias=-8)


def words(elements: list[Markup], place: int) -> list[str]:
    found, places = tokenize(elements)
    return [word for word, at in zip(found, places.tolist(), strict=True) if at == place and len(word) > 1]


def words_between(element: Markup) -> list[str]:
    return words([Markup("div", "before", "", ""), element, Markup("div", "after", "", "x")], 1)


def test_words_of_attributes_in_any_spelling():
    assert words_between(Markup("p", "post-body", "", "")) == ["post", "body", "<p"]
    assert words_between(Markup("p", "postBody Post", "", "")) == ["post", "body", "post", "<p"]
    assert words_between(Markup("p", "", "comment-17", "")) == ["comment", "<p"]
    assert words_between(Markup("li", "FAQ_item12 x\n\tFAQs", "item-top", "")) == [
        "faq",
        "item",
        "faqs",
        "item",
        "top",
        "<li",
    ]
    assert words_between(Markup("div", "", "", "Main articleBody")) == ["<div", "=main", "=articlebody"]
    assert words_between(Markup("div", "größe 内容 a<b=cd", "", "")) == ["gr", "cd", "<div"]
    assert words_between(Markup("div", "", "", "")) == ["<div"]


def test_words_of_no_elements_are_none():
    found, places = tokenize([])
    assert found == places.tolist() == []


NAMES = st.text(st.characters(exclude_characters="\0"), max_size=30) | st.text("aB-_ 1\n\x01", max_size=30)


@given(st.lists(st.builds(Markup, st.sampled_from(["p", "h1"]), NAMES, NAMES, NAMES), max_size=5))
def test_words_are_the_same_among_others_and_alone(elements):
    for place, element in enumerate(elements):
        assert words(elements, place) == words([element], 0)


def test_repeated_markup_counts_once():
    found, places = distinct_markup(split("<div class=a><p id=x>one</p><p id=x>two</p></div>"))
    assert found == [Markup("body", "", "", ""), Markup("div", "a", "", ""), Markup("p", "", "x", "")]
    assert places.tolist() == [0, 1, 2, 2]


def test_elements_weigh_what_their_known_words_do_in_each_place():
    found, _ = distinct_markup(split("<div class='post other post'><p>one</p><h1>two</h1></div>"))
    assert [element.tag for element in found] == ["body", "div", "p", "h1"]
    assert KNOWN.sum_weights(found).T.tolist() == [[0, 0, 0], [6, 60, 600], [1, 10, 100], [0, 0, 0]]


def test_log_odds_are_the_sum_within_limits():
    parts = np.array([[1.0, 0, -900], [2, 0, 0], [4, 0, 0]])
    assert KNOWN.log_odds(parts) == pytest.approx([-1, -8, -30])


def test_words_of_a_page_full_of_attributes_take_little_memory():
    elements = [Markup("p", f"{place} " + "aB" * 200, "", "a " * 200) for place in range(6000)]
    KNOWN.sum_weights(elements[:1])
    tracemalloc.start()
    try:
        KNOWN.sum_weights(elements)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 100 << 20  # all at once would take some 500 MB


def test_no_elements_weigh_nothing():
    assert KNOWN.sum_weights([]).shape == (3, 0)


def test_elements_weigh_the_same_among_thousands():
    few = [Markup("p", "post", "", ""), Markup("div", "postBody", "", ""), Markup("h1", "", "x", "")]
    many = KNOWN.sum_weights(few * 1000)
    np.testing.assert_array_equal(many, np.tile(KNOWN.sum_weights(few), 1000))


def test_a_vocabulary_may_know_nothing():
    nothing = Vocabulary({}, np.empty((3, 0)), bias=0)
    assert nothing.sum_weights(distinct_markup(split("<p>one</p>"))[0]).tolist() == [[0, 0]] * 3
