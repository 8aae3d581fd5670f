"""Dates: parses machine-readable dates and dates in text to ISO 8601."""

from __future__ import annotations

import re
from datetime import date, datetime

_MONTHS = {
    1: "jan january januar janvier enero ene gennaio gen janeiro januari styczen stycznia ledna января ocak",
    2: "feb february februar fevrier février fev febrero febbraio fevereiro februari lutego unora февраля şubat",
    3: "mar march märz maerz mars marzo março marco maart marca brezna марта mart",
    4: "apr april avril avr abril abr aprile kwietnia dubna апреля nisan",
    5: "may mai mayo maggio mag maio mei maja kvetna maj мая mayıs",
    6: "jun june juni juin junio giugno giu junho czerwca cervna июня haziran",
    7: "jul july juli juillet juil julio luglio lug julho lipca cervence июля temmuz",
    8: "aug august août aout agosto ago augustus sierpnia srpna augusti августа ağustos",
    9: "sep sept september septembre septiembre settembre set setembro wrzesnia zari сентября eylül",
    10: "oct october oktober okt octobre octubre ottobre ott outubro out pazdziernika rijna октября ekim",
    11: "nov november novembre noviembre novembro listopada listopadu ноября kasım",
    12: "dec december dezember dez décembre decembre diciembre dic dicembre dezembro grudnia prosince декабря aralık",
}
_MONTH_OF = {name: number for number, names in _MONTHS.items() for name in names.split()}
_MONTH = "(?P<{}>" + "|".join(sorted(_MONTH_OF, key=len, reverse=True)) + r")\b\.?"
_BEGIN = r"(?:\b|(?<=[\u3000-\u9fff\uac00-\ud7a3]))"  # East Asian texts put no space before a date

_TEXT_DATE = re.compile(
    rf"(?i){_BEGIN}(?:{_MONTH.format('m1')}\s+(?P<d1>[0-3]?\d)(?:st|nd|rd|th)?,?\s+(?P<y1>(?:19|20)\d\d)"
    rf"|(?P<d2>[0-3]?\d)(?:st|nd|rd|th|\.|er)?\s+(?:de\s+|of\s+)?{_MONTH.format('m2')},?\s+(?:de\s+)?(?P<y2>(?:19|20)\d\d)"
    r"|(?P<y3>(?:19|20)\d\d)\s?[-/.年년]\s?(?P<m3>[01]?\d)\s?[-/.月월]\s?(?P<d3>[0-3]?\d)"
    r"|(?P<a4>[0-3]?\d)(?P<s4>[/.-])(?P<b4>[0-3]?\d)(?P=s4)(?P<y4>(?:19|20)\d\d))(?!\d)"
)
YEAR = re.compile(r"(?:19|20)\d\d")
"""A year, which every full date contains."""
_ISO_DATE = re.compile(
    r"\s*(\d{4})-?(\d\d)-?(\d\d)(?:[T ](\d\d):?(\d\d)(?::?(\d\d)(?:\.\d+)?)?\s*(Z|[+-]\d\d:?\d\d)?)?"
)
_EARLIEST, _LATEST = 1990, 2100


def month_names(month: int) -> list[str]:
    """The names and short forms of a month (from 1) in the supported languages, in lower case."""
    return _MONTHS[month].split()


def is_month(word: str) -> bool:
    """Whether a word in lower case is the name of a month or its short form."""
    return word.rstrip(".,") in _MONTH_OF


def parse(text: str, *, day_first: bool = False) -> str | None:
    """The ISO 8601 form of a machine-readable date or time, or of the first date in a text; None if there is none.

    `day_first`: whether dates with slashes have the day first, as everywhere but in the United States.
    """
    match = _ISO_DATE.match(text)
    if match is not None:
        return _iso_date(match)
    return find(text, day_first=day_first)


def _iso_date(match: re.Match[str]) -> str | None:
    year, month, day, hour, minute, second, zone = match.groups()
    if hour is None:
        return _day(int(year), int(month), int(day))
    if zone is not None and zone != "Z" and ":" not in zone:
        zone = f"{zone[:3]}:{zone[3:]}"
    moment = f"{year}-{month}-{day}T{hour}:{minute}:{second or '00'}{zone or ''}"
    try:
        value = datetime.fromisoformat(moment)
    except ValueError:
        return _day(int(year), int(month), int(day))
    return value.isoformat().replace("+00:00", "Z") if _EARLIEST <= value.year <= _LATEST else None


def find(text: str, *, day_first: bool = False) -> str | None:
    """The first date in a text, as `YYYY-MM-DD`. `day_first`: see `parse`."""
    if YEAR.search(text) is None:
        return None
    for match in _TEXT_DATE.finditer(text):
        found = match.groupdict()
        if found["m1"]:
            day = _day(int(found["y1"]), _MONTH_OF[found["m1"].lower()], int(found["d1"]))
        elif found["m2"]:
            day = _day(int(found["y2"]), _MONTH_OF[found["m2"].lower()], int(found["d2"]))
        elif found["y3"]:
            day = _day(int(found["y3"]), int(found["m3"]), int(found["d3"]))
        else:
            day = _numeric(
                int(found["a4"]), int(found["b4"]), int(found["y4"]), month_first=found["s4"] == "/" and not day_first
            )
        if day is not None:
            return day
    return None


def _numeric(first: int, second: int, year: int, *, month_first: bool) -> str | None:
    """A date in numbers. If it is none in the expected order, the other order counts."""
    if month_first and first <= 12:
        return _day(year, first, second)
    return _day(year, second, first) or _day(year, first, second)


def _day(year: int, month: int, day: int) -> str | None:
    try:
        return date(year, month, day).isoformat() if _EARLIEST <= year <= _LATEST else None
    except ValueError:
        return None
