"""Finding a day in a text, however it is written."""

from __future__ import annotations

import re
from itertools import groupby, islice
from typing import TYPE_CHECKING

from pagemill.extraction.metadata import dates

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pagemill.structuring.evidence.phrase_search import Span

Day = tuple[int, int]
"""A month and a day of it; day 0 is the whole month."""

_ISO = re.compile(
    r"\s*(\d{4})-(\d\d)(?:-(\d\d))?(?:[T ](\d\d):?(\d\d)(?::?\d\d(?:\.\d+)?)?\s*(?:Z|[+-]\d\d:?\d\d)?)?\s*"
)
_MONTH_OF = {name: month for month in range(12, 0, -1) for name in dates.month_names(month)}


def _any_of(words: Iterable[str]) -> str:
    """A pattern for any of these words, the longest first, which tells by the first letter that none begins here."""
    longest_first = sorted(words, key=lambda word: (word[0], -len(word), word))
    groups = ((letter, [word[1:] for word in group]) for letter, group in groupby(longest_first, lambda word: word[0]))
    return "|".join(f"{letter}(?:{'|'.join(rests)})" for letter, rests in groups)


_NAME = _any_of(_MONTH_OF)
_DAY = r"[0-3]?\d"
_NUMERIC = re.compile(
    rf"(?P<y1>\d{{4}})\s?[-/.年년]\s?(?P<m1>[01]?\d)\s?[-/.月월]\s?(?P<d1>{_DAY})(?!\d)"
    rf"|(?<![\d.,])(?P<a4>{_DAY})\s?(?P<s4>[-/.])\s?(?P<b4>{_DAY})\s?(?P=s4)\s?['’]?(?P<y4>\d{{4}}|\d\d)(?![\d])"
    r"|(?<!\d)(?P<y5>\d{4})(?P<m5>[01]\d)(?P<d5>[0-3]\d)(?!\d)"
)
_NAMED = re.compile(
    rf"\b(?P<m2>{_NAME})\b\.?[\s\u00a0*_\-]{{1,4}}(?:the\s+)?(?P<d2>{_DAY})(?:st|nd|rd|th)?(?!\d)"
    r"(?:[\s\u00a0*_,.\-/]{1,4}(?:of\s+)?['’]?)(?P<y2>\d{4}|\d\d)(?!\d)"
    rf"|(?<!\d)(?P<d3>{_DAY})(?:st|nd|rd|th|er|º|ª|\.)?(?:\s+(?:de|of))?[\s\u00a0*_\-]{{0,4}}\b(?P<m3>{_NAME})\b\.?"
    r"(?:\s+(?:de|of))?[\s\u00a0*_,.\-/]{1,4}['’]?(?P<y3>\d{4}|\d\d)(?!\d)"
    rf"|\b(?P<m6>{_NAME})\b\.?[\s\u00a0*_,.\-/]{{1,4}}(?:de\s+|of\s+)?(?P<y6>\d{{4}})(?!\d)"
)
_LETTERS = re.compile(r"[^\W\d_]+")
_BEFORE_SHORT_YEAR = tuple("-/.'’")
_MAX_HITS = 400
_WINDOW_BEFORE = 40
_WINDOW_AFTER = 16
_TIME_WINDOW = 60


def iso_day(text: str) -> str | None:
    """Return the day that a value says, as `YYYY-MM-DD` (or `YYYY-MM`); None where it is no date."""
    match = _ISO.fullmatch(text)
    if match is not None:
        return "-".join(filter(None, match.groups()[:3]))
    found = dates.find(text) if len(text) <= _TIME_WINDOW and any(character.isdigit() for character in text) else None
    return found if found is not None and len(re.findall(r"[^\W\d_]{3,}", text)) <= 4 else None


def time_of(text: str) -> tuple[int, int] | None:
    """Return the hour and minute that an ISO 8601 moment says; None where it says midnight or none at all."""
    match = _ISO.fullmatch(text)
    if match is None or match[4] is None or (match[4], match[5]) == ("00", "00"):
        return None
    return int(match[4]), int(match[5])


