from __future__ import annotations

import numpy as np
import pytest

from pagemill.extraction import extract, small_tables

from .flat import split

ROWS = "<tr><th>Size</th><td>two litres</td></tr><tr><th>Weight</th><td>one kilogram</td></tr>"


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ([1, 1, 0, 0], [1, 1, 1, 1]),
        ([0, 1, 0, 1], [1, 1, 1, 1]),
        ([0, 1, 0, 0], [1, 1, 1, 1]),
        ([1, 0, 0, 0], [0, 0, 0, 0]),
        ([0, 0, 0, 0], [0, 0, 0, 0]),
    ],
)
def test_a_table_is_whole_or_not_there(chosen, expected):
    flat = split(f"<p>before<table>{ROWS}</table><p>after")
    words = np.array([1.0, 1, 2, 1, 2, 1])
    found = small_tables.settle(flat, np.array([False, *map(bool, chosen), False]), words)
    assert found.tolist() == [False, *map(bool, expected), False]


def test_a_large_table_may_be_a_layout():
    flat = split("<table><tr><td>content<td>menu</table>")
    chosen = np.array([True, False])
    assert small_tables.settle(flat, chosen, np.array([small_tables.MOST_WORDS, 1.0])).tolist() == [True, False]


# Of its table the model chooses some of the cells.
PAGE = """<html lang=en><head><title>Mill notes</title></head>
<body><nav><a href=/a>Home</a> <a href=/b>About</a></nav><main><h1>Copper Kettle</h1>
<p>This kettle boils a litre of water in three minutes, and lasts for many years if you treat it well.</p>
<p>Price: €49.50</p><table><tr><th>Size</th><td>2 l</td></tr><tr><th>Weight</th><td>1 kg</td></tr></table></main>
<footer>Imprint</footer></body></html>"""


def test_no_cell_of_a_specification_is_missing():
    markdown = extract(PAGE.encode(), "http://example.com/", content_type="text/html; charset=utf-8").markdown
    assert "| Size | 2 l |" in markdown
    assert "| Weight | 1 kg |" in markdown
