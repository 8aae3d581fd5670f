"""Times, durations and numbers as pages write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pagemill.api.ui.formatting import ago, duration, iso_text, number, plural, time_text

NOW = datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "–"),
        (0.0421, "42 ms"),
        (2.34, "2.3 s"),
        (59.7, "1 min"),
        (119.8, "2 min"),
        (61, "1 min 1 s"),
        (3600, "1 h"),
        (5400, "1 h 30 min"),
        (90_000 * 2, "2.1 days"),
    ],
)
def test_durations(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.3, "now"), (5, "5 s ago"), (-90, "in 2 min"), (7200, "2 h ago"), (86400 * 9, "9 days ago")]
)
def test_moments(seconds, text):
    assert ago(NOW - timedelta(seconds=seconds), NOW) == text


def test_numbers_and_times():
    assert [number(value) for value in (0, 1234, 0.256, 12.34)] == ["0", "1,234", "0.26", "12.3"]
    assert [plural(1, "page"), plural(2000, "page")] == ["1 page", "2,000 pages"]
    assert (time_text(NOW), iso_text(NOW)) == ("2026-01-02 03:04:05 UTC", "2026-01-02T03:04:05.678Z")
