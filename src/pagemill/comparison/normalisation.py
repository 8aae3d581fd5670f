"""Text without what changes by itself: the date of today, times that are relative to it, tracking in addresses.

A line is only ever compared in this form, never shown. Dates other than that of the day on which the page was fetched
stay: "published on 3 May" is content.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

_PLACEHOLDER = "\N{WHITE SQUARE}"
_LONGEST_LINE = 20_000
"""Characters of a line that patterns are looked for in; the rest of it counts as it is."""
_MOST_READ = 1_000_000
"""The same of a text: the patterns take some microseconds for each character."""

_UNIT = (
    r"seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|weeks?|months?|years?"
    r"|Sekunden?|Minuten?|Stunden?|Tag(?:en?)?|Wochen?|Monat(?:en?)?|Jahr(?:en?)?"
    r"|secondes?|heures?|jours?|semaines?|mois|ans?"
    r"|segundos?|minutos?|horas?|d[ií]as?|semanas?|mes(?:es)?|años?|dias?|anos?"
    r"|secondi|minut[oi]|or[ae]|giorn[oi]|settiman[ae]|mes[ei]|ann[oi]"
    r"|seconden|minuten|uur|dagen|weken|maanden|jaar"
)
_NUMBER = r"(?:\d{1,4}|an?|one|eine[rmn]?|une?|uno|una|um|uma|een)"
_RELATIVE = re.compile(
    rf"\b{_NUMBER}\s?(?:{_UNIT})\s(?:ago|geleden|fa|atrás)\b"
    rf"|\b(?:vor|il y a|hace|há)\s(?:{_NUMBER}\s)?(?:{_UNIT})\b"
    rf"|\b\d{{1,3}}\s?[smhd]\sago\b"
    r"|\b(?:just now|moments ago|gerade eben|à l[’']instant|ahora mismo|agora mesmo|zojuist|adesso)\b"
    r"|\b(?:today|yesterday|heute|gestern|aujourd[’']hui|hier soir|hoy|ayer|oggi|ieri|hoje|ontem|vandaag|gisteren)\b"
    r"|\d{1,3}\s?(?:分钟|分鐘|小时|小時|天|秒|分|時間|日)前|今日|今天|昨日|昨天",
    re.IGNORECASE,
)
_RELATIVE_WORDS = (
    *(" ago", "geleden", " fa", "atrás", "vor ", "il y a", "hace", "há "),
    *("now", "moments ago", "gerade eben", "instant", "mismo", "mesmo", "zojuist", "adesso"),
    *("today", "yesterday", "heute", "gestern", "aujourd", "hier soir", "hoy", "ayer", "oggi", "ieri", "hoje", "ontem"),
    *("vandaag", "gisteren", "前", "今", "昨"),
)
"""Some of these words is in whatever that pattern finds."""
_ZONE = r"(?:Uhr\b|UTC\b|GMT\b|CES?T\b|[ECMP][SD]T\b|Z\b|[+-]\d{2}:?\d{2})"
_CLOCK = rf"\d{{1,2}}[:.]\d{{2}}(?:[:.]\d{{2}}(?:[.,]\d{{1,9}})?)?(?:\s?[ap]\.?m\b\.?)?(?:\s?{_ZONE})*"
_BEFORE_CLOCK = r"(?:\s*[,|@·–-]\s*|\s+(?:at|um|à|alle|a las|às|om)\s+|T|\s+)"
_BESIDE_DATE = re.compile(
    rf"{_PLACEHOLDER}{_BEFORE_CLOCK}{_CLOCK}|{_CLOCK}(?:\s*[,|·–-]\s*|\s+){_PLACEHOLDER}", re.IGNORECASE
)
_DURATION = re.compile(
    r"\b(?:generated|rendered|loaded|served|executed) in \d+(?:\.\d+)?\s?(?:ms|milliseconds|s|sec|seconds)\b",
    re.IGNORECASE,
)
_TRACKING = re.compile(
    r"(?<=[?&])(?:utm_\w{1,40}|gclid|fbclid|msclkid|_ga|mc_[ce]id|sid|s?session_?id|phpsessid|jsessionid|nonce|"
    r"csrf_?token|cachebuster|cb|ts|timestamp|_)=[^&#\s)\"'>]{0,500}&?"
    r"|;jsessionid=[0-9a-z.!-]{1,200}",
    re.IGNORECASE,
)
_LEFT_OVER = re.compile(r"[?&]+(?=[#\s)\"'>]|$)")
_SPACE = re.compile(r"\s+")

_MONTHS = {
    1: ("january", "jan", "januar", "jänner", "janvier", "enero", "gennaio", "janeiro", "januari"),
    2: ("february", "feb", "februar", "février", "febrero", "febbraio", "fevereiro", "februari"),
    3: ("march", "mar", "märz", "mars", "marzo", "março", "maart"),
    4: ("april", "apr", "avril", "abril", "aprile"),
    5: ("may", "mai", "mayo", "maggio", "maio", "mei"),
    6: ("june", "jun", "juni", "juin", "junio", "giugno", "junho"),
    7: ("july", "jul", "juli", "juillet", "julio", "luglio", "julho"),
    8: ("august", "aug", "août", "agosto", "augustus"),
    9: ("september", "sep", "sept", "septembre", "septiembre", "settembre", "setembro"),
    10: ("october", "oct", "oktober", "okt", "octobre", "octubre", "ottobre", "outubro"),
    11: ("november", "nov", "novembre", "noviembre", "novembro"),
    12: ("december", "dec", "dezember", "dez", "décembre", "diciembre", "dicembre", "dezembro"),
}
_WEEKDAYS = (
    r"(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day|mon|tue|wed|thu|fri|sat|sun"
    r"|montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag"
    r"|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche"
    r"|lunes|martes|miércoles|jueves|viernes|sábado|domingo)"
)


class Normaliser:
    """Normalises the lines of one version of a page, in their order. `day`: when it was fetched, in UTC."""

    def __init__(self, day: date) -> None:
        # What is today somewhere on earth: the page's time zone is not known.
        days = [day + timedelta(days=shift) for shift in (-1, 0, 1)]
        self._today = re.compile("|".join(_written(each) for each in days), re.IGNORECASE)
        self._years = {text for each in days for text in _years(each.year)}
        self._left = _MOST_READ

    def line(self, text: str) -> str:
        """Return a line in the form that is compared."""
        head, rest = text[:_LONGEST_LINE], text[_LONGEST_LINE:]
        if self._left > 0 and (patterns := self._patterns(head)):
            self._left -= len(head)
            for pattern in patterns:
                head = pattern.sub(_PLACEHOLDER, head)
            if _PLACEHOLDER in head:
                head = _BESIDE_DATE.sub(_PLACEHOLDER, head)
        if "=" in head:
            head = _LEFT_OVER.sub("", _TRACKING.sub("", head))
        return _SPACE.sub(" ", head).strip() + rest

    def _patterns(self, text: str) -> list[re.Pattern[str]]:
        """What may be found in a text, by the words that it would have: most lines have none."""
        known = text.lower()
        patterns = [self._today] if any(year in known for year in self._years) else []
        patterns += [_RELATIVE] if any(word in known for word in _RELATIVE_WORDS) else []
        return patterns + ([_DURATION] if " in " in known else [])


def _years(year: int) -> tuple[str, ...]:
    """How a year is written; by two digits only after a separator."""
    short = f"{year % 100:02}"
    return str(year), f".{short}", f"/{short}", f"-{short}"


def _written(day: date) -> str:
    """A pattern of the ways in which a date is written."""
    year, month, number = day.year, day.month, day.day
    name = rf"(?:{'|'.join(_MONTHS[month])})\.?"
    of = r"(?:\s+(?:de|of))?"
    weekday = rf"(?:\b{_WEEKDAYS}\.?,?\s+(?:den\s+|the\s+)?)?"
    ordinal = rf"0?{number}(?:st|nd|rd|th|er|\.|º)?"
    return "|".join(
        (
            rf"\b{year}-{month:02}-{number:02}(?=T|\b)",
            rf"\b{year}[./]0?{month}[./]0?{number}\b",
            rf"\b0?{number}[./-]0?{month}[./-](?:{year}|{year % 100:02})\b",
            rf"\b0?{month}/0?{number}/(?:{year}|{year % 100:02})\b",
            rf"{weekday}\b{ordinal}{of}\s+{name}{of},?\s+{year}\b",
            rf"{weekday}\b{name}\s+{ordinal},?\s+{year}\b",
            rf"{year}\s?年\s?0?{month}\s?月\s?0?{number}\s?日",
        )
    )
