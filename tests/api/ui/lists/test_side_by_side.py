"""Two columns of a unified diff hold all of its lines, and words that differ are marked."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from pagemill.api.ui.lists.side_by_side import MOST_LINES, side_by_side
from pagemill.comparison.text_diff import Version, compare

lines = st.lists(st.text("ab c1.é", min_size=1, max_size=12).filter(str.strip), max_size=12)
DAY = date(2026, 1, 2)


def text_of(parts):
    return None if parts is None else "".join(text for text, _ in parts)


@given(lines, lines)
def test_each_line_stands_on_its_side(before, after):
    diff = compare(Version("\n".join(before), DAY), Version("\n".join(after), DAY), 100_000).diff
    rows = side_by_side(diff)
    marked = [line for line in diff.splitlines() if not line.startswith("@@")]
    assert [text_of(row.before) for row in rows if row.before is not None] == [
        line[1:] for line in marked if line[0] in " -"
    ]
    assert [text_of(row.after) for row in rows if row.after is not None] == [
        line[1:] for line in marked if line[0] in " +"
    ]


def test_words_that_differ_are_marked():
    [row] = side_by_side("-It costs 2 euros\n+It costs 3 euros\n")
    assert row.before == [("It costs ", False), ("2", True), (" euros", False)]
    assert row.after == [("It costs ", False), ("3", True), (" euros", False)]
    [row] = side_by_side("-entirely\n+other words\n")
    assert row.before == [("entirely", False)]


def test_what_is_left_out_is_told_and_long_diffs_end():
    assert [row.is_gap for row in side_by_side("@@ -1 +1 @@\n a\n@@ -9 +9 @@\n b\n... (cut)\n")] == [
        *(False, True, False, False)
    ]
    assert len(side_by_side("-a\n" * (MOST_LINES + 5))) == MOST_LINES
