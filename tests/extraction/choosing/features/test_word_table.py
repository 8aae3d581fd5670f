"""The compiled table of words does what `PhraseModel.log_odds` and `title_match.match` do in plain Python."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pagemill.extraction.choosing.blocks import Blocks
from pagemill.extraction.choosing.features import phrases, short_texts, title_match
from pagemill.extraction.choosing.features.element_markup import Markup
from pagemill.extraction.choosing.features.phrases import PhraseModel
from pagemill.extraction.choosing.features.vocabulary import Vocabulary

# Skips where nothing could be compiled.
WordTable = pytest.importorskip("pagemill.extraction.choosing.features.word_table").WordTable

WORDS = ["read", "more", "share", "#", "=read more", "=# comments", "i̇", "ß", "été", "著者", "𝟎", "a\ud800", ""]
PIECES = [
    *("read", "READ", "More", "share", "12", "٣", "²", "comments", "»", ".", " ", "\n", "\u00a0", "\u200b", "_", "-"),
    *("é", "ÉTÉ", "İ", "Σ", "ΑΣ", "ß", "著者", "\ud800", "a\ud800", "\uffff", "\ufe0f", "a\u0301"),
    "x" * 130,
]
text = st.lists(
    st.sampled_from(PIECES) | st.text(st.characters(max_codepoint=0xFFFF), max_size=4), min_size=1, max_size=12
).map("".join)
texts = st.lists(text, max_size=9)
KINDS = short_texts.character_kinds()


def flat_of(strings: list[str]) -> Blocks:
    """A page with these blocks. No text of a page has a NUL, and none is blank."""
    strings = [text for text in (string.replace("\0", "") for string in strings) if text and not text.isspace()]
    flat = Blocks(names=None)
    flat.owner, flat.strings, flat.text_block = [0] * len(strings), strings, list(range(len(strings)))
    return flat


def lengths(flat: Blocks) -> np.ndarray:
    return np.array([len(string) for string in flat.strings], np.float64)


@given(texts, st.lists(st.booleans(), min_size=9, max_size=9))
def test_phrases_have_the_same_log_odds(strings: list[str], chosen: list[bool]):
    flat = flat_of(strings)
    characters = lengths(flat)
    model = PhraseModel({word: column for column, word in enumerate(WORDS)}, np.arange(len(WORDS)) / 7 - 0.3, bias=0.1)
    found = phrases.read(flat, characters)
    wanted = np.array(chosen[: len(flat.owner)], bool)
    packed = short_texts.read(flat, characters)
    expected = model.log_odds(found.of(wanted), len(flat.owner))
    np.testing.assert_array_equal(model.compiled_log_odds(packed, found.short & wanted), expected)


@given(texts, st.lists(st.lists(st.sampled_from(PIECES), max_size=5).map(" ".join), max_size=3))
def test_titles_match_the_same_blocks(strings: list[str], titles: list[str]):
    flat = flat_of(strings)
    characters = lengths(flat)
    plain = title_match.match(flat, characters, titles)
    packed = short_texts.read(flat, characters)
    assert packed is not None
    fast = title_match.match(flat, characters, titles, packed)
    for one, other in zip(plain, fast, strict=True):
        np.testing.assert_array_equal(one, other)


@given(st.lists(st.text(max_size=5), unique=True, max_size=60))
def test_a_table_finds_each_word_that_it_knows_and_no_other(words: list[str]):
    words = [word for word in words if word.isalnum() and max(word) <= "\uffff"]
    text = np.frombuffer(" ".join([*words, "unknown", "x" * 300]).encode("utf-16-le"), np.uint16)
    whole = np.array([0]), np.array([len(text)])
    for table in (WordTable(words), pickle.loads(pickle.dumps(WordTable(words)))):
        found = table.find_words(text, *whole, KINDS, counts := np.zeros(1, np.int64))
        assert found == [(0, number) for number in range(len(words))]
        assert counts == len(words) + 2


@pytest.mark.parametrize("string", ["a 😀", "𝟎 comments", "a\0b", "\0"])
def test_texts_that_no_array_can_hold_are_left_to_plain_code(string: str):
    flat = flat_of(["one", "two"])
    flat.strings[1] = string
    assert short_texts.read(flat, lengths(flat)) is None


NAMES = ["post", "postBody", "post-body", "POST", "x", "aB", "12", "\u212a", "K", "é", "😀", "\ud800", " ", "-", "_"]
name = st.lists(st.sampled_from(NAMES) | st.text(max_size=3), max_size=8).map("".join)
markup = st.builds(Markup, st.sampled_from(["div", "p", "x-é", "h1😀"]), name, name, name)


@given(st.lists(markup, max_size=6))
def test_names_have_the_same_weights(elements: list[Markup]):
    words = ["post", "body", "k", "x", "a", "b", "<div", "<p", "<x-é", "<h1😀", "=post", "=é", "=12", "ß", ""]
    weights = np.arange(3 * len(words)).reshape(3, -1) / 7 - 1
    vocabulary = Vocabulary({word: column for column, word in enumerate(words)}, weights, bias=0.0)
    for batch in [elements, *([element] for element in elements)]:
        if batch:
            np.testing.assert_array_equal(vocabulary.sum_weights(batch), vocabulary.plain_sums(batch))


@pytest.mark.parametrize(
    "changed",
    [
        {"begins": [-1, 2]},
        {"begins": [3, 0]},
        {"ends": [2, 6]},
        {"ends": [2]},
        {"begins": [0]},
        {"kinds": KINDS[:-1]},
        {"weights": [1.0]},
    ],
)
def test_arrays_that_do_not_fit_are_refused(changed: dict[str, Any]):
    """Compiled code reads nothing outside of them."""
    given_arrays = {"begins": [0, 2], "ends": [2, 5], "kinds": KINDS, "weights": [1.0, 2.0], **changed}
    begins, ends = (np.array(given_arrays[name], np.int64) for name in ("begins", "ends"))
    text, table = np.frombuffer("ab cd".encode("utf-16-le"), np.uint16), WordTable(["ab", "cd"])
    with pytest.raises(ValueError, match=r"fit together|outside"):
        table.sum_weights(text, begins, ends, given_arrays["kinds"], np.array(given_arrays["weights"]), 5, np.zeros(2))
    if "weights" not in changed:
        with pytest.raises(ValueError, match=r"fit together|outside"):
            table.find_words(text, begins, ends, given_arrays["kinds"], np.zeros(2, np.int64))
