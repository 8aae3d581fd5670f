from __future__ import annotations

import pytest

from pagemill.extraction import extract
from pagemill.extraction.reading import refresh
from pagemill.model import Refresh

BASE = "http://example.com/a/b"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0; url=/there", (0, "http://example.com/there")),
        ("5;URL='there'", (5, "http://example.com/a/there")),
        ("3, url=\"http://other.example/?a='b'\"", (3, "http://other.example/?a=%27b%27")),
        ("0 ; /there", (0, "http://example.com/there")),
        ("0 url = /there", (0, "http://example.com/there")),
        ("2.5; url=/there", (2, "http://example.com/there")),
        (".5; url=/there", (0, "http://example.com/there")),
        ("0; url='/there' and more", (0, "http://example.com/there")),
        ("5", None),
        ("", None),
        ("5;", None),
        ("url=/there", None),
        ("0; url=javascript:alert(1)", None),
        ("0; url=mailto:a@example.com", None),
        ("0x; url=/there", None),
        ("-1; url=/there", None),
    ],
)
def test_refreshes_are_read_as_browsers_read_them(text, expected):
    assert refresh.parse(text, BASE) == (None if expected is None else Refresh(*expected))


def test_the_first_refresh_of_the_markup_counts_and_none_in_noscript():
    page = (
        b'<base href="http://base.example/"><noscript><meta http-equiv=refresh content="0;url=/n"></noscript>'
        b'<meta http-equiv="Refresh" content="7"><meta http-equiv="REFRESH" content="1; url=x">'
    )
    assert extract(page, BASE).signals.refresh == Refresh(1, "http://base.example/x")


def test_a_long_refresh_takes_no_time():
    assert refresh.parse("0" + " " * 100_000 + "x", BASE) is None
