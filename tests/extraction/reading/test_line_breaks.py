from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pagemill.extraction.reading import line_breaks


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("今天\n天气", "今天天气"),
        ("今天 \r\n\t 天气", "今天天气"),
        ("今天，\n天气", "今天，天气"),
        ("今天 天气", "今天 天气"),
        ("今天\nweather", "今天\nweather"),
        ("한국어\n문장", "한국어\n문장"),
        ("ภาษา\nไทย", "ภาษา\nไทย"),
        ("two\nwords", "two\nwords"),
    ],
)
def test_breaks_in_a_page(text, expected):
    assert line_breaks.transform_segment_breaks(text) == expected


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        ([], ""),
        (["one"], "one"),
        (["one", "two"], "one two"),
        (["今天", "天气", "and", "rain"], "今天天气 and rain"),
        (["ภาษา", "ไทย"], "ภาษาไทย"),
        (["한국어", "문장"], "한국어 문장"),
        (["a", "", "b"], "a  b"),
    ],
)
def test_wrapped_lines(lines, text):
    assert line_breaks.join(lines) == text


@given(st.text(st.sampled_from("今天，a \n\t\r")))
def test_nothing_but_space_is_lost(text):
    transformed = line_breaks.transform_segment_breaks(text)
    assert "".join(transformed.split()) == "".join(text.split())
    assert line_breaks.transform_segment_breaks(transformed) == transformed


def test_width():
    assert line_breaks.width("abc") == 3
    assert line_breaks.width("今天a") == 5
