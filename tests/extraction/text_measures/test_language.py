from __future__ import annotations

import pytest

from pagemill.extraction.text_measures.language import identify


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("The committee met on Tuesday and decided to put the vote off until the spring.", "en"),
        ("Der Ausschuss tagte am Dienstag und verschob die Abstimmung auf das Frühjahr.", "de"),
        ("委員会は火曜日に会合を開き、投票を春まで延期することを決めました。", "ja"),
        ("Комитет собрался во вторник и решил отложить голосование до весны.", "ru"),
        ("12 + 30 = 42", None),
        ("", None),
    ],
)
def test_the_language_of_a_text(text, code):
    assert identify(text) == code
