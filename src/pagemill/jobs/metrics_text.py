"""The text that `/metrics` answers with: what was counted, and what the queue holds now."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from pagemill.observability.exposition import exposition

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pagemill.jobs.queue.queue_state import QueueState, QueueStates

GAUGES = {
    "database_up": "Whether the database answers.",
    "queue_pages": "Pages that have not ended: waiting, or in a worker's hands.",
    "queue_oldest_page_age_seconds": "For how long the page has waited that waits longest.",
    "webhook_deliveries_pending": "Webhook deliveries that are due or will be tried again.",
    "monitors_due_lag_seconds": "For how long the monitor is due that is due longest.",
    "workers": "Workers seen lately.",
}


async def metrics_text(queue: QueueStates) -> bytes:
    """The metrics. It is made in a thread: several files may have to be read."""
    return await asyncio.to_thread(exposition, _gauges(await queue.get()))


def _gauges(state: QueueState | None) -> dict[str, tuple[str, Mapping[tuple[str, str] | None, float]]]:
    values: dict[str, Mapping[tuple[str, str] | None, float]] = {"database_up": {None: float(state is not None)}}
    if state is not None:
        values |= {
            "queue_pages": {("state", "waiting"): state.waiting, ("state", "processing"): state.processing},
            "queue_oldest_page_age_seconds": {None: state.oldest_age},
            "webhook_deliveries_pending": {None: state.deliveries},
            "monitors_due_lag_seconds": {None: state.monitor_lag},
            "workers": {None: state.workers},
        }
    return {name: (GAUGES[name], value) for name, value in values.items()}
