from __future__ import annotations

from itertools import combinations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pagemill.extraction import choice

NOTHING = np.zeros(0, np.float32)


def choose(probability, words):
    return choice.choose(np.array(probability, float), np.array(words, float), NOTHING)


def test_likely_blocks_are_chosen_and_unlikely_ones_not():
    assert choose([0.9, 0.1, 0.8, 0.05], [50, 50, 50, 50]).chosen.tolist() == [True, False, True, False]


def test_something_is_always_chosen():
    assert choose([0.001, 0.002], [5, 5]).chosen.any()
    assert choose([0.0], [0]).chosen.any()


def test_the_less_is_certain_the_lower_the_threshold():
    assert choose([0.4, 0.4], [10, 10]).chosen.all()
    assert choose([0.99, 0.4], [100, 10]).chosen.tolist() == [True, False]


@given(st.lists(st.tuples(st.floats(0.01, 0.99), st.integers(1, 50)), min_size=1, max_size=8))
def test_no_set_of_the_most_likely_has_a_higher_expected_f1(blocks):
    probability, words = np.array([p for p, _ in blocks]), np.array([float(w) for _, w in blocks])
    total = (probability * words).sum()

    def expected(chosen):
        index = list(chosen)
        return 2 * (probability * words)[index].sum() / (words[index].sum() + total)

    everything = (subset for size in range(1, len(blocks) + 1) for subset in combinations(range(len(blocks)), size))
    best = max(map(expected, everything))
    assert expected(np.flatnonzero(choose(probability, words).chosen)) >= best - 1e-6


def test_figures_are_finite_and_end_with_the_page_s():
    figures = choice.choose(np.array([0.0, 1.0]), np.array([0.0, 3.0]), np.array([7.0, 8.0], np.float32)).figures
    assert np.isfinite(figures).all()
    assert figures[-2:].tolist() == [7, 8]
