from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pagemill.extraction.choosing import selection

NOTHING = np.zeros(0, np.float32)
ODDS = st.floats(-6, 6)


def choose(log_odds, words, looks=None, near_looks=None):
    looks = np.arange(len(words)) if looks is None else np.array(looks)
    near_looks = looks if near_looks is None else np.array(near_looks)
    return selection.choose(np.array(log_odds, float), np.array(words, float), looks, near_looks, NOTHING)


def test_likely_blocks_are_chosen_and_unlikely_ones_not():
    assert choose([3, -3, 2, -4], [50, 50, 50, 50]).chosen.tolist() == [True, False, True, False]


def test_something_is_always_chosen():
    assert choose([-9, -8], [5, 5]).chosen.any()
    assert choose([-40], [0]).chosen.any()


def test_the_less_is_certain_the_lower_the_threshold():
    assert choose([-0.4, -0.4], [10, 10]).chosen.all()
    assert choose([6, -0.4], [100, 10]).chosen.tolist() == [True, False]


def test_much_text_that_may_be_content_does_not_drown_what_surely_is():
    """If it is none, the page's truth is the short part alone: the mean F1 is higher without."""
    assert choose([5, -1], [100, 1000]).chosen.tolist() == [True, False]


def test_blocks_that_look_alike_are_chosen_together():
    odds, words = [5, 2, -1, 2, -1, -2.5, -3], [50, 5, 3, 5, 3, 5, 3]
    assert choose(odds, words).chosen.tolist() == [True, True, False, True, False, False, False]
    assert choose(odds, words, [0, 1, 2, 1, 2, 1, 2]).chosen.tolist() == [True, True, False, True, False, True, False]


def test_blocks_that_look_alike_at_other_depths_draw_each_other_less():
    odds, words, near = [5, 4, 4, 4, -1], [50, 9, 9, 9, 9], [0, 1, 1, 1, 1]
    assert choose(odds, words, range(5)).chosen.tolist() == [True, True, True, True, False]
    assert choose(odds, words, range(5), near).chosen.all()
    assert choose(odds, words, range(5), near).probability[4] < choose(odds, words, near).probability[4]


def test_two_that_look_alike_may_differ():
    assert choose([5, -5], [10, 10], [0, 0]).chosen.tolist() == [True, False]


@given(st.lists(st.tuples(ODDS, st.integers(1, 50)), min_size=1, max_size=12))
def test_no_other_number_of_the_most_likely_has_a_higher_expected_f1(blocks):
    odds, words = np.array([o for o, _ in blocks]), np.array([float(w) for _, w in blocks])
    shifts = np.random.default_rng(1).normal(0, 2.3, 20_000)
    probability = 1 / (1 + np.exp(-(odds * np.sqrt(1 + np.pi * 2.3**2 / 8) + shifts[:, None])))

    def expected(chosen):
        hits = (probability * words)[:, chosen].sum(axis=1)
        return float((2 * hits / (words[chosen].sum() + (probability * words).sum(axis=1))).mean())

    order = np.argsort(-odds, kind="stable")
    best = max(expected(order[:size]) for size in range(1, len(blocks) + 1))
    assert expected(np.flatnonzero(choose(odds, words).chosen)) >= best - 0.01


def test_figures_are_finite_and_end_with_the_page_s():
    page = np.array([7.0, 8.0], np.float32)
    figures = selection.choose(np.array([-40.0, 40.0]), np.array([0.0, 3.0]), np.arange(2), np.arange(2), page).figures
    assert np.isfinite(figures).all()
    assert figures[-2:].tolist() == [7, 8]
