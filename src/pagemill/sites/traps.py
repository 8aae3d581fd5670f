"""URLs that a site has without end: calendars, parameters that combine, paths that loop.

A URL is either hopeless, and not taken at all, or one of a family that may have no end: of such a family only so many
are taken. A family is a path with its numbers left out, and the names of the parameters.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pagemill.sites.identity import SiteUrl

MAX_SEGMENTS = 20
MAX_LENGTH = 2000
MAX_PARAMETERS = 10
_MAX_REPEATS = 3
_FIRST_YEAR = 1990
_YEARS_AHEAD = 2
_CALENDAR = re.compile(r"calend|kalend|agenda|/events?/|/archives?/by", re.IGNORECASE)
_YEAR_MONTH = re.compile(r"(?<!\d)((?:18|19|20|21|22)\d\d)[-/_](?:0?[1-9]|1[0-2])(?![\d])")
_DATE_NAMES = frozenset(
    ["date", "day", "month", "year", "week", "start", "end", "from", "to", "tribe-bar-date", "ical", "mo", "yr", "cal"]
)
_NUMBER = re.compile(r"\d+")


def is_trap(url: SiteUrl) -> bool:
    """Whether a URL is what only a trap makes."""
    segments = [segment for segment in url.path.split("/") if segment]
    if len(url.clean) > MAX_LENGTH or len(segments) > MAX_SEGMENTS or len(url.query) > MAX_PARAMETERS:
        return True
    names = [parameter.partition("=")[0] for parameter in url.query]
    if any(names.count(name) > _MAX_REPEATS for name in set(names)):
        return True
    return _loops(segments) or (_is_calendar(url) and _is_year_out_of_range(url))


def family(url: SiteUrl) -> str | None:
    """The family of a URL that may have no end; None for any other."""
    if len(url.query) < 2 and not _is_calendar(url):
        return None
    names = sorted(parameter.partition("=")[0].lower() for parameter in url.query)
    return f"{url.host}{_NUMBER.sub('0', url.path)}?{'&'.join(names)}"


def _loops(segments: list[str]) -> bool:
    """Whether one or more segments come three times in a row, as relative links that go wrong make them."""
    for length in range(1, len(segments) // _MAX_REPEATS + 1):
        run = 0
        for one, other in zip(segments, segments[length:], strict=False):
            run = run + 1 if one == other else 0
            if run >= length * (_MAX_REPEATS - 1):
                return True
    return len(segments) > 8 and max(map(segments.count, set(segments))) > _MAX_REPEATS and _alternates(segments)


def _alternates(segments: list[str]) -> bool:
    pairs = list(pairwise(segments))
    return max(map(pairs.count, set(pairs))) >= _MAX_REPEATS


def _is_calendar(url: SiteUrl) -> bool:
    if any(parameter.partition("=")[0].lower() in _DATE_NAMES for parameter in url.query):
        return True
    return bool(_CALENDAR.search(url.path)) and bool(_NUMBER.search(url.path + "&".join(url.query)))


def _is_year_out_of_range(url: SiteUrl) -> bool:
    """Whether a calendar's page is of a year that nobody fills."""
    latest = datetime.now(UTC).year + _YEARS_AHEAD
    years = [int(year) for year in _YEAR_MONTH.findall(f"{url.path}?{'&'.join(url.query)}")]
    for parameter in url.query:
        name, _, value = parameter.partition("=")
        if name.lower() in {"year", "yr"} and value.isdigit() and len(value) <= 6:
            years.append(int(value))
    return any(not _FIRST_YEAR <= year <= latest for year in years)
