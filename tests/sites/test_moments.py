from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pagemill.sites.moments import moment


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2026-03-02", datetime(2026, 3, 2, tzinfo=UTC)),
        (" 2026-03-02T10:00:00Z ", datetime(2026, 3, 2, 10, tzinfo=UTC)),
        ("2026-03-02T10:00:00+02:00", datetime(2026, 3, 2, 8, tzinfo=UTC)),
        ("2026-03-02T10:00", datetime(2026, 3, 2, 10, tzinfo=UTC)),
        ("2026-03", None),
        ("2026", None),
        ("yesterday", None),
        ("", None),
        (None, None),
        ("0001-01-01T00:00:00+23:00", None),
    ],
)
def test_a_moment_is_one_in_utc(text, found):
    assert moment(text) == found


def test_a_date_may_stand_for_its_end():
    assert moment("2026-03-02", ends_day=True) == datetime(2026, 3, 3, tzinfo=UTC)
    assert moment("9999-12-31", ends_day=True) is None
