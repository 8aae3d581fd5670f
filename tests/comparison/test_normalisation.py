from __future__ import annotations

from datetime import date

import pytest

from pagemill.comparison.normalisation import Normaliser

MONDAY, TUESDAY = date(2026, 3, 2), date(2026, 3, 3)
SAME_EACH_DAY = [
    ("Updated 5 minutes ago by Ann", "Updated 2 hours ago by Ann"),
    ("3h ago · Sport", "5d ago · Sport"),
    ("an hour ago", "2 weeks ago"),
    ("Vor 5 Minuten aktualisiert", "vor einer Stunde aktualisiert"),
    ("il y a 3 heures", "il y a 2 jours"),
    ("hace 5 minutos", "hace 2 días"),
    ("5 minuti fa", "2 ore fa"),
    ("há 3 dias", "há 5 horas"),
    ("3分钟前", "2小时前"),
    ("just now", "yesterday"),
    ("Heute im Angebot", "Gestern im Angebot"),
    ("As of 2026-03-02", "As of 2026-03-03"),
    ("Monday, March 2, 2026", "Tuesday, March 3, 2026"),
    ("Mon, 2 Mar 2026 12:52:03 GMT", "Tue, 3 Mar 2026 01:02:03 GMT"),
    ("Stand: 02.03.2026, 12:52 Uhr", "Stand: 03.03.2026, 9:05 Uhr"),
    ("3/2/2026", "3/3/2026"),
    ("lundi 2 mars 2026", "mardi 3 mars 2026"),
    ("2 de marzo de 2026", "3 de marzo de 2026"),
    ("2026年3月2日", "2026年3月3日"),
    ("2026-03-02T10:11:12.123456Z", "2026-03-03T09:00:00+01:00"),
    ("today at 10:15 am", "yesterday at 9:00 pm"),
    ("12:52 - 2 March 2026", "9:01 - 3 March 2026"),
    ("Page generated in 0.034 seconds", "Page generated in 1.2 seconds"),
    ("[a](https://x.test/p?utm_source=a&id=1)", "[a](https://x.test/p?utm_source=b&id=1)"),
    ("[a](https://x.test/p?sid=0a1b)", "[a](https://x.test/p?sid=ffff)"),
    ("![a](https://x.test/p.png?_=1712)", "![a](https://x.test/p.png?_=1713)"),
    ("[a](https://x.test/p;jsessionid=0A1B?id=1)", "[a](https://x.test/p;jsessionid=9F?id=1)"),
    ("two  spaces ", "two spaces"),
]
DIFFERENT = [
    ("Price: 10 EUR", "Price: 12 EUR"),
    ("Open 9:00-17:00", "Open 10:00-17:00"),
    ("Published on 3 May 2025", "Published on 4 May 2025"),
    ("5 minutes", "6 minutes"),
    ("The event is on 20 March 2026", "The event is on 21 March 2026"),
    ("Version 1.2", "Version 1.3"),
    ("[a](https://x.test/p?id=1)", "[a](https://x.test/p?id=2)"),
    ("12 in stock", "11 in stock"),
]


@pytest.mark.parametrize(("monday", "tuesday"), SAME_EACH_DAY)
def test_what_changes_by_itself_does_not_count(monday, tuesday):
    assert Normaliser(MONDAY).line(monday) == Normaliser(TUESDAY).line(tuesday)


@pytest.mark.parametrize(("monday", "tuesday"), DIFFERENT)
def test_what_was_written_counts(monday, tuesday):
    assert Normaliser(MONDAY).line(monday) != Normaliser(TUESDAY).line(tuesday)


def test_the_day_of_another_time_zone_is_today_too():
    assert Normaliser(MONDAY).line("2026-03-01") == Normaliser(MONDAY).line("2026-03-03")
    assert Normaliser(MONDAY).line("2026-02-27") == "2026-02-27"


def test_of_a_text_without_end_only_the_beginning_is_searched():
    normaliser = Normaliser(MONDAY)
    lines = [normaliser.line(f"{number:06} 5 minutes ago") for number in range(100_000)]
    assert "minutes" not in lines[0]
    assert lines[-1] == "099999 5 minutes ago"
    assert Normaliser(MONDAY).line("099999 5 minutes ago") != lines[-1]


@pytest.mark.parametrize("line", ["", " ", "x" * 100_000, "1 " * 50_000, "?utm_a=" * 20_000, "2 March " * 10_000])
def test_lines_of_any_kind_are_read_in_time(line):
    """That it ends is the test: the patterns have no choice that grows with the line."""
    assert len(Normaliser(MONDAY).line(line)) <= len(line)
