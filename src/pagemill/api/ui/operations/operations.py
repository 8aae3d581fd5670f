"""The service over time, for its operators; and how it stands, for everyone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response

from pagemill.api.resources import ApiResources
from pagemill.api.ui.formatting import duration
from pagemill.api.ui.operations.charts import Steps, chart
from pagemill.api.ui.rendering import render
from pagemill.api.ui.route import PageRoute
from pagemill.api.ui.visitor import SignedIn

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pagemill.api.ui.operations.charts import Chart
    from pagemill.jobs.metrics_history.history import History, Values

router = APIRouter(include_in_schema=False, route_class=PageRoute)

RANGES = {"1h": timedelta(hours=1), "6h": timedelta(hours=6), "24h": timedelta(days=1), "7d": timedelta(days=7)}
_PERCENTILES = ((0.5, "half below"), (0.95, "19 of 20 below"), (0.99, "99 of 100 below"))
_STAGES = ("queue_wait", "http", "browser", "extraction", "structuring")


@router.get("/ui/operations")
async def show_operations(request: Request, resources: ApiResources, visitor: SignedIn) -> Response:
    """Show how the service stands. An ordinary key sees what waits of its own, and whether workers are there.

    What others do, and how much, is an operator's to see: it tells of other keys' pages.
    """
    asked = request.query_params.get("range", "")
    chosen = asked if asked in RANGES else "1h"
    state = await resources.queue.get()
    history = await resources.metrics_history.read(RANGES[chosen]) if visitor.operator else None
    return render(
        request, visitor, "operations.html",
        state=state,
        usage=await resources.key_usages.of(visitor.key_id),
        limits=resources.settings.limits,
        has_metrics=resources.settings.observability.metrics,
        interval=resources.settings.observability.metrics_history_interval,
        ranges=RANGES, chosen=chosen, now=datetime.now(UTC),
        is_empty=history is not None and not any(history.sampled),
        step=history.step.total_seconds() if history else 0,
        charts=charts_of(history) if history else (),
    )  # fmt: skip


def charts_of(history: History) -> Sequence[Chart]:
    """Return all charts."""
    steps = Steps(history.times, history.step)
    ended = history.rates("pages_ended_total", "status")
    seconds = "stage_duration_seconds"

    def drawn(chart_id: str, title: str, unit: str, series: Mapping[str, Values]) -> Chart:
        if unit == "time":
            return chart(chart_id, title, "", steps, series, write=duration)
        return chart(chart_id, title, unit, steps, series)

    return [
        drawn("throughput", "Pages ended", "a minute", ended),
        drawn(
            "latency", "Time of a page, once begun", "time",
            {name: history.percentile(seconds, share, stage="page") for share, name in _PERCENTILES},
        ),
        drawn("errors", "Errors", "pages a minute", history.rates("pages_ended_total", "code", status="failed")),
        drawn("queue", "Queue", "pages", _named(history.highest, waiting="waiting", processing="in hand")),
        drawn("age", "Longest wait in the queue", "time", _named(history.highest, oldest_age="oldest page")),
        drawn(
            "stages", "Time of each stage, 19 of 20 below", "time",
            {stage.replace("_", " "): history.percentile(seconds, 0.95, stage=stage) for stage in _STAGES},
        ),
        drawn("sources", "Where pages came from", "a minute", history.rates("pages_completed_total", "source")),
        drawn("fetches", "Answers of hosts", "requests a minute", history.rates("fetch_requests_total", "status")),
        drawn("cache", "Page cache", "requests a minute", history.rates("cache_requests_total", "outcome")),
        drawn("workers", "Workers", "at least", _named(history.lowest, workers="workers")),
        drawn(
            "browsers", "Browsers", "at a time",
            _named(history.gauges, browser_processes="processes", browser_pages="open pages"),
        ),
        drawn("browser-ends", "Browsers that ended", "a minute", history.rates("browser_ends_total", "reason")),
        drawn("refusals", "Refused by the egress guard", "a minute", history.rates("egress_refusals_total", "kind")),
        drawn("requests", "Requests to the API", "a minute", history.rates("api_requests_total", "status")),
        drawn(
            "webhooks", "Webhooks", "attempts a minute", history.rates("webhook_attempts_total", "outcome")
        ),
        drawn(
            "restarts", "Processes that restarted", "a minute",
            history.rates("process_restarts_total", "process")
            | {f"extraction {why}": rate for why, rate in history.rates("extraction_restarts_total", "reason").items()},
        ),
    ]  # fmt: skip


def _named(table: Mapping[str, Values], **names: str) -> dict[str, Values]:
    return {shown: table[name] for name, shown in names.items() if name in table}
