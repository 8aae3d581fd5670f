"""The line that `pagemill extract` shows at a terminal: pages, megabytes and errors a second."""

from __future__ import annotations

import asyncio
import sys
import time
from collections import deque
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from rich.live import Live

    from pagemill.bulk.run import Counts

_INTERVAL = 0.5
_READINGS = 20
_MEGABYTE = 1_000_000


class Progress:
    """The line, where standard error is a terminal."""

    def __init__(self, counts: Counts) -> None:
        self._counts = counts
        self._started = time.monotonic()
        self._readings: deque[tuple[float, int, int, int]] = deque(maxlen=_READINGS)
        self._live: Live | None = None

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.live import Live

            console = Console(stderr=True)
            self._live = Live(console=console, auto_refresh=False, transient=True, redirect_stdout=False)
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live:
            self._live.stop()

    async def run(self) -> None:
        """Show the line until cancelled."""
        if self._live is None:
            return
        from rich.text import Text

        while True:
            self._live.update(Text(self.line(time.monotonic()), no_wrap=True, overflow="ellipsis"), refresh=True)
            await asyncio.sleep(_INTERVAL)

    def line(self, now: float) -> str:
        """Return the line as it is at a time of the monotonic clock."""
        counts = self._counts
        self._readings.append((now, counts.records, counts.bytes, counts.errors))
        first, last = self._readings[0], self._readings[-1]
        seconds = (last[0] - first[0]) or 1.0
        pages, megabytes, errors = ((last[index] - first[index]) / seconds for index in (1, 2, 3))
        return (
            f"{pages:.1f} pages/s   {megabytes / _MEGABYTE:.1f} MB/s   {errors:.1f} errors/s   "
            f"{counts.records} pages   {counts.errors} errors"
        )

    def summary(self) -> str:
        """Return what was done in all."""
        counts, seconds = self._counts, max(time.monotonic() - self._started, 0.001)
        by_code = ", ".join(f"{code} {count}" for code, count in sorted(counts.errors_by_code.items()))
        parts = [
            f"{counts.records} pages, {counts.bytes / _MEGABYTE:.1f} MB in {seconds:.1f} s",
            f"{counts.records / seconds:.1f} pages/s",
            f"{counts.errors} errors" + (f" ({by_code})" if by_code else ""),
        ]
        if counts.left_out:
            parts.append(f"{counts.left_out} left out by the filter")
        if counts.duplicates:
            parts.append(f"{counts.duplicates} duplicates")
        return ", ".join(parts) + "."
