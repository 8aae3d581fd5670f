from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pagemill.extraction.postprocessing import token_estimate


@given(st.text(), st.text())
def test_units_of_parts_add_up(first, second):
    together = token_estimate.units(first + second)
    assert token_estimate.units(first) + token_estimate.units(second) == together
    assert together > 0 or not first + second


@given(st.text())
def test_prefixes_grow_by_each_character(text):
    found = token_estimate.prefix_units(text)
    assert len(found) == len(text) + 1
    assert all(before < after for before, after in pairwise(found))


@pytest.mark.parametrize(
    ("text", "counted"),
    [  # counted with the tokenizer o200k_base
        ("The quick brown fox jumps over the lazy dog. " * 10, 101),
        ("自然言語処理は、人間の言葉をコンピューターに処理させる技術である。" * 10, 270),
        ("Съешь же ещё этих мягких французских булок, да выпей чаю. " * 10, 191),
    ],
)
def test_estimates_are_near_what_a_tokenizer_counts(text, counted):
    assert 0.8 * counted < token_estimate.tokens(text) < 1.6 * counted
