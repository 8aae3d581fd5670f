"""The steps of one page as it is worked on: which stages began and ended, for whoever watches it.

They are kept in memory while the page is in hand, and nowhere else: nothing depends on them.
"""

from __future__ import annotations

import time
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_STEPS = 30
"""A map asks for hundreds of files: the first steps tell enough."""


@dataclass(slots=True)
class Step:
    """One stage of a page. Times are seconds since the page was begun."""

    stage: str
    started: float
    ended: float | None = None
    error: str | None = None
    """The code of the error that it ended with."""


@dataclass(slots=True)
class Steps:
    """The steps of a page. `on_change` is called when one begins or ends."""

    on_change: Callable[[], None]
    began: float = field(default_factory=time.monotonic)
    list: list[Step] = field(default_factory=list)

    def begin(self, stage: str) -> Step | None:
        """Note that a stage begins, and return its step; None beyond the most that are kept."""
        if len(self.list) >= MAX_STEPS:
            return None
        step = Step(stage, self._now())
        self.list.append(step)
        self.on_change()
        return step

    def end(self, step: Step, error: str | None) -> None:
        """Note that a stage ends."""
        step.ended, step.error = self._now(), error
        self.on_change()

    def _now(self) -> float:
        return round(time.monotonic() - self.began, 3)


current_steps: ContextVar[Steps | None] = ContextVar("current_steps", default=None)
"""The steps of the page that the running task works on."""
