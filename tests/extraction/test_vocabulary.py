from __future__ import annotations

from pagemill.extraction import vocabulary


def test_words_of_attributes_in_any_spelling():
    assert vocabulary.words_of("post-body") == vocabulary.words_of("postBody") == {"post", "body"}
    assert vocabulary.words_of("FAQ_item12 x") == {"faq", "item"}
    assert vocabulary.words_of("") == frozenset()


def test_scores_are_sums_of_known_words():
    scores = vocabulary.score(["post-body", "", "nav nav"], {"post": 0.5, "body": 0.25, "nav": -1.0})
    assert scores.tolist() == [0.75, 0, -1]
