from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from turbohtml import Element, Text

from pagemill.extraction.choosing import blocks
from pagemill.extraction.choosing.features import text_statistics, word_count


def count(*paragraphs: str) -> text_statistics.TextStatistics:
    flat = blocks.split(Element("body", children=[Element("p", children=[Text(text)]) for text in paragraphs]))
    assert flat is not None
    return text_statistics.count(flat)


def test_counts():
    found = count("One, two: 33 words.", "Pay $5 | now", "日本語。")
    assert found.words.tolist() == pytest.approx([4, 3, 1.8])
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
    found = text_statistics.count(flat)
    assert found.words.tolist() == [3]
    assert found.linked_words.tolist() == [2]


def test_the_hash_of_a_text_ignores_whitespace():
    hashes = count("read more", " read\nmore ", "more read", "readmore.").text_hash
    assert hashes[0] == hashes[1]
    assert len(set(hashes.tolist())) == 3


def test_combining_marks_belong_to_words_and_emoji_are_none():
    found = count("हिन्दी में लिखा है।", "cafe\u0301 ✔\ufe0f")
    assert found.words.tolist() == [4, 1]
    assert found.ends_sentence.tolist() == [1, 0]


def test_linked_words_without_spaces():
    link = Element("a", {"href": "x"}, [Text("相关新闻")])
    flat = blocks.split(Element("body", children=[Element("p", children=[Text("阅读 more"), link])]))
    assert flat is not None
    found = text_statistics.count(flat)
    assert found.words.tolist() == pytest.approx([2 * 0.6 + 1 + 4 * 0.6])
    assert found.linked_words.tolist() == pytest.approx([4 * 0.6])
    assert found.letters.tolist() == [10]


def words_one_by_one(text: str) -> float:
    total, inside = 0.0, False
    for character in text:
        share = next((own for first, last, own in word_count.UNSPACED_SCRIPTS if first <= ord(character) <= last), 0)
        part = word_count.is_word_character(character)
        total += share if part and share else part and not inside
        inside = part and not share
    return total


@given(st.lists(st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"])), min_size=1))
def test_words_are_those_found_one_character_after_another(paragraphs):
    paragraphs = [text for text in paragraphs if text.strip()]
    if paragraphs:
        expected = [words_one_by_one(text) for text in paragraphs]
        np.testing.assert_allclose(count(*paragraphs).words, expected)
