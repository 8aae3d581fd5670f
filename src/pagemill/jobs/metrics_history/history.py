"""The history as charts need it: numbers of equal steps of time, summed up over all sources."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from pagemill.jobs.metrics_history import statements
from pagemill.observability.sampling import parse_key

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pagemill.jobs.database.pool import Database

_STEPS = 60
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Values = list[float | None]
"""One for each step; None where there is no sample."""


@dataclass(frozen=True, slots=True)
class History:
    """What was counted in each of `times`, each of which is `step` long."""

    times: Sequence[datetime]
    step: timedelta
    sampled: Sequence[bool]
    """Whether there is a sample of each step."""
    counted: Mapping[str, Values]
    gauges: Mapping[str, Values]
    highest: Mapping[str, Values]
    """Of the queue's state: the highest of each step."""
    lowest: Mapping[str, Values]

    def rates(self, name: str, label: str | None = None, **labels: str) -> dict[str, Values]:
        """Return how many a minute were counted, for each value of a label, or in all under the empty one.

        `labels`: only of those.
        """
        minutes = self.step.total_seconds() / 60
        found: dict[str, list[float]] = {}
        for key, values in self.counted.items():
            metric, of_key = parse_key(key)
            if metric != name or any(of_key.get(each) != value for each, value in labels.items()):
                continue
            row = found.setdefault(of_key.get(label, "") if label else "", [0.0] * len(self.times))
            for number, value in enumerate(values):
                row[number] += (value or 0.0) / minutes
        return {
            value: [each if there else None for each, there in zip(row, self.sampled, strict=True)]
            for value, row in sorted(found.items())
        }

    def percentile(self, name: str, share: float, **labels: str) -> Values:
        """Return the value, in seconds, that this share of a histogram's observations is not above, in each step.

        It is interpolated within a bucket, as Prometheus' `histogram_quantile` does; the last bucket has no end, and
        counts as its beginning.
        """
        buckets: dict[float, Values] = {}
        for key, values in self.counted.items():
            metric, of_key = parse_key(key)
            if metric == f"{name}_bucket" and all(of_key.get(each) == value for each, value in labels.items()):
                buckets[float(of_key["le"])] = values
        bounds = sorted(buckets)
        return [
            _quantile(share, bounds, [buckets[bound][number] or 0.0 for bound in bounds])
            for number in range(len(self.times))
        ]


def _quantile(share: float, bounds: Sequence[float], cumulated: Sequence[float]) -> float | None:
    if not cumulated or cumulated[-1] <= 0:
        return None
    wanted = share * cumulated[-1]
    low, before = 0.0, 0.0
    for bound, count in zip(bounds, cumulated, strict=True):
        if count >= wanted and count > before:
            return low if math.isinf(bound) else low + (bound - low) * (wanted - before) / (count - before)
        if not math.isinf(bound):
            low = bound
        before = max(before, count)
    return low


class MetricsHistory:
    """Reads the history."""

    def __init__(self, database: Database, interval: float) -> None:
        self._database = database
        self._interval = interval

    async def read(self, length: timedelta, now: datetime | None = None) -> History:
        """Return the history of the last `length`, in at most 60 steps, without the step that is not over yet."""
        step = self._step(length)
        end = _floor(now or datetime.now(UTC), step)
        times = [end - count * step for count in range(round(length / step), 0, -1)]
        values = (times[0], end, step)
        counted = await self._database.rows(statements.SUM_COUNTED, *values)
        gauges = await self._database.rows(statements.SUM_GAUGES, *values)
        queue = await self._database.rows(statements.READ_QUEUE, *values)
        there = {row["step"] for row in queue}
        return History(
            times,
            step,
            [time in there for time in times],
            _table(counted, "value", times),
            _table(gauges, "value", times),
            _table(queue, "highest", times),
            _table(queue, "lowest", times),
        )

    def _step(self, length: timedelta) -> timedelta:
        """Whole samples go into a step, at least two."""
        samples = max(2, math.ceil(length.total_seconds() / _STEPS / self._interval))
        return timedelta(seconds=samples * self._interval)


def _floor(time: datetime, step: timedelta) -> datetime:
    return time - (time - _EPOCH) % step


def _table(rows: Sequence[Mapping[str, Any]], column: str, times: Sequence[datetime]) -> dict[str, Values]:
    places = {time: number for number, time in enumerate(times)}
    table: dict[str, Values] = {}
    for row in rows:
        table.setdefault(row["key"], [None] * len(times))[places[row["step"]]] = row[column]
    return table
