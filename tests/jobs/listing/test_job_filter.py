"""What a search text asks for, and places in a list as they stand in addresses."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pagemill.jobs.listing.job_filter import Cursor, search_of


@pytest.mark.parametrize(
    ("text", "host", "prefix"),
    [
        ("example.com", "example.com", None),
        (" Example.COM/ ", "example.com", None),
        ("bücher.example", "xn--bcher-kva.example", None),
        ("example.com/docs", "example.com", "example.com/docs"),
        ("example.com:8080", "example.com", "example.com:8080"),
        ("https://example.com", "example.com", "https://example.com"),
        ("https://user:word@example.com/a?b=1", "example.com", "https://user:word@example.com/a?b=1"),
        ("[::1]", "[::1]", None),
        ("http://[::1]:80/", "[::1]", "http://[::1]:80/"),
        ("", None, None),
        ("///", None, None),
        ("http://[", None, None),
    ],
)
def test_a_search_names_a_host_or_a_prefix(text, host, prefix):
    assert search_of(text) == (host, prefix)


@given(st.text(max_size=80))
def test_no_text_is_too_odd(text):
    host, prefix = search_of(text)
    assert host or not prefix


@given(
    st.datetimes(datetime(1970, 1, 1), datetime(9000, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis' form
    st.from_regex(r"(job|batch|map|crawl)_[0-9a-z]{1,64}", fullmatch=True),
)
def test_a_place_survives_its_address(created_at, job_id):
    cursor = Cursor(created_at, job_id)
    assert Cursor.parse(str(cursor)) == cursor


@pytest.mark.parametrize(
    "text", ["", "1", "1.", "x.job_1", "-1.job_1", "1.job_1;", "99999999999999999999.job_1", "1.job"]
)
def test_what_is_no_place_is_refused(text):
    assert Cursor.parse(text) is None


def test_a_place_that_no_calendar_has_is_refused():
    assert Cursor.parse("999999999999999999.job_1") is None
