from __future__ import annotations

import numpy as np
import pytest
from tests.extraction.flat import split

from pagemill.extraction import extract
from pagemill.extraction.choosing.model import classifier
from pagemill.extraction.choosing.model.classifier import Classifier
from pagemill.extraction.choosing.rules import small_lists

TABLE = "<table><tr><th>Size</th><td>two litres</td></tr><tr><th>Weight</th><td>one kilogram</td></tr></table>"
LIST = "<dl><dt>Size</dt><dd>two litres</dd><dt>Weight</dt><dd>one kilogram</dd></dl>"


@pytest.mark.parametrize("part", [TABLE, LIST])
@pytest.mark.parametrize(
    ("selected", "expected"),
    [
        ([1, 1, 0, 0], [1, 1, 1, 1]),
        ([0, 1, 0, 1], [1, 1, 1, 1]),
        ([1, 0, 0, 1], [1, 1, 1, 1]),
        ([0, 1, 0, 0], [0, 0, 0, 0]),
        ([0, 0, 0, 0], [0, 0, 0, 0]),
    ],
)
def test_a_small_list_is_selected_whole_or_not_at_all(part, selected, expected):
    flat = split(f"<p>before</p>{part}<p>after")
    words = np.array([1.0, 1, 2, 1, 2, 1])
    found = small_lists.select_whole(flat, np.array([True, *map(bool, selected), False]), words)
    assert found.tolist() == [True, *map(bool, expected), False]


def test_a_small_share_is_kept_if_nothing_else_is_selected():
    flat = split(f"<p>before</p>{TABLE}")
    selected = np.array([False, False, True, False, False])
    assert small_lists.select_whole(flat, selected, np.array([1.0, 1, 2, 1, 2])).tolist() == selected.tolist()


def test_a_large_table_may_be_a_layout_table():
    flat = split("<table><tr><td>content<td>menu</table>")
    selected = np.array([True, False])
    assert small_lists.select_whole(flat, selected, np.array([small_lists.MAX_WORDS, 1.0])).tolist() == [True, False]


def test_the_outer_list_decides_for_the_inner_one():
    flat = split("<ul><li>one<ul><li>two<li>three<li>four</ul><li>five<li>six</ul>")
    selected = np.array([True, True, False, False, True, False])
    assert small_lists.select_whole(flat, selected, np.array([3.0, 1, 1, 1, 3, 3])).all()


def test_a_small_list_in_a_large_one_decides_for_itself():
    flat = split("<ul><li>large<li>other<ul><li>two<li>three</ul></ul>")
    words = np.array([small_lists.MAX_WORDS, 1.0, 5, 5])
    found = small_lists.select_whole(flat, np.array([True, False, True, False]), words)
    assert found.tolist() == [True, False, True, True]


def test_no_cell_of_a_specification_is_missing(monkeypatch):
    """Whatever the model thinks of the cells."""
    prose = "This kettle boils a litre of water in three minutes, and lasts for many years if you treat it well."
    odds = np.array([5.0, -5, 3, -5, 3, -5])
    monkeypatch.setattr(Classifier, "log_odds", lambda _, features: odds[: features.shape[1]])
    assert classifier.load().log_odds(np.zeros((1, 6), np.float32)).tolist() == odds.tolist()
    markdown = extract(f"<p>{prose}</p>{TABLE}<p>Imprint</p>".encode(), "http://example.com/").markdown
    assert "| Size | two litres |" in markdown
    assert "| Weight | one kilogram |" in markdown
    assert "Imprint" not in markdown


def test_a_table_is_not_chosen_in_part():
    flat = split("<table><tr><th>Time<th>What<tr><td>7.00<td>Doors</table><p>Text</p>")
    chosen = np.array([False, False, True, True, True])
    assert small_lists.without_parts_of_tables(flat, chosen).tolist() == [False, False, False, False, True]
    every = np.ones(5, bool)
    assert small_lists.without_parts_of_tables(flat, every).tolist() == every.tolist()


def test_a_table_that_only_lays_out_the_page_is_chosen_in_part():
    flat = split("<table><tr><td>Comment<td><table><tr><th>Time<td>7.00</table></table>")
    assert small_lists.without_parts_of_tables(flat, np.array([True, False, False])).tolist() == [True, False, False]


def test_a_table_without_header_cells_may_be_chosen_in_part():
    flat = split("<table><tr><td>Comment<td>Menu</table>")
    assert small_lists.without_parts_of_tables(flat, np.array([True, False])).tolist() == [True, False]
