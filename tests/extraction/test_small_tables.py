from __future__ import annotations

import numpy as np
import pytest
import turbohtml

from pagemill.extraction import blocks, extract, small_tables

ROWS = "<tr><th>Size</th><td>two litres</td></tr><tr><th>Weight</th><td>one kilogram</td></tr>"


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ([1, 1, 0, 0], [1, 1, 1, 1]),
        ([0, 1, 0, 1], [1, 1, 1, 1]),
        ([1, 0, 0, 0], [1, 0, 0, 0]),
        ([0, 0, 0, 0], [0, 0, 0, 0]),
    ],
)
def test_a_table_of_which_half_is_chosen_is_whole(chosen, expected):
    flat = blocks.split(turbohtml.parse(f"<p>before<table>{ROWS}</table><p>after").select_one("body"))
    words = np.array([1.0, 1, 2, 1, 2, 1])
    found = small_tables.complete(flat, np.array([False, *map(bool, chosen), False]), words)
    assert found.tolist() == [False, *map(bool, expected), False]


def test_a_large_table_may_be_a_layout():
    flat = blocks.split(turbohtml.parse("<table><tr><td>content<td>menu</table>").select_one("body"))
    chosen = np.array([True, False])
    assert small_tables.complete(flat, chosen, np.array([small_tables.MOST_WORDS, 1.0])).tolist() == [True, False]


def test_no_row_of_a_specification_is_missing():
    page = (
        f"<main><h1>Kettle</h1><p>{'This kettle boils water quickly and lasts long. ' * 3}<table>{ROWS}</table></main>"
    )
    markdown = extract(page.encode(), "http://example.com/").markdown
    assert ("Size" in markdown) == ("Weight" in markdown)
    assert "| Weight | one kilogram |" in markdown
