from __future__ import annotations

import pytest
from tests.bulk.warc_file import article

from pagemill.bulk.near_duplicates import NearDuplicates

WORDS = [f"word{number}" for number in range(300)]


@pytest.fixture
def known():
    return NearDuplicates(0.8)


def test_a_text_that_differs_in_a_few_words_is_the_duplicate_of_the_first(known):
    assert known.duplicate_of("a", " ".join(WORDS)) is None
    assert known.duplicate_of("b", " ".join([*WORDS[:150], "another", *WORDS[151:]])) == "a"
    assert known.duplicate_of("c", " ".join(WORDS[::-1])) is None
    assert known.duplicate_of("d", " ".join(WORDS[:150])) is None  # half of it


def test_scripts_without_spaces_are_compared_by_characters(known):
    text = "".join(chr(0x4E00 + number * 7 % 5000) for number in range(400))
    assert known.duplicate_of("a", text) is None
    assert known.duplicate_of("b", text[:200] + "新" + text[201:]) == "a"


def test_short_texts_are_compared_with_none(known):
    assert known.duplicate_of("a", "Page not found") is None
    assert known.duplicate_of("b", "Page not found") is None


def test_what_an_earlier_run_knew_is_known_again(known):
    text = article(1).decode()
    known.duplicate_of("a", text)
    added = known.take_added()
    assert known.take_added() == []
    later = NearDuplicates(0.8)
    later.restore(added)
    assert later.duplicate_of("b", text) == "a"
