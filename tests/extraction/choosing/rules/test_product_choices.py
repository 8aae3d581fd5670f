from __future__ import annotations

import pytest
from tests.extraction.chosen import read

from pagemill.extraction.choosing.rules import product_choices

LINE = '<p data-choices-of-form="">Height: 10 cm, 20 cm</p>'


@pytest.mark.parametrize(
    ("before", "is_kept"),
    [("<p><mark>£18.00 GBP</mark></p>", True), ("<p><mark>18 €</mark></p>", True), ("<p><mark>Text</mark></p>", False)],
)
def test_choices_belong_to_the_price_before_them(before, is_kept):
    flat, selected, _, _ = read(f"{before}{LINE}")
    assert product_choices.select(flat, selected).tolist() == [True, is_kept]


def test_choices_that_are_no_block_change_nothing():
    price = "<p><mark>£18.00</mark></p>"
    flat, selected, _, _ = read(f"{price}<object>{LINE}</object>{LINE.replace('Height: 10 cm, 20 cm', '')}")
    assert product_choices.select(flat, selected).tolist() == [True]


def test_a_price_far_above_is_that_of_something_else():
    flat, selected, _, _ = read(f"<p><mark>£18.00</mark></p>{'<p>a</p>' * 6}{LINE}")
    assert not product_choices.select(flat, selected)[-1]