class DateIndex:
    """The days that a folded text names, read for one year when that year is first asked for."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._years: dict[int, dict[Day, list[Span]]] = {}

    def spans(self, day: str) -> list[Span]:
        """Return where the text names this day (`YYYY-MM-DD`) or month (`YYYY-MM`)."""
        year, month, *rest = (int(part) for part in day.split("-"))
        if year not in self._years:
            self._years[year] = self._read(year)
        return self._years[year].get((month, rest[0] if rest else 0), [])

    def _read(self, year: int) -> dict[Day, list[Span]]:
        found: dict[Day, list[Span]] = {}
        for start, end in self._windows(year):
            for match in self._written(start, end):
                for named, day in _days(match):
                    if named % 100 == year % 100 and named in (year, year % 100):
                        spans = found.setdefault(day, [])
                        if not spans or spans[-1] != match.span():
                            spans.append(match.span())
        return found

    def _written(self, start: int, end: int) -> list[re.Match[str]]:
        """The dates between two places, in their order. Names of months are looked for only where there is one."""
        found = list(_NUMERIC.finditer(self._text, start, end))
        if not _MONTH_OF.keys().isdisjoint(_LETTERS.findall(self._text, start, end)):
            found += _NAMED.finditer(self._text, start, end)
            found.sort(key=lambda match: match.span())
        return found

    def _windows(self, year: int) -> Iterator[Span]:
        """The stretches of text around this year, in two digits too; those that overlap are one."""
        begin = end = -1
        for hit in sorted(islice(self._hits(year), _MAX_HITS)):
            if hit - _WINDOW_BEFORE > end:
                if end >= 0:
                    yield begin, end
                begin = max(0, hit - _WINDOW_BEFORE)
            end = hit + _WINDOW_AFTER
        if end >= 0:
            yield begin, end

    def _hits(self, year: int) -> Iterator[int]:
        for form in (str(year), f"{year % 100:02}"):
            position = self._text.find(form)
            while position >= 0:
                if len(form) == 4 or self._may_be_short_year(position):
                    yield position
                position = self._text.find(form, position + 1)

    def _may_be_short_year(self, position: int) -> bool:
        """Two digits, and no more, after a mark that follows a day, a month or a space."""
        around = self._text[position - 2 : position + 3]
        return (
            around[1:2] in _BEFORE_SHORT_YEAR
            and (around[0].isalnum() or around[0].isspace())
            and (not around[4:].isdigit())
        )


def _days(match: re.Match[str]) -> Iterator[tuple[int, Day]]:
    """The year and day that a written date can mean; where the order is not told, both."""
    part = match.groupdict()
    if part.get("a4"):
        first, second, year = int(part["a4"]), int(part["b4"]), int(part["y4"])
        yield year, (second, first)
        if first != second:
            yield year, (first, second)
        return
    number = next(key[1] for key in ("y1", "y2", "y3", "y5", "y6") if part.get(key))
    month, year = part[f"m{number}"], int(part[f"y{number}"])
    month_number = int(month) if month.isdigit() else _MONTH_OF[month]
    yield year, (month_number, int(part.get(f"d{number}") or 0))
    yield year, (month_number, 0)


def is_time_near(moment: tuple[int, int], text: str, span: Span) -> bool:
    """Whether this hour and minute are written near a place of a folded text."""
    hour, minute = moment
    around = text[max(0, span[0] - _TIME_WINDOW) : span[1] + _TIME_WINDOW]
    half = hour % 12 or 12
    evening = "p" if hour >= 12 else "a"
    forms = rf"(?<!\d)0?{hour}\s?[:.h]\s?{minute:02}(?!\d)|(?<!\d)0?{half}(?::{minute:02})?\s?{evening}\.?m"
    return re.search(forms, around) is not None
