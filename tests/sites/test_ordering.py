from __future__ import annotations

from pagemill.sites.ordering import priority, relevance, similarity, url_words, words


def test_relevance_puts_rare_words_and_short_texts_first():
    documents = [words("prices of screws"), words("screws and nails and much else besides"), words("about us")]
    scores = relevance("screw price", documents)
    assert scores[0] > scores[1] > scores[2] == 0
    assert relevance("x", []) == []


def test_the_words_of_a_url():
    assert url_words("https://e.com/docs/getting_started?q=Caf%C3%A9") == ["doc", "getting", "started", "q", "café"]


def test_similarity():
    assert similarity("red screws", words("Screws, red")) == 1
    assert similarity("red screws", ["red"]) == 0.5
    assert similarity("", ["red"]) == 0


def test_priority():
    assert priority(1, None, None) > priority(2, None, None)
    assert priority(1, 0.9, None) > priority(1, None, None) > priority(1, 0.1, None)
    assert priority(5, 0.0, 1.0) > priority(0, 1.0, None)
