from __future__ import annotations

import re

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from turbohtml import Element, Text

from pagemill.extraction import blocks, letters


def count(*paragraphs: str) -> letters.Letters:
    flat = blocks.split(Element("body", children=[Element("p", children=[Text(text)]) for text in paragraphs]))
    assert flat is not None
    return letters.count(flat)


def test_counts():
    found = count("One, two: 33 words.", "Pay $5 | now", "日本語。")
    assert found.words.tolist() == [4, 3, 1]
    assert found.characters.tolist() == [19, 12, 4]
    assert found.digits.tolist() == [2, 1, 0]
    assert found.commas.tolist() == [2, 0, 0]
    assert found.money.tolist() == [0, 1, 0]
    assert found.symbols.tolist() == [0, 1, 0]
    assert found.ends_sentence.tolist() == [1, 0, 1]


def test_linked_words_and_words_across_inline_tags():
    link = Element("a", {"href": "x"}, [Text("two three")])
    flat = blocks.split(Element("body", children=[Element("p", children=[Text("one "), link, Text("s")])]))
    assert flat is not None
    found = letters.count(flat)
    assert found.words.tolist() == [3]
    assert found.linked_words.tolist() == [2]


def test_same_text_has_the_same_key_whatever_the_spaces():
    key = count("read more", " read\nmore ", "more read", "readmore.").key
    assert key[0] == key[1]
    assert len(set(key.tolist())) == 3


@given(st.lists(st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"])), min_size=1))
def test_words_are_those_of_the_regular_expression(paragraphs):
    paragraphs = [text for text in paragraphs if text.strip()]
    if paragraphs:
        # A combining mark ends a word here and goes on in `\w`; underscore counts in both.
        expected = [
            len(re.findall(r"\w+", "".join(c if c.isalnum() or c == "_" else " " for c in text))) for text in paragraphs
        ]
        np.testing.assert_array_equal(count(*paragraphs).words, expected)
