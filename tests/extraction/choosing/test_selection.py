from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pagemill.extraction.choosing import selection

NOTHING = np.zeros(0, np.float32)
ODDS = st.floats(-6, 6)


def select_blocks(log_odds, words, template_ids=None, local_template_ids=None):
    template_ids = np.arange(len(words)) if template_ids is None else np.array(template_ids)
    local_template_ids = template_ids if local_template_ids is None else np.array(local_template_ids)
    return selection.select_blocks(
        np.array(log_odds, float), np.array(words, float), template_ids, local_template_ids, NOTHING
    )


def test_likely_blocks_are_selected_and_unlikely_ones_not():
    assert select_blocks([3, -3, 2, -4], [50, 50, 50, 50]).selected.tolist() == [True, False, True, False]


def test_something_is_always_selected():
    assert select_blocks([-9, -8], [5, 5]).selected.any()
    assert select_blocks([-40], [0]).selected.any()


def test_the_threshold_is_lower_on_uncertain_pages():
    assert select_blocks([-0.4, -0.4], [10, 10]).selected.all()
    assert select_blocks([6, -0.4], [100, 10]).selected.tolist() == [True, False]


def test_much_uncertain_text_is_not_added_to_certain_content():
    """If it is none, the page's truth is the short part alone: the mean F1 is higher without."""
    assert select_blocks([5, -1], [100, 1000]).selected.tolist() == [True, False]


def test_blocks_with_the_same_template_are_selected_together():
    odds, words = [5, 2, -1, 2, -1, -2.5, -3], [50, 5, 3, 5, 3, 5, 3]
    assert select_blocks(odds, words).selected.tolist() == [True, True, False, True, False, False, False]
    assert select_blocks(odds, words, [0, 1, 2, 1, 2, 1, 2]).selected.tolist() == [
        True,
        True,
        False,
        True,
        False,
        True,
        False,
    ]


def test_the_local_template_pools_less_than_the_template():
    odds, words, near = [5, 4, 4, 4, -1], [50, 9, 9, 9, 9], [0, 1, 1, 1, 1]
    assert select_blocks(odds, words, range(5)).selected.tolist() == [True, True, True, True, False]
    assert select_blocks(odds, words, range(5), near).selected.all()
    assert select_blocks(odds, words, range(5), near).probability[4] < select_blocks(odds, words, near).probability[4]


def test_two_blocks_with_the_same_template_may_differ():
    assert select_blocks([5, -5], [10, 10], [0, 0]).selected.tolist() == [True, False]


@given(st.lists(st.tuples(ODDS, st.integers(1, 50)), min_size=1, max_size=12))
def test_no_other_number_of_the_most_likely_has_a_higher_expected_f1(blocks):
    odds, words = np.array([o for o, _ in blocks]), np.array([float(w) for _, w in blocks])
    shifts = np.random.default_rng(1).normal(0, 2.3, 20_000)
    probability = 1 / (1 + np.exp(-(odds * np.sqrt(1 + np.pi * 2.3**2 / 8) + shifts[:, None])))

    def expected(selected):
        hits = (probability * words)[:, selected].sum(axis=1)
        return float((2 * hits / (words[selected].sum() + (probability * words).sum(axis=1))).mean())

    order = np.argsort(-odds, kind="stable")
    best = max(expected(order[:size]) for size in range(1, len(blocks) + 1))
    assert expected(np.flatnonzero(select_blocks(odds, words).selected)) >= best - 0.01


def test_quality_features_are_finite_and_end_with_those_of_the_page():
    page = np.array([7.0, 8.0], np.float32)
    quality_features = selection.select_blocks(
        np.array([-40.0, 40.0]), np.array([0.0, 3.0]), np.arange(2), np.arange(2), page
    ).quality_features
    assert np.isfinite(quality_features).all()
    assert quality_features[-2:].tolist() == [7, 8]
