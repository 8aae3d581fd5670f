from __future__ import annotations

import difflib
import random
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from pagemill.comparison import text_diff
from pagemill.comparison.text_diff import Version, compare

DAY = date(2026, 3, 2)
LINES = st.lists(st.sampled_from(["one", "two", "three", "four", "# Title", "- item"]), max_size=30)


def diff(old, new, *, most=100_000, align=True, days=(DAY, DAY)):
    return compare(Version(old, days[0]), Version(new, days[1]), most, align=align)


def test_equal_texts_do_not_differ():
    assert not diff("# Title\n\nA text.\n", "# Title\n\n\nA text.  \n")


def test_only_what_changes_by_itself_is_no_difference():
    old = "# News\n\nMonday, March 2, 2026\n\nTea. 5 minutes ago.\n"
    new = "# News\n\nTuesday, March 3, 2026\n\nTea. 2 hours ago.\n"
    assert not diff(old, new, days=(DAY, date(2026, 3, 3)))


def test_a_diff_is_unified_with_three_lines_of_context():
    old = "\n\n".join(f"line {number}" for number in range(20))
    found = diff(old, old.replace("line 9\n", "line nine\n"))
    assert (found.added, found.removed) == (1, 1)
    assert found.diff == (
        "@@ -7,7 +7,7 @@\n line 6\n line 7\n line 8\n-line 9\n+line nine\n line 10\n line 11\n line 12\n"
    )


def test_lines_are_shown_as_they_are():
    found = diff("Updated 5 minutes ago\n\nold", "Updated 2 hours ago\n\nnew")
    assert found.diff == "@@ -1,2 +1,2 @@\n Updated 2 hours ago\n-old\n+new\n"


@given(LINES, LINES)
def test_a_diff_leads_from_the_one_to_the_other(old, new):
    found = diff("\n".join(old), "\n".join(new))
    assert bool(found) == (old != new)
    assert applied(old, found.diff) == new


@given(LINES, LINES)
def test_so_does_one_that_aligns_nothing(old, new):
    assert applied(old, diff("\n".join(old), "\n".join(new), align=False).diff) == new


@given(LINES, LINES)
def test_it_says_what_difflib_says(old, new):
    found = [line for line in diff("\n".join(old), "\n".join(new)).diff.splitlines() if line[0] in "+-"]
    expected = [*difflib.unified_diff(old, new, lineterm="", n=0)][2:]
    assert len(found) <= 2 * len([line for line in expected if line[0] in "+-"]) or not found


def test_texts_that_would_take_long_are_not_aligned(monkeypatch):
    monkeypatch.setattr(text_diff, "SequenceMatcher", None)  # whoever called it would fail
    words = ["a", "b"]
    chosen = random.Random(1)
    old = [chosen.choice(words) for _ in range(5000)]
    new = [chosen.choice(words) for _ in range(5000)]
    found = diff("\n".join(["first", *old, "last"]), "\n".join(["first", *new, "last"]))
    assert 0 < found.added <= 5000
    assert found.diff.startswith("@@ -1,")


def test_long_texts_with_few_differences_are_aligned():
    old = [f"line {number}" for number in range(20_000)]
    new = ["first", *old[:10_000], "middle", *old[10_000:], "last"]
    found = diff("\n".join(old), "\n".join(new))
    assert (found.added, found.removed) == (3, 0)


def test_the_beginning_of_a_long_line_is_shown():
    found = diff("a", "b" * 1000, most=100)
    assert found.diff.startswith("@@ -1 +1 @@\n-a\n+bbb")
    assert len(found.diff) <= 100 + len("\n... (cut)\n")


def test_a_long_diff_is_cut():
    found = diff("", "\n".join(f"line {number}" for number in range(1000)), most=100)
    assert found.added == 1000
    assert len(found.diff) < 120
    assert found.diff.endswith("\n... (cut)\n")


def applied(old, unified):
    """The lines that a unified diff makes of others."""
    made, position = [], 0
    for line in unified.splitlines():
        if line.startswith("@@"):
            start, _, length = line.split(" ")[1][1:].partition(",")
            start = int(start) - (0 if length == "0" else 1)
            made += old[position:start]
            position = start
            continue
        if line[0] in " -":
            assert old[position] == line[1:]
            position += 1
        if line[0] in " +":
            made.append(line[1:])
    return made + old[position:]
