"""Charts draw what was counted: scales hold every value, gaps stay gaps, and what is too much is summed up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from pagemill.api.ui.operations.charts import Steps, chart

START, STEP = datetime(2026, 1, 1, tzinfo=UTC), timedelta(minutes=2)
values = st.lists(st.none() | st.floats(0, 1e9), min_size=6, max_size=6)


def drawn(series):
    return chart("c", "Title", "a minute", Steps([START + number * STEP for number in range(6)], STEP), series)


@given(st.dictionaries(st.text("abc", min_size=1, max_size=3), values, max_size=12))
def test_every_point_is_within_the_picture(series):
    found = drawn(series)
    known = {name: row for name, row in series.items() if any(value is not None for value in row)}
    assert len(found.lines) == min(len(known), 8)
    for line in found.lines:
        points = [tuple(map(float, point.split(","))) for path in line.paths for point in path.split()]
        for x, y in [*points, *line.dots]:
            assert found.left <= x <= found.width
            assert 0 <= y <= found.height
    assert len(found.rows) == (6 if known else 0)


def test_a_gap_breaks_the_line():
    [line] = drawn({"a": [1, 2, None, 3, None, 4]}).lines
    assert (len(line.paths), len(line.dots), line.last) == (1, 2, "4")


def test_the_smallest_series_are_summed_up():
    series = {str(number): [float(number)] * 6 for number in range(1, 11)}
    found = drawn(series)
    assert [line.name for line in found.lines] == ["10", "9", "8", "7", "6", "5", "4", "others"]
    assert found.lines[-1].last == "6"


def test_nothing_is_told_in_words():
    assert drawn({}).summary == "Nothing was counted in this time."
    assert drawn({"a": [None] * 6}).lines == ()
    assert [mark.text for mark in drawn({"a": [0.0] * 6}).marks] == ["0", "1", "2", "3"]
