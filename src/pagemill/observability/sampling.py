"""What was counted so far, as plain numbers: for the history of metrics.

Of the many numbers that `/metrics` shows, the history keeps those that its charts are drawn from. A number goes by a
key: the metric's name without prefix, and its labels in the order of the alphabet, as
`pages_ended_total{code=,status=completed}`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pagemill.observability import instruments

if TYPE_CHECKING:
    from collections.abc import Mapping

COUNTERS = frozenset({
    *("jobs_submitted_total", "pages_submitted_total", "jobs_ended_total", "pages_ended_total"),
    *("pages_completed_total", "pages_rescued_total", "fetch_requests_total", "extraction_restarts_total"),
    *("browser_starts_total", "browser_ends_total", "cache_requests_total", "egress_refusals_total"),
    *("webhook_attempts_total", "process_restarts_total", "api_requests_total"),
    *("stage_duration_seconds_bucket", "stage_duration_seconds_count"),
})  # fmt: skip
GAUGES = frozenset({"browser_processes", "browser_pages", "extraction_processes"})
_DROPPED_LABELS = {"api_requests_total": ("method", "route")}
_MOST_KEYS = 1_000
"""No more are kept of one sample: labels are few, and this keeps a fault from filling the database."""
_PREFIX = "pagemill_"


@dataclass(frozen=True, slots=True)
class Sample:
    """What the counters and gauges stood at."""

    counters: Mapping[str, float]
    gauges: Mapping[str, float]


def sample() -> Sample:
    """Read what this process counted, or all processes that share its folder. Blocks for milliseconds."""
    counters: dict[str, float] = {}
    gauges: dict[str, float] = {}
    for family in instruments.counted().collect():
        for found in family.samples:
            name = found.name.removeprefix(_PREFIX)
            kept = counters if name in COUNTERS else gauges if name in GAUGES else None
            if kept is None:
                continue
            key = key_of(name, found.labels)
            if key in kept or len(kept) < _MOST_KEYS:
                kept[key] = kept.get(key, 0.0) + found.value
    return Sample(counters, gauges)


def key_of(name: str, labels: Mapping[str, str]) -> str:
    """Return the key of a number."""
    dropped = _DROPPED_LABELS.get(name, ())
    kept = sorted((label, value) for label, value in labels.items() if label not in dropped)
    if name == "api_requests_total":
        kept = [(label, f"{value[:1]}xx" if value[:1].isdigit() else value) for label, value in kept]
    return f"{name}{{{','.join(f'{label}={value}' for label, value in kept)}}}" if kept else name


def parse_key(key: str) -> tuple[str, dict[str, str]]:
    """Return the name and the labels of a key."""
    name, _, labels = key.partition("{")
    pairs = (pair.partition("=") for pair in labels.removesuffix("}").split(",") if pair)
    return name, {label: value for label, _, value in pairs}


def growth(before: Mapping[str, float], now: Mapping[str, float]) -> dict[str, float]:
    """Return how much each counter grew, of those that did. One that went back began anew: all of it is new."""
    grown = {key: value - before.get(key, 0.0) for key, value in now.items()}
    return {key: now[key] if change < 0 else change for key, change in grown.items() if change and now[key]}
