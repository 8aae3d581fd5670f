"""How many pages a worker works on at a time."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class WorkerSlots:
    """A slot for each page that a worker works on. A page that waits for its host lends its slot to others meanwhile.

    At most as many slots are lent as there are, so that a worker never has more than twice as many pages.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._waiting = 0
        self.pages: set[asyncio.Task[None]] = set()
        """Those that are worked on."""
        self.lent = asyncio.Event()
        """Set when a slot is lent."""

    @property
    def free(self) -> int:
        """How many more pages may be claimed."""
        return self.free_with(0)

    def free_with(self, spare: int) -> int:
        """How many more pages may be claimed where there are so many spare slots."""
        return max(0, self._count + spare - len(self.pages) + min(self._waiting, self._count))

    @contextlib.contextmanager
    def lend(self) -> Iterator[None]:
        """Lend a page's slot while it waits."""
        self._waiting += 1
        self.lent.set()
        try:
            yield
        finally:
            self._waiting -= 1
