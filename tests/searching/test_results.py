from __future__ import annotations

import pytest

from pagemill.searching.adapter import RawResult
from pagemill.searching.results import LONGEST_SNIPPET, LONGEST_TITLE, MOST_RESULTS, read_results

URL = "https://mills.example/"


@pytest.mark.parametrize("value", [None, 1, 1.5, True, [], {}, ["x"], {"x": "y"}])
def test_values_of_any_type_are_no_values(value):
    [result] = read_results([RawResult(URL, value, value, value, value)])
    assert (result.url, result.title, result.snippet, result.date, result.last_updated) == (URL, "", "", None, None)
    assert read_results([RawResult(value, "title")]) == []


def test_texts_are_short_and_on_one_line():
    text = " a\n\tb\x00\x1b[31m\u202e  " + "x" * 1_000_000
    [result] = read_results([RawResult(URL, text, text)])
    assert result.title.startswith("a b[31m x")
    assert (len(result.title), len(result.snippet)) == (LONGEST_TITLE, LONGEST_SNIPPET)
    assert result.title.endswith("…")


def test_no_more_are_looked_at_than_are_of_use():
    assert len(read_results(RawResult(URL) for _ in range(100_000))) == MOST_RESULTS


@pytest.mark.parametrize(
    ("given", "day"),
    [
        ("2026-01-02", "2026-01-02"),
        ("2026-01-02T23:59:59Z", "2026-01-02"),
        ("2026-01-02T23:59:59.123+02:00", "2026-01-02"),
        ("Jan 2, 2026", "2026-01-02"),
        ("January 2, 2026", "2026-01-02"),
        ("2 Jan 2026", "2026-01-02"),
        ("3 days ago", None),
        ("", None),
        ("2026-13-45", None),
        ("2026-01-02" + " " * 100, None),
    ],
)
def test_dates_have_one_form(given, day):
    assert read_results([RawResult(URL, date=given)])[0].date == day
