from __future__ import annotations

import pytest
import turbohtml

from pagemill.extraction.reading import page_index
from pagemill.extraction.reading.page_index import text_of

PAGE = """<title>T</title><style>p {}</style><h1>The <b>head</b>line</h1><p>By <a href=x>Jane
Roe</a>, <time>5 May</time></p><script>let x</script><table><tr><td>one<td>two<tr><td><i>th</i>ree</table><p>end"""


def lines(html):
    return [" ".join(line.split()) for line in text_of(turbohtml.parse(html)).splitlines() if line.strip()]


def test_each_block_is_a_line_and_each_row():
    assert lines(PAGE) == ["The headline", "By Jane Roe, 5 May", "one two", "three", "end"]


@pytest.mark.parametrize("limit", ["_MAX_ALIGNED_TEXT", "_MAX_ALIGNED_CELLS"])
def test_where_tables_are_large_each_cell_is_a_line(monkeypatch, limit):
    monkeypatch.setattr(page_index, limit, 1)
    assert lines(PAGE) == ["The headline", "By Jane Roe, 5 May", "one", "two", "three", "end"]
