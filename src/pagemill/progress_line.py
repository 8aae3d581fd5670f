"""One line at the terminal that tells how `pagemill serve` is doing, in place of a log line for every page.

It is shown where standard error is a terminal. Child processes then log warnings and errors alone, into pipes of the
supervisor, which writes them above the line.
"""

from __future__ import annotations

import asyncio
import sys
from collections import deque
from typing import TYPE_CHECKING

from pagemill.jobs.queue.queue_state import QueueStates
from pagemill.observability import instruments
from pagemill.observability.metrics import PAGES_ENDED

if TYPE_CHECKING:
    from rich.live import Live

    from pagemill.jobs.database.pool import Database
    from pagemill.jobs.queue.queue_state import QueueState
    from pagemill.settings import Settings

CHILD_LOG_LEVEL = "warning"
_INTERVAL = 1.0
_RATE_READINGS = 10
_CHUNK = 64 * 1024


class ProgressLine:
    """The line, and a text file for what is to stand above it. It is shown once `run` runs."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._live: Live | None = None
        self._unfinished = ""
        self._readings: deque[tuple[float, float]] = deque(maxlen=_RATE_READINGS)

    @classmethod
    def for_terminal(cls, settings: Settings) -> ProgressLine | None:
        """The line, or None where log lines are wanted: no terminal, JSON, or each detail."""
        service = settings.service
        wanted = service.progress and service.log_format == "text" and service.log_level.lower() != "debug"
        return cls(settings) if wanted and sys.stderr.isatty() else None

    def write(self, text: str) -> int:
        """Write whole lines above the progress line, as soon as they are whole."""
        *lines, self._unfinished = (self._unfinished + text).split("\n")
        for line in lines:
            self._write_line(line)
        return len(text)

    def flush(self) -> None:
        """Do nothing: lines are not held back."""

    def _write_line(self, line: str) -> None:
        shown = "".join(character if character.isprintable() else " " for character in line)
        if self._live is None:
            sys.stderr.write(f"{shown}\n")
            sys.stderr.flush()
        else:
            self._live.console.print(shown, markup=False, highlight=False, soft_wrap=True)

    async def relay(self, stream: asyncio.StreamReader) -> None:
        """Write what a child says above the line, until it ends."""
        rest = b""
        while chunk := await stream.read(_CHUNK):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                self._write_line(line.decode("utf-8", "replace"))
            if len(rest) > _CHUNK:
                self._write_line(rest.decode("utf-8", "replace"))
                rest = b""
        if rest:
            self._write_line(rest.decode("utf-8", "replace"))

    async def run(self, database: Database) -> None:
        """Show the line until cancelled."""
        from rich.console import Console
        from rich.live import Live
        from rich.text import Text

        queue = QueueStates(database, self._settings, longest=_INTERVAL / 2)
        live = Live(
            console=Console(stderr=True),
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        with live:
            self._live = live
            try:
                while True:
                    ended = await asyncio.to_thread(_pages_ended)
                    line = Text(self._text(await queue.get(), ended), no_wrap=True, overflow="ellipsis")
                    live.update(line, refresh=True)
                    await asyncio.sleep(_INTERVAL)
            finally:
                self._live = None

    def _text(self, queue: QueueState | None, ended: dict[str, int]) -> str:
        parts = ["the database does not answer"]
        if queue is not None:
            parts = [f"{queue.waiting} queued", f"{queue.processing} running"]
        if self._settings.observability.metrics:
            self._readings.append((asyncio.get_running_loop().time(), sum(ended.values())))
            (first_at, first), (last_at, last) = self._readings[0], self._readings[-1]
            rate = (last - first) / (last_at - first_at) if last_at > first_at else 0.0
            parts.insert(0, f"{rate:.1f} pages/s")
            parts += [f"{ended.get('completed', 0)} completed", f"{ended.get('failed', 0)} failed"]
        return "   ".join(parts)


def _pages_ended() -> dict[str, int]:
    """How many pages ended since the start, by status."""
    ended: dict[str, int] = {}
    for family in instruments.counted().collect():
        for sample in family.samples:
            if sample.name == PAGES_ENDED.name:
                status = sample.labels["status"]
                ended[status] = ended.get(status, 0) + int(sample.value)
    return ended
