from __future__ import annotations

import numpy as np
from tests.extraction.chosen import read

from pagemill.extraction.choosing.rules import completion


def test_rules_add_first_and_then_take_away():
    flat, selected, words, texts = read(
        "<section><h2>Care</h2><p><mark>Cut the wick.</mark></p><span><mark>2/3</mark></span></section>"
    )
    probability = np.full(len(texts), 0.5)
    result = completion.complete(flat, selected, words, probability)
    assert [text for text, is_in in zip(texts, result, strict=True) if is_in] == ["Care", "Cut the wick."]


def test_what_serves_the_header_goes_with_it():
    flat, selected, words, texts = read(
        "<h2><mark>Published</mark></h2><p>4 May 2024</p><section><p><mark>Text.</mark></p></section>"
    )
    chances = np.full(len(texts), 0.9), np.arange(len(texts))
    selected[1] = False
    result = completion.remove_parts_of_header(flat, selected, words, chances, header=[1], names=[])
    assert [text for text, is_in in zip(texts, result, strict=True) if is_in] == ["Published", "Text."]
    own = "<section><h2><mark>Published</mark></h2><p>4 May 2024</p></section><p><mark>Text.</mark></p>"
    flat, selected, words, texts = read(own)
    result = completion.remove_parts_of_header(flat, selected, words, chances, header=[1], names=[])
    assert [text for text, is_in in zip(texts, result, strict=True) if is_in] == ["Text."]
