from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pagemill.extraction.text_measures.readability import readability


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("The first sentence of it. And “the second one is this.”\n", 1.0),
        ("Home\nAbout us\nPrices from 9.99 EUR\n", 0.0),
        ("Contact\nThis is a line with words!\nMore", 0.75),
        ("Yes. No. Well.", 0.0),
        ("今日は天気がとても良いので、散歩に行きました。", 1.0),
        ("ประเทศไทยตั้งอยู่ในเอเชียตะวันออกเฉียงใต้และมีพรมแดนติดกับหลายประเทศ", 1.0),
        ("Цена 100 руб.", 0.0),
        ("यह एक लंबा और अच्छा वाक्य है।", 1.0),
    ],
)
def test_the_share_of_words_in_sentences(text, share):
    assert readability(text) == pytest.approx(share, abs=0.01)


def test_a_text_without_words_has_none():
    assert readability("") is None
    assert readability(" \n") is None


@given(st.text(max_size=500))
def test_it_is_a_share_of_any_text(text):
    found = readability(text)
    assert found is None or 0 <= found <= 1
