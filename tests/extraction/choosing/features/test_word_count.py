from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pagemill.extraction.choosing.features import word_count

# What two sentences are in languages with spaces and without; each text has about as many words as the English one.
ENGLISH = "The mill stands by the river. In winter its wheel freezes, and the miller keeps a fire beside it."
TRANSLATIONS = {
    "Chinese": "磨坊坐落在河边。冬天水车会结冰，磨坊主就在旁边生一堆火。",
    "Japanese": "水車小屋は川のほとりに立っています。冬になると車輪が凍るので、粉屋はそのそばで火を焚きます。",
    "Thai": "โรงสีตั้งอยู่ริมแม่น้ำ ในฤดูหนาวกังหันน้ำจะแข็งตัว คนโม่แป้งจึงก่อไฟไว้ข้าง ๆ",
}


@pytest.mark.parametrize("language", TRANSLATIONS)
def test_a_text_counts_about_as_many_words_as_its_translation(language):
    assert word_count.count(TRANSLATIONS[language], 100) == pytest.approx(word_count.count(ENGLISH, 100), rel=0.3)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", 0),
        ("one two\nthree", 3),
        ("naïve café", 2),
        ("हिन्दी में", 2),
        ("中文 English 中文", 3),  # 4 × 0.6 and 1
        ("中文English中文", 3),
        ("カタカナ", 1),
        ("한국어 문장", 2),
    ],
)
def test_words(text, words):
    assert word_count.count(text, 100) == words


@given(st.text(), st.integers(1, 20))
def test_no_more_than_asked_for(text, most):
    assert 0 <= word_count.count(text, most) <= most
    if text.isascii():
        assert word_count.count(text, most) == min(len(text.split()), most)


@pytest.mark.parametrize(
    ("character", "expected"),
    [("a", True), ("_", True), ("7", True), ("ि", True), ("中", True), (" ", False), ("、", False), ("\ufe0f", False)],
)
def test_what_words_are_made_of(character, expected):
    assert word_count.is_word_character(character) is expected


def test_scripts_are_sorted_and_do_not_overlap():
    edges = [edge for first, last, _ in word_count.UNSPACED_SCRIPTS for edge in (first, last)]
    assert edges == sorted(set(edges))
