"""The progress bar of `pagemill scrape` and `pagemill crawl`, on standard error."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class ProgressBar:
    """Counts and the host that came last, where standard error is a terminal that pages do not go to as well."""

    def __init__(self, total: int, *, shares_terminal: bool) -> None:
        self._total = total
        self._shown = sys.stderr.isatty() and not shares_terminal
        self._failed = 0
        self._progress: Progress | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        if self._shown:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            columns = (
                *(BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[failed]} failed")),
                *(TimeRemainingColumn(), TextColumn("{task.fields[host]}", markup=False)),
            )
            self._progress = Progress(*columns, console=Console(stderr=True), redirect_stdout=False)
            self._task = self._progress.add_task("", total=self._total, failed=0, host="")
            self._progress.start()
        return self

    def advance(self, host: str, *, failed: bool) -> None:
        """Count a page that ended."""
        self._failed += failed
        if self._progress and self._task is not None:
            self._progress.update(self._task, advance=1, failed=self._failed, host=host)

    def pass_over(self) -> None:
        """Count a page that was there already."""
        if self._progress and self._task is not None:
            self._progress.advance(self._task)

    def set(self, ended: int, total: int, *, failed: int) -> None:
        """Show how many pages have ended of how many."""
        if self._progress and self._task is not None:
            self._progress.update(self._task, completed=ended, total=total, failed=failed)

    def say(self, text: str) -> None:
        """Write a line to standard error, above the bar where there is one."""
        line = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
        if self._progress:
            self._progress.console.print(line, markup=False, highlight=False, soft_wrap=True)
        else:
            print(line, file=sys.stderr)

    def __exit__(self, *_: object) -> None:
        if self._progress:
            self._progress.stop()
