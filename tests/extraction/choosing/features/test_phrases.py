from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.extraction.flat import split
from turbohtml import escape

from pagemill.extraction.choosing.features import phrases, text_statistics
from pagemill.extraction.choosing.features.phrases import PhraseModel


def read(html: str) -> phrases.Phrases:
    flat = split(html)
    return phrases.read(flat, text_statistics.count(flat).characters)


def tokens_of(found: phrases.Phrases, block: int) -> list[str]:
    return [token for token, own in zip(found.tokens, found.block, strict=True) if own == block]


def test_words_and_few_words_as_a_whole_are_tokens():
    found = read(f"<p>Read <b>More</b> »</p><p>{'long ' * 40}</p><p>12 comments</p>")
    assert tokens_of(found, 0) == ["read", "more", "=read more"]
    assert tokens_of(found, 1) == []
    assert tokens_of(found, 2) == ["#", "comments", "=# comments"]
    assert found.short.tolist() == [True, False, True]


@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20), max_size=8))
def test_each_block_has_the_tokens_that_it_has_alone(texts):
    texts = [text for text in texts if not text.isspace()]
    if not texts:
        return
    together = read("".join(f"<p>{escape(text)}</p>" for text in texts))
    for block, text in enumerate(texts):
        assert tokens_of(together, block) == tokens_of(read(f"<p>{escape(text)}</p>"), 0)


def test_a_token_counts_once_and_unknown_ones_nothing():
    model = PhraseModel({"share": 0, "now": 1}, np.array([-2.0, 0.5]), bias=1.0)
    found = read(f"<p>Share share this now</p><p>Text</p><p>{'long ' * 40}</p>")
    assert model.log_odds(found, 3).tolist() == [-0.5, 1.0, 0.0]
