"""Line charts as numbers for a template: small, of one scale, with all that they show as a table too."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pagemill.api.ui.formatting import number

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime, timedelta

    from pagemill.jobs.metrics_history.history import Values

_WIDTH, _HEIGHT = 480, 170
_LEFT, _TOP, _BOTTOM = 46, 10, 22
_MOST_LINES = 8
_RULES = 3
_TIMES = 4
_DAY = 86400


@dataclass(frozen=True, slots=True)
class Mark:
    """A place on a scale, with its text."""

    text: str
    x: float = 0
    y: float = 0
    anchor: str = "middle"


@dataclass(frozen=True, slots=True)
class Line:
    """A series."""

    name: str
    number: int
    """Which of the styles it has."""
    paths: Sequence[str]
    """Points of its connected parts: where no sample is, it is broken."""
    dots: Sequence[tuple[float, float]]
    """Parts of one point."""
    last: str


@dataclass(frozen=True, slots=True)
class TableRow:
    """The values of one step."""

    time: str
    texts: Sequence[str]


@dataclass(frozen=True, slots=True)
class Chart:
    """What the template draws."""

    id: str
    title: str
    unit: str
    summary: str
    lines: Sequence[Line]
    marks: Sequence[Mark]
    times: Sequence[Mark]
    rows: Sequence[TableRow]
    width: int = _WIDTH
    height: int = _HEIGHT
    left: int = _LEFT


@dataclass(frozen=True, slots=True)
class Steps:
    """The steps of time that charts have a value for."""

    times: Sequence[datetime]
    length: timedelta


def chart(  # noqa: PLR0913 - each is a part of the chart
    chart_id: str,
    title: str,
    unit: str,
    steps: Steps,
    series: Mapping[str, Values],
    *,
    write: Callable[[float], str] = number,
) -> Chart:
    """Return a chart of named series, which have a value for each step.

    The largest series are drawn, the rest is summed up as `others`.
    """
    shown = _largest({name: values for name, values in series.items() if any(value is not None for value in values)})
    if not shown:
        return Chart(chart_id, title, unit, "Nothing was counted in this time.", (), (), (), ())
    top = _nice_top(max(value for values in shown.values() for value in values if value is not None))
    lines = [_line(name, place, values, top, write) for place, (name, values) in enumerate(shown.items())]
    marks = [Mark(write(top * part / _RULES), y=_y(top * part / _RULES, top)) for part in range(_RULES + 1)]
    rows = [
        TableRow(
            f"{time:%Y-%m-%d %H:%M}",
            ["–" if values[at] is None else write(values[at] or 0) for values in shown.values()],
        )
        for at, time in enumerate(steps.times)
    ]
    summary = ", ".join(f"{line.name} {line.last} at last" for line in lines)
    return Chart(chart_id, title, unit, summary, lines, marks, _time_marks(steps), rows[::-1])


def _largest(series: Mapping[str, Values]) -> Mapping[str, Values]:
    if len(series) <= _MOST_LINES:
        return series
    by_size = sorted(series, key=lambda name: -sum(value or 0 for value in series[name]))
    kept = by_size[: _MOST_LINES - 1]
    rest = [series[name] for name in by_size[_MOST_LINES - 1 :]]
    others = [
        None if all(v is None for v in values) else sum(v or 0 for v in values) for values in zip(*rest, strict=True)
    ]
    return {**{name: series[name] for name in kept}, "others": others}


def _line(name: str, place: int, values: Values, top: float, write: Callable[[float], str]) -> Line:
    parts: list[list[tuple[float, float]]] = [[]]
    for at, value in enumerate(values):
        if value is None:
            parts.append([])
        else:
            parts[-1].append((_x(at, len(values)), _y(value, top)))
    known = [value for value in values if value is not None]
    return Line(
        name,
        place,
        [" ".join(f"{x},{y}" for x, y in part) for part in parts if len(part) > 1],
        [part[0] for part in parts if len(part) == 1],
        write(known[-1]),
    )


def _x(at: int, count: int) -> float:
    return round(_LEFT + (_WIDTH - _LEFT) * (at + 0.5) / count, 1)


def _y(value: float, top: float) -> float:
    height = _HEIGHT - _TOP - _BOTTOM
    return round(_TOP + height * (1 - min(1.0, max(0.0, value / top))), 1)


def _nice_top(highest: float) -> float:
    """The end of the scale: three times 1, 2, 5 or 10 of some power of ten, so that its thirds are round."""
    if highest <= 0:
        return 3.0
    third = highest / _RULES
    power = 10.0 ** math.floor(math.log10(third))
    return float(_RULES * next(step * power for step in (1, 2, 5, 10) if step * power >= third * 0.999))


def _time_marks(steps: Steps) -> Sequence[Mark]:
    times = steps.times
    if len(times) < _TIMES:
        return ()
    long = len(times) * steps.length.total_seconds() > _DAY
    places = [round(part * (len(times) - 1) / (_TIMES - 1)) for part in range(_TIMES)]
    anchors = ["start", *["middle"] * (_TIMES - 2), "end"]
    return [
        Mark(f"{times[at]:%d %b}" if long else f"{times[at]:%H:%M}", x=_x(at, len(times)), anchor=anchor)
        for at, anchor in zip(places, anchors, strict=True)
    ]
