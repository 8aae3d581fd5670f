from __future__ import annotations

import numpy as np
import pytest

from pagemill.extraction import vocabulary
from pagemill.extraction.vocabulary import Vocabulary

from .flat import split

KNOWN = Vocabulary({"<p": 0, "post": 1, "<div": 2}, np.array([[1.0, 2, 4], [10, 20, 40], [100, 200, 400]]), bias=-8)


def test_words_of_attributes_in_any_spelling():
    assert vocabulary.words_of("p", "post-body", "") == ["<p", "post", "body"]
    assert vocabulary.words_of("p", "postBody Post", "") == ["<p", "post", "body"]
    assert vocabulary.words_of("li", "FAQ_item12 x", "") == ["<li", "faq", "item"]
    assert vocabulary.words_of("div", "", "Main articleBody") == ["<div", "=main", "=articlebody"]


def test_elements_weigh_what_their_known_words_do_in_each_place():
    flat = split("<div class='post other post'><p>one</p><h1>two</h1></div>")
    assert flat.tags == ["body", "div", "p", "h1"]
    assert KNOWN.weigh(flat).T.tolist() == [[0, 0, 0], [6, 60, 600], [1, 10, 100], [0, 0, 0]]


def test_log_odds_are_the_sum_within_limits():
    parts = np.array([[1.0, 0, -900], [2, 0, 0], [4, 0, 0]])
    assert KNOWN.log_odds(parts) == pytest.approx([-1, -8, -30])


def test_a_vocabulary_may_know_nothing():
    nothing = Vocabulary({}, np.empty((3, 0)), bias=0)
    assert nothing.weigh(split("<p>one</p>")).tolist() == [[0, 0]] * 3
